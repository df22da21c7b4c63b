//! Refunds, which are posted as events.

use super::posted::PostedContext;
use crate::{
    fields::Fields,
    json::Node,
    values::{currency, decimal, text},
};
use domain::{ExternalId, FieldError, NewRefund, OrderReference};

/// The fields of a sale that a refund does not have: the affiliate credited with the sale bears the refund.
const NOT_ON_A_REFUND: [&str; 4] = ["items", "coupon", "cookie_id", "affiliate_id"];

/// Whether a posted event is a refund.
pub(super) fn is_refund(body: &Node<'_>) -> bool {
    let Node::Object(entries) = body else { return false };
    let word = |name: &str| entries.iter().find(|(known, _)| known == name).map(|(_, node)| node);
    matches!(word("type").or_else(|| word("event_type")), Some(Node::Text(word)) if word == "refund")
}

/// Reads one.
pub(super) fn new_refund(body: &Node<'_>) -> Result<NewRefund, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let kind = fields.either("type", "event_type");
    fields.required(kind, text(|_| Ok(())));
    for name in NOT_ON_A_REFUND {
        fields.optional(name, |_| -> Result<(), String> { Err("must not be given with a refund".to_owned()) });
    }
    let external_id = fields.required("external_id", text(ExternalId::parse));
    let unknown = |_| "must name an existing event of a type that pays".to_owned();
    let refunds = fields.optional("refunds", text(|id| id.parse().map_err(unknown)));
    let order_id = fields.optional("order_id", text(OrderReference::parse));
    let amount = fields.optional("amount", decimal);
    let currency = fields.optional("currency", text(currency));
    let PostedContext { customer_email, customer_external_id, occurred_at, metadata } =
        PostedContext::read(&mut fields);
    fields.finish(|| {
        Some(NewRefund {
            external_id: external_id?,
            refunds,
            order_id,
            amount,
            currency,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            fingerprint: body.fingerprint(),
        })
    })
}
