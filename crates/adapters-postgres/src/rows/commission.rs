//! Commissions.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, millionths, money, optional, reward},
};
use diesel::data_types::PgTimestamp;
use domain::{
    AffiliateId, Commission, CommissionId, CommissionStatus, EventId, MerchantId, Money, OrderReference, PayoutId,
    RateSource, Reason, RuleId,
};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A commission. Basis and amount are in one currency.
    CommissionRow of "commissions" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        event_id: Uuid,
        order_id: String,
        affiliate_id: Uuid,
        level: i16,
        leaf_id: Option<Uuid>,
        reverses: Option<Uuid>,
        refund_id: Option<Uuid>,
        basis_minor: i64,
        rate: Option<i32>,
        flat_minor: Option<i64>,
        rate_source: String,
        rule_id: Option<Uuid>,
        amount_minor: i64,
        currency: String,
        made_as: String,
        status: String,
        payout_id: Option<Uuid>,
        reason: Option<String>,
        matures_at: PgTimestamp,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

impl Image for CommissionRow {
    type Of = Commission;

    fn image(merchant: MerchantId, commission: &Commission, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            event_id: event_id.uuid(),
            order_id: order_id.as_str().to_owned(),
            affiliate_id: affiliate_id.uuid(),
            level: i16::from(*level),
            leaf_id: leaf_id.map(CommissionId::uuid),
            reverses: reverses.map(CommissionId::uuid),
            refund_id: refund_id.map(EventId::uuid),
            basis_minor: basis.minor(),
            rate: reward.rate().map(millionths),
            flat_minor: reward.flat().map(Money::minor),
            rate_source: rate_source.as_str().to_owned(),
            rule_id: rule_id.map(RuleId::uuid),
            amount_minor: amount.minor(),
            currency: amount.currency().code().to_owned(),
            made_as: made_as.as_str().to_owned(),
            status: status.as_str().to_owned(),
            payout_id: payout_id.map(PayoutId::uuid),
            reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
            matures_at: time(*matures_at),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for CommissionRow {
    fn versioned(self) -> Mapped<Versioned<Commission>> {
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
        let row = Commission {
            id: CommissionId::from_uuid(id),
            event_id: EventId::from_uuid(event_id),
            order_id: parsed(OrderReference::parse(&order_id))?,
            affiliate_id: AffiliateId::from_uuid(affiliate_id),
            level: parsed(u8::try_from(level))?,
            leaf_id: leaf_id.map(CommissionId::from_uuid),
            reverses: reverses.map(CommissionId::from_uuid),
            refund_id: refund_id.map(EventId::from_uuid),
            basis: money(basis_minor, &currency)?,
            reward: reward(rate, flat_minor, &currency)?,
            rule_id: rule_id.map(RuleId::from_uuid),
            rate_source: parsed(rate_source.parse::<RateSource>())?,
            amount: money(amount_minor, &currency)?,
            made_as: parsed(made_as.parse::<CommissionStatus>())?,
            status: parsed(status.parse::<CommissionStatus>())?,
            payout_id: payout_id.map(PayoutId::from_uuid),
            reason: optional(reason, Reason::parse)?,
            matures_at: instant(matures_at)?,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
