//! Clicks: where a link leads, and what a session clicked.

use super::{affiliates, merchants, one};
use crate::{SqliteStorage, error::SqliteError, schema::clicks, values::Uid};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{AffiliateId, MerchantId, SessionId, Slug, Timestamp};
use ports::{ClickReads, LinkFacts, ReadError, SessionClick};
use tables::Reading;

/// How many of a session's clicks are weighed from either end.
const MOST_CLICKS: i64 = 25;

/// The latest clicks of a session, and the earliest ones not before `oldest`; each once.
pub(super) fn of_session(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    session: &SessionId,
    oldest: Timestamp,
) -> Result<Vec<SessionClick>, SqliteError> {
    let of_session =
        clicks::table.filter(clicks::merchant_id.eq(Uid::from(merchant)).and(clicks::session.eq(session.as_str())));
    let columns = (clicks::id, clicks::created_at, clicks::affiliate_id);
    let mut rows: Vec<(Uid, i64, Uid)> = of_session
        .order((clicks::created_at.desc(), clicks::id.desc()))
        .limit(MOST_CLICKS)
        .select(columns)
        .load(connection)?;
    let earliest: Vec<(Uid, i64, Uid)> = of_session
        .filter(clicks::created_at.ge(oldest.micros()))
        .order((clicks::created_at, clicks::id))
        .limit(MOST_CLICKS)
        .select(columns)
        .load(connection)?;
    rows.extend(earliest);
    rows.sort_unstable();
    rows.dedup();
    let click = |(id, at, affiliate): (Uid, i64, Uid)| {
        let at = Reading::of("clicks", id.0).instant("created_at", at)?;
        Ok(SessionClick { id: id.id(), at, affiliate_id: affiliate.id() })
    };
    rows.into_iter().map(click).collect()
}

fn link(
    connection: &mut SqliteConnection,
    merchant: &Slug,
    affiliate: &Slug,
) -> Result<Option<LinkFacts>, SqliteError> {
    let Some(owner) = merchants::slug_owner(connection, merchant)? else { return Ok(None) };
    let id = MerchantId::from_uuid(owner);
    let Some(merchant) = one::merchant(connection, id)? else { return Ok(None) };
    let affiliate = match affiliates::slug_owner(connection, id, affiliate)? {
        Some(owner) => one::affiliate(connection, id, AffiliateId::from_uuid(owner))?,
        None => None,
    };
    let affiliate = affiliate.map(|found| (found.row.id, found.row.is_approved()));
    Ok(Some(LinkFacts { merchant, affiliate }))
}

#[async_trait]
impl ClickReads for SqliteStorage {
    async fn link(&self, merchant: &Slug, affiliate: &Slug) -> Result<Option<LinkFacts>, ReadError> {
        let (merchant, affiliate) = (merchant.clone(), affiliate.clone());
        self.readers.read(move |connection| link(connection, &merchant, &affiliate)).await
    }
}
