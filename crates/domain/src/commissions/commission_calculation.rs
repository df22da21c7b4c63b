//! What an event earns: the credited affiliates' lines, rated, with the overrides of their parents, within the cap.

use crate::affiliates::Affiliate;
use crate::commissions::{
    CommissionPlan, Program,
    sale::{Line, Sale, shares},
};
use crate::events::{ParentVerdict, PassedParent, Rating};
use crate::rewards::{LeafTargets, LeafTerms, OverrideTerms, RateSource, Reward, SaleCap, split, targets};
use crate::values::{Money, Rate, Refusal, RuleId, Timestamp};

/// An affiliate that is credited.
#[derive(Debug, Clone, Copy)]
pub struct Earner<'a> {
    /// The affiliate.
    pub affiliate: &'a Affiliate,
    /// Its parents, nearest first.
    pub upline: &'a [Affiliate],
}

/// The commission of a credited affiliate and the overrides of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafPlan {
    /// The leaf.
    pub leaf: CommissionPlan,
    /// Its overrides, the nearest first.
    pub overrides: Vec<CommissionPlan>,
}

/// What an event earns and how that came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommissionPlanSet {
    /// What it earns.
    pub leaves: Vec<LeafPlan>,
    /// How its lines were rated.
    pub ratings: Vec<Rating>,
    /// The parents that were passed over.
    pub passed_parents: Vec<PassedParent>,
    /// How much the cap cut off in all, if it did.
    pub cut: Option<Money>,
}

/// The most commissions that one event may make.
pub const MOST_COMMISSIONS: usize = 500;

/// Lines of one affiliate with the same winner: they make one commission.
struct RatedLines<'a> {
    earner: Earner<'a>,
    basis: Money,
    reward: Option<(RateSource, Option<RuleId>, Reward)>,
    rating: Rating,
}

/// Calculates what a `sale` earns the credited affiliates, in equal parts if there are several. Only an order of very
/// many lines with rules of their own is refused: it would make too many rows.
pub fn calculate(
    program: &Program<'_>,
    sale: &Sale<'_>,
    earners: &[Earner<'_>],
    now: Timestamp,
) -> Result<CommissionPlanSet, Refusal> {
    let mut groups = grouped(program, sale, earners, now);
    share_flat_rewards(&mut groups);
    let parents: Vec<Vec<Parent<'_>>> = groups.iter().map(|group| overrides(program, group)).collect();
    let leaves = groups.iter().zip(&parents).filter_map(|(group, parents)| group.terms(sale, parents));
    let (rated, terms): (Vec<Rated<'_>>, Vec<LeafTerms>) = leaves.unzip();
    let rows = terms.iter().map(|terms| 1 + terms.overrides.len()).sum::<usize>();
    if rows > MOST_COMMISSIONS {
        let expected = format!("must not earn more than {MOST_COMMISSIONS} commissions: these would earn {rows}");
        return Err(Refusal::invalid("items", expected));
    }
    let cap = sale.cap.zip(sale.amount).map(|(cap, amount)| SaleCap { cap, promise: None, amount, left: amount });
    let found = targets(&terms, cap);
    let leaves = rated.into_iter().zip(&terms).zip(&found);
    Ok(CommissionPlanSet {
        leaves: leaves.map(|((rated, terms), found)| rated.plan(terms, found)).collect(),
        ratings: groups.into_iter().map(|group| group.rating).collect(),
        passed_parents: passed(program, earners),
        cut: cut(&found),
    })
}

fn grouped<'a>(program: &Program<'_>, sale: &Sale<'_>, earners: &[Earner<'a>], now: Timestamp) -> Vec<RatedLines<'a>> {
    let lines = sale.lines();
    let nothing = Money::zero(program.settings.currency);
    let amounts: Vec<Money> = lines.iter().map(|line| line.amount.unwrap_or(nothing)).collect();
    let parts = shares(&amounts, earners.len());
    let each = earners.iter().zip(parts);
    each.flat_map(|(&earner, parts)| grouped_for(program, sale, earner, lines.iter().zip(parts), now)).collect()
}

fn grouped_for<'a, 'l>(
    program: &Program<'_>,
    sale: &Sale<'_>,
    earner: Earner<'a>,
    lines: impl Iterator<Item = (&'l Line<'l>, Money)>,
    now: Timestamp,
) -> Vec<RatedLines<'a>> {
    let mut groups: Vec<RatedLines<'a>> = Vec::new();
    for (line, part) in lines {
        let considered = program.consider(sale, earner.affiliate, line, now);
        let affiliate_id = earner.affiliate.id;
        let mut rating = Rating { affiliate_id, lines: Vec::new(), considered: Vec::new() };
        rating.add(line.place, considered.clone());
        let reward = rating.won().map(|won| (won.source, won.rule_id, won.reward));
        match groups.iter_mut().find(|group| group.reward == reward) {
            Some(group) => {
                let sum = group.basis.minor().saturating_add(part.minor());
                group.basis = Money::from_minor(sum, part.currency());
                group.rating.add(line.place, considered);
            }
            None => groups.push(RatedLines { earner, basis: part, reward, rating }),
        }
    }
    groups
}

