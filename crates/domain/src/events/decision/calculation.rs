//! What was weighed for the rewards of an event.

use crate::rewards::{RateSource, Reward};
use crate::values::{AffiliateId, RuleId, string_enum::string_enum};

/// What became of a reward that was considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardVerdict {
    /// It is earned.
    Won,
    /// Another one came first.
    Outranked,
    /// Its rule did not count yet.
    NotStarted,
    /// Its rule counted no more.
    Ended,
    /// Its rule is for another type of event.
    OtherType,
    /// It is a fixed sum in another currency than the sale's.
    OtherCurrency,
    /// It is a rate, and the event is no sale.
    NotASale,
}
string_enum!(RewardVerdict {
    Won = "won",
    Outranked = "outranked",
    NotStarted = "not_started",
    Ended = "ended",
    OtherType = "other_type",
    OtherCurrency = "other_currency",
    NotASale = "not_a_sale",
});

/// One reward that was considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Considered {
    /// Where it comes from.
    pub source: RateSource,
    /// The rule, if it is one's.
    pub rule_id: Option<RuleId>,
    /// The reward. A flat amount that several affiliates share is given here in full.
    pub reward: Reward,
    /// What became of it.
    pub verdict: RewardVerdict,
}

/// How those lines of a sale were rated that earn one affiliate the same reward: they make one commission. Where no
/// reward won, they make none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// The affiliate.
    pub affiliate_id: AffiliateId,
    /// The lines, by their places among the event's items; none where the event has no items.
    pub lines: Vec<usize>,
    /// What was considered for any of them, in the order in which it is asked; at most [`Rating::MOST_CONSIDERED`].
    pub considered: Vec<Considered>,
}

impl Rating {
    /// The most rewards that are stored; the one that won is always among them.
    pub const MOST_CONSIDERED: usize = 20;

    /// The reward that won.
    pub fn won(&self) -> Option<&Considered> {
        self.considered.iter().find(|considered| considered.verdict == RewardVerdict::Won)
    }
}

/// Why a parent has no override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParentVerdict {
    /// It is not approved.
    NotApproved,
    /// The organization's plan has no parents.
    Plan,
}
string_enum!(ParentVerdict { NotApproved = "not_approved", Plan = "plan" });

/// A parent that was passed over. Its share is not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedParent {
    /// The credited affiliate below it.
    pub leaf_affiliate_id: AffiliateId,
    /// The parent.
    pub affiliate_id: AffiliateId,
    /// 1 for the nearest.
    pub level: u8,
    /// Why.
    pub verdict: ParentVerdict,
}
