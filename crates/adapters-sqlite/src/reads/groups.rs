//! Referral groups and their settings.

use super::{
    counted::counted,
    due::due,
    one::{customer, group, merchant, order, settings_of},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{owner_of, whole},
    schema::{orders, referral_groups},
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{CustomerId, Group, GroupId, MerchantId, Order, OrderId, Timestamp};
use ports::{
    ClosingFacts, Counted, Due, GroupFacts, GroupReads, GroupSettingsFacts, GroupTerm, ListRequest, NewGroupFacts,
    OrderTerm, ReadError, SortBy, Space, Versioned,
};

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    request: &ListRequest<GroupTerm>,
) -> Result<Counted<Group>, SqliteError> {
    let of_merchant =
        || referral_groups::table.filter(referral_groups::merchant_id.eq(Uid::from(merchant))).into_boxed();
    counted!(connection, merchant, of_merchant(), referral_groups as Group, request)
}

fn participants(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    group: GroupId,
    request: &ListRequest<OrderTerm>,
) -> Result<Counted<Order>, SqliteError> {
    let of_group = || {
        let of_merchant = orders::table.filter(orders::merchant_id.eq(Uid::from(merchant)));
        of_merchant.filter(orders::group_id.eq(Uid::from(group))).filter(orders::participates.eq(true)).into_boxed()
    };
    counted!(connection, merchant, of_group(), orders as Order, request)
}

fn closing_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: GroupId,
) -> Result<Option<ClosingFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(group) = group(connection, id, of)? else { return Ok(None) };
    let mut orders: Vec<Versioned<Order>> = orders::table
        .filter(orders::merchant_id.eq(Uid::from(id)).and(orders::group_id.eq(Uid::from(of))))
        .filter(orders::participates.eq(true))
        .select(whole::<Order>())
        .load(connection)?;
    orders.sort_by_key(|order| order.row.id);
    Ok(Some(ClosingFacts { merchant, group, orders }))
}

fn new_group_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: CustomerId,
    with: Option<OrderId>,
) -> Result<Option<NewGroupFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let settings = settings_of(connection, id)?;
    let customer = customer(connection, id, of)?;
    let opening = with.map(|with| order(connection, id, with)).transpose()?.flatten();
    let order = match opening {
        Some(order) => group(connection, id, order.row.group_id)?.map(|was_in| (order, was_in)),
        None => None,
    };
    Ok(Some(NewGroupFacts { merchant, settings, customer, order }))
}

#[async_trait]
impl GroupReads for SqliteStorage {
    async fn group_of_code(&self, merchant: MerchantId, code: &str) -> Result<Option<GroupId>, ReadError> {
        let code = code.to_owned();
        let work =
            move |connection: &mut SqliteConnection| Ok(owner_of(connection, merchant, Space::GroupShareId, &code)?);
        Ok(self.readers.read(work).await?.map(GroupId::from_uuid))
    }

    async fn group(&self, merchant: MerchantId, id: GroupId) -> Result<Option<Group>, ReadError> {
        let work = move |connection: &mut SqliteConnection| group(connection, merchant, id);
        Ok(self.readers.read(work).await?.map(|found| found.row))
    }

    async fn groups(
        &self,
        merchant: MerchantId,
        request: &ListRequest<GroupTerm>,
    ) -> Result<Counted<Group>, ReadError> {
        let request = request.clone();
        self.readers.read(move |connection| list(connection, merchant, &request)).await
    }

    async fn participants(
        &self,
        merchant: MerchantId,
        group: GroupId,
        request: &ListRequest<OrderTerm>,
    ) -> Result<Counted<Order>, ReadError> {
        let request = ListRequest { search: None, by: SortBy::CreatedAt, ..request.clone() };
        self.readers.read(move |connection| participants(connection, merchant, group, &request)).await
    }

    async fn new_group_facts(
        &self,
        merchant: MerchantId,
        of: CustomerId,
        with: Option<OrderId>,
    ) -> Result<Option<NewGroupFacts>, ReadError> {
        self.readers.read(move |connection| new_group_facts(connection, merchant, of, with)).await
    }

    async fn group_facts(&self, id: MerchantId, of: GroupId) -> Result<Option<GroupFacts>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            Ok(group(connection, id, of)?.map(|group| GroupFacts { merchant, group }))
        };
        self.readers.read(work).await
    }

    async fn closing_facts(&self, merchant: MerchantId, id: GroupId) -> Result<Option<ClosingFacts>, ReadError> {
        self.readers.read(move |connection| closing_facts(connection, merchant, id)).await
    }

    async fn group_settings(&self, id: MerchantId) -> Result<Option<GroupSettingsFacts>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            Ok(Some(GroupSettingsFacts { merchant, settings: settings_of(connection, id)? }))
        };
        self.readers.read(work).await
    }

    async fn due_groups(&self, now: Timestamp, skip: u32, limit: u32) -> Result<Vec<Due<GroupId>>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            Ok(due(connection, "referral_groups", "due_at", now, (skip, limit))?)
        };
        let rows = self.readers.read(work).await?;
        let due = |(merchant, id): (Uid, Uid)| Due { merchant: merchant.id(), id: id.id() };
        Ok(rows.into_iter().map(due).collect())
    }
}
