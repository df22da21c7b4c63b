//! The commissions of one sale: each with its reversals, each leaf with the overrides calculated from it
//! (docs/rules/commissions.md).

use crate::commissions::{Commission, CommissionMove, CommissionStatus};
use crate::events::Event;
use crate::rewards::{LeafTargets, LeafTerms, OverrideTerms, split, targets};
use crate::values::{CommissionId, Money, MoneyError, Rate, Reason, Refusal, Timestamp};

/// One commission and its reversals.
#[derive(Debug, Clone)]
pub(crate) struct WithReversals<'a> {
    pub(crate) original: &'a Commission,
    pub(crate) reversals: Vec<&'a Commission>,
}

/// A leaf and the overrides calculated from it, each with its reversals.
#[derive(Debug, Clone)]
pub(crate) struct DirectAndOverrides<'a> {
    pub(crate) leaf: WithReversals<'a>,
    pub(crate) overrides: Vec<WithReversals<'a>>,
}

/// All that one event earned.
#[derive(Debug, Clone)]
pub(crate) struct SaleCommissions<'a> {
    pub(crate) branches: Vec<DirectAndOverrides<'a>>,
}

impl<'a> WithReversals<'a> {
    fn of(original: &'a Commission, rows: &'a [Commission]) -> Self {
        Self { original, reversals: rows.iter().filter(|row| row.reverses == Some(original.id)).collect() }
    }

    /// Whether it was made void: then it takes no part in calculations.
    pub(crate) fn is_void(&self) -> bool {
        self.original.status == CommissionStatus::Void
    }

    /// Returns the sum of the commission and its reversals.
    pub(crate) fn sum(&self) -> Result<Money, MoneyError> {
        self.reversals.iter().try_fold(self.original.amount, |sum, row| sum.plus(row.amount))
    }

    /// What refunds left of its basis.
    pub(crate) fn left(&self) -> Result<Money, MoneyError> {
        self.reversals.iter().try_fold(self.original.basis, |sum, row| sum.plus(row.basis))
    }

    /// The row and those of its reversals that share its state and so move with it, after `step`.
    fn moved(&self, step: CommissionMove, reason: Option<&Reason>, now: Timestamp) -> Result<Vec<Commission>, Refusal> {
        let original = self.original.moved(step, reason.cloned(), now)?;
        if step == CommissionMove::Void && self.reversals.iter().any(|row| is_paid_or_about_to(row)) {
            let text = "A part of this commission was taken back in a payout: it cannot become void.";
            return Err(Refusal::State(text.to_owned()));
        }
        let together = self.reversals.iter().filter(|row| self.shares_state(row));
        let reversals = together.map(|row| row.moved(step, reason.cloned(), now)).collect::<Result<Vec<_>, _>>()?;
        Ok(std::iter::once(original).chain(reversals).collect())
    }

    fn shares_state(&self, reversal: &Commission) -> bool {
        let state = |row: &Commission| (row.status, row.payout_id);
        state(self.original) == state(reversal)
    }
}

fn is_paid_or_about_to(row: &Commission) -> bool {
    row.status == CommissionStatus::Paid || row.is_in_open_payout()
}

impl<'a> DirectAndOverrides<'a> {
    fn entry(&self) -> impl Iterator<Item = &WithReversals<'a>> {
        std::iter::once(&self.leaf).chain(&self.overrides)
    }

    /// What its rows follow from, while `left` of the leaf's basis is left.
    pub(crate) fn terms(&self, left: Money) -> LeafTerms {
        let overrides = self.overrides.iter().map(|entry| OverrideTerms {
            level: entry.original.level,
            // Overrides are of a rate, always.
            rate: entry.original.reward.rate().unwrap_or(Rate::ZERO),
        });
        let Commission { basis, reward, .. } = *self.leaf.original;
        LeafTerms { basis, left, reward, overrides: overrides.collect() }
    }
}

impl<'a> SaleCommissions<'a> {
    /// Of the rows of one event, in any order. A reversal without its row, or an override without its leaf, is left out:
    /// `coterie reconcile` finds those.
    pub(crate) fn of(rows: &'a [Commission]) -> Self {
        let originals = || rows.iter().filter(|row| row.reverses.is_none());
        let overrides = |leaf: &Commission| {
            let of_leaf = originals().filter(|row| row.leaf_id == Some(leaf.id));
            let mut found: Vec<WithReversals<'_>> = of_leaf.map(|row| WithReversals::of(row, rows)).collect();
            found.sort_by_key(|entry| (entry.original.level, entry.original.id));
            found
        };
        let leaves = originals().filter(|row| row.leaf_id.is_none());
        let mut branches: Vec<DirectAndOverrides<'_>> = leaves
            .map(|leaf| DirectAndOverrides { leaf: WithReversals::of(leaf, rows), overrides: overrides(leaf) })
            .collect();
        branches.sort_by_key(|branch| branch.leaf.original.id);
        Self { branches }
    }

