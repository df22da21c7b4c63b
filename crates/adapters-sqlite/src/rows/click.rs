//! `clicks`: written once, and read only through the index of sessions.

use crate::{schema::clicks, values::Uid};
use diesel::prelude::*;
use domain::{Click, LandingUrl, MerchantId, ShortText, UserAgent, Utm};

#[derive(Debug, Insertable)]
#[diesel(table_name = clicks, treat_none_as_default_value = false)]
pub(crate) struct ClickRow {
    merchant_id: Uid,
    id: Uid,
    affiliate_id: Uid,
    session: String,
    landing_page: Option<String>,
    referrer: Option<String>,
    utm_source: Option<String>,
    utm_medium: Option<String>,
    utm_campaign: Option<String>,
    utm_term: Option<String>,
    utm_content: Option<String>,
    user_agent: Option<String>,
    ip_hash: Option<Vec<u8>>,
    created_at: i64,
}

impl ClickRow {
    pub(crate) fn of(merchant: MerchantId, click: &Click) -> Self {
        let Click { id, affiliate_id, session, landing_page, referrer, utm, user_agent, ip_hash, created_at } = click;
        let Utm { source, medium, campaign, term, content } = utm;
        let url = |url: &Option<LandingUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let short = |text: &Option<ShortText>| text.as_ref().map(|text| text.as_str().to_owned());
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            affiliate_id: Uid::from(*affiliate_id),
            session: session.as_str().to_owned(),
            landing_page: url(landing_page),
            referrer: url(referrer),
            utm_source: short(source),
            utm_medium: short(medium),
            utm_campaign: short(campaign),
            utm_term: short(term),
            utm_content: short(content),
            user_agent: user_agent.as_ref().map(UserAgent::as_str).map(str::to_owned),
            ip_hash: ip_hash.map(|hash| hash.to_vec()),
            created_at: created_at.micros(),
        }
    }

    pub(crate) fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        diesel::insert_into(clicks::table).values(self).execute(connection)
    }
}
