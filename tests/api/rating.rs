//! What events earn: items, several affiliates, caps, and how that is explained.

use crate::support::{Shop, number, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    items_stand_for_the_amount_and_must_agree_with_it,
    several_affiliates_have_equal_parts,
    the_cap_cuts_the_highest_level_first,
    an_event_is_explained,
    what_cannot_be_read_is_a_candidate_too,
    what_pays_nothing_says_why,
    a_dry_run_answers_and_keeps_nothing,
    renewals_earn_by_the_customers_first_order,
);

/// A purchase with a new external id and these further members.
fn wish(more: Value) -> Value {
    let mut wish = json!({"type": "purchase", "external_id": format!("rated-{}", number())});
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    wish
}

/// An amount with the digits that it is sent with: reading JSON loses the last zeros.
fn dollars(amount: &Value) -> String {
    format!("{:.2}", amount.as_f64().unwrap())
}

fn amounts(event: &Value) -> Vec<String> {
    event["commissions"].as_array().unwrap().iter().map(|row| dollars(&row["amount"])).collect()
}

async fn explained(shop: &Shop, event: &Value) -> Value {
    shop.client.get(&format!("events/{}/explain", event["id"].as_str().unwrap())).await.ok()
}

async fn items_stand_for_the_amount_and_must_agree_with_it(shop: Shop) {
    let alice = shop.affiliate().await;
    let items = json!([{"product": "boot", "amount": 10.05}, {"category": "hats", "amount": 0.10}, {"amount": 1}]);
    let event = shop.client.post("events", &wish(json!({"items": items, "affiliate_id": alice["id"]}))).await.created();
    assert_eq!((event["amount"].to_string(), amounts(&event)), ("11.15".to_owned(), vec!["2.23".to_owned()]));
    assert_eq!(event["items"][1], json!({"product": null, "category": "hats", "amount": 0.10}));
    let same = wish(json!({"amount": 11.15, "affiliate_id": alice["id"]}));
    assert_eq!(amounts(&shop.client.post("events", &same).await.created()), amounts(&event));
    let many: Vec<Value> = (0..101).map(|_| json!({"amount": 1})).collect();
    for (body, param) in [
        (json!({"items": items, "amount": 11.16}), "items"),
        (json!({"items": many}), "items"),
        (json!({"items": [1]}), "items[0]"),
        (json!({"items": [{"amount": 1}, {"product": "boot"}]}), "items[1].amount"),
        (json!({"items": [{"amount": 0.001}]}), "items[0].amount"),
        (json!({"items": [{"amount": -1}]}), "items[0].amount"),
        (json!({"items": [{"amount": 1, "price": 1}]}), "items[0].price"),
        (json!({"items": [{"amount": 1, "product": ""}]}), "items[0].product"),
        (json!({"items": []}), "amount"),
    ] {
        shop.client.post("events", &wish(body)).await.names("INVALID_INPUT", param);
    }
}

async fn several_affiliates_have_equal_parts(shop: Shop) {
    let settings =
        json!({"attribution_model": "linear", "commission_rate": 1, "landing_url": "https://shop.example.com"});
    assert_eq!(shop.settings(settings).await["attribution_model"], "linear");
    let [first, second, third] = [shop.affiliate().await, shop.affiliate().await, shop.affiliate().await];
    let session = shop.click(&first).await;
    for affiliate in [&second, &first, &third] {
        shop.click_again(affiliate, &session).await;
    }
    for (amount, wanted) in [("1.00", ["0.34", "0.33", "0.33"]), ("0.01", ["0.01", "0.00", "0.00"])] {
        let amount: Value = serde_json::from_str(amount).unwrap();
        let event = shop.client.post("events", &wish(json!({"amount": amount, "cookie_id": session}))).await.created();
        assert_eq!(event["affiliate_id"], third["id"], "the last click's");
        let mut rows: Vec<(String, String)> = Vec::new();
        for row in event["commissions"].as_array().unwrap() {
            rows.push((row["affiliate_id"].as_str().unwrap().to_owned(), dollars(&row["amount"])));
        }
        let earners = [&third, &first, &second].map(|affiliate| affiliate["id"].as_str().unwrap().to_owned());
        let mut expected: Vec<_> = earners.into_iter().zip(wanted.map(str::to_owned)).collect();
        rows.sort();
        expected.sort();
        assert_eq!(rows, expected);
        let explained = explained(&shop, &event).await;
        let verdicts: Vec<_> = explained["candidates"].as_array().unwrap().iter().map(|c| &c["verdict"]).collect();
        assert_eq!(verdicts, ["won", "won", "won", "repeated"]);
        assert_eq!(explained["lines"].as_array().unwrap().len(), 3);
    }
}

