//! Every operation with every identity that may not use it.

use crate::{
    fixtures::{Fixture, Stranger, Things, paired, tried},
    support::{Call, Client, Key, Operation, Shop, on_both_storages, until},
};
use domain::{KeyFormat, Mode};
use serde_json::{Value, json};
use std::time::Duration;

on_both_storages!(alone; nobody_gets_what_is_not_his);

/// An identity that may not use an operation, and the response.
struct Wrong {
    name: String,
    client: Client,
    /// Given in the query instead of the header.
    in_query: Option<String>,
    refusal: (u16, &'static str),
}

async fn nobody_gets_what_is_not_his(shop: Shop) {
    shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
    let things = Things::make(&shop).await;
    let keyless = keyless(&shop).await;
    let (poor, neighbour) = (on_a_small_plan(&shop).await, shop.neighbour());
    let mut by_scope = Vec::new();
    for scope in ["read", "write", "admin"] {
        by_scope.push((scope, other_scopes(&shop, scope).await));
    }
    let mut unauthorized: Option<Value> = None;
    let operations = &shop.world.contract.operations;
    let tried = tried(operations);
    let tries = tried.iter().map(|(operation, fixture)| (operation, *fixture));
    for (operation, fixture) in paired(operations).into_iter().chain(tries) {
        let before = state(&shop).await;
        match operation.scope() {
            None => {
                assert!(matches!(fixture.stranger, Stranger::Public), "{} has no scope", operation.name());
                continue;
            }
            Some(scope) => {
                let (_, others) = by_scope.iter().find(|(needed, _)| *needed == scope).unwrap();
                for wrong in keyless.iter().chain([&poor]).chain(others) {
                    let answer = request(&wrong.client, operation, fixture, &things, wrong.in_query.as_deref()).await;
                    let got = (answer.status, answer.code());
                    assert_eq!(got, wrong.refusal, "{} by {}: {}", operation.name(), wrong.name, answer.text);
                    if answer.status == 401 {
                        let first = unauthorized.get_or_insert_with(|| answer.error_alone());
                        assert_eq!(answer.error_alone(), *first, "{}: one body for every 401", wrong.name);
                    }
                }
            }
        }
        assert_eq!(state(&shop).await, before, "{} was done by someone who may not", operation.name());
        let mine = shop.stored().await;
        for (stranger, mode) in [(&neighbour.client, Mode::Test), (shop.live(), Mode::Live)] {
            is_a_stranger(stranger, mode, operation, fixture, &things).await;
        }
        assert_eq!(shop.stored().await, mine, "{} was done by a stranger", operation.name());
    }
    everyone_else_may(&shop).await;
    shop.world.site.run(&["reconcile"]).success();
}

/// What is stored: as the API shows it and, where it can be asked, the number of rows of each table.
async fn state(shop: &Shop) -> (Value, Option<String>) {
    (shop.stored().await, shop.world.site.rows())
}

fn request(
    client: &Client,
    operation: &Operation,
    fixture: &Fixture,
    things: &Things,
    key_in_query: Option<&str>,
) -> Call {
    let mut call = client.call(&operation.method, &(fixture.path)(things));
    if let Some(body) = fixture.body {
        call = call.json(&body(things));
    }
    match key_in_query {
        Some(key) => call.query("key", key).query("access_token", key),
        None => call,
    }
}

/// Identities whose key is not valid, or not valid any more.
async fn keyless(shop: &Shop) -> Vec<Wrong> {
    let site = &shop.world.site;
    let good = shop.key("test", &[]).text;
    let last = if good.ends_with('0') { "1" } else { "0" };
    let unknown = KeyFormat::new("cob_", &[]).unwrap().write(Mode::Test, &[7; 64]).unwrap();
    let revoked = shop.key("test", &[]);
    site.run(&["keys", "revoke", &revoked.id]).success();
    let rolled = shop.key("test", &[]);
    Key::of(&site.json(&["keys", "roll", &rolled.id, "--overlap", "0s"]));
    let expired = shop.key("test", &["--expires-in", "1s"]);
    let client = shop.client.with_key(&expired.text);
    until(Duration::from_secs(10), "the expiry", async || (client.get("settings").await.status == 401).then_some(()))
        .await;
    let keys = [
        ("a malformed key", "not-a-key".to_owned()),
        ("a key with a bad checksum", format!("{}{last}", &good[..good.len() - 1])),
        ("an unknown key", unknown.expose().to_owned()),
        ("a revoked key", revoked.text),
        ("a key rolled past its overlap", rolled.text),
        ("an expired key", expired.text),
    ];
    let refusal = (401, "UNAUTHORIZED");
    let with = |(name, key): (&str, String)| Wrong {
        name: name.to_owned(),
        client: shop.client.with_key(&key),
        in_query: None,
        refusal,
    };
    let mut all: Vec<Wrong> = keys.into_iter().map(with).collect();
    let anonymous =
        |name: &str, in_query| Wrong { name: name.to_owned(), client: shop.client.anonymous(), in_query, refusal };
    all.push(anonymous("no key", None));
    all.push(anonymous("a key in the query", Some(good)));
    all
}

/// Keys with every scope but the one that is needed, and each alone.
async fn other_scopes(shop: &Shop, needed: &str) -> Vec<Wrong> {
    let others: Vec<&str> = ["read", "write", "admin"].into_iter().filter(|scope| *scope != needed).collect();
    let sets = [others.join(","), others[0].to_owned(), others[1].to_owned()];
    let wrong = |scopes: String| Wrong {
        client: shop.scoped(&scopes),
        name: format!("a key for {scopes}"),
        in_query: None,
        refusal: (403, "FORBIDDEN"),
    };
    let all: Vec<Wrong> = sets.into_iter().map(wrong).collect();
    for wrong in &all {
        // The first use of a key is stored, and must not be taken for an effect of the request.
        wrong.client.get("settings").await;
    }
    all
}

/// A key of an organization that was moved to a plan without the API.
async fn on_a_small_plan(shop: &Shop) -> Wrong {
    let poor = shop.neighbour();
    shop.world.site.run(&["org", "set-plan", &poor.organization, "free"]).success();
    let client = poor.client.clone();
    until(Duration::from_secs(5), "the downgrade", async || (client.get("settings").await.status == 402).then_some(()))
        .await;
    Wrong { name: "a key on plan free".to_owned(), client, in_query: None, refusal: (402, "PLAN_REQUIRED") }
}

/// Another merchant, whose key has every scope.
async fn is_a_stranger(stranger: &Client, mode: Mode, operation: &Operation, fixture: &Fixture, things: &Things) {
    let foreign = request(stranger, operation, fixture, things, None).await;
    let name = operation.name();
    match fixture.stranger {
        Stranger::Public => unreachable!("{name} is public"),
        Stranger::NotFound => {
            foreign.refused(404, "NOT_FOUND");
            let never = request(stranger, operation, fixture, &never(things), None).await;
            assert_eq!((never.status, never.error_alone()), (404, foreign.error_alone()), "{name}");
        }
        Stranger::Refused(param) => {
            foreign.names("INVALID_INPUT", param);
            let never = request(stranger, operation, fixture, &never(things), None).await;
            assert_eq!((never.status, never.error_alone()), (417, foreign.error_alone()), "{name}");
        }
        Stranger::TestMode if mode == Mode::Live => foreign.refused(403, "FORBIDDEN"),
        Stranger::Own | Stranger::TestMode => {
            assert!(foreign.status < 300, "{name}: {}", foreign.text);
            let Things { affiliate, coupon, tier, rule, event, commission, customer, order, group, available, .. } =
                things;
            for thing in [affiliate, coupon, tier, rule, event, commission, customer, order, group, available] {
                let id = thing["id"].as_str().unwrap();
                assert!(!foreign.text.contains(id), "{name} shows {id} to a stranger");
            }
        }
    }
}

/// The same things with ids that never existed.
fn never(things: &Things) -> Things {
    let never = |thing: &Value| {
        let mut thing = thing.clone();
        thing["id"] = crate::support::never_here(thing["id"].as_str().unwrap()).into();
        thing
    };
    let of_never = |item: &Value| {
        let mut item = never(item);
        item["payout_id"] = crate::support::never_here(item["payout_id"].as_str().unwrap()).into();
        item
    };
    let Things {
        affiliate,
        pending,
        coupon,
        tier,
        rule,
        event,
        commission,
        owed,
        payout,
        sent,
        slug,
        customer,
        order,
        group,
        available,
    } = things;
    Things {
        affiliate: never(affiliate),
        pending: never(pending),
        coupon: never(coupon),
        tier: never(tier),
        rule: never(rule),
        event: never(event),
        commission: never(commission),
        owed: never(owed),
        payout: never(payout),
        sent: of_never(sent),
        slug: slug.clone(),
        customer: never(customer),
        order: never(order),
        group: never(group),
        available: never(available),
    }
}

/// Proof that the identity was the cause: the same request succeeds with the right one.
async fn everyone_else_may(shop: &Shop) {
    let operations = &shop.world.contract.operations;
    let tried = tried(operations);
    let tries = tried.iter().map(|(operation, fixture)| (operation, *fixture));
    for (operation, fixture) in paired(operations).into_iter().chain(tries) {
        // Some of them change the settings back to what they were at first.
        shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
        let things = Things::make(shop).await;
        let client = match operation.scope() {
            Some(scope) => shop.scoped(scope),
            None => shop.client.anonymous(),
        };
        let answer = request(&client, operation, fixture, &things, None).await;
        // A group that is open, past its expiry and alone is one for a moment only: that it is not yet is an answer too.
        let too_early = operation.path.ends_with("/expire") && answer.code() == "INVALID_STATE";
        assert!(answer.status < 400 || too_early, "{}: {} {}", operation.name(), answer.status, answer.text);
    }
}
