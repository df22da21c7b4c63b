//! The part of a sale that is reserved for its buyer's cashback and cannot be earned as commissions
//! (docs/rules/groups.md).

use crate::rewards::{Reward, SaleCap};
use crate::values::Money;

/// The part of a sale's cap that is reserved if the sale is an order in a referral group too: its cashback at the
/// highest level of the group. Frozen when the order arrives; commissions share the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashbackReserve {
    /// The most that commissions and cashback of the whole sale may be together.
    pub cap: Money,
    /// The cashback: a part of what is left of the sale, or a sum as long as so much is left.
    pub promise: Reward,
}

impl CashbackReserve {
    /// Returns the reserved cashback while `left` of the sale is left.
    #[must_use]
    pub fn reserved(self, left: Money) -> Money {
        self.promise.within(left)
    }

    /// The most that all commissions of the sale may be together: never below zero, even where the promise alone is above
    /// the cap.
    #[must_use]
    pub fn room(self, amount: Money) -> Money {
        SaleCap { cap: self.cap, promise: Some(self.promise), amount, left: amount }.now()
    }
}

#[cfg(test)]
#[path = "reserve/tests.rs"]
mod tests;
