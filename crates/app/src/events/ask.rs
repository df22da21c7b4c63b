//! What a shop posts, and how it becomes an event in the merchant's currency.

use domain::{
    AffiliateId, CouponCode, Currency, Decimal, Email, EventKind, ExternalId, Fault, Items, Merchant, Metadata, Money,
    NewEvent, OrderReference, Refusal, SessionId, ShortText, Timestamp,
};

/// What a shop posts: a [`NewEvent`] whose amount waits for the merchant's currency.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of NewEvent, documented there")]
pub struct RecordEvent {
    pub kind: EventKind,
    pub external_id: ExternalId,
    pub order_id: Option<OrderReference>,
    /// In whole units of `currency`.
    pub amount: Option<Decimal>,
    /// The settings' where absent.
    pub currency: Option<Currency>,
    pub session: Option<SessionId>,
    pub coupon: Option<CouponCode>,
    pub affiliate_id: Option<AffiliateId>,
    pub customer_email: Option<Email>,
    pub customer_external_id: Option<ShortText>,
    pub occurred_at: Option<Timestamp>,
    pub metadata: Metadata,
    pub fingerprint: [u8; 32],
}

/// The event with its amount in its currency, or the merchant's.
pub(super) fn in_currency(ask: RecordEvent, merchant: &Merchant) -> Result<NewEvent, Refusal> {
    let RecordEvent {
        kind,
        external_id,
        order_id,
        amount,
        currency,
        session,
        coupon,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    } = ask;
    let currency = currency.unwrap_or(merchant.settings.currency);
    let wrong = |expected: String| Refusal::Invalid(vec![Fault::new("amount", expected)]);
    let amount = match amount {
        Some(amount) => {
            let money = Money::from_decimal(amount, currency).ok().filter(|money| money.minor() >= 0);
            let digits = currency.exponent();
            Some(money.ok_or_else(|| {
                wrong(format!(
                    "must be 0 to 10^15 minor units of {currency}, with at most {digits} digits after the point"
                ))
            })?)
        }
        None if kind.pays() => return Err(wrong(format!("is required for the type {}", kind.as_str()))),
        None => None,
    };
    Ok(NewEvent {
        kind,
        external_id,
        order_id,
        amount,
        items: Items::default(),
        session,
        coupon,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    })
}
