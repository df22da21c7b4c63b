//! Payouts.

use super::{Read, one::merchant_of, page, paged};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, optional_text, parsed, select, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{
    Account, AffiliateId, AffiliateStatus, Commission, Currency, DisplayName, Email, Merchant, MerchantId, Payout,
    PayoutId, PayoutItem, PayoutItemId, PayoutItemStatus, PayoutStatus, Timestamp,
};
use ports::{
    DueAccount, DueFacts, DuePart, DueRequest, FrozenFacts, FrozenItem, FrozenRequest, Page, PageRequest, PayoutFacts,
    PayoutFilter, PayoutItemFilter, PayoutLine, PayoutReads, Version, Versioned,
};
use tokio::try_join;
use uuid::Uuid;

/// The payouts of a merchant that are seen, so far all of them.
fn sealed<'a>(merchant: MerchantId) -> Sql<'a, Found<Payout>> {
    let columns = select::<Payout>("p");
    let text = format!("SELECT {columns} FROM payouts p WHERE p.merchant_id = ? AND p.sealed_at IS NOT NULL");
    Sql::new(text).bind(merchant.uuid())
}

/// The items of a payout, so far all of them.
fn items<'a>(merchant: MerchantId, payout: PayoutId) -> Sql<'a, Found<PayoutItem>> {
    let columns = select::<PayoutItem>("i");
    Sql::new(format!("SELECT {columns} FROM payout_items i WHERE i.merchant_id = ? AND i.payout_id = ?"))
        .bind(merchant.uuid())
        .bind(payout.uuid())
}

/// A merchant, and a payout of it whether it is sealed or not.
fn payout_of<'a>(merchant: MerchantId, payout: PayoutId) -> Sql<'a, (Found<Merchant>, Found<Payout>)> {
    Sql::new(format!(
        "SELECT {}, {} FROM payouts p JOIN merchants m ON m.id = p.merchant_id WHERE p.merchant_id = ? AND p.id = ?",
        select::<Merchant>("m"),
        select::<Payout>("p"),
    ))
    .bind(merchant.uuid())
    .bind(payout.uuid())
}

fn uuids(ids: &[AffiliateId]) -> Option<Vec<Uuid>> {
    (!ids.is_empty()).then(|| ids.iter().map(|id| id.uuid()).collect())
}

/// The accounts that are due with their rows, an account after the other. Each account's rows come from an index in the
/// order in which they are wanted, so that no more are read than are asked for.
fn due<'a>(merchant: MerchantId, request: &DueRequest) -> Sql<'a, (Found<Commission>, Found<Account>, i64)> {
    let DueRequest { currency, least, only, part, rows } = request;
    let (after_row, of_account) = match part {
        DuePart::Accounts { after: None } => ("", " AND x.approved_minor > 0 AND x.approved_minor >= ?"),
        DuePart::Accounts { after: Some(_) } => {
            ("", " AND x.approved_minor > 0 AND x.approved_minor >= ? AND x.affiliate_id > ?")
        }
        DuePart::Rest { .. } => (" AND c.id > ?", " AND x.affiliate_id = ?"),
    };
    let most = rows.saturating_add(1);
    let mut sql = Sql::new(format!(
        "SELECT {}, {}, a.version FROM accounts x \
         JOIN affiliates a ON a.merchant_id = x.merchant_id AND a.id = x.affiliate_id AND a.status = '{}' \
         CROSS JOIN LATERAL (SELECT * FROM commissions c WHERE c.merchant_id = x.merchant_id \
         AND c.currency = x.currency AND c.affiliate_id = x.affiliate_id AND c.status = 'approved' \
         AND c.payout_id IS NULL{after_row} ORDER BY c.id LIMIT {most}) c \
         WHERE x.merchant_id = ? AND x.currency = ?{of_account}",
        select::<Commission>("c"),
        select::<Account>("x"),
        AffiliateStatus::Approved.as_str(),
    ));
    if let DuePart::Rest { of: _, after } = part {
        sql = sql.bind(after.uuid());
    }
    sql = sql.bind(merchant.uuid()).bind(currency.code().to_owned());
    sql = match part {
        DuePart::Accounts { after } => {
            let sql = sql.bind(least.minor());
            after.iter().fold(sql, |sql, after| sql.bind(after.uuid()))
        }
        DuePart::Rest { of, after: _ } => sql.bind(of.uuid()),
    };
    if let Some(only) = uuids(only) {
        sql = sql.text(" AND x.affiliate_id = ANY (?)").bind_each(only);
    }
    sql.text(&format!(" ORDER BY x.affiliate_id, c.id LIMIT {most}"))
}

