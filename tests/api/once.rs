//! Everything happens once, however often and however many at once it is asked for.

use crate::support::{Client, Reply, Shop, on_both_storages};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_storages!(
    a_thousand_orders_posted_twenty_times,
    a_thousand_keys_sent_twenty_times,
    keys_of_events_sent_twenty_times,
    an_external_id_is_one_event,
    external_ids_have_their_spaces,
    a_key_is_one_request,
    a_used_key_comes_before_a_refund_that_names_no_sale,
    a_key_belongs_to_merchant_and_route,
    a_key_outlives_a_refusal,
    a_key_works_on_patch,
    a_bad_key_is_refused,
    one_address_asked_for_at_once_is_one_affiliate,
);

const THINGS: usize = 1_000;
const REPEATS: usize = 20;
/// How many things are asked for at once, each twenty times.
const AT_ONCE: usize = 16;

/// Posts each of `things` bodies `REPEATS` times at once and hands the answers to `judge`.
async fn storm(
    client: &Client,
    path: &'static str,
    keyed: bool,
    things: usize,
    body: impl Fn(usize) -> Value,
    judge: impl Fn(usize, Vec<Reply>),
) {
    let numbers: Vec<usize> = (0..things).collect();
    for some in numbers.chunks(AT_ONCE) {
        let mut running = Vec::new();
        for &number in some {
            let body = body(number);
            let posts = (0..REPEATS).map(|_| {
                let call = client.post(path, &body);
                let call = if keyed { call.once(&format!("key-{number}")) } else { call };
                tokio::spawn(call.into_future())
            });
            running.push((number, posts.collect::<Vec<_>>()));
        }
        for (number, posts) in running {
            let mut answers = Vec::new();
            for post in posts {
                answers.push(post.await.unwrap());
            }
            judge(number, answers);
        }
    }
}

/// With no key at all: the external id makes it one event, the first answer is 201, every other 200 and the same.
async fn a_thousand_orders_posted_twenty_times(shop: Shop) {
    let alice = shop.affiliate().await;
    let body = |number: usize| json!({"type": "purchase", "amount": 10, "external_id": format!("order-{number}"), "affiliate_id": alice["id"]});
    storm(&shop.client, "events", false, THINGS, body, |number, answers| {
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let again = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((made, again), (1, REPEATS - 1), "order {number}: {answers:#?}");
        let bodies: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(bodies.len(), 1, "order {number}: {bodies:#?}");
    })
    .await;
    let events = shop.client.all("events").await;
    let orders: BTreeSet<&str> = events.iter().filter_map(|event| event["external_id"].as_str()).collect();
    assert_eq!((events.len(), orders.len()), (THINGS, THINGS));
    let commissions = shop.client.all("commissions").await;
    let leaves = commissions.iter().filter(|row| row["level"] == 0).count();
    assert_eq!((commissions.len(), leaves), (THINGS, THINGS));
    shop.world.site.run(&["reconcile"]).success();
}

/// With the key alone: all twenty get the first answer, all but one are marked as replayed.
async fn a_thousand_keys_sent_twenty_times(shop: Shop) {
    let body = |number: usize| json!({"email": format!("partner{number}@example.com"), "display_name": format!("Partner {number}")});
    storm(&shop.client, "affiliates", true, THINGS, body, replays).await;
    let made = shop.client.all("affiliates").await;
    let slugs: BTreeSet<&str> = made.iter().filter_map(|one| one["slug"].as_str()).collect();
    assert_eq!((made.len(), slugs.len()), (THINGS, THINGS));
    assert_eq!(shop.client.all("coupons").await.len(), THINGS, "one personal coupon each");
}

/// The key comes before the external id: every repeat is the first answer, 201 and all.
async fn keys_of_events_sent_twenty_times(shop: Shop) {
    const SOME: usize = 100;
    let body = |number: usize| json!({"type": "purchase", "amount": 10, "external_id": format!("order-{number}")});
    storm(&shop.client, "events", true, SOME, body, replays).await;
    assert_eq!(shop.client.all("events").await.len(), SOME);
}

/// All of them have the first answer, and all but one are marked.
fn replays(number: usize, answers: Vec<Reply>) {
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, REPEATS - 1, "key {number}: {answers:#?}");
    let kept: BTreeSet<(u16, &str)> = answers.iter().map(|answer| (answer.status, answer.text.as_str())).collect();
    assert_eq!(kept.len(), 1, "key {number}: {kept:#?}");
    assert_eq!(answers[0].status, 201);
}

