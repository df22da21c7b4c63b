//! A fresh organization for one case, and the things a shop does.

use super::{Client, Storage, World, world};
use serde_json::{Value, json};
use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

/// An organization of its own, with a caller in test mode that may do everything.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) world: &'static World,
    pub(crate) organization: String,
    pub(crate) name: String,
    /// In test mode, with all scopes and no limit worth the name.
    pub(crate) client: Client,
    live: OnceLock<Client>,
}

/// A key as the command line printed it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// A limit that no case reaches by accident.
const NO_LIMIT: &str = "10000000";

/// Numbers that are not given twice.
pub(crate) fn number() -> usize {
    static GIVEN: AtomicUsize = AtomicUsize::new(1);
    GIVEN.fetch_add(1, Ordering::Relaxed)
}

impl Shop {
    /// A new organization on the shared server of `storage`.
    pub(crate) fn open(storage: Storage) -> Self {
        Self::open_in(world(storage))
    }

    /// A new organization on a server and a database of its own.
    pub(crate) fn alone(storage: Storage) -> Self {
        // Lives as long as the tests: its server ends with them.
        let world = World::open_with(storage, storage.site().with("clicks.beacon_per_minute", "10000000"));
        Self::open_in(Box::leak(Box::new(world)))
    }

    /// A new organization on `world`'s server.
    pub(crate) fn open_in(world: &'static World) -> Self {
        let name = format!("Shop {}", number());
        let made = world.site.json(&["org", "create", "--name", &name, "--plan", "growth"]);
        let organization = made["id"].as_str().unwrap().to_owned();
        let key = make_key(world, &organization, "test", &["--rate-limit", NO_LIMIT]);
        let client = Client::new(world, Some(&key.text));
        Self { world, organization, name, client, live: OnceLock::new() }
    }

    /// Another organization on the same server.
    pub(crate) fn neighbour(&self) -> Self {
        Self::open_in(self.world)
    }

    /// The caller in live mode that may do everything.
    pub(crate) fn live(&self) -> &Client {
        self.live.get_or_init(|| self.client.with_key(&self.key("live", &["--rate-limit", NO_LIMIT]).text))
    }

    /// A new key with further arguments of the command line.
    pub(crate) fn key(&self, mode: &str, arguments: &[&str]) -> Key {
        make_key(self.world, &self.organization, mode, arguments)
    }

    /// A caller in test mode whose key has these scopes.
    pub(crate) fn scoped(&self, scopes: &str) -> Client {
        self.client.with_key(&self.key("test", &["--scopes", scopes, "--rate-limit", NO_LIMIT]).text)
    }

    /// The slug of the test merchant.
    pub(crate) async fn slug(&self) -> String {
        self.client.get("settings").await.ok()["slug"].as_str().unwrap().to_owned()
    }

    /// Changes the settings.
    pub(crate) async fn settings(&self, change: Value) -> Value {
        self.client.patch("settings", &change).await.ok()
    }

    /// An affiliate with a name of its own.
    pub(crate) async fn affiliate(&self) -> Value {
        let slug = format!("partner{}", number());
        self.affiliate_with(json!({"slug": slug, "email": format!("{slug}@example.com")})).await
    }

    /// An affiliate as asked for.
    pub(crate) async fn affiliate_with(&self, wish: Value) -> Value {
        self.client.post("affiliates", &wish).await.created()
    }

    /// A purchase of 99.00 USD, credited to `affiliate`.
    pub(crate) async fn purchase(&self, affiliate: &Value) -> Value {
        let order = format!("order-{}", number());
        let wish = json!({"type": "purchase", "amount": 99.00, "currency": "USD", "external_id": order,
            "affiliate_id": affiliate["id"]});
        self.client.post("events", &wish).await.created()
    }

    /// An affiliate that is owed 19.80 USD, and the commission.
    pub(crate) async fn owed(&self) -> (Value, Value) {
        let affiliate = self.affiliate().await;
        let event = self.purchase(&affiliate).await;
        let path = format!("commissions/{}", event["commissions"][0]["id"].as_str().unwrap());
        let commission = self.client.patch(&path, &json!({"status": "approved"})).await.ok();
        (affiliate, commission)
    }

    /// A payout of 19.80 USD to one affiliate, and its item.
    pub(crate) async fn payout(&self) -> (Value, Value) {
        let (affiliate, _) = self.owed().await;
        let wish = json!({"currency": "USD", "affiliate_ids": [affiliate["id"]]});
        let payout = self.client.post("payouts", &wish).await.created();
        let path = format!("payouts/{}/items", payout["id"].as_str().unwrap());
        let item = self.client.get(&path).await.ok()["data"][0].clone();
        (payout, item)
    }

