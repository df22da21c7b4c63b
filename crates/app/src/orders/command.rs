//! The input for placing an order.

use domain::{
    Checkout, CouponCode, Currency, CustomerId, Email, Locale, Metadata, OrderReference, PersonName, PhoneNumber,
    SessionId, Unreadable,
};

/// An order that a shop posts.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of Order, documented there")]
pub struct PlaceOrderCommand {
    /// In minor units.
    pub amount: i64,
    pub customer_id: Option<CustomerId>,
    /// Names the customer if there is no id; a new one is created if no customer has the address.
    pub email: Option<Email>,
    pub first_name: Option<PersonName>,
    pub last_name: Option<PersonName>,
    pub phone: Option<PhoneNumber>,
    pub locale: Option<Locale>,
    /// The settings', or the group's, where absent.
    pub currency: Option<Currency>,
    pub reference: Option<OrderReference>,
    /// The same as it was sent, where that is otherwise ([`domain::token`]).
    pub reference_as_sent: Option<OrderReference>,
    /// The share id of the group to join, as it was typed; without one a group is opened.
    pub share_id: Option<String>,
    /// References that can lead to an affiliate. With one the order is a conversion too.
    pub referral: Option<OrderReferral>,
    pub metadata: Metadata,
    pub checkout: Checkout,
}

/// The references of an order that can lead to an affiliate. Naming a session or a coupon makes the order a conversion
/// too, even if they lead to no affiliate.
#[derive(Debug, Clone)]
pub struct OrderReferral {
    /// The visitor's session; absent too where what was named cannot be one.
    pub session: Option<SessionId>,
    /// The coupon code that the buyer gave.
    pub coupon: Option<CouponCode>,
    /// Which of the two were named by what cannot be one.
    pub unreadable: Unreadable,
    /// Of the order's body as parsed.
    pub fingerprint: [u8; 32],
}