/// A flat amount is paid once for an event and rule: several affiliates that earn it have equal parts.
fn share_flat_rewards(groups: &mut [RatedLines<'_>]) {
    let mut rules: Vec<RuleId> = groups.iter().filter_map(RatedLines::flat_rule).collect();
    rules.sort();
    rules.dedup();
    for rule in rules {
        let mut sharers: Vec<&mut Reward> = groups
            .iter_mut()
            .filter(|group| group.flat_rule() == Some(rule))
            .filter_map(|group| group.reward.as_mut().map(|(_, _, reward)| reward))
            .collect();
        let Some(sum) = sharers.first().and_then(|reward| reward.flat()) else { continue };
        let parts = split(sum, &vec![1; sharers.len()]);
        for (reward, part) in sharers.iter_mut().zip(parts) {
            **reward = Reward::Flat(part);
        }
    }
}

struct Parent<'a> {
    affiliate: &'a Affiliate,
    terms: OverrideTerms,
}

/// The parents that a leaf has, as far as there are rates for them.
fn levels<'a>(program: &Program<'_>, earner: Earner<'a>) -> impl Iterator<Item = (&'a Affiliate, Rate, u8)> {
    let rates = program.settings.mlm_rates.clone();
    earner.upline.iter().zip(rates).zip(1_u8..).map(|((parent, rate), level)| (parent, rate, level))
}

fn barred(program: &Program<'_>, parent: &Affiliate) -> Option<ParentVerdict> {
    if !program.has_parents {
        Some(ParentVerdict::Plan)
    } else if parent.is_approved() {
        None
    } else {
        Some(ParentVerdict::NotApproved)
    }
}

fn overrides<'a>(program: &Program<'_>, group: &RatedLines<'a>) -> Vec<Parent<'a>> {
    let parents = levels(program, group.earner).filter(|(parent, _, _)| barred(program, parent).is_none());
    let parents = parents.map(|(affiliate, rate, level)| Parent { affiliate, terms: OverrideTerms { level, rate } });
    parents.collect()
}

fn passed(program: &Program<'_>, earners: &[Earner<'_>]) -> Vec<PassedParent> {
    let of = |earner: &Earner<'_>| {
        let leaf_affiliate_id = earner.affiliate.id;
        let parents = levels(program, *earner).filter_map(move |(parent, _, level)| {
            let verdict = barred(program, parent)?;
            Some(PassedParent { leaf_affiliate_id, affiliate_id: parent.id, level, verdict })
        });
        parents.collect::<Vec<_>>()
    };
    earners.iter().flat_map(of).collect()
}

/// A group that earns something.
struct Rated<'a> {
    affiliate: &'a Affiliate,
    rate_source: RateSource,
    rule_id: Option<RuleId>,
    parents: &'a [Parent<'a>],
}

impl RatedLines<'_> {
    fn flat_rule(&self) -> Option<RuleId> {
        self.reward.filter(|(_, _, reward)| reward.flat().is_some()).and_then(|(_, rule_id, _)| rule_id)
    }

    fn terms<'a>(&'a self, sale: &Sale<'_>, parents: &'a [Parent<'a>]) -> Option<(Rated<'a>, LeafTerms)> {
        let (rate_source, rule_id, reward) = self.reward?;
        // Without an amount there is no basis, and so no other currency than that of the sum.
        let basis = match (sale.amount, reward) {
            (None, Reward::Flat(sum)) => Money::zero(sum.currency()),
            (Some(_) | None, _) => self.basis,
        };
        let overrides = parents.iter().map(|parent| parent.terms).collect();
        let rated = Rated { affiliate: self.earner.affiliate, rate_source, rule_id, parents };
        Some((rated, LeafTerms::whole(basis, reward, overrides)))
    }
}

impl Rated<'_> {
    fn plan(self, terms: &LeafTerms, found: &LeafTargets) -> LeafPlan {
        let Self { affiliate, rate_source, rule_id, parents } = self;
        let leaf = CommissionPlan {
            affiliate_id: affiliate.id,
            level: 0,
            basis: terms.basis,
            reward: terms.reward,
            rate_source,
            rule_id,
            amount: found.leaf.amount,
        };
        let overrides = parents.iter().zip(&found.overrides).map(|(parent, target)| CommissionPlan {
            affiliate_id: parent.affiliate.id,
            level: parent.terms.level,
            basis: found.leaf.earned,
            reward: Reward::Rate(parent.terms.rate),
            rate_source: RateSource::Override,
            rule_id: None,
            amount: target.amount,
        });
        LeafPlan { leaf, overrides: overrides.collect() }
    }
}

fn cut(found: &[LeafTargets]) -> Option<Money> {
    let rows = || found.iter().flat_map(|line| std::iter::once(&line.leaf).chain(&line.overrides));
    let off = rows().fold(0_i64, |off, row| off.saturating_add(row.earned.minor().saturating_sub(row.amount.minor())));
    rows().next().filter(|_| off > 0).map(|row| Money::from_minor(off, row.amount.currency()))
}

#[cfg(test)]
#[path = "commission_calculation/tests.rs"]
mod tests;