/// The rows of a payout that it has not paid yet, with their items and accounts.
fn frozen<'a>(
    merchant: MerchantId,
    request: &FrozenRequest,
) -> Sql<'a, (Found<Commission>, Found<PayoutItem>, Found<Account>)> {
    let FrozenRequest { payout, only, after, rows } = request;
    let mut sql = Sql::new(format!(
        "SELECT {}, {}, {} FROM commissions c \
         JOIN payout_items i ON i.merchant_id = c.merchant_id AND i.payout_id = c.payout_id \
         AND i.affiliate_id = c.affiliate_id \
         JOIN accounts x ON x.merchant_id = c.merchant_id AND x.affiliate_id = c.affiliate_id AND x.currency = c.currency \
         WHERE c.merchant_id = ? AND c.payout_id = ? AND c.status = 'approved'",
        select::<Commission>("c"),
        select::<PayoutItem>("i"),
        select::<Account>("x"),
    ))
    .bind(merchant.uuid())
    .bind(payout.uuid());
    if let Some((affiliate, id)) = after {
        sql = sql.text(" AND (c.affiliate_id, c.id) > (?, ?)").bind(affiliate.uuid()).bind(id.uuid());
    }
    if let Some(only) = uuids(only) {
        sql = sql.text(" AND c.affiliate_id = ANY (?)").bind_each(only);
    }
    sql.text(&format!(" ORDER BY c.affiliate_id, c.id LIMIT {}", rows.saturating_add(1)))
}

/// Groups rows that come sorted by their first part: `same` says whether a row belongs to the last group.
fn grouped<R, G>(
    rows: Vec<R>,
    same: impl Fn(&G, &R) -> bool,
    open: impl Fn(R) -> Mapped<(G, Versioned<Commission>)>,
    into: impl Fn(&mut G) -> &mut Vec<Versioned<Commission>>,
) -> Mapped<Vec<G>> {
    let mut groups: Vec<G> = Vec::new();
    for row in rows {
        let known = groups.last().is_some_and(|last| same(last, &row));
        let (group, commission) = open(row)?;
        if !known {
            groups.push(group);
        }
        if let Some(last) = groups.last_mut() {
            into(last).push(commission);
        }
    }
    Ok(groups)
}

