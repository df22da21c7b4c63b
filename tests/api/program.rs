//! Tiers and commission rules.

use crate::support::{Shop, never_here, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    a_tier_comes_and_goes,
    a_threshold_follows_its_metric,
    an_affiliate_is_given_a_tier,
    a_rule_comes_and_goes,
    a_rule_names_what_it_must,
    rules_are_found_by_what_they_are_for,
);

fn path(list: &str, object: &Value) -> String {
    format!("{list}/{}", object["id"].as_str().unwrap())
}

async fn a_tier_comes_and_goes(shop: Shop) {
    let wish = json!({"name": "Gold", "rate": 0.3, "metric": "revenue", "threshold": 10000});
    let answer = shop.client.post("tiers", &wish).await;
    assert_eq!((answer.exact("rate"), answer.exact("threshold")), ("0.30".into(), "10000.00".into()));
    let gold = answer.created();
    assert_eq!((&gold["currency"], &gold["metric"], &gold["name"]), (&json!("USD"), &json!("revenue"), &wish["name"]));
    let again = json!({"name": "gOLD", "rate": 0, "metric": "orders", "threshold": 0});
    shop.client.post("tiers", &again).await.names("ALREADY_EXISTS", "name");
    let path = path("tiers", &gold);
    assert_eq!(shop.client.get(&path).await.ok(), gold);
    let changed = shop.client.patch(&path, &json!({"rate": 0.35, "name": "Gold plus"})).await;
    assert_eq!(changed.exact("rate"), "0.35");
    let changed = changed.ok();
    assert_eq!(changed["threshold"], gold["threshold"]);
    shop.client.post("tiers", &again).await.created();
    shop.client.patch(&path, &json!({"name": "gold"})).await.names("ALREADY_EXISTS", "name");
    assert_eq!(shop.client.all("tiers?metric=revenue").await, [changed]);
    assert_eq!(shop.client.all("tiers").await.len(), 2);
    shop.client.get("tiers?metric=clicks").await.names("INVALID_INPUT", "metric");
    let gone = shop.client.delete(&path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    for answer in [shop.client.delete(&path).await, shop.client.get(&path).await] {
        answer.refused(404, "NOT_FOUND");
    }
}

async fn a_threshold_follows_its_metric(shop: Shop) {
    let wish =
        |metric: &str, threshold: Value| json!({"name": "T", "rate": 1, "metric": metric, "threshold": threshold});
    for (metric, threshold) in
        [("orders", json!(1.5)), ("orders", json!(-1)), ("revenue", json!(0.001)), ("commissions_paid", json!(-1))]
    {
        shop.client.post("tiers", &wish(metric, threshold)).await.names("INVALID_INPUT", "threshold");
    }
    shop.client.post("tiers", &wish("clicks", json!(1))).await.names("INVALID_INPUT", "metric");
    let answer = shop.client.post("tiers", &wish("orders", json!(25.0))).await;
    assert_eq!((answer.exact("threshold"), answer.exact("currency")), ("25".into(), "null".into()));
    let path = path("tiers", &answer.created());
    shop.client.patch(&path, &json!({"metric": "commissions_paid"})).await.names("INVALID_INPUT", "threshold");
    let paid = shop.client.patch(&path, &json!({"metric": "commissions_paid", "threshold": 25})).await;
    assert_eq!((paid.exact("threshold"), paid.exact("currency")), ("25.00".into(), "\"USD\"".into()));
}

async fn an_affiliate_is_given_a_tier(shop: Shop) {
    let wish = json!({"name": "Gold", "rate": 0.3, "metric": "orders", "threshold": 10});
    let gold = shop.client.post("tiers", &wish).await.created();
    let theirs = shop.live().post("tiers", &wish).await.created();
    let alice = shop.affiliate_with(json!({"email": "alice@example.com", "tier_id": gold["id"]})).await;
    assert_eq!(alice["tier_id"], gold["id"]);
    let never = never_here(gold["id"].as_str().unwrap());
    for bad in [&theirs["id"], &json!(never), &json!("tier_x"), &json!("")] {
        let new = json!({"email": "new@example.com", "tier_id": bad});
        shop.client.post("affiliates", &new).await.names("INVALID_INPUT", "tier_id");
        shop.client
            .patch(&path("affiliates", &alice), &json!({"tier_id": bad}))
            .await
            .names("INVALID_INPUT", "tier_id");
    }
    let filter = format!("affiliates?tier_id={}", gold["id"].as_str().unwrap());
    assert_eq!(shop.client.all(&filter).await, std::slice::from_ref(&alice));
    shop.client.delete(&path("tiers", &gold)).await.refused(417, "INVALID_STATE");
    let cleared = shop.client.patch(&path("affiliates", &alice), &json!({"tier_id": null})).await.ok();
    assert_eq!(cleared["tier_id"], Value::Null);
    assert_eq!(shop.client.delete(&path("tiers", &gold)).await.status, 204);
}

async fn a_rule_comes_and_goes(shop: Shop) {
    let wish = json!({"scope": "product", "scope_ref": "Sku-1", "flat_amount": 5, "currency": "jpy", "priority": 7,
        "starts_at": "2024-01-01", "ends_at": "2030-01-01T00:00:00+02:00", "event_type": "renewal"});
    let answer = shop.client.post("commission-rules", &wish).await;
    assert_eq!((answer.exact("flat_amount"), answer.exact("rate")), ("5".into(), "null".into()));
    let rule = answer.created();
    for (name, value) in [
        ("scope", json!("product")),
        ("scope_ref", json!("Sku-1")),
        ("currency", json!("JPY")),
        ("priority", json!(7)),
        ("starts_at", json!("2024-01-01T00:00:00.000Z")),
        ("ends_at", json!("2029-12-31T22:00:00.000Z")),
        ("event_type", json!("renewal")),
    ] {
        assert_eq!(rule[name], value, "{name}");
    }
    let path = path("commission-rules", &rule);
    assert_eq!(shop.client.get(&path).await.ok(), rule);
    for (bad, param) in [
        (json!({"rate": 0.1, "flat_amount": 5}), "rate"),
        (json!({"flat_amount": 0.5}), "flat_amount"),
        (json!({"flat_amount": 0}), "flat_amount"),
        (json!({"currency": "USD"}), "flat_amount"),
        (json!({"ends_at": "2023-01-01"}), "ends_at"),
        (json!({"priority": 1001}), "priority"),
        (json!({"scope": "tier"}), "scope_ref"),
        (json!({"scope_ref": null}), "scope_ref"),
    ] {
        shop.client.patch(&path, &bad).await.names("INVALID_INPUT", param);
    }
    let everything = shop.client.patch(&path, &json!({"scope": "global"})).await.ok();
    assert_eq!(everything["scope_ref"], Value::Null, "what is for everything names nothing");
    let change = json!({"rate": 0.125, "starts_at": null, "ends_at": null, "event_type": null, "priority": 0});
    let changed = shop.client.patch(&path, &change).await;
    assert_eq!((changed.exact("rate"), changed.exact("flat_amount")), ("0.125".into(), "null".into()));
    let changed = changed.ok();
    for name in ["currency", "starts_at", "ends_at", "event_type"] {
        assert_eq!(changed[name], Value::Null, "{name}");
    }
    let gone = shop.client.delete(&path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    for answer in [shop.client.delete(&path).await, shop.client.get(&path).await] {
        answer.refused(404, "NOT_FOUND");
    }
}

async fn a_rule_names_what_it_must(shop: Shop) {
    let alice = shop.affiliate().await;
    let wish = json!({"name": "Gold", "rate": 0.3, "metric": "orders", "threshold": 10});
    let gold = shop.client.post("tiers", &wish).await.created();
    let theirs = shop.live().post("tiers", &wish).await.created();
    let never = never_here(alice["id"].as_str().unwrap());
    for (scope, reference, fits) in [
        ("global", Value::Null, true),
        ("global", json!("x"), false),
        ("product", Value::Null, false),
        ("product", json!("x"), true),
        ("category", json!("x"), true),
        ("affiliate", alice["id"].clone(), true),
        ("affiliate", gold["id"].clone(), false),
        ("affiliate", json!(never), false),
        ("affiliate", json!("alice"), false),
        ("tier", gold["id"].clone(), true),
        ("tier", theirs["id"].clone(), false),
        ("tier", Value::Null, false),
    ] {
        let answer =
            shop.client.post("commission-rules", &json!({"scope": scope, "scope_ref": reference, "rate": 0.1})).await;
        if fits {
            assert_eq!(answer.created()["scope_ref"], reference);
        } else {
            answer.names("INVALID_INPUT", "scope_ref");
        }
    }
    for (reward, param) in [
        (json!({}), "rate"),
        (json!({"rate": 0.1, "flat_amount": 1, "currency": "USD"}), "rate"),
        (json!({"flat_amount": 1}), "currency"),
        (json!({"currency": "USD"}), "flat_amount"),
    ] {
        let mut wish = json!({"scope": "global"});
        wish.as_object_mut().unwrap().extend(reward.as_object().unwrap().clone());
        shop.client.post("commission-rules", &wish).await.names("INVALID_INPUT", param);
    }
    shop.client.delete(&path("tiers", &gold)).await.refused(417, "INVALID_STATE");
}

async fn rules_are_found_by_what_they_are_for(shop: Shop) {
    let alice = shop.affiliate().await;
    let rule = async |scope: &str, reference: Value| {
        let wish = json!({"scope": scope, "scope_ref": reference, "rate": 0.1});
        shop.client.post("commission-rules", &wish).await.created()["id"].clone()
    };
    let of_alice = rule("affiliate", alice["id"].clone()).await;
    let shoes = rule("product", json!("shoes")).await;
    let all_shoes = rule("category", json!("shoes")).await;
    let ids = async |query: &str| -> Vec<Value> {
        let page = shop.client.get(&format!("commission-rules?{query}")).await.ok();
        page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    let alices = format!("affiliate_id={}", alice["id"].as_str().unwrap());
    for (query, expected) in [
        (alices.as_str(), vec![&of_alice]),
        ("scope=product", vec![&shoes]),
        ("scope_ref=shoes", vec![&all_shoes, &shoes]),
        ("scope_ref=shoes&scope=category", vec![&all_shoes]),
        ("scope=global", vec![]),
    ] {
        assert_eq!(ids(query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    assert_eq!(shop.client.all("commission-rules").await.len(), 3);
    for (name, value) in [("scope", "all"), ("affiliate_id", "x"), ("tier_id", "x")] {
        shop.client.get("commission-rules").query(name, value).await.names("INVALID_INPUT", name);
    }
}
