//! Affiliates.

use super::{
    one::{affiliate, merchant, tier},
    page::{empty, page, paged},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{owner_of, stored_version, whole},
    schema::{accounts, affiliates, coupons},
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{Account, Affiliate, AffiliateId, AffiliateStatus, CouponCode, Currency, Email, MerchantId, Slug, Tier};
use ports::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, MOST_ANCESTORS, MOST_SEATS,
    NewAffiliateFacts, Page, PageRequest, ReadError, Space, Tree, Versioned,
};
use tables::Reading;
use uuid::Uuid;

/// The parent of an affiliate; `None` too if there is no such affiliate.
fn parent_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: AffiliateId,
) -> QueryResult<Option<AffiliateId>> {
    let row = affiliates::table.find((Uid::from(merchant), Uid::from(id)));
    let parent: Option<Option<Uid>> = row.select(affiliates::parent_id).get_result(connection).optional()?;
    Ok(parent.flatten().map(Uid::id))
}

/// An affiliate with what stands beside it in other tables.
pub(super) fn record(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    currency: Currency,
    affiliate: Affiliate,
) -> Result<AffiliateRecord, SqliteError> {
    let key = (Uid::from(merchant), Uid::from(affiliate.id));
    let codes: Vec<String> = coupons::table
        .filter(coupons::merchant_id.eq(key.0).and(coupons::affiliate_id.eq(key.1)))
        .order((coupons::created_at, coupons::id))
        .select(coupons::code)
        .load(connection)?;
    let reading = Reading::of("coupons", affiliate.id.uuid());
    let codes: Result<Vec<CouponCode>, _> = codes.iter().map(|code| reading.text("code", code)).collect();
    let accounts: Vec<Versioned<Account>> = accounts::table
        .filter(accounts::merchant_id.eq(key.0).and(accounts::affiliate_id.eq(key.1)))
        .filter(accounts::paid_minor.ne(0))
        .order(accounts::currency)
        .select(whole::<Account>())
        .load(connection)?;
    let paid = accounts.into_iter().map(|account| account.row.paid).collect();
    Ok(AffiliateRecord { affiliate, coupons: codes?, paid, currency })
}

fn list(
    connection: &mut SqliteConnection,
    id: MerchantId,
    filter: &AffiliateFilter,
    request: &PageRequest,
) -> Result<Page<AffiliateRecord>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(empty()) };
    let AffiliateFilter { status, tier_id, email, slug } = filter;
    let of_merchant = affiliates::table.filter(affiliates::merchant_id.eq(Uid::from(id)));
    let mut query = of_merchant.select(whole::<Affiliate>()).into_boxed();
    if let Some(status) = status {
        query = query.filter(affiliates::status.eq(status.as_str()));
    }
    if let Some(tier) = tier_id {
        query = query.filter(affiliates::tier_id.eq(Uid::from(*tier)));
    }
    // What is unique is found by its claim, not by an index of its own.
    let keys = AffiliateKeys { slug: slug.clone(), email: email.clone(), ..AffiliateKeys::default() };
    let Owners { slug: by_slug, email: by_email } = owners(connection, id, &keys)?;
    for (asked, owner) in [(slug.is_some(), by_slug), (email.is_some(), by_email)] {
        match owner {
            Some(owner) => query = query.filter(affiliates::id.eq(Uid(owner))),
            None if asked => return Ok(empty()),
            None => {}
        }
    }
    let Page { rows, more } = page(paged!(query, affiliates, request).load(connection)?, request);
    let currency = merchant.row.settings.currency;
    let rows: Result<_, _> = rows.into_iter().map(|row| record(connection, id, currency, row)).collect();
    Ok(Page { rows: rows?, more })
}

/// Who has the keys that were asked about.
struct Owners {
    slug: Option<Uuid>,
    email: Option<Uuid>,
}

fn owners(connection: &mut SqliteConnection, merchant: MerchantId, keys: &AffiliateKeys) -> QueryResult<Owners> {
    let AffiliateKeys { slug, email, parent_email: _, tier_id: _ } = keys;
    Ok(Owners {
        slug: match slug {
            Some(slug) => slug_owner(connection, merchant, slug)?,
            None => None,
        },
        email: match email {
            Some(email) => email_owner(connection, merchant, email)?,
            None => None,
        },
    })
}

/// Which affiliate has a slug.
pub(super) fn slug_owner(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    slug: &Slug,
) -> QueryResult<Option<Uuid>> {
    owner_of(connection, merchant, Space::AffiliateSlug, slug.as_str())
}

