//! `commission_rules`

use super::{Reading, TableRow, reading::millionths};
use crate::{error::Damaged, schema::commission_rules, values::Uid};
use diesel::prelude::*;
use domain::{CommissionRule, EventKind, MerchantId, Money, Reward, RuleLevel, RuleScope};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = commission_rules, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct RuleRow {
    merchant_id: Uid,
    id: Uid,
    scope: String,
    scope_ref: Option<String>,
    rate: Option<i32>,
    flat_minor: Option<i64>,
    currency: Option<String>,
    event_kind: Option<String>,
    priority: i32,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl RuleRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for RuleRow {
    type Entity = CommissionRule;

    fn of(merchant: MerchantId, rule: &CommissionRule, version: Version) -> Self {
        let CommissionRule { id, scope, reward, event_kind, priority, starts_at, ends_at, created_at, updated_at } =
            rule;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            scope: scope.level().as_str().to_owned(),
            scope_ref: scope.reference(),
            rate: reward.rate().map(millionths),
            flat_minor: reward.flat().map(Money::minor),
            currency: reward.flat().map(Money::currency).map(|currency| currency.code().to_owned()),
            event_kind: event_kind.as_ref().map(|kind| kind.as_str().to_owned()),
            priority: *priority,
            starts_at: starts_at.map(domain::Timestamp::micros),
            ends_at: ends_at.map(domain::Timestamp::micros),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<CommissionRule>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            scope,
            scope_ref,
            rate,
            flat_minor,
            currency,
            event_kind,
            priority,
            starts_at,
            ends_at,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("commission_rules", id.0);
        let level: RuleLevel = reading.get("scope", scope.parse())?;
        let row = CommissionRule {
            id: id.id(),
            scope: reading.get("scope_ref", RuleScope::parse(level, scope_ref.as_deref()))?,
            reward: granted(reading, rate, flat_minor, currency.as_deref())?,
            event_kind: reading.maybe("event_kind", event_kind, |word| EventKind::parse(&word))?,
            priority,
            starts_at: reading.maybe_time("starts_at", starts_at)?,
            ends_at: reading.maybe_time("ends_at", ends_at)?,
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

fn granted(
    reading: Reading,
    rate: Option<i32>,
    flat_minor: Option<i64>,
    currency: Option<&str>,
) -> Result<Reward, Damaged> {
    match (rate, currency) {
        (Some(rate), None) => reading.rate("rate", rate).map(Reward::Rate),
        (rate, Some(code)) => reading.reward(rate, flat_minor, reading.currency(code)?),
        (None, None) => reading.get("rate", Err("must be there if there is no currency, and only then")),
    }
}
