//! Clicks. Nothing reads a whole one back.

use super::{rows, time};
use diesel::data_types::PgTimestamp;
use domain::{Click, LandingUrl, MerchantId, ShortText, UserAgent, Utm};
use uuid::Uuid;

rows! {
    /// A click.
    ClickRow of "clicks" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        affiliate_id: Uuid,
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
        created_at: PgTimestamp,
    }
}

impl ClickRow {
    /// The row of a click.
    pub(crate) fn of(merchant: MerchantId, click: &Click) -> Self {
        let Click { id, affiliate_id, session, landing_page, referrer, utm, user_agent, ip_hash, created_at } = click;
        let Utm { source, medium, campaign, term, content } = utm;
        let page = |url: &Option<LandingUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let tag = |text: &Option<ShortText>| text.as_ref().map(|text| text.as_str().to_owned());
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            affiliate_id: affiliate_id.uuid(),
            session: session.as_str().to_owned(),
            landing_page: page(landing_page),
            referrer: page(referrer),
            utm_source: tag(source),
            utm_medium: tag(medium),
            utm_campaign: tag(campaign),
            utm_term: tag(term),
            utm_content: tag(content),
            user_agent: user_agent.as_ref().map(UserAgent::as_str).map(str::to_owned),
            ip_hash: ip_hash.map(|hash| hash.to_vec()),
            created_at: time(*created_at),
        }
    }
}