async fn the_cap_cuts_the_highest_level_first(shop: Shop) {
    shop.settings(json!({"max_payout_rate": 0.25, "mlm_rates": [0.5, 0.5]})).await;
    let top = shop.affiliate().await;
    let under = |parent: &Value| {
        let slug = format!("child{}", number());
        json!({"slug": slug, "email": format!("{slug}@example.com"), "parent_email": parent["email"]})
    };
    let middle = shop.affiliate_with(under(&top)).await;
    let leaf = shop.affiliate_with(under(&middle)).await;
    let event = shop.client.post("events", &wish(json!({"amount": 100, "affiliate_id": leaf["id"]}))).await.created();
    assert_eq!(amounts(&event), ["20.00", "5.00", "0.00"]);
    let explained = explained(&shop, &event).await;
    assert_eq!(explained["cap"], json!({"total": 25.00, "reserved": 0.00, "amount": 25.00, "cut": 15.00}));
    let overrides = &explained["lines"][0]["overrides"];
    assert_eq!((&overrides[0]["rounded"], &overrides[0]["cap_cut"]), (&json!(10.00), &json!(5.00)));
    assert_eq!((&overrides[1]["rounded"], &overrides[1]["cap_cut"]), (&json!(10.00), &json!(10.00)));
}

async fn an_event_is_explained(shop: Shop) {
    let rejected =
        shop.affiliate_with(json!({"email": format!("p{}@example.com", number()), "status": "pending"})).await;
    let alice = shop
        .affiliate_with(json!({"email": format!("a{}@example.com", number()), "custom_commission_rate": 0.333333}))
        .await;
    let code = format!("EXPLAIN-{}", number());
    shop.client.post("coupons", &json!({"affiliate_id": alice["id"], "code": code})).await.created();
    let body = wish(
        json!({"amount": 0.05, "affiliate_id": rejected["id"], "coupon": code, "cookie_id": "no-such-session-here"}),
    );
    let event = shop.client.post("events", &body).await.created();
    let explained = explained(&shop, &event).await;
    let seen: Vec<_> = explained["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["source"].as_str().unwrap(), c["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("affiliate", "not_approved"), ("coupon", "won"), ("session", "unknown")]);
    let line = &explained["lines"][0];
    assert_eq!(line["considered"][0]["source"], "affiliate");
    assert_eq!(line["considered"][1]["verdict"], "outranked");
    let step = &line["commission"];
    assert_eq!((step["exact"].as_str(), step["rounded"].to_string()), (Some("0.01666665"), "0.02".to_owned()));
    assert_eq!((dollars(&step["refunded"]), dollars(&step["remaining"])), ("0.00".to_owned(), "0.02".to_owned()));
    assert_eq!(explained["unpaid_reason"], Value::Null);
}

async fn what_cannot_be_read_is_a_candidate_too(shop: Shop) {
    let alice = shop.affiliate().await;
    let garbled = json!({"amount": 10, "affiliate_id": alice["id"], "coupon": "½ off", "cookie_id": "?"});
    let event = shop.client.post("events", &wish(garbled)).await.created();
    let candidates = &explained(&shop, &event).await["candidates"];
    let seen: Vec<_> = candidates
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["source"].as_str().unwrap(), c["coupon"].as_str(), c["verdict"].as_str().unwrap()))
        .collect();
    let expected = [("affiliate", None, "won"), ("coupon", None, "unreadable"), ("session", None, "unreadable")];
    assert_eq!(seen, expected);
}

