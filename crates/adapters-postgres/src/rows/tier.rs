//! Tiers.

use super::{
    Damaged, Image, Mapped, Readable, parsed, rows, time,
    values::{instant, millionths, money, rate},
};
use diesel::data_types::PgTimestamp;
use domain::{MerchantId, Metric, Money, Threshold, Tier, TierId, TierName};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A tier. What is not counted in orders has a currency.
    TierRow of "tiers" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        name: String,
        name_folded: String,
        rate: i32,
        metric: String,
        threshold: i64,
        currency: Option<String>,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

impl Image for TierRow {
    type Of = Tier;

    fn image(merchant: MerchantId, tier: &Tier, version: Version) -> Self {
        let Tier { id, name, rate, threshold, created_at, updated_at } = tier;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            name: name.as_str().to_owned(),
            name_folded: name.folded(),
            rate: millionths(*rate),
            metric: threshold.metric().as_str().to_owned(),
            threshold: threshold.height(),
            currency: threshold.money().map(Money::currency).map(|currency| currency.code().to_owned()),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for TierRow {
    fn versioned(self) -> Mapped<Versioned<Tier>> {
        let Self {
            merchant_id: _,
            id,
            name,
            name_folded: _,
            rate: millionths,
            metric,
            threshold,
            currency,
            created_at,
            updated_at,
            version,
        } = self;
        let row = Tier {
            id: TierId::from_uuid(id),
            name: parsed(TierName::parse(&name))?,
            rate: rate(millionths)?,
            threshold: reached_at(&metric, threshold, currency.as_deref())?,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

fn reached_at(metric: &str, height: i64, currency: Option<&str>) -> Mapped<Threshold> {
    match (parsed(metric.parse::<Metric>())?, currency) {
        (Metric::Revenue, Some(currency)) => money(height, currency).map(Threshold::Revenue),
        (Metric::CommissionsPaid, Some(currency)) => money(height, currency).map(Threshold::CommissionsPaid),
        (Metric::Orders, None) => parsed(u32::try_from(height)).map(Threshold::Orders),
        _ => Err(Damaged::at("a threshold is a sum without a currency, or a count with one")),
    }
}
