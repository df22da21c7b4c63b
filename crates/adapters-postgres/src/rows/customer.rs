//! Customers.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, optional, optional_instant},
};
use diesel::data_types::PgTimestamp;
use domain::{Actor, Customer, CustomerId, Email, MerchantId, Metadata, PersonName, PhoneNumber};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A customer.
    CustomerRow of "customers" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        email: String,
        email_folded: String,
        earlier_emails: Option<String>,
        first_name: Option<String>,
        last_name: Option<String>,
        phone: Option<String>,
        metadata: String,
        search_text: String,
        blocked_at: Option<PgTimestamp>,
        deleted_at: Option<PgTimestamp>,
        created_at: PgTimestamp,
        created_by: String,
        updated_at: PgTimestamp,
        updated_by: String,
        version: i64,
    }
}

impl Image for CustomerRow {
    type Of = Customer;

    fn image(merchant: MerchantId, customer: &Customer, version: Version) -> Self {
        let Customer {
            id,
            email,
            earlier_emails,
            first_name,
            last_name,
            phone,
            metadata,
            blocked_at,
            deleted_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = customer;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            email: email.as_str().to_owned(),
            email_folded: email.folded(),
            earlier_emails: lines(earlier_emails),
            first_name: first_name.as_ref().map(|name| name.as_str().to_owned()),
            last_name: last_name.as_ref().map(|name| name.as_str().to_owned()),
            phone: phone.as_ref().map(|phone| phone.as_str().to_owned()),
            metadata: metadata.as_str().to_owned(),
            search_text: customer.search_text(),
            blocked_at: blocked_at.map(time),
            deleted_at: deleted_at.map(time),
            created_at: time(*created_at),
            created_by: created_by.to_string(),
            updated_at: time(*updated_at),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }
}

impl Readable for CustomerRow {
    fn versioned(self) -> Mapped<Versioned<Customer>> {
        let Self {
            merchant_id: _,
            id,
            email,
            email_folded: _,
            earlier_emails,
            first_name,
            last_name,
            phone,
            metadata,
            search_text: _,
            blocked_at,
            deleted_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
            version,
        } = self;
        let row = Customer {
            id: CustomerId::from_uuid(id),
            email: parsed(Email::parse(&email))?,
            earlier_emails: earlier_emails
                .iter()
                .flat_map(|all| all.lines())
                .map(|line| parsed(Email::parse(line)))
                .collect::<Mapped<_>>()?,
            first_name: optional(first_name, PersonName::parse)?,
            last_name: optional(last_name, PersonName::parse)?,
            phone: optional(phone, PhoneNumber::parse)?,
            metadata: Metadata::stored(metadata),
            blocked_at: optional_instant(blocked_at)?,
            deleted_at: optional_instant(deleted_at)?,
            created_at: instant(created_at)?,
            created_by: parsed(created_by.parse::<Actor>())?,
            updated_at: instant(updated_at)?,
            updated_by: parsed(updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

/// Addresses, one a line; none for none.
fn lines(emails: &[Email]) -> Option<String> {
    let lines: Vec<&str> = emails.iter().map(Email::as_str).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
