//! Commission rules.

use super::{
    Image, Mapped, Readable, optional_instant, parsed, rows, time,
    values::{instant, millionths, optional, reward},
};
use diesel::data_types::PgTimestamp;
use domain::{CommissionRule, EventKind, MerchantId, Money, RuleId, RuleLevel, RuleScope};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A commission rule. A fixed sum has a currency.
    RuleRow of "commission_rules" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        scope: String,
        scope_ref: Option<String>,
        rate: Option<i32>,
        flat_minor: Option<i64>,
        currency: Option<String>,
        event_kind: Option<String>,
        priority: i32,
        starts_at: Option<PgTimestamp>,
        ends_at: Option<PgTimestamp>,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

impl Image for RuleRow {
    type Of = CommissionRule;

    fn image(merchant: MerchantId, rule: &CommissionRule, version: Version) -> Self {
        let CommissionRule { id, scope, reward, event_kind, priority, starts_at, ends_at, created_at, updated_at } =
            rule;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            scope: scope.level().as_str().to_owned(),
            scope_ref: scope.reference(),
            rate: reward.rate().map(millionths),
            flat_minor: reward.flat().map(Money::minor),
            currency: reward.flat().map(Money::currency).map(|currency| currency.code().to_owned()),
            event_kind: event_kind.as_ref().map(|kind| kind.as_str().to_owned()),
            priority: *priority,
            starts_at: starts_at.map(time),
            ends_at: ends_at.map(time),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for RuleRow {
    fn versioned(self) -> Mapped<Versioned<CommissionRule>> {
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
        let level = parsed(scope.parse::<RuleLevel>())?;
        let row = CommissionRule {
            id: RuleId::from_uuid(id),
            scope: parsed(RuleScope::parse(level, scope_ref.as_deref()))?,
            reward: reward(rate, flat_minor, currency.as_deref().unwrap_or_default())?,
            event_kind: optional(event_kind, EventKind::parse)?,
            priority,
            starts_at: optional_instant(starts_at)?,
            ends_at: optional_instant(ends_at)?,
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
