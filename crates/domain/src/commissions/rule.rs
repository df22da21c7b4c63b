//! Commission rules: rewards for an affiliate, a product, a category, a tier or everything (docs/rules/commissions.md).

use crate::events::EventKind;
use crate::rewards::{RateSource, Reward};
use crate::tenancy::Merchant;
use crate::values::{
    AffiliateId, Currency, Decimal, FieldError, Money, Rate, Refusal, RuleId, ShortText, TierId, Timestamp,
    string_enum::string_enum,
};

/// What kind of thing a rule is for. Declared in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleLevel {
    /// One affiliate.
    Affiliate,
    /// One product.
    Product,
    /// One category of products.
    Category,
    /// One tier.
    Tier,
    /// Everything.
    Global,
}
string_enum!(RuleLevel {
    Affiliate = "affiliate",
    Product = "product",
    Category = "category",
    Tier = "tier",
    Global = "global"
});

impl RuleLevel {
    /// What a reward by such a rule says that it came from.
    pub const fn source(self) -> RateSource {
        match self {
            Self::Affiliate => RateSource::RuleAffiliate,
            Self::Product => RateSource::RuleProduct,
            Self::Category => RateSource::RuleCategory,
            Self::Tier => RateSource::RuleTier,
            Self::Global => RateSource::RuleGlobal,
        }
    }
}

/// What a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RuleScope {
    /// This affiliate's sales.
    Affiliate(AffiliateId),
    /// Items of this product, compared exactly.
    Product(ShortText),
    /// Items of this category, compared exactly.
    Category(ShortText),
    /// Sales of this tier's affiliates.
    Tier(TierId),
    /// Every sale.
    Global,
}

impl RuleScope {
    /// The scope of `level` for what `reference` names: an id, or the shop's word. Whether an id exists is for others to
    /// find out. The error says what was expected of the reference.
    pub fn parse(level: RuleLevel, reference: Option<&str>) -> Result<Self, String> {
        let named = || reference.ok_or_else(|| format!("must be given where the scope is {}", level.as_str()));
        match level {
            RuleLevel::Affiliate => named()?.parse().map(Self::Affiliate).map_err(|_| Self::NO_AFFILIATE.to_owned()),
            RuleLevel::Product => ShortText::parse(named()?).map(Self::Product),
            RuleLevel::Category => ShortText::parse(named()?).map(Self::Category),
            RuleLevel::Tier => named()?.parse().map(Self::Tier).map_err(|_| Self::NO_TIER.to_owned()),
            RuleLevel::Global if reference.is_some() => Err("must not be given where the scope is global".to_owned()),
            RuleLevel::Global => Ok(Self::Global),
        }
    }

    /// The message for an affiliate's id that does not exist.
    pub const NO_AFFILIATE: &str = "must be the id of an existing affiliate";
    /// The message for a tier's id that does not exist.
    pub const NO_TIER: &str = "must be the id of an existing tier";

    /// What kind of thing it is for.
    pub const fn level(&self) -> RuleLevel {
        match self {
            Self::Affiliate(_) => RuleLevel::Affiliate,
            Self::Product(_) => RuleLevel::Product,
            Self::Category(_) => RuleLevel::Category,
            Self::Tier(_) => RuleLevel::Tier,
            Self::Global => RuleLevel::Global,
        }
    }

    /// What it names within its level.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Affiliate(id) => Some(id.to_string()),
            Self::Product(word) | Self::Category(word) => Some(word.as_str().to_owned()),
            Self::Tier(id) => Some(id.to_string()),
            Self::Global => None,
        }
    }
}

/// A reward that goes before the merchant's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommissionRule {
    /// Its id.
    pub id: RuleId,
    /// What it is for.
    pub scope: RuleScope,
    /// What it gives.
    pub reward: Reward,
    /// Only for events of this kind.
    pub event_kind: Option<EventKind>,
    /// Of two rules of one level the higher one counts.
    pub priority: i32,
    /// From when on it counts, in business time.
    pub starts_at: Option<Timestamp>,
    /// From when on it counts no more.
    pub ends_at: Option<Timestamp>,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// A reward as a request names it: a rate, or a fixed sum and its currency.
