//! What affiliates are owed, and how it is paid.

mod account;
mod ledger;
pub(crate) mod payout;
mod payout_results;

pub use account::Account;
pub use ledger::{Balances, Bucket, Posting, Side, postings};
pub use payout::{Payout, PayoutItem, PayoutItemStatus, PayoutOutcome, PayoutStatus, Settlement};
pub use payout_results::{ResultLine, ResultOf, reconcile_results};