fn email_owner(connection: &mut SqliteConnection, merchant: MerchantId, email: &Email) -> QueryResult<Option<Uuid>> {
    owner_of(connection, merchant, Space::AffiliateEmail, &email.folded())
}

fn parent(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    keys: &AffiliateKeys,
) -> Result<Option<Versioned<Affiliate>>, SqliteError> {
    let Some(email) = &keys.parent_email else { return Ok(None) };
    match email_owner(connection, merchant, email)? {
        Some(owner) => affiliate(connection, merchant, AffiliateId::from_uuid(owner)),
        None => Ok(None),
    }
}

fn wanted_tier(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    keys: &AffiliateKeys,
) -> Result<Option<Versioned<Tier>>, SqliteError> {
    match keys.tier_id {
        Some(id) => tier(connection, merchant, id),
        None => Ok(None),
    }
}

fn new_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    keys: &AffiliateKeys,
) -> Result<Option<NewAffiliateFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Owners { slug: slug_owner, email: email_owner } = owners(connection, id, keys)?;
    let parent = parent(connection, id, keys)?;
    let tier = wanted_tier(connection, id, keys)?;
    // Counted here: SQLite would count to the end, whatever the limit, and so many small ids are soon read.
    let seats: Vec<Uid> = affiliates::table
        .filter(affiliates::merchant_id.eq(Uid::from(id)))
        .filter(affiliates::status.ne(AffiliateStatus::Rejected.as_str()))
        .select(affiliates::id)
        .limit(MOST_SEATS.into())
        .load(connection)?;
    let seats_taken = u32::try_from(seats.len()).unwrap_or(u32::MAX);
    Ok(Some(NewAffiliateFacts { merchant, slug_owner, email_owner, parent, tier, seats_taken }))
}

fn change_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    affiliate_id: AffiliateId,
    keys: &AffiliateKeys,
) -> Result<Option<AffiliateChangeFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(Versioned { row, version }) = affiliate(connection, id, affiliate_id)? else { return Ok(None) };
    let record = record(connection, id, merchant.row.settings.currency, row)?;
    let Owners { slug: slug_owner, email: email_owner } = owners(connection, id, keys)?;
    let wanted = parent(connection, id, keys)?;
    let parent_chain = chain(connection, id, wanted.as_ref().map(|parent| parent.row.id))?;
    let parent = wanted.map(|parent| parent.version);
    let tier = wanted_tier(connection, id, keys)?;
    let tree = stored_version::<Tree>(connection, id.uuid(), id.uuid())?;
    let tree = Reading::of("trees", id.uuid()).made("version", tree.ok_or("a merchant has no tree"))?;
    Ok(Some(AffiliateChangeFacts {
        merchant,
        record,
        version,
        slug_owner,
        email_owner,
        parent_chain,
        parent,
        tier,
        tree,
    }))
}

/// An affiliate and its parents, up to the root.
fn chain(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    first: Option<AffiliateId>,
) -> QueryResult<Vec<AffiliateId>> {
    let mut chain = Vec::new();
    let mut next = first;
    while let Some(id) = next.filter(|_| chain.len() < usize::from(MOST_ANCESTORS)) {
        chain.push(id);
        next = parent_of(connection, merchant, id)?;
    }
    Ok(chain)
}

#[async_trait]
impl AffiliateReads for SqliteStorage {
    async fn affiliate(&self, id: MerchantId, of: AffiliateId) -> Result<Option<AffiliateRecord>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let Some(found) = affiliate(connection, id, of)? else { return Ok(None) };
            record(connection, id, merchant.row.settings.currency, found.row).map(Some)
        };
        self.readers.read(work).await
    }

    async fn affiliates(
        &self,
        merchant: MerchantId,
        filter: &AffiliateFilter,
        request: &PageRequest,
    ) -> Result<Page<AffiliateRecord>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list(connection, merchant, &filter, &request)).await
    }

    async fn new_affiliate_facts(
        &self,
        merchant: MerchantId,
        keys: &AffiliateKeys,
    ) -> Result<Option<NewAffiliateFacts>, ReadError> {
        let keys = keys.clone();
        self.readers.read(move |connection| new_facts(connection, merchant, &keys)).await
    }

    async fn affiliate_change_facts(
        &self,
        merchant: MerchantId,
        id: AffiliateId,
        keys: &AffiliateKeys,
    ) -> Result<Option<AffiliateChangeFacts>, ReadError> {
        let keys = keys.clone();
        self.readers.read(move |connection| change_facts(connection, merchant, id, &keys)).await
    }
}
