//! Looking at the storage as a whole: whether it answers, and whether what must agree does.

mod conversions;
mod keys;
mod payouts;
mod rules;
mod sales;

use crate::{
    PostgresStorage,
    error::read_error,
    sql::{Sql, load},
};
use async_trait::async_trait;
use domain::MerchantId;
use ports::{Difference, Inspection, ReadError};
use uuid::Uuid;

/// One thing that must be so.
struct Rule {
    name: &'static str,
    /// How the id of what breaks it is shown.
    id: fn(Uuid) -> String,
    /// Returns what breaks it: merchant, id, and a note without personal data.
    query: String,
}

#[async_trait]
impl Inspection for PostgresStorage {
    async fn ready(&self) -> Result<(), ReadError> {
        self.readers.reader()?.check_schema().await
    }

    /// On a connection of its own: it may take minutes, and nobody's read shall wait behind it.
    async fn differences(&self, limit: u32) -> Result<Vec<Difference>, ReadError> {
        let link = self.inspector.open().await?;
        let mut found = Vec::new();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        for Rule { name, id, query } in rules::rules().into_iter().chain(payouts::rules()).chain(keys::rules()) {
            let left = i64::try_from(most.saturating_sub(found.len())).unwrap_or(i64::MAX);
            let sql = Sql::<(Option<Uuid>, Uuid, String)>::new(query).text(" LIMIT ?").bind(left);
            let rows = load(&link.conn, sql).await.map_err(read_error)?;
            found.extend(rows.into_iter().map(|(merchant, broken, note)| Difference {
                rule: name,
                merchant: merchant.map(MerchantId::from_uuid),
                found: format!("{} {note}", id(broken)),
            }));
        }
        found.extend(sales::differences(&link.conn, most.saturating_sub(found.len())).await?);
        found.extend(conversions::differences(&link.conn, most.saturating_sub(found.len())).await?);
        Ok(found)
    }
}
