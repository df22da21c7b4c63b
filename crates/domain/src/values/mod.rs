//! Values that can only be built valid: money, rates, ids, times, texts, and the words for what was refused.

pub(crate) mod decimal;
pub(crate) mod disposable_email;
mod email;
mod error;
mod id;
mod metadata;
mod money;
mod rate;
mod slug;
pub(crate) mod string_enum;
pub(crate) mod text;
mod timestamp;
mod token;

pub use decimal::Decimal;
pub use email::Email;
pub use error::{FieldError, GroupRefusal, Refusal};
pub use id::{
    AccountId, AffiliateId, AnnouncementId, ApiKeyId, BindingId, ClickId, CommissionId, CouponId, CustomerId, EventId,
    GroupId, Id, IdError, Kind, MailId, MerchantId, OrderId, OrganizationId, PayoutId, PayoutItemId, RuleId, TierId,
};
pub use metadata::Metadata;
pub use money::{Currency, Money, MoneyError};
pub use rate::Rate;
pub use slug::Slug;
pub use text::{
    DisplayName, ExternalId, KeyName, LandingUrl, Locale, OrderReference, OrganizationName, PersonName, PhoneNumber,
    Reason, SessionId, ShortText, UserAgent,
};
pub use timestamp::Timestamp;
pub use token::{names_nobody, token};
