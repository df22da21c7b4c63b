//! Payouts and their items.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, money, optional, optional_instant, present},
};
use diesel::data_types::PgTimestamp;
use domain::{AffiliateId, MerchantId, Payout, PayoutId, PayoutItem, PayoutItemId, Reason, ShortText};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A payout.
    PayoutRow of "payouts" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        status: String,
        currency: String,
        total_minor: i64,
        paid_minor: i64,
        items_count: i64,
        paid_count: i64,
        failed_count: i64,
        commissions_count: i64,
        begun_at: PgTimestamp,
        sealed_at: Option<PgTimestamp>,
        sent_at: Option<PgTimestamp>,
        ended_at: Option<PgTimestamp>,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

rows! {
    /// An item.
    PayoutItemRow of "payout_items" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        payout_id: Uuid,
        affiliate_id: Uuid,
        amount_minor: i64,
        currency: String,
        commissions_count: i64,
        status: String,
        reference: Option<String>,
        reason: Option<String>,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

fn count(stored: i64) -> Mapped<u32> {
    present(u32::try_from(stored).ok())
}

impl Image for PayoutRow {
    type Of = Payout;

    fn image(merchant: MerchantId, payout: &Payout, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            status: status.as_str().to_owned(),
            currency: payout.currency().code().to_owned(),
            total_minor: total.minor(),
            paid_minor: paid.minor(),
            items_count: i64::from(*items_count),
            paid_count: i64::from(*paid_count),
            failed_count: i64::from(*failed_count),
            commissions_count: i64::from(*commissions_count),
            begun_at: time(*begun_at),
            sealed_at: sealed_at.map(time),
            sent_at: sent_at.map(time),
            ended_at: ended_at.map(time),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for PayoutRow {
    fn versioned(self) -> Mapped<Versioned<Payout>> {
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
        let row = Payout {
            id: PayoutId::from_uuid(id),
            status: parsed(status.parse())?,
            total: money(total_minor, &currency)?,
            paid: money(paid_minor, &currency)?,
            items_count: count(items_count)?,
            paid_count: count(paid_count)?,
            failed_count: count(failed_count)?,
            commissions_count: count(commissions_count)?,
            begun_at: instant(begun_at)?,
            sealed_at: optional_instant(sealed_at)?,
            sent_at: optional_instant(sent_at)?,
            ended_at: optional_instant(ended_at)?,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl Image for PayoutItemRow {
    type Of = PayoutItem;

    fn image(merchant: MerchantId, item: &PayoutItem, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            payout_id: payout_id.uuid(),
            affiliate_id: affiliate_id.uuid(),
            amount_minor: amount.minor(),
            currency: amount.currency().code().to_owned(),
            commissions_count: i64::from(*commissions_count),
            status: status.as_str().to_owned(),
            reference: reference.as_ref().map(|reference| reference.as_str().to_owned()),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for PayoutItemRow {
    fn versioned(self) -> Mapped<Versioned<PayoutItem>> {
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
        let row = PayoutItem {
            id: PayoutItemId::from_uuid(id),
            payout_id: PayoutId::from_uuid(payout_id),
            affiliate_id: AffiliateId::from_uuid(affiliate_id),
            amount: money(amount_minor, &currency)?,
            commissions_count: count(commissions_count)?,
            status: parsed(status.parse())?,
            reference: optional(reference, ShortText::parse)?,
            reason: optional(reason, Reason::parse)?,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
