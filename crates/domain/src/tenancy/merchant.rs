//! Merchants: one mode of an organization, with its settings and, in test mode, its own clock.

use crate::tenancy::{MerchantClock, Mode, Settings, TestClock, TestClockStep};
use crate::values::{Currency, MerchantId, OrganizationId, OrganizationName, Refusal, Slug, Timestamp};

/// One mode of an organization. Every business row belongs to a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// Test or live.
    pub mode: Mode,
    /// Unique on the server; part of its referral links.
    pub slug: Slug,
    /// Its business time.
    pub clock: MerchantClock,
    /// How it runs its program.
    pub settings: Settings,
    /// How many tiers it has. Stored here to save reads if there are none.
    pub tier_count: u16,
    /// How many commission rules it has.
    pub rule_count: u16,
    /// Whether its data are being wiped; until that is done nothing is written (test mode only).
    pub resetting: bool,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

impl Merchant {
    /// The most tiers.
    pub const MOST_TIERS: u16 = 50;
    /// The most commission rules.
    pub const MOST_RULES: u16 = 500;

    /// Creates a merchant with the initial settings.
    pub fn new(
        id: MerchantId,
        organization_id: OrganizationId,
        mode: Mode,
        slug: Slug,
        currency: Currency,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            organization_id,
            mode,
            slug,
            clock: MerchantClock::default(),
            settings: Settings::initial(currency),
            tier_count: 0,
            rule_count: 0,
            resetting: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// What its clock shows at the real instant `real`.
    pub fn test_clock(&self, real: Timestamp) -> TestClock {
        TestClock { now: self.clock.at(real), ahead: self.clock }
    }

    /// The merchant with its clock moved by `step`.
    pub fn clock_moved(&self, step: TestClockStep, real: Timestamp) -> Result<Self, Refusal> {
        let clock = self.clock.moved(step, real)?;
        Ok(Self { clock, updated_at: clock.at(real).max(self.updated_at), ..self.clone() })
    }

    /// The merchant from the moment on at which its data begin to be wiped.
    #[must_use]
    pub fn reset_begun(&self) -> Self {
        Self { resetting: true, ..self.clone() }
    }

    /// The merchant once its data are wiped: as when it was founded, but for its name, its currency and its age. Its clock
    /// shows real time again.
    #[must_use]
    pub fn reset_done(&self, real: Timestamp) -> Self {
        let Self {
            id,
            organization_id,
            mode,
            slug,
            clock: _,
            settings,
            tier_count: _,
            rule_count: _,
            resetting: _,
            created_at,
            updated_at: _,
        } = self.clone();
        let founded = Self::new(id, organization_id, mode, slug, settings.currency, real);
        Self { created_at, ..founded }
    }

    /// The merchant with one more tier, if it may have one more.
    pub fn with_one_more_tier(&self) -> Result<Self, Refusal> {
        let tier_count = one_more(self.tier_count, Self::MOST_TIERS, "tiers")?;
        Ok(Self { tier_count, ..self.clone() })
    }

    /// The merchant with one tier less.
    #[must_use]
    pub fn with_one_tier_less(&self) -> Self {
        Self { tier_count: self.tier_count.saturating_sub(1), ..self.clone() }
    }

    /// The merchant with one more commission rule, if it may have one more.
    pub fn with_one_more_rule(&self) -> Result<Self, Refusal> {
        let rule_count = one_more(self.rule_count, Self::MOST_RULES, "commission rules")?;
        Ok(Self { rule_count, ..self.clone() })
    }

    /// The merchant with one commission rule less.
    #[must_use]
    pub fn with_one_rule_less(&self) -> Self {
        Self { rule_count: self.rule_count.saturating_sub(1), ..self.clone() }
    }

    /// The slug wanted first: from the organization's name, with `-test` in test mode. `attempt` counts collisions and
    /// is appended from the first on, as `-2`, `-3`, ….
    pub fn slug_for(name: &OrganizationName, mode: Mode, attempt: u32) -> Slug {
        let stem = Slug::from_name(name.as_str()).unwrap_or_else(Slug::shop);
        let stem = match mode {
            Mode::Test => stem.with_suffix("test"),
            Mode::Live => stem,
        };
        if attempt == 0 { stem } else { stem.with_suffix(&attempt.saturating_add(1).to_string()) }
    }
}

fn one_more(count: u16, most: u16, of_what: &str) -> Result<u16, Refusal> {
    let full = || Refusal::State(format!("A merchant may have {most} {of_what}, and this one has them."));
    count.checked_add(1).filter(|&count| count <= most).ok_or_else(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_reset_leaves_name_currency_and_age() {
        let name = Slug::from_name("shop").unwrap();
        let id = |n| uuid::Uuid::from_u128(n);
        let (own, organization) = (MerchantId::from_uuid(id(1)), OrganizationId::from_uuid(id(2)));
        let founded = Merchant::new(own, organization, Mode::Test, name, "EUR".parse().unwrap(), at(5));
        let used = Merchant {
            clock: MerchantClock::ahead_by(9),
            settings: Settings { hold_days: 1, ..founded.settings.clone() },
            tier_count: 3,
            rule_count: 4,
            updated_at: at(90),
            ..founded.clone()
        };
        let begun = used.reset_begun();
        assert!(begun.resetting);
        assert_eq!(begun.reset_done(at(50)), Merchant { updated_at: at(50), ..founded });
    }

    #[test]
    fn slugs_come_from_the_name() {
        let name = OrganizationName::parse("Ama's Shop").unwrap();
        assert_eq!(Merchant::slug_for(&name, Mode::Live, 0).as_str(), "ama-s-shop");
        assert_eq!(Merchant::slug_for(&name, Mode::Test, 0).as_str(), "ama-s-shop-test");
        assert_eq!(Merchant::slug_for(&name, Mode::Test, 1).as_str(), "ama-s-shop-test-2");
        assert_eq!(Merchant::slug_for(&OrganizationName::parse("商店").unwrap(), Mode::Live, 0).as_str(), "shop");
    }

    #[test]
    fn counts_end_at_their_limits() {
        let id = uuid::Uuid::nil();
        let (id, organization) = (MerchantId::from_uuid(id), OrganizationId::from_uuid(id));
        let mut shop =
            Merchant::new(id, organization, Mode::Test, Slug::shop(), "USD".parse().unwrap(), Timestamp::MIN);
        for _ in 0..Merchant::MOST_TIERS {
            shop = shop.with_one_more_tier().unwrap();
        }
        for _ in 0..Merchant::MOST_RULES {
            shop = shop.with_one_more_rule().unwrap();
        }
        assert!(matches!(shop.with_one_more_tier(), Err(Refusal::State(_))));
        assert!(matches!(shop.with_one_more_rule(), Err(Refusal::State(_))));
        assert!(shop.with_one_tier_less().with_one_more_tier().is_ok());
        assert!(shop.with_one_rule_less().with_one_more_rule().is_ok());
    }
}
