//! Merchants: one mode of an organization, with its settings and, in test mode, its own clock.

use crate::{
    CommissionRule, Currency, MerchantId, Mode, OrganizationId, OrganizationName, Refusal, Settings, Slug, Tier,
    Timestamp,
};

/// How far a merchant's business time is ahead of real time. Zero, and fixed, in live mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MerchantClock {
    offset_micros: i64,
}

impl MerchantClock {
    /// A clock that is `offset_micros` ahead.
    pub const fn ahead_by(offset_micros: i64) -> Self {
        Self { offset_micros }
    }

    /// Microseconds ahead of real time.
    pub const fn offset_micros(self) -> i64 {
        self.offset_micros
    }

    /// Business time at the real instant `real`.
    pub fn at(self, real: Timestamp) -> Timestamp {
        Timestamp::from_micros(real.micros().saturating_add(self.offset_micros)).unwrap_or(Timestamp::MAX)
    }
}

/// One mode of an organization. Every business row belongs to a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Test or live.
    pub mode: Mode,
    /// Unique on the server; stands in its referral links.
    pub slug: Slug,
    /// Its business time.
    pub clock: MerchantClock,
    /// How it runs its program.
    pub settings: Settings,
    /// How many tiers it has. Kept here so that nobody looks for what is not there.
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
    /// A merchant with the settings that everyone starts with.
    pub fn found(
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

    /// The merchant with one more tier, if it may have one more.
    pub fn with_one_more_tier(&self) -> Result<Self, Refusal> {
        let tier_count = one_more(self.tier_count, Tier::MOST, "tiers")?;
        Ok(Self { tier_count, ..self.clone() })
    }

    /// The merchant with one tier less.
    #[must_use]
    pub fn with_one_tier_less(&self) -> Self {
        Self { tier_count: self.tier_count.saturating_sub(1), ..self.clone() }
    }

    /// The merchant with one more commission rule, if it may have one more.
    pub fn with_one_more_rule(&self) -> Result<Self, Refusal> {
        let rule_count = one_more(self.rule_count, CommissionRule::MOST, "commission rules")?;
        Ok(Self { rule_count, ..self.clone() })
    }

    /// The merchant with one commission rule less.
    #[must_use]
    pub fn with_one_rule_less(&self) -> Self {
        Self { rule_count: self.rule_count.saturating_sub(1), ..self.clone() }
    }

    /// The slug wanted first: from the organization's name, with `-test` in test mode. `attempt` counts collisions and
    /// is appended from the first on, as `-2`, `-3`, … (product 1).
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

    #[test]
    fn slugs_come_from_the_name() {
        let name = OrganizationName::parse("Ama's Shop").unwrap();
        assert_eq!(Merchant::slug_for(&name, Mode::Live, 0).as_str(), "ama-s-shop");
        assert_eq!(Merchant::slug_for(&name, Mode::Test, 0).as_str(), "ama-s-shop-test");
        assert_eq!(Merchant::slug_for(&name, Mode::Test, 1).as_str(), "ama-s-shop-test-2");
        assert_eq!(Merchant::slug_for(&OrganizationName::parse("商店").unwrap(), Mode::Live, 0).as_str(), "shop");
    }

    #[test]
    fn a_clock_moves_business_time_only_forward_of_real_time() {
        let real = Timestamp::from_micros(1_000).unwrap();
        assert_eq!(MerchantClock::default().at(real), real);
        assert_eq!(MerchantClock::ahead_by(5).at(real).micros(), 1_005);
        assert_eq!(MerchantClock::ahead_by(i64::MAX).at(real), Timestamp::MAX);
    }

    #[test]
    fn counts_end_at_their_limits() {
        let id = uuid::Uuid::nil();
        let (id, organization) = (MerchantId::from_uuid(id), OrganizationId::from_uuid(id));
        let mut shop =
            Merchant::found(id, organization, Mode::Test, Slug::shop(), "USD".parse().unwrap(), Timestamp::MIN);
        for _ in 0..Tier::MOST {
            shop = shop.with_one_more_tier().unwrap();
        }
        for _ in 0..CommissionRule::MOST {
            shop = shop.with_one_more_rule().unwrap();
        }
        assert!(matches!(shop.with_one_more_tier(), Err(Refusal::State(_))));
        assert!(matches!(shop.with_one_more_rule(), Err(Refusal::State(_))));
        assert!(shop.with_one_tier_less().with_one_more_tier().is_ok());
        assert!(shop.with_one_rule_less().with_one_more_rule().is_ok());
    }
}