async fn an_external_id_is_one_event(shop: Shop) {
    let alice = shop.affiliate().await;
    let post = |body: String| shop.client.call("POST", "events").text(body);
    let body = |amount: &str| {
        let id = &alice["id"];
        format!(r#"{{"type":"purchase","amount":{amount},"external_id":"1","affiliate_id":{id},"metadata":{{"a":1}}}}"#)
    };
    let first = post(body("99.0")).await;
    assert_eq!(first.status, 201);
    // What is compared is the meaning, not the spelling.
    let spelled = format!(
        r#" {{ "metadata" : {{"a":1.0}}, "affiliate_id":{}, "external_id":"1", "\u0074ype":"purchase", "amount":9.9e1 }} "#,
        alice["id"]
    );
    for again in [body("99.0"), body("99.00"), body("99"), spelled] {
        let again = post(again).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
    }
    let other = post(body("98")).await;
    other.names("ALREADY_EXISTS", "external_id");
    let told =
        format!("external_id is already in use by {}, whose amount is another", first.json["id"].as_str().unwrap());
    assert_eq!(other.json["error"]["message"], told);
    post(body("99").replace(r#","metadata":{"a":1}"#, "")).await.names("ALREADY_EXISTS", "external_id");
    // Of what has become of the commission since, the answer shows the status.
    let row = first.json["commissions"][0]["id"].as_str().unwrap();
    shop.client.patch(&format!("commissions/{row}"), &json!({"status": "void", "reason": "test"})).await.ok();
    let again = post(body("99")).await;
    let mut now = first.json.clone();
    now["commissions"][0]["status"] = json!("void");
    assert_eq!((again.status, &again.json), (200, &now));
    assert_eq!(shop.client.all("events").await.len(), 1);
}

async fn external_ids_have_their_spaces(shop: Shop) {
    let post = |kind: &str| shop.client.post("events", &json!({"type": kind, "amount": 10, "external_id": "the same"}));
    for (kind, is_new) in [
        ("purchase", true),
        ("renewal", false),
        ("upsell.v2", false),
        ("signup", true),
        ("lead", true),
        ("trial_started", true),
    ] {
        let answer = post(kind).await;
        if is_new {
            answer.created();
            post(kind).await.ok();
        } else {
            answer.names("ALREADY_EXISTS", "external_id");
        }
    }
    assert_eq!(shop.client.all("events").await.len(), 4);
}

async fn a_key_is_one_request(shop: Shop) {
    let wish = json!({"email": "one@example.com", "custom_commission_rate": 0.5});
    let first = shop.client.post("affiliates", &wish).once("k").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    // Bare, quoted, and a body that means the same.
    for (key, body) in [
        ("k", wish.to_string()),
        ("\"k\"", wish.to_string()),
        ("k", r#"{"custom_commission_rate":0.500,"email":"one@example.com"}"#.to_owned()),
    ] {
        let again = shop.client.call("POST", "affiliates").text(body).once(key).await;
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
        assert_eq!(again.text, first.text);
    }
    // It is resolved before any other unique key, and before the shape of the body.
    for other in [json!({"email": "two@example.com"}), json!({}), json!({"email": 1})] {
        shop.client.post("affiliates", &other).once("k").await.refused(417, "IDEMPOTENCY_MISMATCH");
    }
    let lost = shop.client.post("affiliates", &wish).once("other").await;
    lost.names("ALREADY_EXISTS", "email");
    let id = first.json["id"].as_str().unwrap();
    let told = format!("email is already in use by {id}, which was made from the same content");
    assert_eq!(lost.json["error"]["message"], told, "whose answer may have been lost");
    assert_eq!(shop.client.all("affiliates").await.len(), 1);

    let sale = json!({"type": "purchase", "amount": 1, "external_id": "1"});
    let first = shop.client.post("events", &sale).once("sale").await;
    let again = shop.client.post("events", &sale).once("sale").await;
    assert_eq!((again.status, &again.text), (201, &first.text), "the kept answer, not the one for the external id");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

/// The mismatch of a key is the first refusal, also where a refund cannot be read without its sale.
async fn a_used_key_comes_before_a_refund_that_names_no_sale(shop: Shop) {
    let sale = json!({"type": "purchase", "amount": 10, "external_id": "sale"});
    shop.client.post("events", &sale).once("key").await.created();
    let refund = json!({"type": "refund", "external_id": "refund"});
    shop.client.post("events", &refund).once("key").await.refused(417, "IDEMPOTENCY_MISMATCH");
    shop.client.post("events", &refund).await.refused(417, "INVALID_INPUT");
}

async fn a_key_belongs_to_merchant_and_route(shop: Shop) {
    let wish = json!({"email": "one@example.com"});
    let first = shop.client.post("affiliates", &wish).once("k").await;
    // Another key of the same merchant is the same caller.
    let colleague = shop.scoped("write");
    let again = colleague.post("affiliates", &wish).once("k").await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    // Another route, another mode and another organization are not.
    let sale = json!({"type": "lead", "external_id": "1"});
    assert_eq!(shop.client.post("events", &sale).once("k").await.header("idempotent-replayed"), None);
    for other in [shop.live(), &shop.neighbour().client] {
        let other = other.post("affiliates", &wish).once("k").await;
        assert_eq!((other.status, other.header("idempotent-replayed")), (201, None));
        assert_ne!(other.json["id"], first.json["id"]);
    }
    // A replay needs the scope that the first one needed.
    shop.scoped("read").post("affiliates", &wish).once("k").await.refused(403, "FORBIDDEN");
}

async fn a_key_outlives_a_refusal(shop: Shop) {
    let wish = json!({"email": "child@example.com", "parent_email": "parent@example.com"});
    let post = || shop.client.post("affiliates", &wish).once("k");
    post().await.names("INVALID_INPUT", "parent_email");
    shop.affiliate_with(json!({"email": "parent@example.com"})).await;
    let made = post().await;
    assert_eq!((made.status, made.header("idempotent-replayed")), (201, None), "a refusal is not kept");
    assert_eq!(post().await.text, made.text);
}

async fn a_key_works_on_patch(shop: Shop) {
    let alice = shop.affiliate().await;
    let path = format!("affiliates/{}", alice["id"].as_str().unwrap());
    let named = |name: &str| json!({"display_name": name});
    let first = shop.client.patch(&path, &named("One")).once("k").await;
    assert_eq!(first.status, 200);
    shop.client.patch(&path, &named("Two")).await.ok();
    let again = shop.client.patch(&path, &named("One")).once("k").await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.client.get(&path).await.ok()["display_name"], "Two", "a replay does nothing");
    // Another object with the same key is another request.
    let bob = shop.affiliate().await;
    let other = format!("affiliates/{}", bob["id"].as_str().unwrap());
    shop.client.patch(&other, &named("One")).once("k").await.refused(417, "IDEMPOTENCY_MISMATCH");
    let settings = shop.client.patch("settings", &json!({"hold_days": 7})).once("k").await;
    assert_eq!(settings.status, 200);
}

async fn a_bad_key_is_refused(shop: Shop) {
    let wish = json!({"email": "one@example.com"});
    let long = "k".repeat(256);
    for bad in [long.as_str(), "", "\"\"", "a b", "a\tb"] {
        let answer = shop.client.post("affiliates", &wish).once(bad).await;
        answer.names("INVALID_INPUT", "Idempotency-Key");
    }
    assert_eq!(shop.client.all("affiliates").await.len(), 0);
    shop.client.post("affiliates", &wish).once(&"k".repeat(255)).await.created();
}

/// The same address in simultaneous requests without a key: one is created, the others are refused.
async fn one_address_asked_for_at_once_is_one_affiliate(shop: Shop) {
    let posts: Vec<_> = (0..50)
        .map(|at| {
            let email = if at % 2 == 0 { "one@example.com" } else { "ONE@EXAMPLE.COM" };
            tokio::spawn(shop.client.post("affiliates", &json!({"email": email})).into_future())
        })
        .collect();
    let mut made = 0;
    for post in posts {
        match post.await.unwrap() {
            answer if answer.status == 201 => made += 1,
            answer => answer.names("ALREADY_EXISTS", "email"),
        }
    }
    assert_eq!((made, shop.client.all("affiliates").await.len()), (1, 1));
}
