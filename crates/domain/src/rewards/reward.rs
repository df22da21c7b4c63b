//! What a sale earns its affiliate, a part of it or a fixed sum, and where that came from.

use crate::values::{Money, Rate, string_enum::string_enum};

/// How an amount is calculated from its basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reward {
    /// This part of the basis, rounded once.
    Rate(Rate),
    /// This amount, regardless of the basis.
    Flat(Money),
}

impl Reward {
    /// What it gives for `basis`.
    #[must_use]
    pub fn of(self, basis: Money) -> Money {
        match self {
            Self::Rate(rate) => basis.at(rate),
            Self::Flat(amount) => amount,
        }
    }

    /// What it gives for `left`, and never more than that.
    #[must_use]
    pub fn within(self, left: Money) -> Money {
        let sum = self.of(left);
        Money::from_minor(sum.minor().min(left.minor()), left.currency())
    }

    /// What it gives for `basis` before that is rounded, as a decimal number of whole units without needless zeros.
    #[must_use]
    pub fn exact(self, basis: Money) -> String {
        match self {
            Self::Rate(rate) => basis.exactly_at(rate),
            Self::Flat(amount) => amount.decimal(),
        }
    }

    /// Whether it gives at least as much as `other`, for any basis.
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Rate(own), Self::Rate(other)) => own >= other,
            (Self::Flat(own), Self::Flat(other)) => own.currency() == other.currency() && own.minor() >= other.minor(),
            (Self::Flat(_), Self::Rate(other)) => other == Rate::ZERO,
            (Self::Rate(_), Self::Flat(other)) => other.minor() <= 0,
        }
    }

    /// The rate, if it is one.
    pub const fn rate(self) -> Option<Rate> {
        match self {
            Self::Rate(rate) => Some(rate),
            Self::Flat(_) => None,
        }
    }

    /// The fixed sum, if it is one.
    pub const fn flat(self) -> Option<Money> {
        match self {
            Self::Rate(_) => None,
            Self::Flat(amount) => Some(amount),
        }
    }
}

/// The source of a reward; frozen on the row. Declared in the order of precedence: the first that exists applies
/// (docs/rules/commissions.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateSource {
    /// The affiliate's own rate.
    Affiliate,
    /// A rule for the affiliate.
    RuleAffiliate,
    /// A rule for the product.
    RuleProduct,
    /// A rule for the category.
    RuleCategory,
    /// A rule for the affiliate's tier.
    RuleTier,
    /// The affiliate's tier.
    Tier,
    /// A rule for everything.
    RuleGlobal,
    /// The merchant's default.
    Merchant,
    /// The override of a parent level.
    Override,
}
string_enum!(RateSource {
    Affiliate = "affiliate",
    RuleAffiliate = "rule_affiliate",
    RuleProduct = "rule_product",
    RuleCategory = "rule_category",
    RuleTier = "rule_tier",
    Tier = "tier",
    RuleGlobal = "rule_global",
    Merchant = "merchant",
    Override = "override",
});
