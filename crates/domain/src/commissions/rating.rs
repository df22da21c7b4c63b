//! Which reward a line of a sale earns (docs/rules/commissions.md).
//!
//! For each credited affiliate and each line the first reward that exists wins: the affiliate's own rate, rules for the
//! affiliate, the product, the category, the tier, the tier's own rate, rules for everything, the merchant's default. Of
//! two rules of one level the one with the higher priority, then the one that started later, then the newer one.

use crate::affiliates::{Affiliate, Tier};
use crate::commissions::{
    CommissionRule, RuleScope,
    sale::{Line, Sale},
};
use crate::events::{Considered, EventKind, Rating, RewardVerdict};
use crate::rewards::{RateSource, Reward};
use crate::tenancy::Settings;
use crate::values::{RuleId, Timestamp};
use std::cmp::Reverse;

/// The rewards of a merchant's program.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// The merchant's settings.
    pub settings: &'a Settings,
    /// Whether the organization's plan has parents.
    pub has_parents: bool,
    /// The tiers; at least those of the affiliates.
    pub tiers: &'a [Tier],
    /// The rules; at least those whose scope fits the sale.
    pub rules: &'a [CommissionRule],
}

/// A reward, and what it is ordered by within its level.
struct Offer<'a> {
    source: RateSource,
    reward: Reward,
    rule: Option<&'a CommissionRule>,
}

/// What the rules of one level are ordered by: priority, start, age, and an id so that there are no equals.
type Rank = (i32, Option<Timestamp>, Timestamp, RuleId);

impl Program<'_> {
    /// What is considered for `line`, in the order in which it is asked: at most one of it has won.
    pub(crate) fn consider(
        &self,
        sale: &Sale<'_>,
        affiliate: &Affiliate,
        line: &Line<'_>,
        now: Timestamp,
    ) -> Vec<Considered> {
        let mut offers = self.offers(affiliate, line);
        offers.sort_by_key(Offer::rank);
        let mut won = false;
        let judged = offers.into_iter().map(|Offer { source, reward, rule }| {
            let barred = rule.and_then(|rule| not_now(rule, sale.kind, now)).or_else(|| unfit(reward, sale));
            let verdict = match barred {
                Some(verdict) => verdict,
                None if won => RewardVerdict::Outranked,
                None => RewardVerdict::Won,
            };
            won |= verdict == RewardVerdict::Won;
            Considered { source, rule_id: rule.map(|rule| rule.id), reward, verdict }
        });
        judged.collect()
    }

    fn offers(&self, affiliate: &Affiliate, line: &Line<'_>) -> Vec<Offer<'_>> {
        let plain = |source, rate| Offer { source, reward: Reward::Rate(rate), rule: None };
        let tier = affiliate.tier_id.and_then(|id| self.tiers.iter().find(|tier| tier.id == id));
        let rules = self.rules.iter().filter(|rule| fits(&rule.scope, affiliate, line));
        let rules =
            rules.map(|rule| Offer { source: rule.scope.level().source(), reward: rule.reward, rule: Some(rule) });
        let mut offers: Vec<Offer<'_>> = rules.collect();
        offers.extend(affiliate.custom_rate.map(|rate| plain(RateSource::Affiliate, rate)));
        offers.extend(tier.map(|tier| plain(RateSource::Tier, tier.rate)));
        offers.push(plain(RateSource::Merchant, self.settings.commission_rate));
        offers
    }
}

impl Offer<'_> {
    /// Sources are declared in the order in which they are asked; a rule that never started is the earliest.
    fn rank(&self) -> (RateSource, Reverse<Option<Rank>>) {
        let within = self.rule.map(|rule| (rule.priority, rule.starts_at, rule.created_at, rule.id));
        (self.source, Reverse(within))
    }
}

fn fits(scope: &RuleScope, affiliate: &Affiliate, line: &Line<'_>) -> bool {
    match scope {
        RuleScope::Affiliate(id) => *id == affiliate.id,
        RuleScope::Product(word) => line.product == Some(word),
        RuleScope::Category(word) => line.category == Some(word),
        RuleScope::Tier(id) => affiliate.tier_id == Some(*id),
        RuleScope::Global => true,
    }
}

fn not_now(rule: &CommissionRule, kind: &EventKind, now: Timestamp) -> Option<RewardVerdict> {
    if rule.starts_at.is_some_and(|starts| now < starts) {
        Some(RewardVerdict::NotStarted)
    } else if rule.ends_at.is_some_and(|ends| ends <= now) {
        Some(RewardVerdict::Ended)
    } else if rule.event_kind.as_ref().is_some_and(|wanted| wanted != kind) {
        Some(RewardVerdict::OtherType)
    } else {
        None
    }
}

fn unfit(reward: Reward, sale: &Sale<'_>) -> Option<RewardVerdict> {
    match reward {
        Reward::Rate(_) => (!sale.kind.pays()).then_some(RewardVerdict::NotASale),
        Reward::Flat(sum) => {
            let other = sale.amount.is_some_and(|amount| amount.currency() != sum.currency());
            other.then_some(RewardVerdict::OtherCurrency)
        }
    }
}

impl Rating {
    /// Adds one more line with the same winning reward: what was considered for it is stored once, up to the limit.
    pub(crate) fn add(&mut self, place: Option<usize>, more: Vec<Considered>) {
        self.lines.extend(place);
        let kept = &mut self.considered;
        for considered in more {
            let same = |known: &Considered| (known.source, known.rule_id) == (considered.source, considered.rule_id);
            if !kept.iter().any(same) {
                kept.push(considered);
            }
        }
        kept.sort_by_key(|considered| considered.source);
        while kept.len() > Self::MOST_CONSIDERED {
            let last = kept.iter().rposition(|considered| considered.verdict != RewardVerdict::Won);
            kept.remove(last.unwrap_or_default());
        }
    }
}
