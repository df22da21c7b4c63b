//! Many events in one request.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    each_line_is_answered_as_it_would_be_alone,
    a_batch_with_a_key_is_answered_once,
    batches_have_their_limits,
);

fn line(external_id: &str, affiliate: &Value) -> Value {
    json!({"type": "purchase", "amount": 50, "external_id": external_id, "affiliate_id": affiliate["id"]})
}

/// An object without what differs from one request to the next.
fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    for name in ["id", "created_at", "request_id", "external_id", "order_id"] {
        object.as_object_mut().unwrap().remove(name);
    }
    for earned in object["commissions"].as_array_mut().into_iter().flatten() {
        earned.as_object_mut().unwrap().remove("id");
    }
    object
}

async fn each_line_is_answered_as_it_would_be_alone(shop: Shop) {
    let bob = shop.affiliate().await;
    let known = shop.client.post("events", &line("known", &bob)).await.created();
    let alone = shop.client.post("events", &line("alone", &bob)).await.created();
    let bad = [
        r#"{"type": "purchase", "external_id": "no-amount"}"#,
        r#"{"type": "purchase", "amount": 1, "external_id": "a", "colour": "red", "coupon": 5}"#,
        r#"{"type": "purchase", "amount": 1, "external_id": "nul\u0000"}"#,
        r#"{"type": "purchase", "amount": 1, "amount": 2, "external_id": "twice"}"#,
        r#"{"type": "purchase", "amount": 1.234, "external_id": "too-fine", "currency": "USD"}"#,
        r#"{"type": "purchase", "amount": 1, "external_id": "x", "affiliate_id": "aff_00000000000000000000000007"}"#,
        r#"{"type": "purchase", "amount": 51, "external_id": "known"}"#,
        "[]",
        "7",
    ];
    let good = [
        line("first", &bob),
        line("known", &bob),
        line("first", &bob),
        json!({"type": "lead", "external_id": "first"}),
    ];
    let good = good.map(|line| line.to_string());
    let lines: Vec<&str> = bad.iter().copied().chain(good.iter().map(String::as_str)).collect();
    let body = format!(r#"{{"events": [{}]}}"#, lines.join(","));
    let answer = shop.client.call("POST", "events/batch").text(body).await.ok();
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), lines.len());
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome["index"], json!(index));
    }
    for (line, outcome) in bad.iter().zip(outcomes) {
        let single = shop.client.call("POST", "events").text((*line).to_owned()).await;
        assert_eq!((outcome["status"].as_u64(), single.status), (Some(417), 417), "{line}");
        assert_eq!(timeless(&outcome["error"]), timeless(&single.json["error"]), "{line}");
    }
    let [first, repeat, again, lead] = &outcomes[bad.len()..] else { panic!("{answer}") };
    assert_eq!((&first["status"], timeless(&first["event"])), (&json!(201), timeless(&alone)));
    assert_eq!((&repeat["status"], &repeat["event"]), (&json!(200), &known));
    assert_eq!((&again["status"], &again["event"]), (&json!(200), &first["event"]), "the second of the same");
    assert_eq!((&lead["status"], &lead["event"]["attributed"]), (&json!(201), &json!(false)));
    let id = first["event"]["id"].as_str().unwrap();
    assert_eq!(shop.client.get(&format!("events/{id}")).await.ok(), first["event"]);
    assert_eq!(shop.client.all("events").await.len(), 4);
    assert_eq!(shop.client.all("commissions").await.len(), 3);
}

async fn a_batch_with_a_key_is_answered_once(shop: Shop) {
    let bob = shop.affiliate().await;
    let lines: Vec<Value> = (0..700).map(|n| line(&n.to_string(), &bob)).collect();
    let post = |lines: &[Value]| {
        shop.client.call("POST", "events/batch").header("Idempotency-Key", "batch-1").json(&json!({"events": lines}))
    };
    let first = post(&lines).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let second = post(&lines).await;
    assert_eq!((second.status, &second.text), (200, &first.text));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    let other = post(&lines[1..]).await;
    assert_eq!((other.status, &other.json["error"]["code"]), (417, &json!("IDEMPOTENCY_MISMATCH")));
    assert_eq!(shop.client.all("events").await.len(), 700);
    assert_eq!(shop.client.all("commissions").await.len(), 700);
}

async fn batches_have_their_limits(shop: Shop) {
    let post = |count: usize, padding: usize| {
        let line = |n: usize| {
            let note = "x".repeat(padding);
            json!({"type": "lead", "external_id": format!("{count}-{n}"), "metadata": {"note": note}})
        };
        let lines: Vec<Value> = (0..count).map(line).collect();
        shop.client.post("events/batch", &json!({"events": lines}))
    };
    for count in [0, 1_001] {
        let refused = post(count, 0).await;
        assert_eq!((refused.status, &refused.json["error"]["param"]), (417, &json!("events")), "{count}");
    }
    // More than any other body may have.
    let outcomes = post(1_000, 400).await.ok()["outcomes"].clone();
    assert!(outcomes.as_array().unwrap().iter().all(|outcome| outcome["status"] == 201));
    let large = shop.client.call("POST", "events/batch").text(" ".repeat(2 * 1024 * 1024 + 1)).await;
    assert_eq!((large.status, &large.json["error"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
}
