//! Whether the cap of a sale never cut anything: neither when it was recorded, nor at any refund, nor now.

use crate::commissions::sale_commissions::SaleCommissions;
use crate::events::Event;
use crate::rewards::{Reward, SaleCap, Target};

/// Whether the cap leaves room however much of the sale was left in between.
///
/// What the leaves earn falls with what is left of them, and the cap with what is left of the sale: in proportion, but for
/// roundings. So where the room is enough now, it was enough when there was more. A leaf's part of what is left is a
/// whole number, after every refund at most one unit beside its proportion, and a fixed sum on a small part makes much
/// of one unit. What a leaf without a basis or a void one earns does not fall.
pub(super) fn is_roomy(sale: &Event, cap: SaleCap, sale_commissions: &SaleCommissions<'_>, rows: usize) -> bool {
    let (amount, left) = (i128::from(cap.amount.minor()), i128::from(cap.left.minor()));
    if amount <= 0 {
        return false;
    }
    let bases: Vec<_> = sale_commissions.branches.iter().map(|branch| branch.leaf.original.basis).collect();
    // Every refund has made at least one row.
    let refunds = i128::try_from(rows).unwrap_or(i128::MAX);
    let (mut falling, mut fixed, mut margin) = (0_i128, 0_i128, refunds.saturating_add(2));
    for (branch, targets) in sale_commissions.branches.iter().zip(sale_commissions.targets(sale, &bases, cap.amount)) {
        let all = std::iter::once(targets.leaf).chain(targets.overrides);
        let earned: i128 = all.map(|Target { earned, .. }| i128::from(earned.minor())).sum();
        let basis = i128::from(branch.leaf.original.basis.minor());
        if basis == 0 || branch.leaf.is_void() {
            fixed += earned;
        } else {
            falling += earned;
            margin = margin.saturating_add(refunds.saturating_mul((earned + basis - 1) / basis));
        }
    }
    // A share falls with the sale, a fixed sum does not.
    let promise = match cap.promise {
        Some(promise @ Reward::Rate(_)) => i128::from(promise.within(cap.left).minor()),
        Some(promise @ Reward::Flat(_)) => i128::from(promise.within(cap.amount).minor()),
        None => 0,
    };
    let room = (i128::from(cap.cap.minor()) - falling).saturating_mul(left) / amount;
    room >= promise.saturating_add(fixed).saturating_add(margin)
}
