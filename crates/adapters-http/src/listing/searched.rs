//! By which fields lists are searched: those that they show.

use super::search::{Field, Kind};
use crate::values::{self, currency};
use domain::{Email, OrderReference, PersonName, PhoneNumber, ShareId, ShortText};
use ports::{CustomerTerm, CustomerTime, GroupTerm, GroupTime, OrderAmount, OrderTerm, OrderTime, Wording};

/// What a field's values are: how one is read, and the term that it makes.
macro_rules! kind {
    ($of:ident exact $term:ident $read:path) => {
        Kind::Exact(|text| $read(text).map($of::$term))
    };
    ($of:ident text $term:ident $read:path) => {
        Kind::Text(
            |text| $read(text).map(|value| $of::$term(Wording::Is(value))),
            |part| $of::$term(Wording::Has(part)),
        )
    };
    ($of:ident amount $which:path) => {
        Kind::Amount(|amounts| $of::Amount($which, amounts))
    };
    ($of:ident time $which:path) => {
        Kind::Time(|times| $of::Time($which, times))
    };
}

/// A table of fields, each a name and a kind.
macro_rules! fields {
    ($of:ident: $($name:literal $kind:ident($($part:tt)+);)*) => {
        &[$(Field { name: $name, kind: kind!($of $kind $($part)+) }),*]
    };
}

/// Of customers.
pub(crate) const CUSTOMERS: &[Field<CustomerTerm>] = fields! { CustomerTerm:
    "id" exact(Id values::id);
    "emailAddress" text(Email Email::parse);
    "firstName" text(FirstName PersonName::parse);
    "lastName" text(LastName PersonName::parse);
    "phoneNumber" text(Phone PhoneNumber::parse);
    "blocked" exact(Blocked values::flag_text);
    "createdAt" time(CustomerTime::Created);
    "updatedAt" time(CustomerTime::Updated);
    "blockedAt" time(CustomerTime::Blocked);
};

/// Of orders.
pub(crate) const ORDERS: &[Field<OrderTerm>] = fields! { OrderTerm:
    "id" exact(Id values::id);
    "amount" amount(OrderAmount::Paid);
    "amountCashback" amount(OrderAmount::Cashback);
    "amountCashbackInReview" amount(OrderAmount::InReview);
    "applicationFeeAmount" amount(OrderAmount::Fee);
    "refundedAmount" amount(OrderAmount::Refunded);
    "customerEmail" text(Email Email::parse);
    "customerFirstName" text(FirstName PersonName::parse);
    "customerLastName" text(LastName PersonName::parse);
    "customerPhoneNumber" text(Phone PhoneNumber::parse);
    "paymentGroupShareId" text(ShareId share_id);
    "customerId" exact(CustomerId values::id);
    "currency" exact(Currency currency);
    "status" exact(Status str::parse);
    "paymentGroupId" exact(GroupId values::id);
    "ambassadorId" exact(AmbassadorId values::id);
    "clientReferenceId" text(Reference OrderReference::parse);
    "riskLevel" exact(Risk str::parse);
    "createdAt" time(OrderTime::Created);
    "updatedAt" time(OrderTime::Updated);
};

/// Of checkout sessions, which are orders; their status is no order's own.
pub(crate) const SESSIONS: &[Field<OrderTerm>] = fields! { OrderTerm:
    "id" exact(Id values::id);
    "amountTotal" amount(OrderAmount::Paid);
    "amountRefunded" amount(OrderAmount::Refunded);
    "amountCashback" amount(OrderAmount::Cashback);
    "currency" exact(Currency currency);
    "customerId" exact(CustomerId values::id);
    "customerEmail" text(Email Email::parse);
    "customerFirstName" text(FirstName PersonName::parse);
    "customerLastName" text(LastName PersonName::parse);
    "customerPhoneNumber" text(Phone PhoneNumber::parse);
    "clientReferenceId" text(Reference OrderReference::parse);
    "paymentGroupId" exact(GroupId values::id);
    "paymentGroupShareId" text(ShareId share_id);
    "createdAt" time(OrderTime::Created);
    "updatedAt" time(OrderTime::Updated);
};

/// Of groups.
pub(crate) const GROUPS: &[Field<GroupTerm>] = fields! { GroupTerm:
    "id" exact(Id values::id);
    "shareId" text(ShareId share_id);
    "customerId" exact(CustomerId values::id);
    "creatorEmail" text(CreatorEmail Email::parse);
    "status" exact(Status str::parse);
    "expiresAt" time(GroupTime::Expires);
    "createdAt" time(GroupTime::Created);
    "updatedAt" time(GroupTime::Updated);
    "canceledAt" time(GroupTime::Canceled);
    "completedAt" time(GroupTime::Completed);
};

/// A share id in any case, under whatever prefix.
fn share_id(text: &str) -> Result<ShareId, String> {
    ShareId::stored(&ShortText::parse(text)?.as_str().to_ascii_uppercase())
}
