//! Keys: what they may do, how often, and until when.

use crate::support::{Key, Reply, Shop, number, on_both_storages, until};
use serde_json::json;
use std::time::Duration;

on_both_storages!(
    a_key_has_a_rate_limit,
    a_downgrade_closes_the_api,
    a_revoked_key_is_refused_soon,
    a_rolled_key_lives_on_for_its_overlap,
    a_key_expires,
    a_key_is_accepted_in_its_header_alone,
    secrets_and_persons_stay_out_of_the_log,
);

/// How soon revocations and downgrades take effect (docs/api-conventions.md).
const SOON: Duration = Duration::from_secs(5);

async fn a_key_has_a_rate_limit(shop: Shop) {
    let client = shop.client.with_key(&shop.key("test", &["--rate-limit", "12", "--scopes", "read"]).text);
    let mut left = Vec::new();
    for _ in 0..12 {
        let answer = client.get("settings").await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("ratelimit-policy").unwrap().contains("q=12"), "{answer:?}");
        left.push(remaining(&answer));
    }
    assert_eq!(left, (0..12).rev().collect::<Vec<_>>());
    let refused = client.get("settings").await;
    refused.refused(429, "RATE_LIMITED");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // The limit comes before the scope, and is the key's own.
    client.post("affiliates", &json!({"email": "a@example.com"})).await.refused(429, "RATE_LIMITED");
    client.get("affiliates/aff_x").await.refused(429, "RATE_LIMITED");
    shop.client.get("settings").await.ok();
    // It opens again, one by one.
    let limit = Duration::from_secs(60);
    until(limit, "another request", async || (client.get("settings").await.status == 200).then_some(())).await;
}

fn remaining(answer: &Reply) -> u32 {
    let limit = answer.header("ratelimit").unwrap();
    let left = limit.split(';').find_map(|part| part.trim().strip_prefix("r="));
    left.unwrap_or_else(|| panic!("no r= in {limit}")).parse().unwrap()
}

