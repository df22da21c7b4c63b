//! The fields that posted sales and refunds share.

use crate::{
    fields::Fields,
    values::{instant, metadata, text},
};
use domain::{Email, Metadata, ShortText, Timestamp};

/// The buyer, the time and the caller's own data of a posted event.
pub(super) struct PostedContext {
    pub(super) customer_email: Option<Email>,
    pub(super) customer_external_id: Option<ShortText>,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) metadata: Metadata,
}

impl PostedContext {
    /// Reads the fields, in the order in which their errors are listed.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let customer = fields.object("customer", |customer| {
            let email = customer.optional("email", text(Email::parse));
            Some((email, customer.optional("external_id", text(ShortText::parse))))
        });
        let (customer_email, customer_external_id) = customer.unwrap_or_default();
        let occurred_at = fields.optional("occurred_at", text(instant));
        let own_data = fields.either("metadata", "payload");
        let metadata = fields.optional(own_data, metadata).unwrap_or_default();
        Self { customer_email, customer_external_id, occurred_at, metadata }
    }
}