#[async_trait]
impl PayoutReads for PostgresStorage {
    async fn payout(&self, merchant: MerchantId, id: PayoutId) -> Read<Option<Payout>> {
        let row = self.readers.reader()?.first(sealed(merchant).text(" AND p.id = ?").bind(id.uuid())).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn payouts(&self, merchant: MerchantId, filter: &PayoutFilter, request: &PageRequest) -> Read<Page<Payout>> {
        let PayoutFilter { status, currency, from, to } = filter;
        let sql = sealed(merchant)
            .and(" AND p.status = ?", status.map(PayoutStatus::as_str))
            .and(" AND p.currency = ?", currency.as_ref().map(Currency::code))
            .and(" AND p.created_at >= ?", from.map(time))
            .and(" AND p.created_at < ?", to.map(time));
        let rows = self.readers.reader()?.all(paged(sql, "p", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn payout_items(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        filter: &PayoutItemFilter,
        request: &PageRequest,
    ) -> Read<Page<PayoutItem>> {
        let PayoutItemFilter { status, affiliate_id } = filter;
        let sql = items(merchant, payout)
            .and(" AND i.status = ?", status.map(PayoutItemStatus::as_str))
            .and(" AND i.affiliate_id = ?", affiliate_id.map(AffiliateId::uuid));
        let rows = self.readers.reader()?.all(paged(sql, "i", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn payout_lines(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        after: Option<AffiliateId>,
        most: u32,
    ) -> Read<Vec<PayoutLine>> {
        let sql = Sql::<(Found<PayoutItem>, String, Option<String>)>::new(format!(
            "SELECT {}, a.email, a.display_name FROM payout_items i \
             JOIN affiliates a ON a.merchant_id = i.merchant_id AND a.id = i.affiliate_id \
             WHERE i.merchant_id = ? AND i.payout_id = ? AND i.status = '{}'",
            select::<PayoutItem>("i"),
            PayoutItemStatus::Open.as_str(),
        ));
        let sql = sql
            .bind(merchant.uuid())
            .bind(payout.uuid())
            .and(" AND i.affiliate_id > ?", after.map(AffiliateId::uuid))
            .text(" ORDER BY i.affiliate_id LIMIT ?")
            .bind(i64::from(most));
        let line = |(item, email, name): (Found<PayoutItem>, String, Option<String>)| {
            let email = parsed(Email::parse(&email))?;
            Ok(PayoutLine { item: item.entity()?, email, display_name: optional_text(name, DisplayName::parse)? })
        };
        let rows = self.readers.reader()?.all(sql).await?;
        Ok(rows.into_iter().map(line).collect::<Mapped<_>>()?)
    }

    async fn payout_facts(
        &self,
        merchant: MerchantId,
        id: PayoutId,
        wanted: &[PayoutItemId],
        affiliates: &[AffiliateId],
    ) -> Read<Option<PayoutFacts>> {
        let named = items(merchant, id)
            .text(" AND (i.id = ANY (?) OR i.affiliate_id = ANY (?))")
            .bind_each(wanted.iter().map(|id| id.uuid()))
            .bind_each(affiliates.iter().map(|id| id.uuid()));
        let reader = self.readers.reader()?;
        let (found, items) = try_join!(biased; reader.first(payout_of(merchant, id)), reader.all(named))?;
        let Some((merchant, payout)) = found else { return Ok(None) };
        let items = items.into_iter().map(Found::entity).collect::<Mapped<_>>()?;
        Ok(Some(PayoutFacts { merchant: merchant.versioned()?, payout: payout.versioned()?, items }))
    }

    async fn known_affiliates(&self, merchant: MerchantId, ids: &[AffiliateId]) -> Read<Vec<AffiliateId>> {
        let sql = Sql::<Uuid>::new("SELECT a.id FROM affiliates a WHERE a.merchant_id = ? AND a.id = ANY (?)");
        let sql = sql.bind(merchant.uuid()).bind_each(ids.iter().map(|id| id.uuid()));
        let found = self.readers.reader()?.all(sql).await?;
        Ok(found.into_iter().map(AffiliateId::from_uuid).collect())
    }

    async fn payout_due(&self, merchant: MerchantId, request: &DueRequest) -> Read<Option<DueFacts>> {
        let reader = self.readers.reader()?;
        let (found, mut rows) =
            try_join!(biased; reader.first(merchant_of(merchant)), reader.all(due(merchant, request)))?;
        let Some(found) = found else { return Ok(None) };
        let merchant: Versioned<Merchant> = found.versioned()?;
        let most = usize::try_from(request.rows).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let accounts = grouped(
            rows,
            |last: &DueAccount, (row, ..)| {
                row.sound().is_some_and(|row| last.account.row.affiliate_id == row.affiliate_id)
            },
            |(row, account, affiliate)| {
                let affiliate = Version::stored(affiliate);
                Ok((DueAccount { account: account.versioned()?, affiliate, rows: Vec::new() }, row.versioned()?))
            },
            |group| &mut group.rows,
        )?;
        Ok(Some(DueFacts { merchant, accounts, more }))
    }

    async fn payout_frozen(&self, merchant: MerchantId, request: &FrozenRequest) -> Read<Option<FrozenFacts>> {
        let reader = self.readers.reader()?;
        let (found, mut rows) = try_join!(biased; reader.first(payout_of(merchant, request.payout)), reader.all(frozen(merchant, request)))?;
        let Some((merchant, payout)) = found else { return Ok(None) };
        let most = usize::try_from(request.rows).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let items = grouped(
            rows,
            |last: &FrozenItem, (row, ..)| {
                row.sound().is_some_and(|row| last.item.row.affiliate_id == row.affiliate_id)
            },
            |(row, item, account)| {
                let group = FrozenItem { item: item.versioned()?, account: account.versioned()?, rows: Vec::new() };
                Ok((group, row.versioned()?))
            },
            |group| &mut group.rows,
        )?;
        Ok(Some(FrozenFacts { merchant: merchant.versioned()?, payout: payout.versioned()?, items, more }))
    }

    async fn unsealed_payouts(&self, before: Timestamp, most: u32) -> Read<Vec<(MerchantId, PayoutId)>> {
        let sql = Sql::<(Uuid, Uuid)>::new(
            "SELECT p.merchant_id, p.id FROM payouts p WHERE p.sealed_at IS NULL AND p.begun_at < ? \
             ORDER BY p.begun_at, p.merchant_id, p.id LIMIT ?",
        );
        let found = self.readers.reader()?.all(sql.bind(time(before)).bind(i64::from(most))).await?;
        Ok(found.into_iter().map(|(merchant, id)| (MerchantId::from_uuid(merchant), PayoutId::from_uuid(id))).collect())
    }
}
