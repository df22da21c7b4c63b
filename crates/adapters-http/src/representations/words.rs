//! Words from a closed list, shown and documented from the domain's own list.

use serde::{Serialize, Serializer};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

macro_rules! words {
    ($($name:ident of $kind:ident;)*) => {$(
        #[doc = concat!("A `", stringify!($kind), "`, as its word.")]
        #[derive(Debug)]
        pub(crate) struct $name(domain::$kind);

        impl From<domain::$kind> for $name {
            fn from(value: domain::$kind) -> Self {
                Self(value)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = domain::$kind::ALL.iter().map(|value| value.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                // The schema keeps its name when the domain's type gets a better one.
                Cow::Borrowed(stringify!($name).trim_end_matches("Word"))
            }
        }
    )*};
}

words! {
    AffiliateStatusWord of AffiliateStatus;
    AttributionModelWord of AttributionModel;
    CommissionStatusWord of CommissionStatus;
    MetricWord of Metric;
    ParentVerdictWord of ParentVerdict;
    PayoutItemStatusWord of PayoutItemStatus;
    PayoutStatusWord of PayoutStatus;
    DiscountTypeWord of DiscountType;
    GroupStatusWord of GroupStatus;
    OrderStatusWord of OrderStatus;
    ReminderWord of Reminder;
    RiskLevelWord of RiskLevel;
    RateSourceWord of RateSource;
    RecurringWord of Recurring;
    RewardVerdictWord of RewardVerdict;
    RuleLevelWord of RuleLevel;
    ScopeWord of Scope;
    SessionStatusWord of SessionStatus;
    SelfReferralWord of SelfReferral;
    VerdictWord of CandidateOutcome;
    ViaWord of Via;
}
