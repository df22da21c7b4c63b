//! What is left of a person, for erasing it.

use super::{Read, customers::customer, groups::merchant_of, owner};
use crate::{
    PostgresStorage,
    rows::{EventRow, GroupRow, MailRow, Mapped, OrderRow, Readable, Stored},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{Binding, CustomerId, Email, MerchantId};
use ports::{ErasureReads, Space, Traces, Versioned};
use tokio::try_join;
use uuid::Uuid;

/// Rows of a merchant, the table under the name `t`.
fn rows<'a, R: Stored>(merchant: MerchantId, condition: &str, most: u32) -> Sql<'a, R> {
    Sql::new(format!(
        "SELECT {} FROM {} t WHERE t.merchant_id = ? AND {condition} ORDER BY t.id LIMIT {most}",
        R::select("t"),
        R::TABLE,
    ))
    .bind(merchant.uuid())
}

fn versioned<R: Readable>(rows: Vec<R>) -> Mapped<Vec<Versioned<R::Of>>> {
    rows.into_iter().map(Readable::versioned).collect()
}

#[async_trait]
impl ErasureReads for PostgresStorage {
    async fn traces(&self, merchant: MerchantId, id: CustomerId, most: u32) -> Read<Option<Traces>> {
        let reader = self.readers.reader()?;
        let (shop, found) =
            try_join!(biased; reader.first(merchant_of(merchant)), reader.first(customer(merchant, Some(id))))?;
        let (Some(shop), Some(found)) = (shop, found) else { return Ok(None) };
        let customer = found.versioned()?;
        let (email, erased) = (customer.row.email.folded(), Email::erased(id.uuid()).as_str().to_owned());
        let orders = rows::<OrderRow>(merchant, "t.customer_id = ? AND t.email <> ?", most);
        let groups = rows::<GroupRow>(
            merchant,
            "(t.customer_id = ? OR lower(t.creator_email) = ?) AND t.creator_email <> ?",
            most,
        );
        let events = rows::<EventRow>(merchant, "lower(t.customer_email) = ?", most);
        let mails = rows::<MailRow>(
            merchant,
            "t.recipient IS NOT NULL AND (lower(t.recipient) = ? OR t.group_id IN (SELECT g.id FROM referral_groups g \
             WHERE g.merchant_id = t.merchant_id AND g.customer_id = ?))",
            most,
        );
        let bond = Sql::<Option<Uuid>>::new(format!("SELECT {}", owner(Space::Binding)));
        let bond = bond.bind(merchant.uuid()).bind(Binding::keys(None, Some(&customer.row.email)).pop());
        let (orders, groups, events, mails, bond) = try_join!(
            biased;
            reader.all(orders.bind(id.uuid()).bind(erased.clone())),
            reader.all(groups.bind(id.uuid()).bind(email.clone()).bind(erased)),
            reader.all(events.bind(email.clone())),
            reader.all(mails.bind(email).bind(id.uuid())),
            reader.first(bond),
        )?;
        Ok(Some(Traces {
            merchant: shop.versioned()?,
            customer,
            orders: versioned(orders)?,
            groups: versioned(groups)?,
            events: versioned(events)?,
            mails: versioned(mails)?,
            bond: bond.flatten(),
        }))
    }
}
