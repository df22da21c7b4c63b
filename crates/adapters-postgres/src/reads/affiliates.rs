//! Affiliates.

use super::{
    Read, maybe,
    one::{affiliate, tier},
    owner, page, paged,
};
use crate::{
    PostgresStorage,
    rows::{Damaged, Found, Mapped, money, parsed, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{
    Affiliate, AffiliateId, AffiliateStatus, CouponCode, Currency, Email, Merchant, MerchantId, Slug, TierId,
};
use ports::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, MOST_ANCESTORS, MOST_SEATS,
    NewAffiliateFacts, Page, PageRequest, Space, Version, Versioned,
};
use tokio::try_join;
use uuid::Uuid;

/// An affiliate with its merchant's currency, its codes, and the currencies and sums that it was paid.
pub(super) type RecordRow = (Found<Affiliate>, String, Vec<String>, Vec<String>, Vec<i64>);

/// Reads the records of the affiliates that `chosen`, a subquery for rows of the table, chooses, newest first.
pub(super) fn records<'a>(chosen: Sql<'a, Found<Affiliate>>) -> Sql<'a, RecordRow> {
    let paid = |column: &str| {
        format!(
            "ARRAY (SELECT x.{column} FROM accounts x WHERE x.merchant_id = a.merchant_id AND x.affiliate_id = a.id \
             AND x.paid_minor <> 0 ORDER BY x.currency)"
        )
    };
    chosen.within(
        &format!(
            "SELECT {}, m.currency, ARRAY (SELECT c.code FROM coupons c \
             WHERE c.merchant_id = a.merchant_id AND c.affiliate_id = a.id ORDER BY c.created_at, c.id), {}, {} FROM (",
            select::<Affiliate>("a"),
            paid("currency"),
            paid("paid_minor"),
        ),
        ") a JOIN merchants m ON m.id = a.merchant_id ORDER BY a.created_at DESC, a.id DESC",
    )
}

/// The affiliates of a merchant, so far all of them.
fn affiliates<'a>(merchant: MerchantId) -> Sql<'a, Found<Affiliate>> {
    let columns = select::<Affiliate>("a");
    Sql::new(format!("SELECT {columns} FROM affiliates a WHERE a.merchant_id = ?")).bind(merchant.uuid())
}

/// The affiliates with these ids.
pub(super) fn affiliates_with<'a>(merchant: MerchantId, ids: Vec<Uuid>) -> Sql<'a, Found<Affiliate>> {
    affiliates(merchant).text(" AND a.id = ANY (?)").bind_each(ids)
}

/// A record and the version of its affiliate.
pub(super) fn record((affiliate, currency, codes, paid_in, paid): RecordRow) -> Mapped<(AffiliateRecord, Version)> {
    let Versioned { row, version } = affiliate.versioned()?;
    let record = AffiliateRecord {
        affiliate: row,
        coupons: codes.iter().map(|code| parsed(CouponCode::parse(code))).collect::<Mapped<_>>()?,
        paid: paid_in.iter().zip(paid).map(|(currency, minor)| money(minor, currency)).collect::<Mapped<_>>()?,
        currency: parsed(currency.parse::<Currency>())?,
    };
    Ok((record, version))
}

#[async_trait]
impl AffiliateReads for PostgresStorage {
    async fn affiliate(&self, merchant: MerchantId, id: AffiliateId) -> Read<Option<AffiliateRecord>> {
        let row = self.readers.reader()?.first(records(affiliate(merchant, id))).await?;
        Ok(row.map(record).transpose()?.map(|(record, _)| record))
    }

    async fn affiliates(
        &self,
        merchant: MerchantId,
        filter: &AffiliateFilter,
        request: &PageRequest,
    ) -> Read<Page<AffiliateRecord>> {
        let AffiliateFilter { status, tier_id, email, slug } = filter;
        let mut sql = affiliates(merchant)
            .and(" AND a.status = ?", status.map(AffiliateStatus::as_str))
            .and(" AND a.tier_id = ?", tier_id.map(TierId::uuid));
        let keys = [
            (Space::AffiliateEmail, email.as_ref().map(Email::folded)),
            (Space::AffiliateSlug, slug.as_ref().map(|slug| slug.as_str().to_owned())),
        ];
        for (space, key) in keys {
            if let Some(key) = key {
                sql = sql.text(&format!(" AND a.id = {}", owner(space))).bind(merchant.uuid()).bind(key);
            }
        }
        let rows = self.readers.reader()?.all(records(paged(sql, "a", request))).await?;
        page(rows, request, |row| record(row).map(|(record, _)| record))
    }

