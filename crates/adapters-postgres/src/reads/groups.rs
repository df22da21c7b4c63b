//! Referral groups and their settings.

use super::{Read, counted, customers::customer, orders::order, owner};
use crate::{
    PostgresStorage,
    rows::{GroupRow, GroupSettingsRow, Mapped, MerchantRow, OrderRow, Readable, Stored, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{CustomerId, Group, GroupId, MerchantId, Order, OrderId, Timestamp};
use ports::{
    ClosingFacts, Counted, Due, GroupFacts, GroupReads, GroupSettingsFacts, GroupTerm, ListAsk, NewGroupFacts,
    OrderTerm, SortBy, Space,
};
use tokio::try_join;
use uuid::Uuid;

/// The group with this id; none for none.
pub(super) fn group<'a>(merchant: MerchantId, id: Option<GroupId>) -> Sql<'a, GroupRow> {
    let columns = GroupRow::select("g");
    Sql::new(format!("SELECT {columns} FROM referral_groups g WHERE g.merchant_id = ? AND g.id = ?"))
        .bind(merchant.uuid())
        .bind(id.map(GroupId::uuid))
}

/// A merchant's settings of referral groups.
pub(super) fn settings_of<'a>(merchant: MerchantId) -> Sql<'a, GroupSettingsRow> {
    let columns = GroupSettingsRow::select("s");
    Sql::new(format!("SELECT {columns} FROM group_settings s WHERE s.merchant_id = ? AND s.id = ?"))
        .bind(merchant.uuid())
        .bind(merchant.uuid())
}

/// A merchant.
pub(super) fn merchant_of<'a>(id: MerchantId) -> Sql<'a, MerchantRow> {
    Sql::new(format!("SELECT {} FROM merchants m WHERE m.id = ?", MerchantRow::select("m"))).bind(id.uuid())
}

/// What time has come for: rows of `table` whose `column` is not after now, by real time, or by the clock of a merchant
/// whose clock is ahead. Ordered by how long each is due.
pub(super) fn due<'a>(table: &str, column: &str, now: Timestamp, skip: u32, limit: u32) -> Sql<'a, (Uuid, Uuid)> {
    let most = u64::from(skip) + u64::from(limit);
    Sql::new(format!(
        "SELECT d.merchant_id, d.id FROM (\
         (SELECT t.merchant_id, t.id, t.{column} AS at FROM {table} t WHERE t.{column} <= ? \
         ORDER BY t.{column}, t.merchant_id, t.id LIMIT {most}) UNION \
         (SELECT t.merchant_id, t.id, t.{column} AS at FROM merchants m \
         JOIN {table} t ON t.merchant_id = m.id AND t.{column} <= ?::timestamptz + m.clock_offset_micros * interval '1 microsecond' \
         WHERE m.clock_offset_micros <> 0 ORDER BY t.{column}, t.merchant_id, t.id LIMIT {most})) d \
         ORDER BY d.at, d.merchant_id, d.id LIMIT ? OFFSET ?"
    ))
    .bind(time(now))
    .bind(time(now))
    .bind(i64::from(limit))
    .bind(i64::from(skip))
}

#[async_trait]
impl GroupReads for PostgresStorage {
    async fn group_of_code(&self, merchant: MerchantId, code: &str) -> Read<Option<GroupId>> {
        let sql = Sql::<Option<Uuid>>::new(format!("SELECT {}", owner(Space::GroupShareId)));
        let found = self.readers.reader()?.first(sql.bind(merchant.uuid()).bind(code)).await?;
        Ok(found.flatten().map(GroupId::from_uuid))
    }

    async fn group(&self, merchant: MerchantId, id: GroupId) -> Read<Option<Group>> {
        let row = self.readers.reader()?.first(group(merchant, Some(id))).await?;
        Ok(row.map(Readable::entity).transpose()?)
    }

    async fn groups(&self, merchant: MerchantId, ask: &ListAsk<GroupTerm>) -> Read<Counted<Group>> {
        let found = || Sql::<GroupRow>::new(" WHERE t.merchant_id = ?").bind(merchant.uuid());
        counted(&self.readers.reader()?, merchant, found, ask).await
    }

    async fn participants(
        &self,
        merchant: MerchantId,
        group: GroupId,
        ask: &ListAsk<OrderTerm>,
    ) -> Read<Counted<Order>> {
        let found = || {
            let sql = Sql::<OrderRow>::new(" WHERE t.merchant_id = ? AND t.group_id = ? AND t.participates");
            sql.bind(merchant.uuid()).bind(group.uuid())
        };
        let ask = ListAsk { search: None, by: SortBy::CreatedAt, ..ask.clone() };
        counted(&self.readers.reader()?, merchant, found, &ask).await
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
                let was_in = reader.first(group(merchant, Some(GroupId::from_uuid(row.group_id)))).await?;
                let was_in = was_in.map(Readable::versioned).transpose()?;
                was_in.map(|was_in| Ok::<_, crate::rows::Damaged>((row.versioned()?, was_in))).transpose()?
            }
            None => None,
        };
        Ok(Some(NewGroupFacts {
            merchant: shop.versioned()?,
            settings: settings.map(Readable::versioned).transpose()?,
            customer: found.map(Readable::versioned).transpose()?,
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
        let orders = Sql::<OrderRow>::new(format!(
            "SELECT {} FROM orders o WHERE o.merchant_id = ? AND o.group_id = ? AND o.participates ORDER BY o.id",
            OrderRow::select("o"),
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
            orders: orders.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
        }))
    }

    async fn group_settings(&self, merchant: MerchantId) -> Read<Option<GroupSettingsFacts>> {
        let reader = self.readers.reader()?;
        let (shop, settings) =
            try_join!(biased; reader.first(merchant_of(merchant)), reader.first(settings_of(merchant)))?;
        let Some(shop) = shop else { return Ok(None) };
        let settings = settings.map(Readable::versioned).transpose()?;
        Ok(Some(GroupSettingsFacts { merchant: shop.versioned()?, settings }))
    }

    async fn due_groups(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<GroupId>>> {
        let rows = self.readers.reader()?.all(due("referral_groups", "due_at", now, skip, limit)).await?;
        let due = |(merchant, id)| Due { merchant: MerchantId::from_uuid(merchant), id: GroupId::from_uuid(id) };
        Ok(rows.into_iter().map(due).collect())
    }
}