    /// Returns what is left of each leaf's basis once `refund` more of the sale's `left` is taken back: split in
    /// proportion to what is left, by largest remainder. The part of the sale without a commission, or with a void one,
    /// bears its share too.
    pub(crate) fn left_after(&self, refund: Money, left: Money) -> Result<Vec<Money>, MoneyError> {
        let now = self.branches.iter().map(|branch| branch.leaf.left()).collect::<Result<Vec<_>, _>>()?;
        let alive =
            |(branch, left): (&DirectAndOverrides<'_>, &Money)| if branch.leaf.is_void() { 0 } else { left.minor() };
        let mut weights: Vec<i64> = self.branches.iter().zip(&now).map(alive).collect();
        let nobodys = weights.iter().fold(left.minor(), |rest, weight| rest.saturating_sub(*weight)).max(0);
        weights.push(nobodys);
        let mut parts = split(refund, &weights);
        let void_rest = parts.pop().unwrap_or(refund);
        let rest = Money::from_minor(nobodys, left.currency()).minus(void_rest)?;
        let void_lefts = self.void_lefts(&now, rest);
        let each = self.branches.iter().zip(now).zip(parts.into_iter().zip(void_lefts));
        each.map(|((branch, left), (part, void))| if branch.leaf.is_void() { Ok(void) } else { left.minus(part) })
            .collect()
    }

    /// A void leaf has no reversals from which to compute what is left of it. That matters only to an override that was
    /// paid before: it takes its share of the part without a commission.
    fn void_lefts(&self, now: &[Money], rest: Money) -> Vec<Money> {
        let void =
            |(branch, left): (&DirectAndOverrides<'_>, &Money)| if branch.leaf.is_void() { left.minor() } else { 0 };
        let weights: Vec<i64> = self.branches.iter().zip(now).map(void).collect();
        let most = |(part, &weight): (Money, &i64)| Money::from_minor(part.minor().min(weight), part.currency());
        split(rest, &weights).into_iter().zip(&weights).map(most).collect()
    }

    /// What every row should be while `lefts` of the leaves' bases and `left` of the sale are left.
    pub(crate) fn targets(&self, sale: &Event, lefts: &[Money], left: Money) -> Vec<LeafTargets> {
        let terms: Vec<LeafTerms> = self.branches.iter().zip(lefts).map(|(branch, &left)| branch.terms(left)).collect();
        targets(&terms, sale.cap_at(left))
    }
}

/// Returns the rows that a person's `step` with one of them moves, as they are after it: the row and the reversals that
/// share its state; with a leaf that becomes void, also the overrides calculated from it. A reversal in another state
/// than its row moves alone. `rows` are all of one event.
pub fn moved_together(
    id: CommissionId,
    rows: &[Commission],
    step: CommissionMove,
    reason: Option<&Reason>,
    now: Timestamp,
) -> Result<Vec<Commission>, Refusal> {
    let asked = rows.iter().find(|row| row.id == id).ok_or(Refusal::NotFound)?;
    let sale_commissions = SaleCommissions::of(rows);
    let is_its = |entry: &&WithReversals<'_>| entry.original.id == asked.reverses.unwrap_or(id);
    let entry =
        sale_commissions.branches.iter().flat_map(DirectAndOverrides::entry).find(is_its).ok_or(Refusal::NotFound)?;
    if asked.reverses.is_some() && !entry.shares_state(asked) {
        return Ok(vec![asked.moved(step, reason.cloned(), now)?]);
    }
    let mut moved = entry.moved(step, reason, now)?;
    let branch = sale_commissions.branches.iter().find(|branch| branch.leaf.original.id == entry.original.id);
    if let Some(branch) = branch.filter(|_| step == CommissionMove::Void) {
        // What is paid or void already stays as it is: that is final.
        let movable = |entry: &&WithReversals<'_>| {
            !matches!(entry.original.status, CommissionStatus::Paid | CommissionStatus::Void)
        };
        for entry in branch.overrides.iter().filter(movable) {
            moved.extend(entry.moved(step, reason, now)?);
        }
    }
    // The row that was asked for comes first.
    moved.sort_by_key(|row| row.id != id);
    Ok(moved)
}