    async fn new_affiliate_facts(&self, merchant: MerchantId, keys: &AffiliateKeys) -> Read<Option<NewAffiliateFacts>> {
        let AffiliateKeys { slug, email, parent_email, tier_id } = keys;
        let facts = Sql::<(Found<Merchant>, Option<Uuid>, Option<Uuid>, i64)>::new(format!(
            "SELECT {}, {}, {}, (SELECT count(*) FROM (SELECT FROM affiliates a WHERE a.merchant_id = m.id \
             AND a.status IN ('pending', 'approved', 'suspended') LIMIT {MOST_SEATS}) seats) FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::AffiliateSlug),
            owner(Space::AffiliateEmail),
        ));
        let facts = facts
            .bind(merchant.uuid())
            .bind(slug.as_ref().map(Slug::as_str))
            .bind(merchant.uuid())
            .bind(email.as_ref().map(Email::folded))
            .bind(merchant.uuid());
        let parent = affiliates(merchant)
            .text(&format!(" AND a.id = {}", owner(Space::AffiliateEmail)))
            .bind(merchant.uuid())
            .bind(parent_email.as_ref().map(Email::folded));
        let reader = self.readers.reader()?;
        let (facts, parent, tier) = try_join!(
            biased;
            reader.first(facts),
            reader.first(parent),
            maybe(*tier_id, |id| reader.first(tier(merchant, id))),
        )?;
        let Some((merchant, slug_owner, email_owner, seats)) = facts else { return Ok(None) };
        Ok(Some(NewAffiliateFacts {
            merchant: merchant.versioned()?,
            slug_owner,
            email_owner,
            parent: parent.map(Found::versioned).transpose()?,
            tier: tier.map(Found::versioned).transpose()?,
            seats_taken: parsed(u32::try_from(seats))?,
        }))
    }

    async fn affiliate_change_facts(
        &self,
        merchant: MerchantId,
        id: AffiliateId,
        keys: &AffiliateKeys,
    ) -> Read<Option<AffiliateChangeFacts>> {
        let AffiliateKeys { slug, email, parent_email, tier_id } = keys;
        let facts = Sql::<(Found<Merchant>, Option<i64>, Option<Uuid>, Option<Uuid>)>::new(format!(
            "SELECT {}, t.version, {}, {} FROM merchants m LEFT JOIN trees t ON t.merchant_id = m.id AND t.id = m.id \
             WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::AffiliateSlug),
            owner(Space::AffiliateEmail),
        ));
        let facts = facts
            .bind(merchant.uuid())
            .bind(slug.as_ref().map(Slug::as_str))
            .bind(merchant.uuid())
            .bind(email.as_ref().map(Email::folded))
            .bind(merchant.uuid());
        let reader = self.readers.reader()?;
        // The tree's version before the chain: a chain that changes in between is then of an older version, and the
        // commit notices.
        let (facts, found, chain, tier) = try_join!(
            biased;
            reader.first(facts),
            reader.first(records(affiliate(merchant, id))),
            maybe(parent_email.as_ref(), |email| reader.all(ancestors(merchant, email))),
            maybe(*tier_id, |id| reader.first(tier(merchant, id))),
        )?;
        let (Some((merchant, tree, slug_owner, email_owner)), Some(found)) = (facts, found) else { return Ok(None) };
        let (record, version) = record(found)?;
        Ok(Some(AffiliateChangeFacts {
            merchant: merchant.versioned()?,
            record,
            version,
            slug_owner,
            email_owner,
            tier: tier.map(Found::versioned).transpose()?,
            parent: chain.first().map(|(_, version)| Version::stored(*version)),
            parent_chain: chain.into_iter().map(|(id, _)| AffiliateId::from_uuid(id)).collect(),
            tree: Version::stored(tree.ok_or_else(|| Damaged::at("a merchant has no tree"))?),
        }))
    }
}

/// The affiliate with this address, its parent, and so on, with their versions.
fn ancestors<'a>(merchant: MerchantId, email: &Email) -> Sql<'a, (Uuid, i64)> {
    Sql::new(format!(
        "WITH RECURSIVE line (id, version, parent_id, level) AS (\
         SELECT a.id, a.version, a.parent_id, 1 FROM affiliates a WHERE a.merchant_id = ? AND a.id = {} UNION ALL \
         SELECT p.id, p.version, p.parent_id, line.level + 1 FROM line \
         JOIN affiliates p ON p.merchant_id = ? AND p.id = line.parent_id WHERE line.level < {MOST_ANCESTORS}) \
         SELECT line.id, line.version FROM line ORDER BY line.level",
        owner(Space::AffiliateEmail),
    ))
    .bind(merchant.uuid())
    .bind(merchant.uuid())
    .bind(email.folded())
    .bind(merchant.uuid())
}
