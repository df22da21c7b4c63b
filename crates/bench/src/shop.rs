//! A merchant with affiliates and their visitors, made as users would: through the command line and the API.

use crate::http::{Answer, Connection};
use crate::request::{Stream, Template};
use crate::server::Program;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// How many affiliates the requests are spread over.
const AFFILIATES: usize = 100;

/// How many visitors have clicked, and buy again and again.
const SESSIONS: usize = 1_000;

/// How many open groups orders join.
pub(crate) const GROUPS: usize = 100;

/// More than any load: the limit is not what is measured.
const RATE_LIMIT: &str = "10000000";

/// A merchant that load is for.
#[derive(Debug)]
pub(crate) struct Shop {
    key: String,
    address: SocketAddr,
    /// Its merchant's, in links.
    pub(crate) slug: String,
    pub(crate) affiliates: Vec<Affiliate>,
    /// The cookies of visitors, a click each.
    pub(crate) sessions: Vec<String>,
    /// The share ids of open groups that take very many.
    pub(crate) groups: Vec<String>,
}

/// One of its affiliates.
#[derive(Debug)]
pub(crate) struct Affiliate {
    pub(crate) id: String,
    slug: String,
}

impl Shop {
    /// Opens the shop `slug` on a running server.
    pub(crate) fn open(program: &Program, address: SocketAddr, slug: &str) -> io::Result<Self> {
        let organization = text(&program.json(&["org", "create", "--name", slug, "--json"])?, "id")?;
        let mut create = vec!["keys", "create", "--org", &organization, "--mode", "live", "--name", slug, "--json"];
        create.extend(["--scopes", "read,write,admin", "--rate-limit", RATE_LIMIT]);
        let key = text(&program.json(&create)?, "key")?;
        let (affiliates, sessions) = (Vec::with_capacity(AFFILIATES), Vec::with_capacity(SESSIONS));
        let groups = Vec::with_capacity(GROUPS);
        let mut shop = Self { key, address, slug: slug.to_owned(), affiliates, sessions, groups };
        on_this_thread(shop.furnish())?;
        Ok(shop)
    }

    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The path of an affiliate's link.
    pub(crate) fn link(&self, affiliate: &Affiliate) -> String {
        format!("/r/{}/{}", self.slug, affiliate.slug)
    }

    /// Sends one of these requests and insists on the right status.
    pub(crate) fn once(&self, what: &str, requests: &Arc<[Template]>, status: u16) -> io::Result<()> {
        on_this_thread(async {
            let mut stream = Stream::new(requests, 0);
            let request = stream.next().ok_or_else(|| io::Error::other("there is nothing to send"))?;
            let mut connection = Connection::open(self.address).await?;
            let answer = connection.exchange(request).await?;
            if answer.status == status { Ok(()) } else { Err(refused(what, &answer)) }
        })
    }

    /// Walks the list of events, `limit` at a time and at most `pages`; returns how many it saw and where the next page
    /// begins.
    pub(crate) fn walk(&self, limit: u32, pages: usize) -> io::Result<(u64, Option<String>)> {
        on_this_thread(async {
            let mut connection = Connection::open(self.address).await?;
            let (mut seen, mut cursor) = (0, None);
            for _ in 0..pages {
                let from = cursor.as_ref().map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
                let page = self.get(&mut connection, &format!("events?limit={limit}{from}")).await?;
                seen += page.get("data").and_then(Value::as_array).map_or(0, |rows| rows.len() as u64);
                cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
            Ok((seen, cursor))
        })
    }

    /// The id of the event recorded last.
    pub(crate) fn newest_event(&self) -> io::Result<String> {
        let page = self.ask("GET", "events?limit=1", None)?;
        let newest = page.get("data").and_then(|rows| rows.get(0));
        newest.ok_or_else(|| io::Error::other("there are no events")).and_then(|event| text(event, "id"))
    }

    /// Asks something once, on a connection of its own.
    pub(crate) fn ask(&self, method: &str, what: &str, body: Option<&Value>) -> io::Result<Value> {
        on_this_thread(async {
            let mut connection = Connection::open(self.address).await?;
            match body {
                Some(body) => self.send(&mut connection, method, what, body).await,
                None => self.get(&mut connection, what).await,
            }
        })
    }

    async fn furnish(&mut self) -> io::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let landing = json!({"slug": self.slug, "landing_url": "https://shop.example/"});
        self.send(&mut connection, "PATCH", "settings", &landing).await?;
        for number in 0..AFFILIATES {
            let slug = format!("friend-{number}");
            let ask = json!({"email": format!("{slug}@example.com"), "slug": slug, "status": "approved"});
            let id = text(&self.send(&mut connection, "POST", "affiliates", &ask).await?, "id")?;
            self.affiliates.push(Affiliate { id, slug });
        }
        for (number, affiliate) in (0..SESSIONS).zip(self.affiliates.iter().cycle()) {
            let session = format!("{}Visitor{number:016}", self.slug);
            let cookie = format!("_cobz_sess={session}");
            let request = Template::get(&self.link(affiliate), &[("Cookie", &cookie), ("User-Agent", "bench")]);
            let answer = connection.exchange(request.bytes()).await?;
            if answer.status != 302 {
                return Err(refused("a click", &answer));
            }
            self.sessions.push(session);
        }
        self.send(&mut connection, "PATCH", "group-settings", &json!({"maxParticipants": 1_000})).await?;
        for number in 0..GROUPS {
            let email = format!("creator-{number}@example.com");
            let ask = json!({"amount": 9_900, "customerEmail": email});
            let order = self.send(&mut connection, "POST", "orders", &ask).await?;
            self.groups.push(text(&order, "paymentGroupShareId")?);
        }
        Ok(())
    }

    async fn get(&self, connection: &mut Connection, what: &str) -> io::Result<Value> {
        let request = Template::get(&format!("/api/v1/{what}"), &[("Authorization", &self.bearer())]);
        let answer = connection.exchange(request.bytes()).await?;
        if answer.status == 200 { parsed(answer.body) } else { Err(refused(what, &answer)) }
    }

    async fn send(&self, connection: &mut Connection, method: &str, to: &str, ask: &Value) -> io::Result<Value> {
        let bearer = self.bearer();
        let request = Template::json(method, &format!("/api/v1/{to}"), &[("Authorization", &bearer)], &ask.to_string());
        let answer = connection.exchange(request.bytes()).await?;
        if (200..300).contains(&answer.status) { parsed(answer.body) } else { Err(refused(to, &answer)) }
    }
}

fn parsed(body: &[u8]) -> io::Result<Value> {
    serde_json::from_slice(body).map_err(io::Error::other)
}

fn refused(what: &str, answer: &Answer<'_>) -> io::Error {
    io::Error::other(format!("{what}: {} {}", answer.status, String::from_utf8_lossy(answer.body)))
}

fn text(object: &Value, field: &str) -> io::Result<String> {
    let found = object.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| io::Error::other(format!("no {field} in {object}")))
}

fn on_this_thread<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
