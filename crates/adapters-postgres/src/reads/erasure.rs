//! What is left of a person, for erasing it.

use super::{
    Read,
    affiliates::{record, records},
    one::{affiliate, customer, merchant_of},
};
use crate::{
    PostgresStorage,
    readers::Reader,
    rows::{Found, Mapped, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{
    AffiliateId, Coupon, CouponCode, CustomerId, Decision, Email, Event, EventId, Group, MerchantId, Order,
    OutgoingEmail,
};
use ports::{AffiliateTraces, Claim, CustomerTraces, ErasureReads, EventTraces, Part, Space, Versioned};
use tables::VersionedRow;
use tokio::try_join;
use uuid::Uuid;

/// Rows of a merchant, the table under the name `t`.
fn rows<'a, R: VersionedRow>(merchant: MerchantId, condition: &str, most: u32) -> Sql<'a, Found<R>> {
    Sql::new(format!(
        "SELECT {} FROM {} t WHERE t.merchant_id = ? AND {condition} ORDER BY t.id LIMIT {most}",
        select::<R>("t"),
        R::NAME,
    ))
    .bind(merchant.uuid())
}

fn versioned<R>(rows: Vec<Found<R>>) -> Mapped<Vec<Versioned<R>>> {
    rows.into_iter().map(Found::versioned).collect()
}

/// Who has these keys.
fn claims<'a>(merchant: MerchantId, asked: &[(Space, String)]) -> Sql<'a, (i16, String, Uuid)> {
    Sql::new(
        "SELECT k.space, k.key, k.owner FROM unnest(?, ?) AS n (space, key) \
         JOIN claims k ON k.merchant_id = ? AND k.space = n.space AND k.key = n.key",
    )
    .bind_each(asked.iter().map(|(space, _)| space.number()))
    .bind_each(asked.iter().map(|(_, key)| key.clone()))
    .bind(merchant.uuid())
}

/// The last of the `window` rows of a table after `after`, by their ids; nothing if there are fewer.
pub(crate) fn window_end<'a>(table: &str, merchant: MerchantId, after: Option<Uuid>, window: u32) -> Sql<'a, Uuid> {
    let before_last = window.saturating_sub(1);
    let sql = format!("SELECT t.id FROM {table} t WHERE t.merchant_id = ?");
    Sql::new(sql)
        .bind(merchant.uuid())
        .and(" AND t.id > ?", after)
        .text(&format!(" ORDER BY t.id OFFSET {before_last} LIMIT 1"))
}

/// Part of a table: the rows after `after` and up to `until`, by their ids.
#[derive(Clone, Copy)]
struct Between {
    merchant: MerchantId,
    after: Option<Uuid>,
    until: Option<Uuid>,
}

impl Between {
    /// These columns of the events `t` in it that meet a condition.
    fn events<'a, U>(self, columns: &str, condition: &str) -> Sql<'a, U> {
        let Self { merchant, after, until } = self;
        Sql::new(format!("SELECT {columns} FROM events t WHERE t.merchant_id = ?"))
            .bind(merchant.uuid())
            .and(" AND t.id > ?", after)
            .and(" AND t.id <= ?", until)
            .text(condition)
    }
}

/// Which events of a part have one of these addresses. Compared here as the domain does it: which letters `lower` knows
/// depends on how the database was made.
async fn with_address(reader: &Reader, part: Between, addresses: &[String]) -> Read<Vec<Uuid>> {
    let named = part.events::<(Uuid, String)>("t.id, t.customer_email", " AND t.customer_email IS NOT NULL");
    let named = reader.all(named).await?;
    let theirs = |(id, email): (Uuid, String)| addresses.contains(&email.to_lowercase()).then_some(id);
    Ok(named.into_iter().filter_map(theirs).collect())
}

#[async_trait]
impl ErasureReads for PostgresStorage {
    async fn customer_traces(&self, merchant: MerchantId, id: CustomerId, most: u32) -> Read<Option<CustomerTraces>> {
        let reader = self.readers.reader()?;
        let (shop, found) =
            try_join!(biased; reader.first(merchant_of(merchant)), reader.first(customer(merchant, Some(id))))?;
        let (Some(shop), Some(found)) = (shop, found) else { return Ok(None) };
        let customer = found.versioned()?;
        let (asked, erased) = (CustomerTraces::keys_of(&customer.row), Email::erased(id.uuid()).as_str().to_owned());
        // As given too: which letters `lower` knows depends on how the database was made.
        let given = [&customer.row.email].into_iter().chain(&customer.row.earlier_emails);
        let given: Vec<String> = given.map(|email| email.as_str().to_owned()).collect();
        let (folded, given) = (|| customer.row.addresses(), || given.clone());
        let orders = rows::<Order>(merchant, "t.customer_id = ? AND t.email <> ?", most);
        let groups = rows::<Group>(
            merchant,
            "(t.customer_id = ? OR lower(t.creator_email) = ANY (?) OR t.creator_email = ANY (?)) AND t.creator_email <> ?",
            most,
        );
        let mails = rows::<OutgoingEmail>(
            merchant,
            "t.recipient IS NOT NULL AND (lower(t.recipient) = ANY (?) OR t.recipient = ANY (?) OR t.group_id IN (\
             SELECT g.id FROM referral_groups g WHERE g.merchant_id = t.merchant_id AND g.customer_id = ?))",
            most,
        );
        let (owned, orders, groups, mails) = try_join!(
            biased;
            reader.all(claims(merchant, &asked)),
            reader.all(orders.bind(id.uuid()).bind(erased.clone())),
            reader.all(groups.bind(id.uuid()).bind_each(folded()).bind_each(given()).bind(erased)),
            reader.all(mails.bind_each(folded()).bind_each(given()).bind(id.uuid())),
        )?;
        let claim = |(number, key, owner): (i16, String, Uuid)| {
            let (space, _) = asked.iter().find(|(space, _)| space.number() == number)?;
            Some(Claim { space: *space, key, owner })
        };
        Ok(Some(CustomerTraces {
            merchant: shop.versioned()?,
            orders: versioned(orders)?,
            groups: versioned(groups)?,
            mails: versioned(mails)?,
            claims: owned.into_iter().filter_map(claim).collect(),
            customer,
        }))
    }

    async fn affiliate_traces(
        &self,
        merchant: MerchantId,
        id: AffiliateId,
        most: u32,
    ) -> Read<Option<AffiliateTraces>> {
        let reader = self.readers.reader()?;
        let coupons = rows::<Coupon>(merchant, "t.affiliate_id = ?", most).bind(id.uuid());
        let in_payout = Sql::<bool>::new(
            "SELECT EXISTS (SELECT FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ? \
             AND x.in_payout_minor <> 0)",
        );
        let (shop, found, coupons, in_payout) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            reader.first(records(affiliate(merchant, id))),
            reader.all(coupons),
            reader.first(in_payout.bind(merchant.uuid()).bind(id.uuid())),
        )?;
        let (Some(shop), Some(found)) = (shop, found) else { return Ok(None) };
        let (record, version) = record(found)?;
        Ok(Some(AffiliateTraces {
            merchant: shop.versioned()?,
            record,
            version,
            coupons: versioned(coupons)?,
            in_payout: in_payout == Some(true),
        }))
    }

    async fn event_traces(
        &self,
        merchant: MerchantId,
        of: &EventTraces,
        after: Option<EventId>,
        window: u32,
    ) -> Read<Part<Versioned<Event>, EventId>> {
        let reader = self.readers.reader()?;
        let after = after.map(EventId::uuid);
        let until = reader.first(window_end("events", merchant, after, window)).await?;
        let part = Between { merchant, after, until };
        let columns = select::<Event>("t");
        let telling = match of {
            EventTraces::Addresses(addresses) => part
                .events::<Found<Event>>(&columns, " AND t.id = ANY (?)")
                .bind_each(with_address(&reader, part, addresses).await?),
            EventTraces::CouponsOf(affiliate) => {
                let mark = Decision::coupon_mark(*affiliate);
                let erased = format!("{mark}{}", CouponCode::erased(*affiliate).as_str());
                part.events(&columns, " AND strpos(t.decision, ?) > 0 AND strpos(t.decision, ?) = 0")
                    .bind(mark)
                    .bind(erased)
            }
        };
        let found = reader.all(telling.text(" ORDER BY t.id")).await?;
        Ok(Part { found: versioned(found)?, next: until.map(EventId::from_uuid) })
    }
}
