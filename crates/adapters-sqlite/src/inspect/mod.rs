//! Looking at the storage as a whole: is it the right one, and do its rows agree with each other?

mod claims;
mod conversions;
mod links;
mod payouts;
mod refunds;
mod sales;
mod sums;

use crate::{SqliteStorage, error::SqliteError, migrate, values::Uid};
use async_trait::async_trait;
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use ports::{Difference, Inspection, ReadError};
use uuid::Uuid;

/// A rule that stored rows keep, as a query for those that break it.
struct Rule {
    /// How callers name it.
    name: &'static str,
    /// Gives `merchant_id`, `id` and `why` of each difference; bound to the most rows it may give.
    sql: String,
    /// The public form of `id`.
    show: fn(Uuid) -> String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Binary>)]
    merchant_id: Option<Uid>,
    #[diesel(sql_type = Binary)]
    id: Uid,
    #[diesel(sql_type = Text)]
    why: String,
}

impl Rule {
    fn differences(&self, connection: &mut SqliteConnection, limit: usize) -> Result<Vec<Difference>, SqliteError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found: Vec<Found> =
            diesel::sql_query(format!("{} LIMIT ?", self.sql)).bind::<BigInt, _>(limit).load(connection)?;
        let difference = |Found { merchant_id, id, why }| Difference {
            rule: self.name,
            merchant: merchant_id.map(Uid::id),
            found: format!("{} {why}", (self.show)(id.0)),
        };
        Ok(found.into_iter().map(difference).collect())
    }
}

/// The differences of all rules, at most `limit`, from one snapshot.
fn differences(connection: &mut SqliteConnection, limit: usize) -> Result<Vec<Difference>, SqliteError> {
    claims::register(connection)?;
    let mut all = Vec::new();
    let rules = sums::rules().into_iter().chain(links::rules()).chain(refunds::rules()).chain(payouts::rules());
    for rule in rules.chain(claims::rules()) {
        all.extend(rule.differences(connection, limit.saturating_sub(all.len()))?);
    }
    all.extend(sales::differences(connection, limit.saturating_sub(all.len()))?);
    all.extend(conversions::differences(connection, limit.saturating_sub(all.len()))?);
    Ok(all)
}

#[async_trait]
impl Inspection for SqliteStorage {
    async fn ready(&self) -> Result<(), ReadError> {
        self.readers.read(migrate::check).await
    }

    async fn differences(&self, limit: u32) -> Result<Vec<Difference>, ReadError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.readers.read(move |connection| differences(connection, limit)).await
    }
}
