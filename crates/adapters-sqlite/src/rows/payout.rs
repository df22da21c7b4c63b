//! `payouts` and `payout_items`

use super::{Reading, TableRow};
use crate::{
    error::Damaged,
    schema::{payout_items, payouts},
    values::Uid,
};
use diesel::prelude::*;
use domain::{MerchantId, Money, Payout, PayoutItem, Reason, ShortText, Timestamp};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payouts, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct PayoutRow {
    merchant_id: Uid,
    id: Uid,
    status: String,
    currency: String,
    total_minor: i64,
    paid_minor: i64,
    items_count: i64,
    paid_count: i64,
    failed_count: i64,
    commissions_count: i64,
    begun_at: i64,
    sealed_at: Option<i64>,
    sent_at: Option<i64>,
    ended_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payout_items, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct PayoutItemRow {
    merchant_id: Uid,
    id: Uid,
    payout_id: Uid,
    affiliate_id: Uid,
    amount_minor: i64,
    currency: String,
    commissions_count: i64,
    status: String,
    reference: Option<String>,
    reason: Option<String>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl PayoutRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl PayoutItemRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for PayoutRow {
    type Entity = Payout;

    fn of(merchant: MerchantId, payout: &Payout, version: Version) -> Self {
        let Payout {
            id,
            status,
            total,
            paid,
            items_count,
            paid_count,
            failed_count,
            commissions_count,
            begun_at,
            sealed_at,
            sent_at,
            ended_at,
            created_at,
            updated_at,
        } = payout;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            status: status.as_str().to_owned(),
            currency: payout.currency().code().to_owned(),
            total_minor: total.minor(),
            paid_minor: paid.minor(),
            items_count: i64::from(*items_count),
            paid_count: i64::from(*paid_count),
            failed_count: i64::from(*failed_count),
            commissions_count: i64::from(*commissions_count),
            begun_at: begun_at.micros(),
            sealed_at: sealed_at.map(Timestamp::micros),
            sent_at: sent_at.map(Timestamp::micros),
            ended_at: ended_at.map(Timestamp::micros),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Payout>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            status,
            currency,
            total_minor,
            paid_minor,
            items_count,
            paid_count,
            failed_count,
            commissions_count,
            begun_at,
            sealed_at,
            sent_at,
            ended_at,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("payouts", id.0);
        let currency = reading.currency(&currency)?;
        let row = Payout {
            id: id.id(),
            status: reading.get("status", status.parse())?,
            total: Money::from_minor(total_minor, currency),
            paid: Money::from_minor(paid_minor, currency),
            items_count: reading.number("items_count", items_count)?,
            paid_count: reading.number("paid_count", paid_count)?,
            failed_count: reading.number("failed_count", failed_count)?,
            commissions_count: reading.number("commissions_count", commissions_count)?,
            begun_at: reading.time("begun_at", begun_at)?,
            sealed_at: reading.maybe_time("sealed_at", sealed_at)?,
            sent_at: reading.maybe_time("sent_at", sent_at)?,
            ended_at: reading.maybe_time("ended_at", ended_at)?,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl TableRow for PayoutItemRow {
    type Entity = PayoutItem;

    fn of(merchant: MerchantId, item: &PayoutItem, version: Version) -> Self {
        let PayoutItem {
            id,
            payout_id,
            affiliate_id,
            amount,
            commissions_count,
            status,
            reference,
            reason,
            created_at,
            updated_at,
        } = item;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            payout_id: Uid::from(*payout_id),
            affiliate_id: Uid::from(*affiliate_id),
            amount_minor: amount.minor(),
            currency: amount.currency().code().to_owned(),
            commissions_count: i64::from(*commissions_count),
            status: status.as_str().to_owned(),
            reference: reference.as_ref().map(|reference| reference.as_str().to_owned()),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<PayoutItem>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            payout_id,
            affiliate_id,
            amount_minor,
            currency,
            commissions_count,
            status,
            reference,
            reason,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("payout_items", id.0);
        let row = PayoutItem {
            id: id.id(),
            payout_id: payout_id.id(),
            affiliate_id: affiliate_id.id(),
            amount: Money::from_minor(amount_minor, reading.currency(&currency)?),
            commissions_count: reading.number("commissions_count", commissions_count)?,
            status: reading.get("status", status.parse())?,
            reference: reading.maybe("reference", reference.as_deref(), ShortText::parse)?,
            reason: reading.maybe("reason", reason.as_deref(), Reason::parse)?,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
