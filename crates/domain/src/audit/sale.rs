//! Whether the rows of a sale are what the sale says they should be. For `coterie reconcile`.

use super::room::is_roomy;
use crate::commissions::{
    Commission,
    sale_commissions::{DirectAndOverrides, SaleCommissions, WithReversals},
};
use crate::events::Event;
use crate::rewards::{LeafTargets, Target};
use crate::values::{CommissionId, Money, MoneyError};

/// A row that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The row.
    pub id: CommissionId,
    /// What it is and what it should be, without personal data.
    pub found: String,
}

/// The rows of `sale` that do not sum up to what is left of it, at most one flaw a row; `rows` are all of its
/// commissions.
///
/// Each row with its reversals is compared with its target. Where the cap cuts, or may have cut on the way, a row may
/// be less, as nobody is given back what a rounded cap once took; it is never more, nor are all of them above the cap.
pub fn audit(sale: &Event, rows: &[Commission]) -> Vec<Flaw> {
    let sale_commissions = SaleCommissions::of(rows);
    match Audit::of(sale, rows, &sale_commissions) {
        Ok(audit) => audit.flaws(&sale_commissions),
        Err(_) => {
            rows.first().map(|row| flaw(row, "its event's amounts do not add up".to_owned())).into_iter().collect()
        }
    }
}

struct Audit {
    targets: Vec<LeafTargets>,
    /// The sum of all rows that are not void, and what the cap allows.
    capped: Option<(i128, Money)>,
    /// Whether there is no cap, or one that never cut anything.
    roomy: bool,
    /// What is left of the leaves' bases, and of the sale.
    bases: Option<(i128, Money)>,
    /// Whether the two must be equal: nothing of the sale is nobody's.
    covered: bool,
}

fn flaw(row: &Commission, found: String) -> Flaw {
    Flaw { id: row.id, found }
}

impl Audit {
    fn of(sale: &Event, rows: &[Commission], sale_commissions: &SaleCommissions<'_>) -> Result<Self, MoneyError> {
        let branches = &sale_commissions.branches;
        let lefts = branches.iter().map(|branch| branch.leaf.left()).collect::<Result<Vec<_>, _>>()?;
        let left = sale.left();
        let currency = rows.first().map(|row| row.amount.currency());
        let targets = match left.or(currency.map(Money::zero)) {
            Some(left) => sale_commissions.targets(sale, &lefts, left),
            None => Vec::new(),
        };
        let alive = branches.iter().zip(&lefts).filter(|(branch, _)| !branch.leaf.is_void());
        let bases: i128 = alive.map(|(_, left)| i128::from(left.minor())).sum();
        let whole: i128 = branches.iter().map(|branch| i128::from(branch.leaf.original.basis.minor())).sum();
        let no_void = branches.iter().all(|branch| !branch.leaf.is_void());
        let cap = left.and_then(|left| sale.cap_at(left));
        let mut sum = 0;
        for entry in all(sale_commissions).filter(|entry| !entry.is_void()) {
            sum += i128::from(entry.sum()?.minor());
        }
        Ok(Self {
            roomy: cap.is_none_or(|cap| is_roomy(sale, cap, sale_commissions, rows.len())),
            targets,
            capped: cap.map(|cap| (sum, cap.now())),
            bases: left.map(|left| (bases, left)),
            covered: no_void && sale.amount.is_some_and(|amount| i128::from(amount.minor()) == whole),
        })
    }

    fn flaws(&self, sale_commissions: &SaleCommissions<'_>) -> Vec<Flaw> {
        let mut found = Vec::new();
        for (branch, targets) in sale_commissions.branches.iter().zip(&self.targets) {
            found.extend(self.row(&branch.leaf, targets.leaf, self.roomy));
            // How much is left of a void leaf only the whole sale tells.
            let exact = self.roomy && !branch.leaf.is_void();
            let rows = branch.overrides.iter().zip(&targets.overrides);
            found.extend(rows.filter_map(|(entry, &target)| self.row(entry, target, exact)));
        }
        if found.is_empty() {
            found.extend(self.sums(sale_commissions));
        }
        found
    }

    fn row(&self, entry: &WithReversals<'_>, target: Target, exact: bool) -> Option<Flaw> {
        if entry.is_void() {
            return None;
        }
        let Ok(sum) = entry.sum() else { return Some(flaw(entry.original, "its siblings do not add up".to_owned())) };
        let wanted = if exact { target.amount } else { target.earned };
        let right = if exact { sum == wanted } else { (0..=wanted.minor()).contains(&sum.minor()) };
        (!right).then(|| {
            let most = if exact { "" } else { "0 to " };
            flaw(entry.original, format!("is {} with its siblings and should be {most}{}", sum.minor(), wanted.minor()))
        })
    }

    fn sums(&self, sale_commissions: &SaleCommissions<'_>) -> Option<Flaw> {
        let first = sale_commissions.branches.first()?.leaf.original;
        if let Some((sum, cap)) = self.capped.filter(|(sum, cap)| *sum > i128::from(cap.minor())) {
            return Some(flaw(
                first,
                format!("is {sum} with all rows of its event, which may be {} at the most", cap.minor()),
            ));
        }
        let (bases, left) = self.bases?;
        let rest = i128::from(left.minor());
        let right = if self.covered { bases == rest } else { bases <= rest };
        (!right).then(|| flaw(first, format!("is of a sale of which {rest} is left, and its leaves have {bases} left")))
    }
}

fn all<'r, 'a>(sale_commissions: &'r SaleCommissions<'a>) -> impl Iterator<Item = &'r WithReversals<'a>> {
    sale_commissions
        .branches
        .iter()
        .flat_map(|DirectAndOverrides { leaf, overrides }| std::iter::once(leaf).chain(overrides))
}
