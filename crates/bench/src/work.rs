//! What is measured.

use crate::request::{Template, UNIQUE};
use crate::shop::Shop;
use std::io;
use std::sync::Arc;

/// How many events a batch has.
const LINES: u64 = 1_000;

/// A purchase as a shop posts it.
fn purchase(session: &str, external_id: &str) -> String {
    format!(
        r#"{{"type":"purchase","amount":99.00,"currency":"USD","cookie_id":"{session}","external_id":"{external_id}"}}"#
    )
}

/// An order as a shop posts it.
fn order(group: Option<&str>) -> String {
    let group = group.map(|share_id| format!(r#","paymentGroupShareId":"{share_id}""#)).unwrap_or_default();
    format!(
        r#"{{"amount":9900,"customerEmail":"{UNIQUE}@example.com","customerFirstName":"Ada","customerLastName":"Byron"{group}}}"#
    )
}

/// A kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// A purchase by a visitor who clicked: key, attribution, event, commission and announcements, durable.
    Events,
    /// A thousand such purchases in one request.
    Batch,
    /// An order of a new customer that opens a group.
    Order,
    /// An order of a new customer that joins one of many open groups.
    Join,
    /// One affiliate.
    Affiliate,
    /// The first page of fifty affiliates.
    Affiliates,
    /// A visitor's redirect, with the click stored.
    Redirect,
    /// A page of fifty events: the first, or the one after this cursor.
    EventsPage(Option<String>),
    /// The first page of fifty commissions.
    Commissions,
    /// Why an event paid what it did.
    Explanation(String),
}

impl Work {
    /// What tables call it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Events => "`POST /events`",
            Self::Batch => "`POST /events/batch`, each of 1,000",
            Self::Order => "`POST /orders` that opens a group",
            Self::Join => "`POST /orders` that joins a group",
            Self::Affiliate => "`GET /affiliates/{id}`",
            Self::Affiliates => "`GET /affiliates?limit=50`",
            Self::Redirect => "redirect with click",
            Self::EventsPage(None) => "`GET /events?limit=50`",
            Self::EventsPage(Some(_)) => "`GET /events?limit=50&cursor=…`",
            Self::Commissions => "`GET /commissions?limit=50`",
            Self::Explanation(_) => "`GET /events/{id}/explain`",
        }
    }

    /// The status of a right answer.
    pub(crate) fn expected(&self) -> u16 {
        match self {
            Self::Events | Self::Order | Self::Join => 201,
            Self::Redirect => 302,
            Self::Batch
            | Self::Affiliate
            | Self::Affiliates
            | Self::EventsPage(_)
            | Self::Commissions
            | Self::Explanation(_) => 200,
        }
    }

    /// How many events a request records.
    pub(crate) fn events(&self) -> u64 {
        match self {
            Self::Events => 1,
            Self::Batch => LINES,
            Self::Order
            | Self::Join
            | Self::Affiliate
            | Self::Affiliates
            | Self::Redirect
            | Self::EventsPage(_)
            | Self::Commissions
            | Self::Explanation(_) => 0,
        }
    }

    /// How many orders a request places.
    pub(crate) fn orders(&self) -> u64 {
        u64::from(matches!(self, Self::Order | Self::Join))
    }

    /// Sends one of the requests and insists on a right answer.
    pub(crate) fn once(&self, shop: &Shop) -> io::Result<()> {
        shop.once(self.title(), &self.requests(shop), self.expected())
    }

    /// The requests, one for each affiliate or session where they differ.
    pub(crate) fn requests(&self, shop: &Shop) -> Arc<[Template]> {
        let bearer = shop.bearer();
        let authorization = [("Authorization", bearer.as_str())];
        let get = |path: &str| Template::get(path, &authorization);
        match self {
            Self::Events => {
                let event = |session: &String| {
                    Template::json("POST", "/api/v1/events", &authorization, &purchase(session, UNIQUE))
                };
                shop.sessions.iter().map(event).collect()
            }
            Self::Batch => {
                let lines = (0..LINES).zip(shop.sessions.iter().cycle());
                let lines: Vec<String> =
                    lines.map(|(number, session)| purchase(session, &format!("{UNIQUE}-{number}"))).collect();
                let body = format!(r#"{{"events":[{}]}}"#, lines.join(","));
                [Template::json("POST", "/api/v1/events/batch", &authorization, &body)].into()
            }
            Self::Order => [Template::json("POST", "/api/v1/orders", &authorization, &order(None))].into(),
            Self::Join => {
                let join =
                    |group: &String| Template::json("POST", "/api/v1/orders", &authorization, &order(Some(group)));
                shop.groups.iter().map(join).collect()
            }
            Self::Affiliate => shop.affiliates.iter().map(|it| get(&format!("/api/v1/affiliates/{}", it.id))).collect(),
            Self::Affiliates => [get("/api/v1/affiliates?limit=50")].into(),
            Self::Redirect => shop.affiliates.iter().map(|it| Template::get(&shop.link(it), &[])).collect(),
            Self::EventsPage(None) => [get("/api/v1/events?limit=50")].into(),
            Self::EventsPage(Some(cursor)) => [get(&format!("/api/v1/events?limit=50&cursor={cursor}"))].into(),
            Self::Commissions => [get("/api/v1/commissions?limit=50")].into(),
            Self::Explanation(event) => [get(&format!("/api/v1/events/{event}/explain"))].into(),
        }
    }
}
