//! `customers`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::customers, values::Uid};
use diesel::prelude::*;
use domain::{Actor, Customer, Email, MerchantId, Metadata, PersonName, PhoneNumber, Timestamp};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = customers, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct CustomerRow {
    merchant_id: Uid,
    id: Uid,
    email: String,
    email_folded: String,
    earlier_emails: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    metadata: String,
    search_text: String,
    blocked_at: Option<i64>,
    deleted_at: Option<i64>,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
    version: i64,
}

impl CustomerRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for CustomerRow {
    type Entity = Customer;

    fn of(merchant: MerchantId, customer: &Customer, version: Version) -> Self {
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
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            email: email.as_str().to_owned(),
            email_folded: email.folded(),
            earlier_emails: lines(earlier_emails),
            first_name: first_name.as_ref().map(|name| name.as_str().to_owned()),
            last_name: last_name.as_ref().map(|name| name.as_str().to_owned()),
            phone: phone.as_ref().map(|phone| phone.as_str().to_owned()),
            metadata: metadata.as_str().to_owned(),
            search_text: customer.search_text(),
            blocked_at: blocked_at.map(Timestamp::micros),
            deleted_at: deleted_at.map(Timestamp::micros),
            created_at: created_at.micros(),
            created_by: created_by.to_string(),
            updated_at: updated_at.micros(),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Customer>, Damaged> {
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
        let reading = Reading::of("customers", id.0);
        let row = Customer {
            id: id.id(),
            email: reading.get("email", Email::parse(&email))?,
            earlier_emails: reading
                .get("earlier_emails", earlier_emails.iter().flat_map(|all| all.lines()).map(Email::parse).collect())?,
            first_name: reading.maybe("first_name", first_name, |text| PersonName::parse(&text))?,
            last_name: reading.maybe("last_name", last_name, |text| PersonName::parse(&text))?,
            phone: reading.maybe("phone", phone, |text| PhoneNumber::parse(&text))?,
            metadata: Metadata::stored(metadata),
            blocked_at: reading.maybe_time("blocked_at", blocked_at)?,
            deleted_at: reading.maybe_time("deleted_at", deleted_at)?,
            created_at: reading.time("created_at", created_at)?,
            created_by: reading.get("created_by", created_by.parse::<Actor>())?,
            updated_at: reading.time("updated_at", updated_at)?,
            updated_by: reading.get("updated_by", updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

/// Addresses, one a line; none for none.
fn lines(emails: &[Email]) -> Option<String> {
    let lines: Vec<&str> = emails.iter().map(Email::as_str).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
