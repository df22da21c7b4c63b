//! The order of refusals: a request that is wrong in every way is mended one wrong at a time, and each time hears of the
//! next. 401, 429, 402, 403, 413 and 415, idempotency, 417 for shape, 404.

use crate::{
    fixtures::{Fixture, Stranger, Things, paired, tried},
    support::{Client, Operation, Reply, Shop, on_both_storages, until},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

on_both_storages!(alone; each_operation_refuses_in_order);

/// More than a body may have.
const TOO_MUCH: usize = 256 * 1024 + 1;
/// An idempotency key that was used for another request on every route that stores responses.
const USED: &str = "used-before";

/// What an idempotency key cannot be.
const NO_KEYS: [&str; 3] = ["", "a b", "\"\""];

/// Callers without a scope. Making them takes longer than what they are made for.
struct Callers {
    /// On a small plan, and each about to be over its limit: only for the minute after its first request.
    hasty: Vec<Client>,
    /// On a small plan.
    poor: Client,
    limited: Client,
}

async fn each_operation_refuses_in_order(shop: Shop) {
    let things = Things::make(&shop).await;
    let before = shop.stored().await;
    let operations = &shop.world.contract.operations;
    let tried = tried(operations);
    let all: Vec<(&Operation, &Fixture)> =
        paired(operations).into_iter().chain(tried.iter().map(|(operation, fixture)| (operation, *fixture))).collect();
    let mut callers = BTreeMap::new();
    for &(operation, fixture) in &all {
        let Some(scope) = operation.scope() else { continue };
        if !callers.contains_key(scope) {
            let count = all.iter().filter(|(operation, _)| operation.scope() == Some(scope)).count();
            callers.insert(scope, Callers::without(&shop, scope, count).await);
        }
        let callers = callers.get_mut(scope).unwrap();
        for (client, status, code) in [
            (&shop.client.anonymous(), 401, "UNAUTHORIZED"),
            (&callers.hasty().await, 429, "RATE_LIMITED"),
            (&callers.poor, 402, "PLAN_REQUIRED"),
            (&callers.limited, 403, "FORBIDDEN"),
        ] {
            for answer in everything_wrong(client, operation, fixture, &things).await {
                assert_eq!((answer.status, answer.code()), (status, code), "{}: {}", operation.name(), answer.text);
            }
        }
    }
    assert_eq!(shop.stored().await, before, "nothing was done");
    for &(operation, fixture) in &all {
        if operation.is_secured() {
            told_of_the_request(&shop, operation, fixture, &things).await;
        } else if let Some(body) = fixture.body {
            told_in_public(&shop, operation, &(fixture.path)(&things), &body(&things)).await;
        }
    }
    told_of_acts(&shop.neighbour(), &all).await;
}

impl Callers {
    /// For `count` operations that need `scope`.
    async fn without(shop: &Shop, scope: &str, count: usize) -> Self {
        let others: Vec<&str> = ["read", "write", "admin"].into_iter().filter(|one| *one != scope).collect();
        let others = others.join(",");
        // An organization that goes back to a small plan.
        let small = shop.neighbour();
        let key =
            |limit: &str| shop.client.with_key(&small.key("test", &["--scopes", &others, "--rate-limit", limit]).text);
        let (hasty, poor) = ((0..count).map(|_| key("1")).collect(), key("100000"));
        shop.world.site.run(&["org", "set-plan", &small.organization, "starter"]).success();
        until(Duration::from_secs(5), "the downgrade", async || {
            (poor.get("settings").await.status == 402).then_some(())
        })
        .await;
        Self { hasty, poor, limited: shop.scoped(&others) }
    }

    /// A key that is over its rate limit too.
    async fn hasty(&mut self) -> Client {
        let hasty = self.hasty.pop().unwrap();
        hasty.get("settings").await.refused(402, "PLAN_REQUIRED");
        hasty
    }
}

/// The operation on an id that never was, with a bad parameter and, where it takes a body, one that is too much, of the
/// wrong kind, or broken.
async fn everything_wrong(client: &Client, operation: &Operation, fixture: &Fixture, things: &Things) -> Vec<Reply> {
    let path = never_path(operation, fixture, things);
    let call = || client.call(&operation.method, &path).query("never_heard_of", "1").once(USED);
    if fixture.body.is_none() {
        return vec![call().await];
    }
    vec![call().text(vec![b' '; TOO_MUCH]).await, call().bytes("{").await, call().text("{").await]
}

/// The request's path; an id in it is one that never was.
fn never_path(operation: &Operation, fixture: &Fixture, things: &Things) -> String {
    let path = (fixture.path)(things);
    if !operation.path.contains("{id}") {
        return path;
    }
    let is_id = |segment: &str| segment.len() > 26 && segment.contains('_');
    let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
    let segments = path
        .split('/')
        .map(|segment| if is_id(segment) { crate::support::never_here(segment) } else { segment.to_owned() });
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    segments.collect::<Vec<_>>().join("/") + &query
}

/// An invalid body, and the faulty field: an unknown one, or, where unknown fields are ignored, one of another type.
fn wrong_shape(shop: &Shop, operation: &Operation) -> (String, Value) {
    let wrong = |field: &str| (field.to_owned(), json!({field: [[]]}));
    if !operation.passes_unknown_fields_over() {
        return wrong("never_heard_of");
    }
    let properties = crate::faults::properties(&shop.world.contract, operation.body().unwrap(), "");
    wrong(&properties.first().unwrap().name)
}

/// The refusal for a caller that may use the operation.
async fn told_of_the_request(shop: &Shop, operation: &Operation, fixture: &Fixture, things: &Things) {
    let (name, path) = (operation.name(), never_path(operation, fixture, things));
    let call = || shop.client.call(&operation.method, &path);
    if let Some(body) = fixture.body {
        let good = body(things);
        let own = (fixture.path)(things);
        // Creating operations take a new body each time; an operation under two paths counts once.
        let creates = operation.method == "POST" && !operation.path.contains('{');
        let used = if creates { format!("{USED}-{}", operation.path) } else { USED.to_owned() };
        // Used up on the good request, the idempotency key is wrong for every other.
        let first = shop.client.call(&operation.method, &own).once(&used).json(&good).await;
        assert!(first.status < 300, "{name}: {}", first.text);
        let (wrong_field, wrong_shape) = wrong_shape(shop, operation);
        // A batch may be larger than any other body.
        let too_much = if operation.path.ends_with("/batch") { 8 * TOO_MUCH } else { TOO_MUCH };
        call().once(&used).text(vec![b' '; too_much]).await.refused(413, "PAYLOAD_TOO_LARGE");
        call().once(&used).bytes("{").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
        // Reading operations store no response.
        if operation.scope() != Some("read") {
            for bad in [Value::Null, wrong_shape.clone()] {
                call().once(&used).json(&bad).await.refused(417, "IDEMPOTENCY_MISMATCH");
            }
        }
        let answer = call().json(&wrong_shape).await;
        answer.refused(417, "INVALID_INPUT");
        assert!(answer.params().contains(&wrong_field.as_str()), "{name}: {}", answer.text);
        if operation.keeps_answers() {
            for bad in NO_KEYS.iter().map(|key| (*key).to_owned()).chain(["x".repeat(256)]) {
                call().once(&bad).json(&good).await.names("INVALID_INPUT", "Idempotency-Key");
            }
        }
        if matches!(fixture.stranger, Stranger::NotFound) {
            call().json(&good).await.refused(404, "NOT_FOUND");
        }
    } else {
        if !operation.passes_unknown_parameters_over() {
            call().query("never_heard_of", "1").await.names("INVALID_INPUT", "never_heard_of");
        }
        if matches!(fixture.stranger, Stranger::NotFound) {
            call().await.refused(404, "NOT_FOUND");
        }
    }
}

/// The refusal of a body by an operation that needs no key.
async fn told_in_public(shop: &Shop, operation: &Operation, path: &str, good: &Value) {
    let anybody = shop.client.anonymous();
    let call = || anybody.call(&operation.method, path);
    call().text(vec![b' '; TOO_MUCH]).await.refused(413, "PAYLOAD_TOO_LARGE");
    call().header("content-type", "application/xml").bytes("{").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    call().text("{").await.refused(417, "INVALID_INPUT");
    let (wrong_field, wrong_shape) = wrong_shape(shop, operation);
    let answer = call().json(&wrong_shape).await;
    answer.refused(417, "INVALID_INPUT");
    assert!(answer.params().contains(&wrong_field.as_str()), "{}: {}", operation.name(), answer.text);
    let answer = call().json(good).await;
    assert!(answer.status < 300, "{}: {}", operation.name(), answer.text);
}

/// What needs no body, and may use up what it is done to.
async fn told_of_acts(shop: &Shop, all: &[(&Operation, &Fixture)]) {
    let mut things = Things::make(shop).await;
    for (operation, fixture) in all {
        if fixture.body.is_none() && operation.keeps_answers() {
            things.open_anew(shop).await;
            told_of_an_act(shop, operation, fixture, &things).await;
        }
    }
}

async fn told_of_an_act(shop: &Shop, operation: &Operation, fixture: &Fixture, things: &Things) {
    let (own, never) = ((fixture.path)(things), never_path(operation, fixture, things));
    let call = |path: &str| shop.client.call(&operation.method, path);
    call(&never).text(vec![b' '; TOO_MUCH]).await.refused(413, "PAYLOAD_TOO_LARGE");
    for bad in NO_KEYS.iter().map(|key| (*key).to_owned()).chain(["x".repeat(256)]) {
        call(&never).once(&bad).await.names("INVALID_INPUT", "Idempotency-Key");
    }
    if own == never {
        return;
    }
    let used = format!("{USED}-{}", operation.name().replace(' ', "-"));
    let first = call(&own).once(&used).await;
    // What is refused uses no key up.
    if first.code() == "INVALID_STATE" {
        return;
    }
    assert!(first.status < 300, "{}: {}", operation.name(), first.text);
    call(&never).once(&used).query("never_heard_of", "1").await.refused(417, "IDEMPOTENCY_MISMATCH");
}
