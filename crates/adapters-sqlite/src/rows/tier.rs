//! `tiers`

use super::{Reading, TableRow, reading::millionths};
use crate::{error::Damaged, schema::tiers, values::Uid};
use diesel::prelude::*;
use domain::{MerchantId, Metric, Money, Threshold, Tier, TierName};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tiers, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct TierRow {
    merchant_id: Uid,
    id: Uid,
    name: String,
    name_folded: String,
    rate: i32,
    metric: String,
    threshold: i64,
    currency: Option<String>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl TierRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for TierRow {
    type Entity = Tier;

    fn of(merchant: MerchantId, tier: &Tier, version: Version) -> Self {
        let Tier { id, name, rate, threshold, created_at, updated_at } = tier;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            name: name.as_str().to_owned(),
            name_folded: name.folded(),
            rate: millionths(*rate),
            metric: threshold.metric().as_str().to_owned(),
            threshold: threshold.height(),
            currency: threshold.money().map(Money::currency).map(|currency| currency.code().to_owned()),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Tier>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            name,
            name_folded: _,
            rate,
            metric,
            threshold,
            currency,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("tiers", id.0);
        let row = Tier {
            id: id.id(),
            name: reading.get("name", TierName::parse(&name))?,
            rate: reading.rate("rate", rate)?,
            threshold: reached_at(reading, &metric, threshold, currency.as_deref())?,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

fn reached_at(reading: Reading, metric: &str, height: i64, currency: Option<&str>) -> Result<Threshold, Damaged> {
    let sum = |code| reading.currency(code).map(|currency| Money::from_minor(height, currency));
    match (reading.get("metric", metric.parse::<Metric>())?, currency) {
        (Metric::Revenue, Some(code)) => sum(code).map(Threshold::Revenue),
        (Metric::CommissionsPaid, Some(code)) => sum(code).map(Threshold::CommissionsPaid),
        (Metric::Orders, None) => reading.number("threshold", height).map(Threshold::Orders),
        _ => reading.get("currency", Err("must be there if the metric is a sum, and only then")),
    }
}