async fn what_pays_nothing_says_why(shop: Shop) {
    let alice = shop.affiliate().await;
    for (more, why) in [
        (json!({"type": "signup", "affiliate_id": alice["id"]}), "fixed sum"),
        (json!({"amount": 10}), "names no affiliate"),
        (json!({"amount": 10, "coupon": "½ off", "cookie_id": "?"}), "Neither the session nor the coupon"),
        (json!({"amount": 0.01, "affiliate_id": alice["id"]}), "smallest unit"),
    ] {
        let event = shop.client.post("events", &wish(more)).await.created();
        let reason = explained(&shop, &event).await["unpaid_reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(why), "{reason}");
    }
}

async fn a_dry_run_answers_and_keeps_nothing(shop: Shop) {
    let alice = shop.affiliate().await;
    let before = shop.stored().await;
    let body = wish(json!({"amount": 99, "affiliate_id": alice["id"]}));
    let reader = shop.scoped("read");
    let tried = reader.post("events?dry_run=true", &body).header("idempotency-key", "tried").await.ok();
    assert_eq!(amounts(&tried), ["19.80"]);
    assert_eq!(shop.stored().await, before);
    let made = shop.client.post("events?dry_run=false", &body).header("idempotency-key", "tried").await.created();
    assert_eq!((amounts(&made), &made["external_id"]), (amounts(&tried), &tried["external_id"]));
    assert_eq!(reader.post("events?dry_run=true", &body).await.ok(), made, "it is there already");
    reader.post("events", &body).await.refused(403, "FORBIDDEN");
    shop.scoped("write").post("events?dry_run=true", &body).await.refused(403, "FORBIDDEN");
    shop.client.post("events?dry_run=maybe", &body).await.names("INVALID_INPUT", "dry_run");
    shop.client.post("events?dry_run=true&more=1", &body).await.names("INVALID_INPUT", "more");
    reader.post("events?dry_run=true", &wish(json!({"amount": -1}))).await.names("INVALID_INPUT", "amount");
}

async fn renewals_earn_by_the_customers_first_order(shop: Shop) {
    shop.settings(json!({"recurring": "first_n_renewals", "recurring_max_renewals": 1})).await;
    let alice = shop.affiliate().await;
    let customer = json!({"external_id": format!("c-{}", number()), "email": format!("c{}@example.com", number())});
    let first = wish(json!({"amount": 99, "affiliate_id": alice["id"], "customer": customer}));
    shop.client.post("events", &first).await.created();
    let again = || wish(json!({"type": "renewal", "amount": 99, "customer": {"email": customer["email"]}}));
    let tried = shop.client.post("events?dry_run=true", &again()).await.ok();
    assert_eq!(tried["attribution"]["via"], "customer", "and it is not counted");
    let renewed = shop.client.post("events", &again()).await.created();
    assert_eq!((&renewed["attribution"]["via"], &renewed["affiliate_id"]), (&json!("customer"), &alice["id"]));
    assert_eq!(amounts(&renewed), ["19.80"]);
    let third = shop.client.post("events", &again()).await.created();
    assert_eq!((&third["attribution"]["via"], &third["attributed"]), (&json!("none"), &json!(false)));
    let explained = explained(&shop, &third).await;
    assert_eq!(
        (&explained["candidates"][0]["source"], &explained["candidates"][0]["verdict"]),
        (&json!("customer"), &json!("used_up"))
    );
    let neighbour = shop.neighbour();
    let theirs = neighbour.client.post("events", &again()).await.created();
    assert_eq!(theirs["attributed"], false, "a neighbour's customer is another");
}
