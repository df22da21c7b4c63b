//! The fields that posted sales and refunds share.

use crate::{
    fields::Fields,
    values::{instant, metadata, name, text},
};
use domain::{Email, Metadata, ShortText, Timestamp, names_nobody, token};

/// The buyer, the time and the caller's own data of a posted event.
pub(super) struct PostedContext {
    pub(super) customer_email: Option<Email>,
    pub(super) customer_external_id: Option<ShortText>,
    /// The same as it was sent, where that is otherwise.
    pub(super) customer_as_sent: Option<ShortText>,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) metadata: Metadata,
}

impl PostedContext {
    /// Reads the fields, in the order in which their errors are listed.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let customer = fields.object("customer", |customer| {
            let email = customer.optional("email", text(Email::parse));
            Some((email, customer.optional("external_id", text(customer_id)).flatten()))
        });
        let (customer_email, own_id) = customer.unwrap_or_default();
        let (customer_external_id, customer_as_sent) = own_id.map_or((None, None), |(id, sent)| (Some(id), sent));
        let occurred_at = fields.optional("occurred_at", text(instant));
        let own_data = fields.either("metadata", "payload");
        let metadata = fields.optional(own_data, metadata).unwrap_or_default();
        Self { customer_email, customer_external_id, customer_as_sent, occurred_at, metadata }
    }
}

/// A customer's id, and as it was sent where that is otherwise; `None` for what shops write where there is none.
fn customer_id(text: &str) -> Result<Option<(ShortText, Option<ShortText>)>, String> {
    if names_nobody(&token(text)) { Ok(None) } else { name(ShortText::parse)(text).map(Some) }
}
