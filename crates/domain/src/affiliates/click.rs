//! Clicks: a visitor came by an affiliate's link (docs/rules/attribution.md).

use crate::values::{AffiliateId, ClickId, LandingUrl, SessionId, ShortText, Timestamp, UserAgent};

/// The campaign a link was tagged with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Utm {
    /// `utm_source`
    pub source: Option<ShortText>,
    /// `utm_medium`
    pub medium: Option<ShortText>,
    /// `utm_campaign`
    pub campaign: Option<ShortText>,
    /// `utm_term`
    pub term: Option<ShortText>,
    /// `utm_content`
    pub content: Option<ShortText>,
}

/// A stored click. It never contains the visitor's address, only a hash whose salt changes every day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// Its id.
    pub id: ClickId,
    /// Whose link it was.
    pub affiliate_id: AffiliateId,
    /// The visitor's session.
    pub session: SessionId,
    /// The page the link led to, or the page the tracker ran on.
    pub landing_page: Option<LandingUrl>,
    /// Where the visitor came from.
    pub referrer: Option<LandingUrl>,
    /// Campaign fields.
    pub utm: Utm,
    /// The browser.
    pub user_agent: Option<UserAgent>,
    /// Salted hash of the address.
    pub ip_hash: Option<[u8; 16]>,
    /// Business time.
    pub created_at: Timestamp,
}
