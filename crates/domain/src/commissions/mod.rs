//! Commissions: the rules that rate an event, what it earns, and what refunds take back.

pub(crate) mod commission;
mod commission_calculation;
mod explain;
mod rating;
pub(crate) mod refund;
mod rule;
pub(crate) mod sale;
pub(crate) mod sale_commissions;

pub use commission::{Commission, CommissionMove, CommissionPlan, CommissionStatus, NewCommission};
pub use commission_calculation::{CommissionPlanSet, Earner, LeafPlan, MOST_COMMISSIONS, calculate};
pub use explain::{LineGroup, Step, explain, why_unpaid};
pub use rating::Program;
pub use refund::{NewRefund, Refund, refund};
pub use rule::{CommissionRule, NewRule, RewardWish, RuleChange, RuleLevel, RuleScope};
pub use sale::Sale;
pub use sale_commissions::moved_together;
