//! Every operation with every identity that may not use it.

use crate::{
    fixtures::{Fixture, Stranger, Things, paired, tried},
    support::{Call, Client, Key, Operation, Shop, on_both_storages, until},
};
use domain::{KeyFormat, Mode};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{future::IntoFuture as _, time::Duration};

on_both_storages!(alone; nobody_gets_what_is_not_his);

/// An identity that may not use an operation, and the response.
struct Wrong {
    name: String,
    client: Client,
    /// Given in the query instead of the header.
    in_query: Option<String>,
    refusal: (u16, &'static str),
}

/// How many operations are tried between two looks at what is stored, which take longer than the requests.
const AT_ONCE: usize = 10;

/// An operation that wants a key, a valid request for it, and everyone who may not make it.
type Try<'a> = (&'a Operation, &'a Fixture, Vec<&'a Wrong>);

async fn nobody_gets_what_is_not_his(shop: Shop) {
    shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
    let things = Things::make(&shop).await;
    let keyless = keyless(&shop).await;
    let (poor, neighbour) = (on_a_small_plan(&shop).await, shop.neighbour());
    let mut by_scope = Vec::new();
    for scope in ["read", "write", "admin"] {
        by_scope.push((scope, other_scopes(&shop, scope).await));
    }
    let operations = &shop.world.contract.operations;
    let tried = tried(operations);
    let tries = tried.iter().map(|(operation, fixture)| (operation, *fixture));
    let mut all: Vec<Try<'_>> = Vec::new();
    for (operation, fixture) in paired(operations).into_iter().chain(tries) {
        let Some(scope) = operation.scope() else {
            assert!(matches!(fixture.stranger, Stranger::Public), "{} has no scope", operation.name());
            continue;
        };
        let (_, others) = by_scope.iter().find(|(needed, _)| *needed == scope).unwrap();
        all.push((operation, fixture, keyless.iter().chain([&poor]).chain(others).collect()));
    }
    let mut unauthorized: Option<Value> = None;
    for some in all.chunks(AT_ONCE) {
        let before = state(&shop).await;
        for one in some {
            are_refused(one, &things, &mut unauthorized).await;
        }
        if state(&shop).await != before {
            name_what_was_done(&shop, some, &things).await;
        }
        let mine = shop.stored().await;
        let strangers = [(&neighbour.client, Mode::Test), (shop.live(), Mode::Live)];
        for (operation, fixture, _) in some {
            join_all(strangers.map(|(stranger, mode)| is_a_stranger(stranger, mode, operation, fixture, &things)))
                .await;
        }
        if shop.stored().await != mine {
            name_what_a_stranger_did(&shop, some, strangers, &things).await;
        }
    }
    everyone_else_may(&shop).await;
    shop.world.site.run(&["reconcile"]).success();
}

/// Makes the request as everyone who may not, all at once; each must get his refusal.
async fn are_refused((operation, fixture, wrongs): &Try<'_>, things: &Things, unauthorized: &mut Option<Value>) {
    let asked = wrongs
        .iter()
        .map(|wrong| request(&wrong.client, operation, fixture, things, wrong.in_query.as_deref()).into_future());
    for (answer, wrong) in join_all(asked).await.into_iter().zip(wrongs) {
        let got = (answer.status, answer.code());
        assert_eq!(got, wrong.refusal, "{} by {}: {}", operation.name(), wrong.name, answer.text);
        if answer.status == 401 {
            let first = unauthorized.get_or_insert_with(|| answer.error_alone());
            assert_eq!(answer.error_alone(), *first, "{}: one body for every 401", wrong.name);
        }
    }
}

/// Fails: some of these was done by someone who may not. Tries each alone to say which.
async fn name_what_was_done(shop: &Shop, some: &[Try<'_>], things: &Things) {
    for one in some {
        let before = state(shop).await;
        are_refused(one, things, &mut None).await;
        assert_eq!(state(shop).await, before, "{} was done by someone who may not", one.0.name());
    }
    panic!("something was done by someone who may not, but only once: {:?}", names(some));
}

/// Fails: some of these was done by a stranger. Tries each alone to say which.
async fn name_what_a_stranger_did(shop: &Shop, some: &[Try<'_>], strangers: [(&Client, Mode); 2], things: &Things) {
    for (operation, fixture, _) in some {
        for (stranger, mode) in strangers {
            let mine = shop.stored().await;
            is_a_stranger(stranger, mode, operation, fixture, things).await;
            assert_eq!(shop.stored().await, mine, "{} was done by a stranger", operation.name());
        }
    }
    panic!("something was done by a stranger, but only once: {:?}", names(some));
}

fn names(some: &[Try<'_>]) -> Vec<String> {
    some.iter().map(|(operation, ..)| operation.name()).collect()
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
            let never = request(stranger, operation, fixture, &things.never(), None).await;
            assert_eq!((never.status, never.error_alone()), (404, foreign.error_alone()), "{name}");
        }
        Stranger::Refused(param) => {
            foreign.names("INVALID_INPUT", param);
            let never = request(stranger, operation, fixture, &things.never(), None).await;
            assert_eq!((never.status, never.error_alone()), (417, foreign.error_alone()), "{name}");
        }
        Stranger::TestMode if mode == Mode::Live => foreign.refused(403, "FORBIDDEN"),
        Stranger::Own | Stranger::TestMode => {
            assert!(foreign.status < 300, "{name}: {}", foreign.text);
            for thing in things.all() {
                let id = thing["id"].as_str().unwrap();
                assert!(!foreign.text.contains(id), "{name} shows {id} to a stranger");
            }
        }
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
