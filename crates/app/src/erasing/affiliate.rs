//! What is left of an affiliate.

use super::{CHUNK, Erasing, ErasurePlan, Next, is_cut};
use crate::{AppError, Response};
use domain::{AffiliateStatus, Coupon, CouponCode, Email, Refusal};
use ports::{
    AffiliateRecord, AffiliateTraces, EventTraces, Resource, ResponseStatus, Space, SubjectIdentifiers, Topic,
    Versioned,
};

/// The message while a payout is under way: payment files contain the address, and results are still to come.
const IN_PAYOUT: &str = "The affiliate is in a payout that is not settled yet: settle it first.";

impl Erasing {
    pub(super) fn affiliate(&self, traces: AffiliateTraces) -> Result<Next, AppError> {
        let AffiliateTraces { merchant, record, version, coupons, in_payout } = traces;
        let now = merchant.row.clock.at(self.context.now());
        let before = record.affiliate.clone();
        let after = before.erased(now);
        let erased = AffiliateRecord { affiliate: after.clone(), coupons: Vec::new(), ..record };
        // The announcement contains no personal data any more.
        let body = self.context.renderer.object(Resource::Affiliate(&erased));
        let mut last = self.context.set_for(&merchant)?;
        let fresh = last.clone();
        if before.is_erased() && coupons.is_empty() {
            return Ok(Next::Response(last, Response::first(ResponseStatus::Ok, body)));
        }
        // Asked again after it was turned down: from then on no payout takes it.
        if in_payout {
            return Err(Refusal::State(IN_PAYOUT.to_owned()).into());
        }
        if before.status != AffiliateStatus::Rejected {
            self.context.announce(&mut last, &merchant.row, Topic::AffiliateRejected, after.updated_at, &body);
            last.rows.affiliates.change(version, before.retired(now));
            return Ok(Next::Close(last));
        }
        if after != before {
            let id = before.id.uuid();
            for (space, old, new) in [
                (Space::AffiliateSlug, before.slug.as_str().to_owned(), after.slug.as_str().to_owned()),
                (Space::AffiliateEmail, before.email.folded(), after.email.folded()),
            ] {
                last.claim(space, new, id);
                last.free(space, old, id);
            }
            self.context.announce(&mut last, &merchant.row, Topic::AffiliateUpdated, after.updated_at, &body);
            last.rows.affiliates.change(version, after);
        }
        let code = CouponCode::erased(before.id);
        let mut rows = Vec::new();
        for chunk in coupons.chunks(CHUNK) {
            let mut set = fresh.clone();
            for coupon in chunk {
                let deleted = Coupon { code: code.clone(), ..coupon.row.clone() };
                set.rows.coupons.delete(coupon);
                set.free(Space::CouponCode, coupon.row.code.as_str(), coupon.row.id.uuid());
                self.context.announce_resource(
                    &mut set,
                    &merchant.row,
                    Topic::CouponDeleted,
                    now,
                    Resource::Coupon(&deleted),
                );
            }
            rows.push(set);
        }
        let resource = coupons.iter().map(|Versioned { row, .. }| row.id.to_string()).chain([before.id.to_string()]);
        Ok(Next::Empty(Box::new(ErasurePlan {
            by: SubjectIdentifiers {
                resource_ids: resource.collect(),
                coupons_of: Some(before.id),
                erased: Email::erased(before.id.uuid()).as_str().to_owned(),
                ..SubjectIdentifiers::default()
            },
            events: EventTraces::CouponsOf(before.id),
            clicks_of: Some(before.id),
            more: is_cut(coupons.len()),
            response: Response::first(ResponseStatus::Ok, body),
            merchant,
            rows,
            last,
        })))
    }
}
