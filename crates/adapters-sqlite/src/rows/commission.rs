//! `commissions`

use super::{Reading, TableRow, reading::millionths};
use crate::{error::Damaged, schema::commissions, values::Uid};
use diesel::prelude::*;
use domain::{Commission, MerchantId, Money, OrderReference, Reason};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = commissions, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct CommissionRow {
    merchant_id: Uid,
    id: Uid,
    event_id: Uid,
    order_id: String,
    affiliate_id: Uid,
    level: i16,
    leaf_id: Option<Uid>,
    reverses: Option<Uid>,
    refund_id: Option<Uid>,
    basis_minor: i64,
    rate: Option<i32>,
    flat_minor: Option<i64>,
    rate_source: String,
    rule_id: Option<Uid>,
    amount_minor: i64,
    currency: String,
    made_as: String,
    status: String,
    payout_id: Option<Uid>,
    reason: Option<String>,
    matures_at: i64,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl CommissionRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for CommissionRow {
    type Entity = Commission;

    fn of(merchant: MerchantId, commission: &Commission, version: Version) -> Self {
        let Commission {
            id,
            event_id,
            order_id,
            affiliate_id,
            level,
            leaf_id,
            reverses,
            refund_id,
            basis,
            reward,
            rate_source,
            rule_id,
            amount,
            made_as,
            status,
            payout_id,
            reason,
            matures_at,
            created_at,
            updated_at,
        } = commission;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            event_id: Uid::from(*event_id),
            order_id: order_id.as_str().to_owned(),
            affiliate_id: Uid::from(*affiliate_id),
            level: i16::from(*level),
            leaf_id: leaf_id.map(Uid::from),
            reverses: reverses.map(Uid::from),
            refund_id: refund_id.map(Uid::from),
            basis_minor: basis.minor(),
            rate: reward.rate().map(millionths),
            flat_minor: reward.flat().map(Money::minor),
            rate_source: rate_source.as_str().to_owned(),
            rule_id: rule_id.map(Uid::from),
            amount_minor: amount.minor(),
            currency: amount.currency().code().to_owned(),
            made_as: made_as.as_str().to_owned(),
            status: status.as_str().to_owned(),
            payout_id: payout_id.map(Uid::from),
            reason: reason.as_ref().map(Reason::as_str).map(str::to_owned),
            matures_at: matures_at.micros(),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Commission>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            event_id,
            order_id,
            affiliate_id,
            level,
            leaf_id,
            reverses,
            refund_id,
            basis_minor,
            rate,
            flat_minor,
            rate_source,
            rule_id,
            amount_minor,
            currency,
            made_as,
            status,
            payout_id,
            reason,
            matures_at,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("commissions", id.0);
        // Basis and amount are in one currency: a commission is a part of its basis.
        let currency = reading.currency(&currency)?;
        let row = Commission {
            id: id.id(),
            event_id: event_id.id(),
            order_id: reading.get("order_id", OrderReference::parse(&order_id))?,
            affiliate_id: affiliate_id.id(),
            level: reading.number("level", level)?,
            leaf_id: leaf_id.map(Uid::id),
            reverses: reverses.map(Uid::id),
            refund_id: refund_id.map(Uid::id),
            basis: Money::from_minor(basis_minor, currency),
            reward: reading.reward(rate, flat_minor, currency)?,
            rule_id: rule_id.map(Uid::id),
            rate_source: reading.get("rate_source", rate_source.parse())?,
            amount: Money::from_minor(amount_minor, currency),
            made_as: reading.get("made_as", made_as.parse())?,
            status: reading.get("status", status.parse())?,
            payout_id: payout_id.map(Uid::id),
            reason: reading.maybe("reason", reason, |text| Reason::parse(&text))?,
            matures_at: reading.time("matures_at", matures_at)?,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
