//! The rules of Coterie and nothing else.
//!
//! Types that can only be built valid, money that cannot lose a cent, state machines whose transitions consume the old
//! state, and the decisions: who is credited with a sale, at which rate, and what follows from a change of status.
//!
//! Deliberately absent: IO, clocks, randomness, async, serialization formats, SQL. Whatever a rule needs to know comes
//! in as an argument (the *facts*), whatever it decides goes out as a value. So every rule can be tried by hand.
//!
//! Each folder is a subject and imports only from folders before it in this order, which `cargo xtask arch` checks:
//! `values`, `tenancy`, `rewards`, `affiliates`, `events`, `commissions`, `payouts`, `groups`, `orders`, `mails`, `audit`.
//! Imports name the folder, `crate::values::Money`; the re-exports here are for other crates.

mod affiliates;
mod audit;
mod commissions;
mod events;
mod groups;
mod mails;
mod orders;
mod payouts;
mod rewards;
mod tenancy;
mod values;

pub use affiliates::{
    Affiliate, AffiliateChange, AffiliateStatus, Binding, Click, Coupon, CouponCode, Metric, NewAffiliate, NewTier,
    Threshold, Tier, TierChange, TierName, Totals, Utm, coupon_on_approval, parent_chain_allows, promotion,
};
pub use audit::{Flaw, audit, audit_order};
pub use commissions::{
    Commission, CommissionMove, CommissionPlan, CommissionPlanSet, CommissionRule, CommissionStatus, Earner, LeafPlan,
    LineGroup, MOST_COMMISSIONS, NewCommission, NewRefund, NewRule, Program, Refund, RewardWish, RuleChange, RuleLevel,
    RuleScope, Sale, Step, calculate, explain, moved_together, refund, why_unpaid,
};
pub use events::{
    AsSent, Attributed, BoundAffiliate, Candidate, CandidateOutcome, CandidateSource, Candidates, ClickedAffiliate,
    Considered, Decision, DecisionError, Event, EventKind, EventSpace, Item, Items, ItemsError, NewEvent,
    ParentVerdict, PassedParent, Rating, RewardVerdict, Unreadable, Via, attribute,
};
pub use groups::{
    DiscountType, Group, GroupChange, GroupSettings, GroupSettingsChange, GroupStatus, GroupTerms, Joiner, Level,
    LevelValue, Levels, NewGroup, Reminder, Schedule, ScheduleWish, ShareId, ShareIdFormat,
};
pub use mails::{Attempt, EmailMessage, Language, MailStatus, OutgoingEmail};
pub use orders::{
    Checkout, CheckoutError, Customer, CustomerChange, LineItems, NewCustomer, NewOrder, Order, OrderPlacement,
    OrderStatus, OrderVelocity, RiskContext, RiskLevel, SessionStatus, Signal, signals,
};
pub use payouts::{
    Account, Balances, Bucket, Payout, PayoutItem, PayoutItemStatus, PayoutOutcome, PayoutStatus, Posting, ResultLine,
    ResultOf, Settlement, Side, postings, reconcile_results,
};
pub use rewards::{
    CashbackReserve, LeafTargets, LeafTerms, OverrideTerms, RateSource, Reward, SaleCap, Target, split, targets,
};
pub use tenancy::{
    Actor, ApiKey, AttributionModel, KeyFormat, KeyHash, KeySecret, Merchant, MerchantClock, Mode, NewApiKey,
    Organization, Pepper, Plan, Recurring, RedirectHost, Scope, Scopes, SelfReferral, Settings, SettingsChange,
    TestClock, TestClockStep, WebUrl,
};
pub use values::{
    AccountId, AffiliateId, AnnouncementId, ApiKeyId, BindingId, ClickId, CommissionId, CouponId, Currency, CustomerId,
    Decimal, DisplayName, Email, EventId, ExternalId, FieldError, GroupId, GroupRefusal, Id, IdError, KeyName, Kind,
    LandingUrl, Locale, MailId, MerchantId, Metadata, Money, MoneyError, OrderId, OrderReference, OrganizationId,
    OrganizationName, PayoutId, PayoutItemId, PersonName, PhoneNumber, Rate, Reason, Refusal, RuleId, SessionId,
    ShortText, Slug, TierId, Timestamp, UserAgent, names_nobody, token,
};
