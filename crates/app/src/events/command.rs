//! What a shop posts, and how it becomes an event in the merchant's currency.

use domain::{
    AffiliateId, AsSent, CouponCode, Currency, Decimal, Email, EventKind, ExternalId, Item, Items, Merchant, Metadata,
    Money, NewEvent, OrderReference, Refusal, SessionId, ShortText, Timestamp, Unreadable,
};

/// One line of an order that a shop posts.
#[derive(Debug, Clone)]
pub struct AskedItem {
    /// See [`Item::product`].
    pub product: Option<ShortText>,
    /// See [`Item::category`].
    pub category: Option<ShortText>,
    /// In whole units of the event's currency.
    pub amount: Decimal,
}

/// The input of recording: a [`NewEvent`] whose amount is not yet in the merchant's currency.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of NewEvent, documented there")]
pub struct RecordEventCommand {
    pub kind: EventKind,
    pub external_id: ExternalId,
    /// Names that were sent otherwise than they are read.
    pub as_sent: AsSent,
    pub order_id: Option<OrderReference>,
    /// In whole units of `currency`.
    pub amount: Option<Decimal>,
    /// The settings' where absent.
    pub currency: Option<Currency>,
    /// None, or they sum up to the amount, which may then be left out.
    pub items: Vec<AskedItem>,
    pub session: Option<SessionId>,
    pub coupon: Option<CouponCode>,
    /// Codes that were given besides: the first of all that belongs to an affiliate counts.
    pub more_coupons: Vec<CouponCode>,
    pub unreadable: Unreadable,
    pub affiliate_id: Option<AffiliateId>,
    pub customer_email: Option<Email>,
    pub customer_external_id: Option<ShortText>,
    pub occurred_at: Option<Timestamp>,
    pub metadata: Metadata,
    pub fingerprint: [u8; 32],
}

/// The event with its amount in its currency, or the merchant's.
pub(super) fn in_currency(command: RecordEventCommand, merchant: &Merchant) -> Result<NewEvent, Refusal> {
    let RecordEventCommand {
        kind,
        external_id,
        as_sent: _,
        order_id,
        amount,
        currency,
        items,
        session,
        coupon,
        more_coupons: _,
        unreadable,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    } = command;
    let currency = currency.unwrap_or(merchant.settings.currency);
    let items = items_in(items, currency)?;
    let amount = amount.map(|amount| money_in(amount, currency, "amount")).transpose()?;
    let amount = agreed(amount, &items, currency)?;
    if amount.is_none() && kind.pays() {
        return Err(Refusal::invalid("amount", format!("is required for the type {}", kind.as_str())));
    }
    Ok(NewEvent {
        kind,
        external_id,
        order_id,
        amount,
        items,
        session,
        coupon,
        unreadable,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    })
}

fn items_in(asked: Vec<AskedItem>, currency: Currency) -> Result<Items, Refusal> {
    let item = |(at, AskedItem { product, category, amount }): (usize, AskedItem)| {
        let amount = money_in(amount, currency, &format!("items[{at}].amount"))?;
        Ok(Item { product, category, amount })
    };
    asked.into_iter().enumerate().map(item).collect::<Result<_, _>>().map(Items)
}

fn money_in(amount: Decimal, currency: Currency, field: &str) -> Result<Money, Refusal> {
    let money = Money::from_decimal(amount, currency).ok().filter(|money| money.minor() >= 0);
    let digits = currency.exponent();
    money.ok_or_else(|| {
        let expected =
            format!("must be 0 to 10^15 minor units of {currency}, with at most {digits} digits after the point");
        Refusal::invalid(field, expected)
    })
}

/// Returns the amount, which the items must sum to, or may replace.
fn agreed(amount: Option<Money>, items: &Items, currency: Currency) -> Result<Option<Money>, Refusal> {
    if items.0.is_empty() {
        return Ok(amount);
    }
    let sum = items.0.iter().fold(0_i64, |sum, item| sum.saturating_add(item.amount.minor()));
    let most = Money::MAX_MINOR;
    match amount {
        Some(amount) if amount.minor() != sum => Err(Refusal::invalid("items", "must sum up to amount")),
        None if sum > most => Err(Refusal::invalid("items", format!("must sum up to {most} minor units at most"))),
        Some(_) | None => Ok(Some(Money::from_minor(sum, currency))),
    }
}