    /// Follows an affiliate's link as a browser would, with further headers, and returns the answer.
    pub(crate) async fn follow(&self, affiliate: &Value, query: &str, headers: &[(&str, &str)]) -> super::Reply {
        let (merchant, slug) = (self.slug().await, affiliate["slug"].as_str().unwrap());
        let call = self.client.anonymous().get(&format!("/r/{merchant}/{slug}{query}"));
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).await
    }

    /// Makes a click on an affiliate's link and returns the session that the shop learns of.
    pub(crate) async fn click(&self, affiliate: &Value) -> String {
        session(&self.follow(affiliate, "", &[]).await)
    }

    /// A click in a session that exists already.
    pub(crate) async fn click_again(&self, affiliate: &Value, session: &str) {
        let answer = self.follow(affiliate, "", &[("cookie", &format!("_cobz_sess={session}"))]).await;
        assert_eq!(super::shop::session(&answer), session, "the session stays the same");
    }

    /// What is stored for the test merchant, as far as the API shows it.
    pub(crate) async fn stored(&self) -> Value {
        let mut stored = json!({"settings": self.client.get("settings").await.ok()});
        for list in ["affiliates", "coupons", "tiers", "commission-rules", "events", "commissions", "payouts"] {
            stored[list] = self.client.all(list).await.into();
        }
        for list in ["customers", "orders", "groups"] {
            stored[list] = self.client.get(list).query("take", "100").await.ok();
        }
        stored["group-settings"] = self.client.get("group-settings").await.ok();
        stored
    }

    /// An order of 350.00 USD of a customer of its own, with further fields.
    pub(crate) async fn order(&self, more: Value) -> Value {
        let mut wish = json!({"amount": 35_000, "customerEmail": format!("buyer{}@example.com", number()),
            "customerFirstName": "Ada", "customerLastName": "Lovelace"});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.client.post("orders", &wish).await.created()
    }

    /// An order that joins the group of another.
    pub(crate) async fn join(&self, opening: &Value, more: Value) -> Value {
        let mut more = more;
        more["paymentGroupShareId"] = opening["paymentGroupShareId"].clone();
        self.order(more).await
    }

    /// Moves the merchant's clock forward.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.client.post("test/clock/advance", &json!({"seconds": seconds})).await.ok();
    }

    /// The types of what was announced about customers, orders and groups of this organization, in order, each with the
    /// id of what it is about.
    pub(crate) fn announced(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = self.world.site.announced().into_iter();
        let own = own.filter(|told| told["data"]["organizationId"] == self.organization.as_str());
        own.map(|told| (text(&told["type"]), text(&told["data"]["id"]))).collect()
    }

    /// Waits until the server has given a group this status.
    pub(crate) async fn group_becomes(&self, id: &Value, status: &str) -> Value {
        let path = format!("groups/{}", id.as_str().unwrap());
        super::until(std::time::Duration::from_secs(60), "the group's end", async || {
            Some(self.client.get(&path).await.ok()).filter(|group| group["status"] == status)
        })
        .await
    }

    /// An order whose cashback is available: it opened a group that another joined, and time passed.
    pub(crate) async fn completed_pair(&self) -> Value {
        let customer = json!({"emailAddress": format!("buyer{}@example.com", number())});
        let customer = self.client.post("customers", &customer).await.created();
        let clock = self.client.get("test/clock").await.ok();
        let soon =
            time::OffsetDateTime::parse(clock["now"].as_str().unwrap(), &time::format_description::well_known::Rfc3339);
        let soon = (soon.unwrap() + time::Duration::minutes(1))
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap();
        let wish = json!({"customerId": customer["id"], "expiresAt": soon});
        let group = self.client.post("groups", &wish).await.created();
        let own = json!({"paymentGroupShareId": group["shareId"], "customerId": customer["id"], "amount": 35_000});
        let opening = self.client.post("orders", &own).await.created();
        self.join(&opening, json!({})).await;
        self.advance(61).await;
        self.group_becomes(&group["id"], "COMPLETED").await;
        self.client.get(&format!("orders/{}", opening["id"].as_str().unwrap())).await.ok()
    }
}

/// The session that a redirect sets, which cookie and target must agree on.
#[track_caller]
pub(crate) fn session(answer: &super::Reply) -> String {
    assert_eq!(answer.status, 302, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer:?}"));
    let session = cookie.split(';').next().and_then(|pair| pair.strip_prefix("_cobz_sess=")).unwrap().to_owned();
    let target = answer.header("location").unwrap();
    assert!(target.contains(&format!("_cobz_sess={session}")), "{target} does not tell the shop the session");
    session
}

fn make_key(world: &World, organization: &str, mode: &str, arguments: &[&str]) -> Key {
    let mut command = vec!["keys", "create", "--org", organization, "--mode", mode, "--name", "blackbox"];
    command.extend(arguments);
    Key::of(&world.site.json(&command))
}

impl Key {
    /// From what the command line printed.
    pub(crate) fn of(printed: &Value) -> Self {
        let text = |name: &str| printed[name].as_str().unwrap_or_else(|| panic!("no {name} in {printed}")).to_owned();
        Self { id: text("id"), text: text("key") }
    }
}
