//! Referral groups and their settings.

use super::{
    Read, counted,
    due::due,
    one::{customer, group, merchant_of, order, settings_of},
    owner,
};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{CustomerId, Group, GroupId, MerchantId, Order, OrderId, Timestamp};
use ports::{
    ClosingFacts, Counted, Due, GroupFacts, GroupReads, GroupSettingsFacts, GroupTerm, ListRequest, NewGroupFacts,
    OrderTerm, SortBy, Space,
};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl GroupReads for PostgresStorage {
    async fn group_of_code(&self, merchant: MerchantId, code: &str) -> Read<Option<GroupId>> {
        let sql = Sql::<Option<Uuid>>::new(format!("SELECT {}", owner(Space::GroupShareId)));
        let found = self.readers.reader()?.first(sql.bind(merchant.uuid()).bind(code)).await?;
        Ok(found.flatten().map(GroupId::from_uuid))
    }

    async fn group(&self, merchant: MerchantId, id: GroupId) -> Read<Option<Group>> {
        let row = self.readers.reader()?.first(group(merchant, Some(id))).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn groups(&self, merchant: MerchantId, request: &ListRequest<GroupTerm>) -> Read<Counted<Group>> {
        let found = || Sql::<Found<Group>>::new(" WHERE t.merchant_id = ?").bind(merchant.uuid());
        counted(&self.readers.reader()?, merchant, found, request).await
    }

    async fn participants(
        &self,
        merchant: MerchantId,
        group: GroupId,
        request: &ListRequest<OrderTerm>,
    ) -> Read<Counted<Order>> {
        let found = || {
            let sql = Sql::<Found<Order>>::new(" WHERE t.merchant_id = ? AND t.group_id = ? AND t.participates");
            sql.bind(merchant.uuid()).bind(group.uuid())
        };
        let request = ListRequest { search: None, by: SortBy::CreatedAt, ..request.clone() };
        counted(&self.readers.reader()?, merchant, found, &request).await
    }

    async fn new_group_facts(
        &self,
        merchant: MerchantId,
        of: CustomerId,
        with: Option<OrderId>,
    ) -> Read<Option<NewGroupFacts>> {
        let reader = self.readers.reader()?;
        let (shop, settings, found, opening) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            reader.first(settings_of(merchant)),
            reader.first(customer(merchant, Some(of))),
            reader.first(order(merchant, with)),
        )?;
        let Some(shop) = shop else { return Ok(None) };
        let order = match opening {
            Some(row) => {
                let order = row.versioned()?;
                let was_in = reader.first(group(merchant, Some(order.row.group_id))).await?;
                was_in.map(Found::versioned).transpose()?.map(|was_in| (order, was_in))
            }
            None => None,
        };
        Ok(Some(NewGroupFacts {
            merchant: shop.versioned()?,
            settings: settings.map(Found::versioned).transpose()?,
            customer: found.map(Found::versioned).transpose()?,
            order,
        }))
    }

    async fn group_facts(&self, merchant: MerchantId, id: GroupId) -> Read<Option<GroupFacts>> {
        let reader = self.readers.reader()?;
        let found = try_join!(biased; reader.first(merchant_of(merchant)), reader.first(group(merchant, Some(id))))?;
        let (Some(merchant), Some(group)) = found else { return Ok(None) };
        Ok(Some(GroupFacts { merchant: merchant.versioned()?, group: group.versioned()? }))
    }

    async fn closing_facts(&self, merchant: MerchantId, id: GroupId) -> Read<Option<ClosingFacts>> {
        let orders = Sql::<Found<Order>>::new(format!(
            "SELECT {} FROM orders o WHERE o.merchant_id = ? AND o.group_id = ? AND o.participates ORDER BY o.id",
            select::<Order>("o"),
        ));
        let orders = orders.bind(merchant.uuid()).bind(id.uuid());
        let reader = self.readers.reader()?;
        let (shop, group, orders) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            reader.first(group(merchant, Some(id))),
            reader.all(orders),
        )?;
        let (Some(shop), Some(group)) = (shop, group) else { return Ok(None) };
        Ok(Some(ClosingFacts {
            merchant: shop.versioned()?,
            group: group.versioned()?,
            orders: orders.into_iter().map(Found::versioned).collect::<Mapped<_>>()?,
        }))
    }

    async fn group_settings(&self, merchant: MerchantId) -> Read<Option<GroupSettingsFacts>> {
        let reader = self.readers.reader()?;
        let (shop, settings) =
            try_join!(biased; reader.first(merchant_of(merchant)), reader.first(settings_of(merchant)))?;
        let Some(shop) = shop else { return Ok(None) };
        let settings = settings.map(Found::versioned).transpose()?;
        Ok(Some(GroupSettingsFacts { merchant: shop.versioned()?, settings }))
    }

    async fn due_groups(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<GroupId>>> {
        let rows = self.readers.reader()?.all(due("referral_groups", "due_at", now, skip, limit)).await?;
        let due = |(merchant, id)| Due { merchant: MerchantId::from_uuid(merchant), id: GroupId::from_uuid(id) };
        Ok(rows.into_iter().map(due).collect())
    }
}