#[derive(Debug, Clone, Copy, Default)]
pub struct RewardWish {
    /// The rate.
    pub rate: Option<Rate>,
    /// The fixed sum, in whole units.
    pub flat_amount: Option<Decimal>,
    /// Its currency.
    pub currency: Option<Currency>,
}

/// The input for a new rule.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// See [`CommissionRule::scope`].
    pub scope: RuleScope,
    /// See [`CommissionRule::reward`].
    pub reward: RewardWish,
    /// See [`CommissionRule::event_kind`].
    pub event_kind: Option<EventKind>,
    /// See [`CommissionRule::priority`].
    pub priority: i32,
    /// See [`CommissionRule::starts_at`].
    pub starts_at: Option<Timestamp>,
    /// See [`CommissionRule::ends_at`].
    pub ends_at: Option<Timestamp>,
}

/// What a PATCH asks for; `None` leaves a field alone, an inner `None` clears it.
#[derive(Debug, Clone, Default)]
#[allow(clippy::option_option, reason = "outer: asked for at all; inner: null clears the field")]
pub struct RuleChange {
    /// A scope of another level needs a reference of its own.
    pub level: Option<RuleLevel>,
    /// What the scope names.
    pub reference: Option<Option<ShortText>>,
    /// See [`CommissionRule::reward`]; a new sum alone stays in its currency.
    pub reward: RewardWish,
    /// See [`CommissionRule::event_kind`].
    pub event_kind: Option<Option<EventKind>>,
    /// See [`CommissionRule::priority`].
    pub priority: Option<i32>,
    /// See [`CommissionRule::starts_at`].
    pub starts_at: Option<Option<Timestamp>>,
    /// See [`CommissionRule::ends_at`].
    pub ends_at: Option<Option<Timestamp>>,
}

impl RewardWish {
    /// The reward that is wished for, `None` where nothing is; `present` lends its currency to a sum without one.
    fn granted(self, present: Option<Reward>) -> Result<Option<Reward>, FieldError> {
        let Self { rate, flat_amount, currency } = self;
        match (rate, flat_amount, currency) {
            (None, None, None) => Ok(None),
            (Some(rate), None, None) => Ok(Some(Reward::Rate(rate))),
            (Some(_), _, _) => Err(FieldError::new("rate", "must not be given together with flat_amount and currency")),
            (None, None, Some(_)) => Err(FieldError::new("flat_amount", "must be given together with currency")),
            (None, Some(amount), currency) => {
                let currency = currency.or_else(|| present.and_then(Reward::flat).map(Money::currency));
                let currency =
                    currency.ok_or_else(|| FieldError::new("currency", "must be given together with flat_amount"))?;
                let money = Money::from_decimal(amount, currency).ok().filter(|money| money.minor() > 0);
                let wrong = || FieldError::new("flat_amount", format!("must be an amount of {currency}, more than 0"));
                money.map(Reward::Flat).map(Some).ok_or_else(wrong)
            }
        }
    }
}

impl CommissionRule {
    /// The most rules that a merchant may have.
    pub const MOST: u16 = Merchant::MOST_RULES;
    /// The lowest and the highest priority.
    pub const PRIORITIES: std::ops::RangeInclusive<i32> = -1_000..=1_000;

    /// A new rule.
    pub fn create(id: RuleId, request: NewRule, now: Timestamp) -> Result<Self, Refusal> {
        let NewRule { scope, reward, event_kind, priority, starts_at, ends_at } = request;
        let reward = reward.granted(None).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let reward =
            reward.ok_or_else(|| Refusal::invalid("rate", "must be given, or flat_amount and currency instead"))?;
        Self { id, scope, reward, event_kind, priority, starts_at, ends_at, created_at: now, updated_at: now }.checked()
    }

