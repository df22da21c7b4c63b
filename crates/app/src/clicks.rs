//! Clicks: resolves referral links and stores visits (docs/rules/attribution.md).

use crate::{AppError, context::UseCaseContext};
use domain::{Click, LandingUrl, Mode, Refusal, SessionId, Slug, Timestamp, UserAgent, Utm};
use ports::{ClickReads, IdSourceExt, LinkFacts};
use quick_cache::sync::Cache;
use std::{sync::Arc, time::Duration};

/// The name of the session in a cookie and in a target's query.
const SESSION_NAME: &str = "_cobz_sess";
/// The name of another target than the landing address in a link's query.
const TARGET_NAME: &str = "to";
const SESSION_LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How long a live merchant's link is remembered.
const BELIEVED_FOR: Duration = Duration::from_secs(2);
/// How many links are remembered.
const REMEMBERED: usize = 10_000;

/// The use cases of clicks. They need no key.
pub struct Clicks {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn ClickReads>,
    links: Cache<(Slug, Slug), Arc<(LinkFacts, Timestamp)>>,
}

/// A visitor on an affiliate's link.
#[derive(Debug, Clone)]
pub struct RecordClickCommand {
    /// The merchant's slug.
    pub merchant: Slug,
    /// The affiliate's slug.
    pub affiliate: Slug,
    /// The visitor's session, if the browser already has one.
    pub session: Option<SessionId>,
    /// The page the visitor is on or goes to.
    pub landing_page: Option<LandingUrl>,
    /// Where the visitor came from.
    pub referrer: Option<LandingUrl>,
    /// Campaign fields.
    pub utm: Utm,
    /// The browser.
    pub user_agent: Option<UserAgent>,
    /// Salted hash of the visitor's address.
    pub ip_hash: Option<[u8; 16]>,
    /// Whether the visitor asked not to be tracked, or is none: then nothing is stored.
    pub refused: bool,
}

/// The target of the redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The target, with the session in its query if one is stored.
    pub target: String,
    /// The session to remember in the cookie.
    pub landing: Option<Landing>,
}

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// The session.
    pub session: SessionId,
    /// How long the browser keeps the cookie.
    pub window: Duration,
}

impl Clicks {
    /// The name of the session's cookie.
    pub const COOKIE: &'static str = SESSION_NAME;

    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn ClickReads>) -> Self {
        Self { context, reads, links: Cache::new(REMEMBERED) }
    }

    /// Follows a link with this query: stores the click and returns the target. `to` is used only if its host is on the
    /// merchant's list; all else is handed on, as far as the target does not say it itself. A link of nobody leads to the
    /// shop too, since its visitor can mend nothing. Not found while the merchant has no landing address.
    pub async fn redirect(
        &self,
        mut command: RecordClickCommand,
        query: &[(String, String)],
    ) -> Result<Redirect, AppError> {
        let link = self.link(&command).await?;
        let to = query.iter().find(|(name, _)| name == TARGET_NAME).map(|(_, to)| to.as_str());
        let target = link.0.merchant.row.settings.target(to).ok_or(Refusal::NotFound)?;
        let handed_on = query.iter().filter(|(name, _)| name != TARGET_NAME && name != SESSION_NAME);
        let target = target.with_missing(handed_on.map(|(name, value)| (name.as_str(), value.as_str())));
        command.landing_page = LandingUrl::lossy(target.as_str());
        let landing = self.keep(&link.0, command).await?;
        let target = match &landing {
            Some(landing) => target.with_query(SESSION_NAME, landing.session.as_str()),
            None => target,
        };
        Ok(Redirect { target: target.as_str().to_owned(), landing })
    }

    /// Stores a click that the tracker reports. Unknown links are ignored, because a visitor cannot correct them.
    pub async fn beacon(&self, command: RecordClickCommand) -> Result<(), AppError> {
        match self.link(&command).await {
            Ok(link) => self.keep(&link.0, command).await.map(drop),
            Err(AppError::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Stores the click of an approved affiliate, unless the visitor refused.
    async fn keep(&self, link: &LinkFacts, command: RecordClickCommand) -> Result<Option<Landing>, AppError> {
        let RecordClickCommand {
            merchant: _,
            affiliate: _,
            session,
            landing_page,
            referrer,
            utm,
            user_agent,
            ip_hash,
            refused,
        } = command;
        let affiliate_id = match link.affiliate {
            // While a merchant's data are being wiped no click is stored; its links still redirect.
            Some((id, true)) if !refused && !link.merchant.row.resetting => id,
            _ => return Ok(None),
        };
        let fresh = || SessionId::parse(&self.context.ids.letters(SESSION_LETTERS, 32)).ok();
        let Some(session) = session.or_else(fresh) else { return Ok(None) };
        let click = Click {
            id: self.context.ids.id(),
            affiliate_id,
            session: session.clone(),
            landing_page,
            referrer,
            utm,
            user_agent,
            ip_hash,
            created_at: link.merchant.row.clock.at(self.context.now()),
        };
        let mut set = self.context.set_for(&link.merchant)?;
        set.rows.clicks.push(click);
        self.context.commit_once(set).await?;
        Ok(Some(Landing { session, window: link.merchant.row.settings.window() }))
    }

    /// The link's facts. A live merchant's are remembered for a moment; a test merchant's clock may jump at any time, so
    /// those are always loaded.
    async fn link(&self, command: &RecordClickCommand) -> Result<Arc<(LinkFacts, Timestamp)>, AppError> {
        let name = (command.merchant.clone(), command.affiliate.clone());
        let now = self.context.now();
        if let Some(known) = self.links.get(&name).filter(|known| now.since(known.1) < BELIEVED_FOR) {
            return Ok(known);
        }
        let facts = self.reads.link(&command.merchant, &command.affiliate).await?.ok_or(Refusal::NotFound)?;
        let live = facts.merchant.row.mode == Mode::Live;
        let known = Arc::new((facts, now));
        if live {
            self.links.insert(name, Arc::clone(&known));
        }
        Ok(known)
    }
}