async fn a_downgrade_closes_the_api(shop: Shop) {
    let alice = shop.affiliate().await;
    shop.world.site.run(&["org", "set-plan", &shop.organization, "starter"]).success();
    let refused = until(SOON, "402", async || {
        let answer = shop.client.get("affiliates").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    refused.refused(402, "PLAN_REQUIRED");
    assert_eq!(refused.json["error"]["message"], "API access requires the Growth plan or above.");
    // The plan comes before scope, body and id; no new key is made.
    let never = shop.client.get("affiliates/aff_x").await;
    never.refused(402, "PLAN_REQUIRED");
    shop.client.call("POST", "affiliates").text("{").await.refused(402, "PLAN_REQUIRED");
    let key = ["keys", "create", "--org", &shop.organization, "--mode", "test", "--name", "late"];
    assert_ne!(shop.world.site.run(&key).code, Some(0));

    shop.world.site.run(&["org", "set-plan", &shop.organization, "growth"]).success();
    let list =
        until(SOON, "200", async || Some(shop.client.get("affiliates").await).filter(|it| it.status == 200)).await;
    assert_eq!(list.ok()["data"], json!([alice]), "nothing was deleted");
}

async fn a_revoked_key_is_refused_soon(shop: Shop) {
    let key = shop.key("test", &[]);
    let client = shop.client.with_key(&key.text);
    client.get("settings").await.ok();
    for _ in 0..2 {
        shop.world.site.run(&["keys", "revoke", &key.id]).success();
    }
    let refused = until(SOON, "401", async || Some(client.get("settings").await).filter(|it| it.status != 200)).await;
    refused.refused(401, "UNAUTHORIZED");
    shop.client.get("settings").await.ok();
    assert_ne!(shop.world.site.run(&["keys", "roll", &key.id]).code, Some(0), "a revoked key cannot be rolled");
}

async fn a_rolled_key_lives_on_for_its_overlap(shop: Shop) {
    let made = shop.affiliate().await;
    let first = shop.key("test", &["--scopes", "read", "--rate-limit", "1234"]);
    let second = Key::of(&shop.world.site.json(&["keys", "roll", &first.id]));
    let (old, new) = (shop.client.with_key(&first.text), shop.client.with_key(&second.text));
    for client in [&old, &new] {
        let answer = client.get("affiliates").await;
        assert!(answer.header("ratelimit-policy").unwrap().contains("q=1234"), "the rights are the same: {answer:?}");
        assert_eq!(answer.ok()["data"], json!([made]));
        client.post("affiliates", &json!({})).await.refused(403, "FORBIDDEN");
    }
    let third = Key::of(&shop.world.site.json(&["keys", "roll", &second.id, "--overlap", "0s"]));
    until(SOON, "401", async || (new.get("settings").await.status == 401).then_some(())).await;
    shop.client.with_key(&third.text).get("settings").await.ok();
    old.get("settings").await.ok();
}

async fn a_key_expires(shop: Shop) {
    let key = shop.key("test", &["--expires-in", "2s"]);
    let client = shop.client.with_key(&key.text);
    until(Duration::from_secs(10), "401", async || (client.get("settings").await.status == 401).then_some(())).await;
}

async fn a_key_is_accepted_in_its_header_alone(shop: Shop) {
    let key = shop.key("test", &[]).text;
    let browser = shop.client.anonymous();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        browser.get("settings").header("authorization", &format!("{scheme} {key}")).await.ok();
    }
    let missing = browser.get("settings").await;
    missing.refused(401, "UNAUTHORIZED");
    let mut others = vec![browser.get("settings").query("api_key", &key).await];
    others.push(browser.get("settings").query("access_token", &key).await);
    others.push(browser.get("settings").header("x-api-key", &key).await);
    others.push(browser.get("settings").header("cookie", &format!("key={key}")).await);
    for bad in [key.clone(), format!("Basic {key}"), format!("Bearer{key}"), "Bearer".to_owned(), "Bearer ".to_owned()]
    {
        others.push(browser.get("settings").header("authorization", &bad).await);
    }
    let swapped = if key.contains("_test_") { key.replace("_test_", "_live_") } else { key.clone() };
    for bad in [format!("{key}x"), key[..key.len() - 1].to_owned(), swapped, format!("{key} x"), "x".repeat(5_000)] {
        others.push(browser.get("settings").header("authorization", &format!("Bearer {bad}")).await);
    }
    for answer in others {
        assert_eq!((answer.status, answer.error_alone()), (401, missing.error_alone()), "one answer for all");
    }
}

async fn secrets_and_persons_stay_out_of_the_log(shop: Shop) {
    let key = shop.key("test", &[]).text;
    let client = shop.client.with_key(&key);
    let person = format!("secret-person-{}", number());
    let email = format!("{person}@example.com");
    client.post("affiliates", &json!({"email": email, "slug": person})).await.created();
    client.get("affiliates").query("email", &email).await.ok();
    client.get("affiliates").query("email", &person).await.names("INVALID_INPUT", "email");
    client.anonymous().get("settings").query("key", &key).await.refused(401, "UNAUTHORIZED");
    client.post("affiliates", &json!({"email": email})).await.names("ALREADY_EXISTS", "email");
    let sale = json!({"type": "purchase", "amount": 1, "external_id": "1", "customer": {"email": email}});
    client.post("events", &sale).await.created();
    let metrics = shop.world.server.raw_ops("GET /metrics HTTP/1.1\r\nHost: ops\r\nConnection: close\r\n\r\n").body;
    let log = shop.world.server.log();
    assert!(log.lines().count() > 3, "requests are logged");
    for text in [log, metrics] {
        for secret in [key.as_str(), &key[key.len() - 30..], &email, &person] {
            assert!(!text.contains(secret), "{secret} was written down");
        }
    }
}
