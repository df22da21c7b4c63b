//! Coupons: list, get, create, delete.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use domain::{AffiliateId, Coupon, CouponCode, CouponId, Merchant, Refusal};
use ports::{
    ChangeSet, CouponFacts, CouponFilter, CouponReads, IdSourceExt, Page, PageRequest, Resource, ResponseStatus, Space,
    Topic, Versioned,
};
use std::sync::Arc;

/// The use cases of coupons.
pub struct Coupons {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn CouponReads>,
}

/// A new coupon.
#[derive(Debug, Clone)]
pub struct CreateCouponCommand {
    /// The affiliate that the coupon is for.
    pub affiliate_id: AffiliateId,
    /// Its code.
    pub code: CouponCode,
}

impl Coupons {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn CouponReads>) -> Self {
        Self { context, reads }
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &CouponFilter,
        page: &PageRequest,
    ) -> Result<Page<Coupon>, AppError> {
        Ok(self.reads.coupons(who.merchant_id, filter, page).await?)
    }

    /// Makes one.
    pub async fn create(
        &self,
        who: &Principal,
        command: CreateCouponCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.coupon_facts(who.merchant_id, command.affiliate_id, &command.code);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.created(&command, facts)).await
    }

    fn created(&self, command: &CreateCouponCommand, facts: CouponFacts) -> Result<(ChangeSet, Response), AppError> {
        let CouponFacts { merchant, affiliate, code_owner } = facts;
        let unknown = || Refusal::invalid("affiliate_id", "must be the id of an existing affiliate");
        let affiliate = affiliate.ok_or_else(unknown)?;
        affiliate.row.check_kept()?;
        if code_owner.is_some() {
            return Err(Refusal::Exists { field: "code" }.into());
        }
        let now = merchant.row.clock.at(self.context.now());
        let (affiliate_id, code) = (affiliate.row.id, command.code.clone());
        let coupon = Coupon { id: self.context.ids.id(), affiliate_id, code, created_at: now };
        let mut set = self.context.set_for(&merchant)?;
        set.expect_unchanged(&affiliate);
        set.claim(Space::CouponCode, coupon.code.as_str(), coupon.id.uuid());
        let body = self.context.renderer.object(Resource::Coupon(&coupon));
        self.context.announce(&mut set, &merchant.row, Topic::CouponCreated, now, &body);
        set.rows.coupons.insert(coupon);
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    /// Deletes one. What it was credited with stays.
    pub async fn delete(&self, who: &Principal, id: CouponId) -> Result<Response, AppError> {
        let load = || self.reads.coupon(who.merchant_id, id);
        self.context.run(who.merchant_id, None, &[], load, |facts| self.deleted(facts)).await
    }

    fn deleted(
        &self,
        (merchant, coupon): (Versioned<Merchant>, Versioned<Coupon>),
    ) -> Result<(ChangeSet, Response), AppError> {
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        set.rows.coupons.delete(&coupon);
        set.free(Space::CouponCode, coupon.row.code.as_str(), coupon.row.id.uuid());
        self.context.announce_resource(
            &mut set,
            &merchant.row,
            Topic::CouponDeleted,
            now,
            Resource::Coupon(&coupon.row),
        );
        Ok((set, Response::first(ResponseStatus::NoContent, Vec::new())))
    }
}
