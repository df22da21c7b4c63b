//! The rules of Coterie and nothing else.
//!
//! Types that can only be built valid, money that cannot lose a cent, state machines whose transitions consume the old
//! state, and the decisions: who is credited with a sale, at which rate, and what follows from a change of status.
//!
//! Deliberately absent: IO, clocks, randomness, async, serialization formats, SQL. Whatever a rule needs to know comes
//! in as an argument (the *facts*), whatever it decides goes out as a value. So every rule can be tried by hand.

mod account;
mod affiliate;
mod attribution;
mod click;
mod commission;
mod coupon;
mod decimal;
mod decision;
mod email;
mod error;
mod event;
mod id;
mod item;
mod key;
mod merchant;
mod metadata;
mod money;
mod organization;
mod rate;
mod reward;
mod rule;
mod settings;
mod slug;
mod targets;
mod text;
mod tier;
mod timestamp;
mod words;

pub use account::Account;
pub use affiliate::{
    Affiliate, AffiliateChange, AffiliateStatus, NewAffiliate, coupon_on_approval, parent_chain_allows,
};
pub use attribution::{Attributed, Candidates, ClickedAffiliate, attribute};
pub use click::{Click, Utm};
pub use commission::{Commission, CommissionMove, CommissionPlan, CommissionStatus, RateSource, plan_commissions};
pub use coupon::{Coupon, CouponCode};
pub use decimal::Decimal;
pub use decision::{Candidate, CandidateSource, Decision, Verdict, Via};
pub use email::Email;
pub use error::{Fault, Refusal};
pub use event::{Event, EventKind, EventSpace, NewEvent};
pub use id::{
    AccountId, AffiliateId, AnnouncementId, ApiKeyId, BindingId, ClickId, CommissionId, CouponId, CustomerId, EventId,
    GroupId, Id, IdError, Kind, MerchantId, OrderId, OrganizationId, PayoutId, PayoutItemId, RuleId, TierId,
};
pub use item::{Item, Items, ItemsError};
pub use key::{ApiKey, KeyFormat, KeyHash, KeySecret, NewApiKey, Pepper, Scope, Scopes};
pub use merchant::{Merchant, MerchantClock};
pub use metadata::Metadata;
pub use money::{Currency, Money, MoneyError};
pub use organization::{Mode, Organization, Plan};
pub use rate::Rate;
pub use reward::Reward;
pub use rule::{CommissionRule, NewRule, RewardWish, RuleChange, RuleLevel, RuleScope};
pub use settings::{AttributionModel, Recurring, RedirectHost, SelfReferral, Settings, SettingsChange, WebUrl};
pub use slug::Slug;
pub use targets::{LeafTargets, LeafTerms, OverrideTerms, SaleCap, Target, split, targets};
pub use text::{
    DisplayName, ExternalId, KeyName, LandingUrl, OrderReference, OrganizationName, Reason, SessionId, ShortText,
    UserAgent,
};
pub use tier::{Metric, NewTier, Threshold, Tier, TierChange, TierName, Totals, promotion};
pub use timestamp::Timestamp;
