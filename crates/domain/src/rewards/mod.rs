//! What a sale may earn: rewards, what each row of a sale should be, and what a cap and a promise leave.

mod reserve;
mod reward;
mod targets;

pub use reserve::CashbackReserve;
pub use reward::{RateSource, Reward};
pub use targets::{LeafTargets, LeafTerms, OverrideTerms, SaleCap, Target, split, targets};
