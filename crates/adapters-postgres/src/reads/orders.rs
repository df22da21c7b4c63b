//! Orders.

use super::{
    Read, counted,
    due::due,
    one::{customer, group, merchant_of, order, settings_of},
    owner,
};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, instant, parsed, select},
    sql::Sql,
};
use async_trait::async_trait;
use diesel::data_types::PgTimestamp;
use domain::{
    Customer, Email, Group, GroupId, GroupStatus, MerchantId, Order, OrderId, OrderReference, OrderVelocity, Timestamp,
};
use ports::{
    Counted, Due, ListRequest, OrderFacts, OrderLookup, OrderReads, OrderTerm, PlaceFacts, SessionFacts, Space,
};
use tokio::try_join;
use uuid::Uuid;

/// Who has a key, alone.
fn owner_alone<'a>(merchant: MerchantId, space: Space, key: Option<String>) -> Sql<'a, Option<Uuid>> {
    Sql::new(format!("SELECT {}", owner(space))).bind(merchant.uuid()).bind(key)
}

/// The customer with this address.
fn customer_of_email<'a>(merchant: MerchantId, email: Option<&Email>) -> Sql<'a, Found<Customer>> {
    Sql::new(format!(
        "SELECT {} FROM customers t WHERE t.merchant_id = ? AND t.id = {}",
        select::<Customer>("t"),
        owner(Space::CustomerEmail),
    ))
    .bind(merchant.uuid())
    .bind(merchant.uuid())
    .bind(email.map(Email::folded))
}

/// When the latest orders were placed in which `column` is what `value` finds, newest first; without a value `column` is
/// compared with a parameter of the statement.
fn latest<'a>(merchant: MerchantId, column: &str, value: Option<&str>) -> Sql<'a, PgTimestamp> {
    let (value, most) = (value.unwrap_or("?"), OrderVelocity::LOOKED_AT);
    Sql::new(format!(
        "SELECT o.created_at FROM orders o WHERE o.merchant_id = ? AND o.{column} = {value} \
         ORDER BY o.created_at DESC, o.id DESC LIMIT {most}"
    ))
    .bind(merchant.uuid())
}

fn instants(rows: Vec<PgTimestamp>) -> Mapped<Vec<Timestamp>> {
    rows.into_iter().map(instant).collect()
}

#[async_trait]
impl OrderReads for PostgresStorage {
    async fn order(&self, merchant: MerchantId, id: OrderId) -> Read<Option<Order>> {
        let row = self.readers.reader()?.first(order(merchant, Some(id))).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn orders(&self, merchant: MerchantId, request: &ListRequest<OrderTerm>) -> Read<Counted<Order>> {
        let found = || Sql::<Found<Order>>::new(" WHERE t.merchant_id = ?").bind(merchant.uuid());
        counted(&self.readers.reader()?, merchant, found, request).await
    }

    /// Two round trips: whose address it is decides which key is asked for in the second. That key is read before the
    /// group, so that what is told of the group is never older. Joining takes a third, for who opened the group.
    async fn place_facts(&self, merchant: MerchantId, lookup: &OrderLookup) -> Read<Option<PlaceFacts>> {
        let OrderLookup { customer_id, email, reference, group_id } = lookup;
        let reader = self.readers.reader()?;
        let of_customer = "customer_id";
        let (named, ordered) = match customer_id {
            Some(id) => (customer(merchant, Some(*id)), latest(merchant, of_customer, None).bind(id.uuid())),
            None => {
                let ordered = latest(merchant, of_customer, Some(&owner(Space::CustomerEmail)));
                let ordered = ordered.bind(merchant.uuid()).bind(email.as_ref().map(Email::folded));
                (customer_of_email(merchant, email.as_ref()), ordered)
            }
        };
        let in_group = latest(merchant, "group_id", None).bind(group_id.map(GroupId::uuid));
        let reference = reference.as_ref().map(|reference| OrderReference::as_str(reference).to_owned());
        let (reference, shop, settings, named, ordered, in_group) = try_join!(
            biased;
            reader.first(owner_alone(merchant, Space::OrderReference, reference)),
            reader.first(merchant_of(merchant)),
            reader.first(settings_of(merchant)),
            reader.first(named),
            reader.all(ordered),
            reader.all(in_group),
        )?;
        let Some(shop) = shop else { return Ok(None) };
        let customer_row = named.map(Found::versioned).transpose()?;
        let address = customer_row.as_ref().map(|customer| customer.row.email.clone()).or_else(|| email.clone());
        let key = group_id.zip(address).map(|(id, address)| Group::email_key_of(id, &address.folded()));
        let (email_owner, joined) = match group_id {
            Some(id) => try_join!(
                biased;
                reader.first(owner_alone(merchant, Space::GroupEmail, key)),
                reader.first(group(merchant, Some(*id))),
            )?,
            None => (None, None),
        };
        let group = joined.map(Found::versioned).transpose()?;
        let creator = match &group {
            Some(group) => reader.first(customer(merchant, Some(group.row.customer_id))).await?,
            None => None,
        };
        Ok(Some(PlaceFacts {
            merchant: shop.versioned()?,
            settings: settings.map(Found::versioned).transpose()?,
            customer: customer_row,
            reference_owner: reference.flatten(),
            group,
            creator: creator.map(Found::entity).transpose()?,
            email_owner: email_owner.flatten(),
            velocity: OrderVelocity { of_customer: instants(ordered)?, of_group: instants(in_group)? },
        }))
    }

    async fn order_facts(&self, merchant: MerchantId, id: OrderId) -> Read<Option<OrderFacts>> {
        let reader = self.readers.reader()?;
        let found = try_join!(biased; reader.first(merchant_of(merchant)), reader.first(order(merchant, Some(id))))?;
        let (Some(shop), Some(order)) = found else { return Ok(None) };
        let order = order.versioned()?;
        let Some(group) = reader.first(group(merchant, Some(order.row.group_id))).await? else { return Ok(None) };
        Ok(Some(OrderFacts { merchant: shop.versioned()?, order, group: group.versioned()? }))
    }

    async fn session_facts(&self, merchant: MerchantId, groups: &[GroupId]) -> Read<Option<SessionFacts>> {
        let statuses = Sql::<(Uuid, String)>::new(
            "SELECT g.id, g.status FROM referral_groups g WHERE g.merchant_id = ? AND g.id = ANY(?)",
        );
        let statuses = statuses.bind(merchant.uuid()).bind_each(groups.iter().map(|id| id.uuid()));
        let reader = self.readers.reader()?;
        let (shop, statuses) = try_join!(biased; reader.first(merchant_of(merchant)), reader.all(statuses))?;
        let Some(shop) = shop else { return Ok(None) };
        let status =
            |(id, status): (Uuid, String)| Ok((GroupId::from_uuid(id), parsed(status.parse::<GroupStatus>())?));
        let groups = statuses.into_iter().map(status).collect::<Mapped<_>>()?;
        Ok(Some(SessionFacts { merchant: shop.entity()?, groups }))
    }

    async fn due_orders(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<OrderId>>> {
        let rows = self.readers.reader()?.all(due("orders", "available_at", now, skip, limit)).await?;
        let due = |(merchant, id)| Due { merchant: MerchantId::from_uuid(merchant), id: OrderId::from_uuid(id) };
        Ok(rows.into_iter().map(due).collect())
    }
}
