//! What is left of a person, for erasing it.

use super::{customers::customer, merchants::merchant};
use crate::{
    SqliteStorage,
    error::{Damaged, Fault},
    rows::{EventRow, GroupRow, MailRow, OrderRow, TableRow, owner_of},
    schema::{events, mails, orders, referral_groups},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Binary, Bool, Text},
};
use domain::{Binding, CustomerId, Email, MerchantId};
use ports::{ErasureReads, ReadError, Space, Traces, Versioned};

fn versioned<R: TableRow>(rows: Vec<R>) -> Result<Vec<Versioned<R::Entity>>, Damaged> {
    rows.into_iter().map(TableRow::read).collect()
}

fn traces(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: CustomerId,
    most: u32,
) -> Result<Option<Traces>, Fault> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(customer) = customer(connection, id, of)? else { return Ok(None) };
    let (scope, who, most) = (Uid::from(id), Uid::from(of), i64::from(most));
    let (email, erased) = (customer.row.email.folded(), Email::erased(of.uuid()));
    let is_theirs = |column: &str| sql::<Bool>(&format!("lower({column}) = ")).bind::<Text, _>(email.clone());
    let orders: Vec<OrderRow> = orders::table
        .filter(orders::merchant_id.eq(scope))
        .filter(orders::customer_id.eq(who))
        .filter(orders::email.ne(erased.as_str()))
        .order(orders::id)
        .limit(most)
        .select(OrderRow::as_select())
        .load(connection)?;
    let groups: Vec<GroupRow> = referral_groups::table
        .filter(referral_groups::merchant_id.eq(scope))
        .filter(referral_groups::customer_id.eq(who).or(is_theirs("creator_email")))
        .filter(referral_groups::creator_email.ne(erased.as_str()))
        .order(referral_groups::id)
        .limit(most)
        .select(GroupRow::as_select())
        .load(connection)?;
    let events: Vec<EventRow> = events::table
        .filter(events::merchant_id.eq(scope))
        .filter(is_theirs("customer_email"))
        .order(events::id)
        .limit(most)
        .select(EventRow::as_select())
        .load(connection)?;
    let of_their_groups = sql::<Bool>(
        "group_id IN (SELECT g.id FROM referral_groups g WHERE g.merchant_id = mails.merchant_id AND g.customer_id = ",
    )
    .bind::<Binary, _>(who)
    .sql(")");
    let mails: Vec<MailRow> = mails::table
        .filter(mails::merchant_id.eq(scope))
        .filter(mails::recipient.is_not_null())
        .filter(is_theirs("recipient").or(of_their_groups))
        .order(mails::id)
        .limit(most)
        .select(MailRow::as_select())
        .load(connection)?;
    let keys = Binding::keys(None, Some(&customer.row.email));
    let bond = keys.iter().map(|key| owner_of(connection, id, Space::Binding, key)).next().transpose()?.flatten();
    Ok(Some(Traces {
        merchant,
        customer,
        orders: versioned(orders)?,
        groups: versioned(groups)?,
        events: versioned(events)?,
        mails: versioned(mails)?,
        bond,
    }))
}

#[async_trait]
impl ErasureReads for SqliteStorage {
    async fn traces(&self, merchant: MerchantId, of: CustomerId, most: u32) -> Result<Option<Traces>, ReadError> {
        self.readers.read(move |connection| traces(connection, merchant, of, most)).await
    }
}