    /// The rule after `change`; time never runs backwards within it.
    pub fn changed(&self, change: RuleChange, now: Timestamp) -> Result<Self, Refusal> {
        let RuleChange { level, reference, reward, event_kind, priority, starts_at, ends_at } = change;
        let reward = reward.granted(Some(self.reward)).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        Self {
            id: self.id,
            scope: self.scope_after(level, reference)?,
            reward: reward.unwrap_or(self.reward),
            event_kind: event_kind.unwrap_or_else(|| self.event_kind.clone()),
            priority: priority.unwrap_or(self.priority),
            starts_at: starts_at.unwrap_or(self.starts_at),
            ends_at: ends_at.unwrap_or(self.ends_at),
            created_at: self.created_at,
            updated_at: now.max(self.updated_at),
        }
        .checked()
    }

    /// The scope that a change gives it.
    #[allow(clippy::option_option, reason = "as in the change")]
    pub fn scope_after(
        &self,
        level: Option<RuleLevel>,
        reference: Option<Option<ShortText>>,
    ) -> Result<RuleScope, Refusal> {
        let same_level = level.is_none_or(|level| level == self.scope.level());
        if same_level && reference.is_none() {
            return Ok(self.scope.clone());
        }
        let reference = reference.flatten();
        RuleScope::parse(level.unwrap_or_else(|| self.scope.level()), reference.as_ref().map(ShortText::as_str))
            .map_err(|expected| Refusal::invalid("scope_ref", expected))
    }

