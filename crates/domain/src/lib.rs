//! The rules of Coterie and nothing else.
//!
//! Types that can only be built valid, money that cannot lose a cent, state machines whose transitions consume the old
//! state, and the decisions: who is credited with a sale, at which rate, and what follows from a change of status.
//!
//! Deliberately absent: IO, clocks, randomness, async, serialization formats, SQL. Whatever a rule needs to know comes
//! in as an argument (the *facts*), whatever it decides goes out as a value. So every rule can be tried by hand.

mod account;
mod actor;
mod affiliate;
mod attribution;
mod audit;
mod binding;
mod cashback;
mod checkout;
mod click;
mod commission;
mod coupon;
mod customer;
mod decimal;
mod decision;
mod email;
mod error;
mod event;
mod explain;
mod group;
mod group_settings;
mod id;
mod item;
mod key;
mod ledger;
mod letter;
mod lineage;
mod mail;
mod merchant;
mod metadata;
mod money;
mod order;
mod organization;
mod payout;
mod payout_results;
mod rate;
mod rating;
mod reckon;
mod refund;
mod reserve;
mod reward;
mod risk;
mod rule;
mod sale;
mod settings;
mod share_id;
mod slug;
mod targets;
mod test_clock;
mod text;
mod throwaway;
mod tier;
mod timestamp;
mod words;

pub use account::Account;
pub use actor::Actor;
pub use affiliate::{
    Affiliate, AffiliateChange, AffiliateStatus, NewAffiliate, coupon_on_approval, parent_chain_allows,
};
pub use attribution::{Attributed, BoundAffiliate, Candidates, ClickedAffiliate, attribute};
pub use audit::{Flaw, audit, audit_order};
pub use binding::Binding;
pub use cashback::{DiscountType, GroupTerms, Level, LevelValue, Levels};
pub use checkout::{Checkout, CheckoutError, LineItems, LineType, SessionStatus};
pub use click::{Click, Utm};
pub use commission::{Commission, CommissionMove, CommissionPlan, CommissionStatus, RateSource};
pub use coupon::{Coupon, CouponCode};
pub use customer::{Customer, CustomerChange, NewCustomer};
pub use decimal::Decimal;
pub use decision::{
    Candidate, CandidateSource, Considered, Decision, DecisionError, ParentVerdict, PassedParent, Rating,
    RewardVerdict, Verdict, Via,
};
pub use email::Email;
pub use error::{Fault, GroupRefusal, Refusal};
pub use event::{Event, EventKind, EventSpace, NewEvent, Unreadable};
pub use explain::{LineGroup, Step, explain, why_unpaid};
pub use group::{Group, GroupChange, GroupStatus, Joiner, NewGroup, Reminder, Schedule, ScheduleWish};
pub use group_settings::{GroupSettings, GroupSettingsChange};
pub use id::{
    AccountId, AffiliateId, AnnouncementId, ApiKeyId, BindingId, ClickId, CommissionId, CouponId, CustomerId, EventId,
    GroupId, Id, IdError, Kind, MailId, MerchantId, OrderId, OrganizationId, PayoutId, PayoutItemId, RuleId, TierId,
};
pub use item::{Item, Items, ItemsError};
pub use key::{ApiKey, KeyFormat, KeyHash, KeySecret, NewApiKey, Pepper, Scope, Scopes};
pub use ledger::{Balances, Bucket, Posting, Side, postings};
pub use letter::{Language, Letter};
pub use lineage::moved_together;
pub use mail::{Attempt, Mail, MailStatus};
pub use merchant::{Merchant, MerchantClock};
pub use metadata::Metadata;
pub use money::{Currency, Money, MoneyError};
pub use order::{NewOrder, Order, OrderStatus};
pub use organization::{Mode, Organization, Plan};
pub use payout::{Payout, PayoutItem, PayoutItemStatus, PayoutOutcome, PayoutStatus, Settlement};
pub use payout_results::{ResultLine, ResultOf, reconcile_results};
pub use rate::Rate;
pub use rating::Program;
pub use reckon::{Earner, LeafPlan, MOST_COMMISSIONS, Reckoned, reckon};
pub use refund::{NewRefund, Refund, refund};
pub use reserve::Reserve;
pub use reward::Reward;
pub use risk::{Pace, RiskLevel, Signal, Surroundings, signals};
pub use rule::{CommissionRule, NewRule, RewardWish, RuleChange, RuleLevel, RuleScope};
pub use sale::Sale;
pub use settings::{AttributionModel, Recurring, RedirectHost, SelfReferral, Settings, SettingsChange, WebUrl};
pub use share_id::{ShareId, ShareIdFormat};
pub use slug::Slug;
pub use targets::{LeafTargets, LeafTerms, OverrideTerms, SaleCap, Target, split, targets};
pub use test_clock::{TestClock, TestClockStep};
pub use text::{
    DisplayName, ExternalId, KeyName, LandingUrl, Locale, OrderReference, OrganizationName, PersonName, PhoneNumber,
    Reason, SessionId, ShortText, UserAgent,
};
pub use tier::{Metric, NewTier, Threshold, Tier, TierChange, TierName, Totals, promotion};
pub use timestamp::Timestamp;
