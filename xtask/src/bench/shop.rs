//! A merchant with affiliates, made as a user would: through the command line and the API.

use super::http::Connection;
use super::request::Template;
use super::server::Program;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;

/// How many affiliates the requests are spread over.
const AFFILIATES: usize = 100;

/// More than any load: the limit is not what is measured.
const RATE_LIMIT: &str = "10000000";

/// The merchant that the load is for.
#[derive(Debug)]
pub(super) struct Shop {
    key: String,
    /// The merchant's, in redirects.
    pub(super) slug: String,
    pub(super) affiliates: Vec<Affiliate>,
}

/// One of its affiliates.
#[derive(Debug)]
pub(super) struct Affiliate {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) coupon: String,
}

impl Shop {
    /// Opens the shop on a running server.
    pub(super) fn open(program: &Program, address: SocketAddr) -> io::Result<Self> {
        let organization = text(&program.json(&["org", "create", "--name", "Bench", "--json"])?, "id")?;
        let mut create = vec!["keys", "create", "--org", &organization, "--mode", "live", "--name", "bench", "--json"];
        create.extend(["--scopes", "read,write,admin", "--rate-limit", RATE_LIMIT]);
        let key = text(&program.json(&create)?, "key")?;
        let mut shop = Self { key, slug: "bench".to_owned(), affiliates: Vec::with_capacity(AFFILIATES) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(shop.furnish(address))?;
        Ok(shop)
    }

    /// The value of the `Authorization` header.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    async fn furnish(&mut self, address: SocketAddr) -> io::Result<()> {
        let mut connection = Connection::open(address).await?;
        let landing = json!({"slug": self.slug, "landing_url": "https://shop.example/"});
        self.send(&mut connection, "PATCH", "settings", &landing).await?;
        for number in 0..AFFILIATES {
            let (slug, coupon) = (format!("friend-{number}"), format!("SAVE{number}"));
            let ask = json!({"email": format!("{slug}@example.com"), "slug": slug, "status": "approved"});
            let id = text(&self.send(&mut connection, "POST", "affiliates", &ask).await?, "id")?;
            let ask = json!({"affiliate_id": id, "code": coupon});
            self.send(&mut connection, "POST", "coupons", &ask).await?;
            self.affiliates.push(Affiliate { id, slug, coupon });
        }
        Ok(())
    }

    async fn send(&self, connection: &mut Connection, method: &str, to: &str, ask: &Value) -> io::Result<Value> {
        let bearer = self.bearer();
        let request = Template::json(method, &format!("/api/v1/{to}"), &[("Authorization", &bearer)], &ask.to_string());
        let answer = connection.exchange(request.bytes()).await?;
        if !(200..300).contains(&answer.status) {
            let body = String::from_utf8_lossy(answer.body);
            return Err(io::Error::other(format!("{method} {to} {ask}: {} {body}", answer.status)));
        }
        serde_json::from_slice(answer.body).map_err(io::Error::other)
    }
}

fn text(object: &Value, field: &str) -> io::Result<String> {
    let found = object.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| io::Error::other(format!("no {field} in {object}")))
}
