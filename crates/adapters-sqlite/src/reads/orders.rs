//! Orders.

use super::{
    counted::counted,
    customers::email_owner,
    due::due,
    one::{customer, group, merchant, order, settings_of},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::owner_of,
    schema::{orders, referral_groups},
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{CustomerId, GroupId, GroupStatus, MerchantId, Order, OrderId, OrderVelocity, Timestamp};
use ports::{
    Counted, Due, ListRequest, OrderFacts, OrderLookup, OrderReads, OrderTerm, PlaceFacts, ReadError, SessionFacts,
    Space,
};
use tables::Reading;

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    request: &ListRequest<OrderTerm>,
) -> Result<Counted<Order>, SqliteError> {
    let of_merchant = || orders::table.filter(orders::merchant_id.eq(Uid::from(merchant))).into_boxed();
    counted!(connection, merchant, of_merchant(), orders as Order, request)
}

/// When the latest orders of a customer and in a group were placed, newest first.
fn velocity(
    connection: &mut SqliteConnection,
    id: MerchantId,
    customer: Option<CustomerId>,
    group: Option<GroupId>,
) -> Result<OrderVelocity, SqliteError> {
    let latest = || {
        orders::table
            .filter(orders::merchant_id.eq(Uid::from(id)))
            .order((orders::created_at.desc(), orders::id.desc()))
            .limit(i64::from(OrderVelocity::LOOKED_AT))
            .select((orders::id, orders::created_at))
    };
    let of_customer: Vec<(Uid, i64)> = match customer {
        Some(customer) => latest().filter(orders::customer_id.eq(Uid::from(customer))).load(connection)?,
        None => Vec::new(),
    };
    let of_group: Vec<(Uid, i64)> = match group {
        Some(group) => latest().filter(orders::group_id.eq(Uid::from(group))).load(connection)?,
        None => Vec::new(),
    };
    let instant = |(id, at): (Uid, i64)| Reading::of("orders", id.0).instant("created_at", at);
    let instants = |rows: Vec<(Uid, i64)>| rows.into_iter().map(instant).collect::<Result<Vec<_>, _>>();
    Ok(OrderVelocity { of_customer: instants(of_customer)?, of_group: instants(of_group)? })
}

fn place_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    lookup: &OrderLookup,
) -> Result<Option<PlaceFacts>, SqliteError> {
    let OrderLookup { customer_id, email, reference, group_id } = lookup;
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let settings = settings_of(connection, id)?;
    let named = match (customer_id, email) {
        (Some(named), _) => Some(*named),
        (None, Some(email)) => email_owner(connection, id, email)?.map(CustomerId::from_uuid),
        (None, None) => None,
    };
    let found = named.map(|named| customer(connection, id, named)).transpose()?.flatten();
    let reference = reference.as_ref();
    let reference_owner = reference
        .map(|reference| owner_of(connection, id, Space::OrderReference, reference.as_str()))
        .transpose()?
        .flatten();
    let group = group_id.map(|of| group(connection, id, of)).transpose()?.flatten();
    let address = found.as_ref().map(|customer| customer.row.email.clone()).or_else(|| email.clone());
    let key = group.as_ref().zip(address).map(|(group, address)| group.row.email_key(&address));
    let email_owner = key.map(|key| owner_of(connection, id, Space::GroupEmail, &key)).transpose()?.flatten();
    let creator = group.as_ref().map(|group| customer(connection, id, group.row.customer_id)).transpose()?.flatten();
    let velocity = velocity(connection, id, named, *group_id)?;
    Ok(Some(PlaceFacts {
        merchant,
        settings,
        customer: found,
        reference_owner,
        group,
        creator: creator.map(|creator| creator.row),
        email_owner,
        velocity,
    }))
}

fn session_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    groups: &[GroupId],
) -> Result<Option<SessionFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let rows: Vec<(Uid, String)> = referral_groups::table
        .filter(referral_groups::merchant_id.eq(Uid::from(id)))
        .filter(referral_groups::id.eq_any(groups.iter().map(|id| Uid::from(*id))))
        .select((referral_groups::id, referral_groups::status))
        .load(connection)?;
    let status = |(id, status): (Uid, String)| {
        let status: GroupStatus = Reading::of("referral_groups", id.0).text("status", &status)?;
        Ok::<_, SqliteError>((id.id(), status))
    };
    Ok(Some(SessionFacts { merchant: merchant.row, groups: rows.into_iter().map(status).collect::<Result<_, _>>()? }))
}

#[async_trait]
impl OrderReads for SqliteStorage {
    async fn order(&self, merchant: MerchantId, id: OrderId) -> Result<Option<Order>, ReadError> {
        let work = move |connection: &mut SqliteConnection| order(connection, merchant, id);
        Ok(self.readers.read(work).await?.map(|found| found.row))
    }

    async fn orders(
        &self,
        merchant: MerchantId,
        request: &ListRequest<OrderTerm>,
    ) -> Result<Counted<Order>, ReadError> {
        let request = request.clone();
        self.readers.read(move |connection| list(connection, merchant, &request)).await
    }

    async fn place_facts(&self, merchant: MerchantId, lookup: &OrderLookup) -> Result<Option<PlaceFacts>, ReadError> {
        let lookup = lookup.clone();
        self.readers.read(move |connection| place_facts(connection, merchant, &lookup)).await
    }

    async fn order_facts(&self, id: MerchantId, of: OrderId) -> Result<Option<OrderFacts>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let Some(order) = order(connection, id, of)? else { return Ok(None) };
            let Some(group) = group(connection, id, order.row.group_id)? else { return Ok(None) };
            Ok(Some(OrderFacts { merchant, order, group }))
        };
        self.readers.read(work).await
    }

    async fn session_facts(&self, id: MerchantId, groups: &[GroupId]) -> Result<Option<SessionFacts>, ReadError> {
        let groups = groups.to_vec();
        self.readers.read(move |connection| session_facts(connection, id, &groups)).await
    }

    async fn due_orders(&self, now: Timestamp, skip: u32, limit: u32) -> Result<Vec<Due<OrderId>>, ReadError> {
        let work =
            move |connection: &mut SqliteConnection| Ok(due(connection, "orders", "available_at", now, (skip, limit))?);
        let rows = self.readers.read(work).await?;
        let due = |(merchant, id): (Uid, Uid)| Due { merchant: merchant.id(), id: id.id() };
        Ok(rows.into_iter().map(due).collect())
    }
}