    fn checked(self) -> Result<Self, Refusal> {
        if !Self::PRIORITIES.contains(&self.priority) {
            let (least, most) = (Self::PRIORITIES.start(), Self::PRIORITIES.end());
            return Err(Refusal::invalid("priority", format!("must be {least} to {most}")));
        }
        if self.starts_at.zip(self.ends_at).is_some_and(|(starts, ends)| ends <= starts) {
            return Err(Refusal::invalid("ends_at", "must be after starts_at"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(rate: Option<u32>, flat: Option<&str>, currency: Option<&str>) -> RewardWish {
        RewardWish {
            rate: rate.and_then(Rate::from_millionths),
            flat_amount: flat.map(|text| text.parse().unwrap()),
            currency: currency.map(|text| text.parse().unwrap()),
        }
    }

    fn rule(scope: RuleScope, reward: RewardWish) -> Result<CommissionRule, Refusal> {
        let request = NewRule { scope, reward, event_kind: None, priority: 0, starts_at: None, ends_at: None };
        CommissionRule::create(RuleId::from_uuid(uuid::Uuid::from_u128(1)), request, Timestamp::MIN)
    }

    fn field(refusal: Refusal) -> String {
        match refusal {
            Refusal::Invalid(faults) => faults.into_iter().map(|fault| fault.field).collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_rate_or_a_sum_and_its_currency() {
        for (reward, wanted) in [
            (wish(Some(100_000), None, None), Ok("0.10")),
            (wish(None, Some("5"), Some("USD")), Ok("5.00")),
            (wish(None, None, None), Err("rate")),
            (wish(Some(1), Some("5"), Some("USD")), Err("rate")),
            (wish(Some(1), None, Some("USD")), Err("rate")),
            (wish(None, Some("5"), None), Err("currency")),
            (wish(None, None, Some("USD")), Err("flat_amount")),
            (wish(None, Some("0"), Some("USD")), Err("flat_amount")),
            (wish(None, Some("0.5"), Some("JPY")), Err("flat_amount")),
        ] {
            let got = rule(RuleScope::Global, reward).map_err(field).map(|rule| match rule.reward {
                Reward::Rate(rate) => rate.decimal(),
                Reward::Flat(money) => money.decimal(),
            });
            assert_eq!(got, wanted.map(str::to_owned).map_err(str::to_owned), "{reward:?}");
        }
    }

    #[test]
    fn a_changed_sum_keeps_its_currency() {
        let flat = rule(RuleScope::Global, wish(None, Some("5"), Some("EUR"))).unwrap();
        let change = |reward| flat.changed(RuleChange { reward, ..RuleChange::default() }, Timestamp::MIN);
        let sum = change(wish(None, Some("6"), None)).unwrap().reward.flat().unwrap();
        assert_eq!((sum.decimal(), sum.currency().to_string()), ("6.00".to_owned(), "EUR".to_owned()));
        assert_eq!(change(wish(Some(5), None, None)).unwrap().reward, Reward::Rate(Rate::from_millionths(5).unwrap()));
        assert_eq!(change(wish(None, None, Some("USD"))).map_err(field).unwrap_err(), "flat_amount");
    }

    #[test]
    fn scopes_name_what_they_must() {
        let affiliate = AffiliateId::from_uuid(uuid::Uuid::from_u128(1)).to_string();
        let tier = TierId::from_uuid(uuid::Uuid::from_u128(1)).to_string();
        for &level in RuleLevel::ALL {
            for (reference, fits) in [
                (None, level == RuleLevel::Global),
                (
                    Some(affiliate.as_str()),
                    matches!(level, RuleLevel::Affiliate | RuleLevel::Product | RuleLevel::Category),
                ),
                (Some(tier.as_str()), matches!(level, RuleLevel::Tier | RuleLevel::Product | RuleLevel::Category)),
                (Some("shoes"), matches!(level, RuleLevel::Product | RuleLevel::Category)),
                (Some(""), false),
            ] {
                let scope = RuleScope::parse(level, reference);
                assert_eq!(scope.is_ok(), fits, "{level:?} {reference:?}");
                if let Ok(scope) = scope {
                    assert_eq!((scope.level(), scope.reference().as_deref()), (level, reference));
                }
            }
        }
    }

    #[test]
    fn a_new_level_needs_a_new_reference() {
        let shoes = RuleScope::parse(RuleLevel::Product, Some("shoes")).unwrap();
        let before = rule(shoes.clone(), wish(Some(1), None, None)).unwrap();
        let hats = || Some(ShortText::parse("hats").ok());
        assert_eq!(before.scope_after(None, None), Ok(shoes.clone()));
        assert_eq!(before.scope_after(Some(RuleLevel::Product), None), Ok(shoes));
        assert_eq!(before.scope_after(None, hats()).unwrap().reference().as_deref(), Some("hats"));
        assert_eq!(before.scope_after(Some(RuleLevel::Global), None), Ok(RuleScope::Global));
        for (level, reference) in [
            (Some(RuleLevel::Category), None),
            (None, Some(None)),
            (Some(RuleLevel::Global), hats()),
            (Some(RuleLevel::Tier), hats()),
        ] {
            assert_eq!(field(before.scope_after(level, reference).unwrap_err()), "scope_ref", "{level:?}");
        }
    }

    #[test]
    fn a_rule_ends_after_it_starts() {
        let before = rule(RuleScope::Global, wish(Some(1), None, None)).unwrap();
        let at = |micros: i64| Some(Timestamp::from_micros(micros));
        let change = |starts_at, ends_at| RuleChange { starts_at, ends_at, ..RuleChange::default() };
        for (starts, ends, fits) in [(1, 2, true), (2, 2, false), (3, 2, false)] {
            assert_eq!(before.changed(change(at(starts), at(ends)), Timestamp::MIN).is_ok(), fits, "{starts} {ends}");
        }
        assert!(before.changed(change(None, at(0)), Timestamp::MIN).is_ok(), "it may be over");
        for (priority, fits) in [(-1_001, false), (-1_000, true), (1_000, true), (1_001, false)] {
            let change = RuleChange { priority: Some(priority), ..RuleChange::default() };
            assert_eq!(before.changed(change, Timestamp::MIN).is_ok(), fits, "{priority}");
        }
    }
}
