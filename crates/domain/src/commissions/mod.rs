//! Commissions: the rules that rate an event, what it earns, and what refunds take back.

pub(crate) mod commission;
mod explain;
pub(crate) mod lineage;
mod rating;
mod reckon;
pub(crate) mod refund;
mod rule;
pub(crate) mod sale;

pub use commission::{Commission, CommissionMove, CommissionPlan, CommissionStatus, NewCommission};
pub use explain::{LineGroup, Step, explain, why_unpaid};
pub use lineage::moved_together;
pub use rating::Program;
pub use reckon::{Earner, LeafPlan, MOST_COMMISSIONS, Reckoned, reckon};
pub use refund::{NewRefund, Refund, refund};
pub use rule::{CommissionRule, NewRule, RewardWish, RuleChange, RuleLevel, RuleScope};
pub use sale::Sale;
