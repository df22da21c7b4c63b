//! Refunds, which are posted as events.

use super::posted::PostedContext;
use crate::{
    fields::Fields,
    json::Node,
    values::{currency, exact_amount, name, text},
};
use domain::{AsSent, ExternalId, FieldError, NewRefund, OrderReference};

/// The fields of a sale that a refund does not have: the affiliate credited with the sale bears the refund.
const NOT_ON_A_REFUND: [&str; 5] = ["items", "coupon", "coupons", "cookie_id", "affiliate_id"];

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
    let external_id = fields.required("external_id", text(name(ExternalId::parse)));
    let unknown = |_| "must name an existing event of a type that pays".to_owned();
    let refunds = fields.optional("refunds", text(|id| id.parse().map_err(unknown)));
    let order_id = fields.optional("order_id", text(name(OrderReference::parse)));
    let amount = fields.optional("amount", exact_amount);
    let currency = fields.optional("currency", text(currency));
    let context = PostedContext::read(&mut fields);
    let PostedContext { customer_email, customer_external_id, customer_as_sent, occurred_at, metadata } = context;
    fields.finish(|| {
        let (external_id, id_as_sent) = external_id?;
        let (order_id, order_as_sent) = order_id.map_or((None, None), |(id, sent)| (Some(id), sent));
        Some(NewRefund {
            external_id,
            as_sent: AsSent {
                external_id: id_as_sent,
                order_id: order_as_sent,
                customer_external_id: customer_as_sent,
            },
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
