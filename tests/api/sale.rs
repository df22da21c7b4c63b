//! One sale from click to commission, with the requests that the documentation prints.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(the_printed_requests_work, a_parent_earns_to_the_cent, every_currency_keeps_its_digits);

/// The documentation's requests as printed, with the comment taken out and the placeholders filled in.
async fn the_printed_requests_work(shop: Shop) {
    let alice = shop
        .client
        .call("POST", "affiliates")
        .text(r#"{"email": "alice@example.com", "slug": "alice", "display_name": "Alice"}"#)
        .await
        .created();
    let bob = shop
        .client
        .call("POST", "affiliates")
        .text(
            r#"{
  "email": "bob@example.com",
  "slug": "bob",
  "display_name": "Bob",
  "parent_email": "alice@example.com"
}"#,
        )
        .await
        .created();
    assert_eq!((&bob["slug"], &bob["status"]), (&json!("bob"), &json!("approved")));
    assert_eq!(bob["parent_affiliate_id"], alice["id"]);

    let list = shop.client.get("affiliates?status=approved&limit=50&offset=0").await.ok();
    let named: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|one| &one["slug"]).collect();
    assert_eq!(named, ["bob", "alice"], "newest first");
    assert_eq!((&list["has_more"], &list["limit"], &list["offset"]), (&json!(false), &json!(50), &json!(0)));
    let one = shop.client.get(&format!("affiliates/{}", text(&alice["id"]))).await.ok();
    assert_eq!(one, alice);
    for hidden in ["tin_vault_id", "fingerprint_visitor_ids", "payout_details_vault_id"] {
        assert!(one.get(hidden).is_none(), "{hidden} is never shown");
    }

    shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
    let session = shop.click(&bob).await;
    let event = shop
        .client
        .call("POST", "events")
        .text(format!(
            r#"{{
  "cookie_id": "{session}",
  "type": "purchase",
  "amount": 99.00,
  "currency": "USD",
  "external_id": "your-order-id",
  "metadata": {{"sku": "WIDGET-1"}}
}}"#
        ))
        .await
        .created();
    assert_eq!((&event["attributed"], &event["affiliate_id"]), (&json!(true), &bob["id"]));
    assert_eq!(event["attribution"]["via"], "click");
    assert_eq!(event["metadata"], json!({"sku": "WIDGET-1"}));
    assert_eq!(event["order_id"], "your-order-id");

    let coupon = &bob["coupon_codes"][0];
    let by_coupon =
        json!({"coupon": text(coupon).to_lowercase(), "type": "purchase", "amount": 50, "external_id": "2"});
    let event = shop.client.post("events", &by_coupon).await.created();
    assert_eq!((&event["affiliate_id"], &event["attribution"]["via"]), (&bob["id"], &json!("coupon")));

    let bobs = format!("commissions?affiliate_id={}&status=pending&from=2024-01-01", text(&bob["id"]));
    let list = shop.client.get(&bobs).await;
    assert_eq!((list.exact("data/0/amount"), list.exact("data/1/amount")), ("10.00".to_owned(), "19.80".to_owned()));
    assert_eq!(list.ok()["data"][1]["order_id"], "your-order-id");
    let approved = bobs.replace("pending", "approved");
    assert_eq!(shop.client.get(&approved).await.ok()["data"], json!([]));
}

/// 99.00 USD at 20 % with a parent that gets 10 % of the commission: 19.80 and 1.98.
async fn a_parent_earns_to_the_cent(shop: Shop) {
    let parent = shop.affiliate().await;
    let child = shop.affiliate_with(json!({"email": "child@example.com", "parent_email": parent["email"]})).await;
    let event = shop.purchase(&child).await;
    assert_eq!(event["commissions"].as_array().unwrap().len(), 2);

    let list = shop.client.get("commissions").await;
    let rows: Vec<(String, String, String, String)> = (0..2)
        .map(|row| {
            let exact = |name: &str| list.exact(&format!("data/{row}/{name}"));
            (exact("level"), exact("basis_amount"), exact("rate"), exact("amount"))
        })
        .collect();
    let row = |level: &str, basis: &str, rate: &str, amount: &str| {
        (level.to_owned(), basis.to_owned(), rate.to_owned(), amount.to_owned())
    };
    assert!(rows.contains(&row("0", "99.00", "0.20", "19.80")), "{rows:?}");
    assert!(rows.contains(&row("1", "19.80", "0.10", "1.98")), "{rows:?}");
    let list = list.ok();
    let at = |level: u64| list["data"].as_array().unwrap().iter().find(|one| one["level"] == level).unwrap();
    assert_eq!((&at(0)["affiliate_id"], &at(1)["affiliate_id"]), (&child["id"], &parent["id"]));
    assert_eq!((&at(0)["leaf_commission_id"], &at(1)["leaf_commission_id"]), (&Value::Null, &at(0)["id"]));
    for level in [0, 1] {
        assert_eq!(at(level)["event_id"], event["id"]);
        assert_eq!(at(level)["status"], "pending");
        assert_eq!(&shop.client.get(&format!("commissions/{}", text(&at(level)["id"]))).await.ok(), at(level));
    }
    assert_eq!(shop.client.get(&format!("events/{}", text(&event["id"]))).await.ok(), event);
}

/// Amounts are printed with exactly the currency's digits; half a minor unit rounds away from zero, once.
async fn every_currency_keeps_its_digits(shop: Shop) {
    let parent = shop.affiliate().await;
    let wish = json!({"email": "child@example.com", "parent_email": parent["email"], "custom_commission_rate": 0.125});
    let child = shop.affiliate_with(wish).await;
    for (currency, amount, printed, leaf, top) in [
        ("JPY", "500", "500", "63", "6"),
        ("JPY", "500.00", "500", "63", "6"),
        ("KWD", "10.004", "10.004", "1.251", "0.125"),
        ("USD", "0.04", "0.04", "0.01", "0.00"),
        ("USD", "9.9e1", "99.00", "12.38", "1.24"),
        ("USD", "0", "0.00", "0.00", "0.00"),
        ("USD", "10000000000.01", "10000000000.01", "1250000000.00", "125000000.00"),
    ] {
        let body = format!(
            r#"{{"type":"purchase","external_id":"{currency} {amount}","amount":{amount},"currency":"{currency}","affiliate_id":{}}}"#,
            child["id"]
        );
        let event = shop.client.call("POST", "events").text(body).await;
        assert_eq!(event.exact("amount"), printed, "{}", event.text);
        assert_eq!(event.exact("commissions/0/amount"), leaf, "{}", event.text);
        assert_eq!(event.exact("commissions/1/amount"), top, "{}", event.text);
        assert_eq!(event.created()["currency"], currency);
    }
    for (currency, amount) in [("JPY", "500.5"), ("KWD", "1.0001"), ("USD", "1.001"), ("USD", "-1"), ("USD", "1e30")] {
        let body = format!(
            r#"{{"type":"purchase","external_id":"bad {currency} {amount}","amount":{amount},"currency":"{currency}"}}"#
        );
        shop.client.call("POST", "events").text(body).await.names("INVALID_INPUT", "amount");
    }
    let lifetime = shop.client.get(&format!("affiliates/{}", text(&child["id"]))).await;
    assert_eq!(lifetime.exact("lifetime_commissions_paid"), "0.00");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
