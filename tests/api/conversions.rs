//! Orders that are conversions too.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_storages!(
    an_order_by_a_coupon_earns_what_its_promise_leaves,
    an_order_by_a_session_joins_and_earns,
    what_leads_to_nobody_is_recorded_with_its_reason,
    an_order_that_names_nobody_is_no_conversion,
    whichever_is_refunded_both_are,
    a_reference_is_one_sale_however_many_at_once,
    what_is_promised_is_never_cut,
);

fn path(list: &str, id: &Value) -> String {
    format!("{list}/{}", id.as_str().unwrap())
}

/// An affiliate with a parent, and its coupon.
async fn partner(shop: &Shop) -> (Value, Value) {
    let parent = shop.affiliate().await;
    let name = format!("child{}@example.com", crate::support::number());
    let child = shop.affiliate_with(json!({"email": name, "parent_email": parent["email"]})).await;
    let coupons = shop.client.all("coupons").await;
    let coupon = coupons.iter().find(|coupon| coupon["affiliate_id"] == child["id"]).unwrap();
    (child, coupon["code"].clone())
}

/// The event that an order is too, by the id that it has.
async fn event_of(shop: &Shop, external_id: &Value) -> Value {
    let list = shop.client.get("events").query("external_id", external_id.as_str().unwrap()).await.ok();
    let [event] = <[Value; 1]>::try_from(list["data"].as_array().unwrap().clone()).unwrap();
    event
}

async fn an_order_by_a_coupon_earns_what_its_promise_leaves(shop: Shop) {
    let (child, coupon) = partner(&shop).await;
    shop.settings(json!({"max_payout_rate": 0.30})).await;
    let order = shop.order(json!({"coupon": coupon})).await;
    let event = event_of(&shop, &order["id"]).await;
    assert_eq!((&event["type"], &event["order_id"]), (&json!("purchase"), &order["id"]));
    assert_eq!((&event["affiliate_id"], &event["attribution"]["via"]), (&child["id"], &json!("coupon")));
    let shown = shop.client.get(&path("events", &event["id"])).await;
    assert_eq!((shown.exact("amount"), &shown.json["currency"]), ("350.00".to_owned(), &json!("USD")));
    assert_eq!(
        (shown.exact("commissions/0/amount"), shown.exact("commissions/1/amount")),
        ("52.50".into(), "0.00".into())
    );
    let list = shop.client.get("commissions").query("order_id", order["id"].as_str().unwrap()).await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let explained = shop.client.get(&(path("events", &event["id"]) + "/explain")).await;
    let cap = |field: &str| explained.exact(&format!("cap/{field}"));
    assert_eq!(
        (cap("total"), cap("reserved"), cap("amount"), cap("cut")),
        ("105.00".into(), "52.50".into(), "52.50".into(), "24.50".into())
    );
    // The price of a lone event has nothing reserved.
    let plain = shop.purchase(&child).await;
    let explained = shop.client.get(&(path("events", &plain["id"]) + "/explain")).await;
    assert_eq!((explained.exact("cap/total"), explained.exact("cap/reserved")), ("29.70".into(), "0.00".into()));
    shop.world.site.run(&["reconcile"]).success();
}

async fn an_order_by_a_session_joins_and_earns(shop: Shop) {
    let (child, _) = partner(&shop).await;
    shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
    let session = shop.click(&child).await;
    let opening = shop.order(json!({})).await;
    let joined = shop.join(&opening, json!({"cookie_id": session, "client_reference_id": "shop-7"})).await;
    assert_eq!(joined["paymentGroupId"], opening["paymentGroupId"]);
    let event = event_of(&shop, &json!("shop-7")).await;
    assert_eq!((&event["order_id"], &event["attribution"]["via"]), (&json!("shop-7"), &json!("click")));
    let list = shop.client.get("commissions").query("order_id", "shop-7").await;
    assert_eq!((list.exact("data/0/amount"), list.exact("data/1/amount")), ("7.00".into(), "70.00".into()));
    shop.world.site.run(&["reconcile"]).success();
}

async fn what_leads_to_nobody_is_recorded_with_its_reason(shop: Shop) {
    let (child, coupon) = partner(&shop).await;
    for wish in [
        json!({"coupon": "NOBODY-1"}),
        json!({"coupon": "no such code!"}),
        json!({"cookieId": "?"}),
        json!({"cookieId": "", "coupon": ""}),
    ] {
        let order = shop.order(wish).await;
        let event = event_of(&shop, &order["id"]).await;
        assert_eq!((&event["attributed"], &event["commissions"]), (&json!(false), &json!([])));
        assert!(event["attribution"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    let own = json!({"customerEmail": child["email"], "coupon": coupon});
    let event = event_of(&shop, &shop.order(own).await["id"]).await;
    assert_eq!(
        (&event["attributed"], &event["attribution"]["reason"]),
        (&json!(false), &json!("The buyer is the affiliate: nothing is paid."))
    );
    let long = json!({"amount": 1, "customerEmail": "a@example.com", "coupon": "x".repeat(256)});
    shop.client.post("orders", &long).await.names("INVALID_INPUT", "coupon");
    shop.client
        .post("orders", &json!({"amount": 1, "customerEmail": "a@example.com", "cookie_id": 7}))
        .await
        .names("INVALID_INPUT", "cookie_id");
}

async fn an_order_that_names_nobody_is_no_conversion(shop: Shop) {
    shop.order(json!({})).await;
    shop.order(json!({"coupon": null, "cookieId": null})).await;
    assert_eq!(shop.client.all("events").await, [Value::Null; 0]);
}

async fn whichever_is_refunded_both_are(shop: Shop) {
    let (_, coupon) = partner(&shop).await;
    shop.settings(json!({"max_payout_rate": 0.30})).await;
    let order = shop.order(json!({"coupon": coupon, "clientReferenceId": "shop-1"})).await;
    let id = event_of(&shop, &json!("shop-1")).await["id"].clone();
    let (at, event) = (path("orders", &order["id"]), path("events", &id));
    let standing = async || {
        let (order, event) = (shop.client.get(&at).await.ok(), shop.client.get(&event).await);
        let rows = event.json["commissions"].as_array().unwrap().len();
        let cents = |n: usize| event.exact(&format!("commissions/{n}/amount")).replace('.', "").parse::<i64>().unwrap();
        let live = (0..rows).filter(|n| event.json["commissions"][n]["status"] != "void");
        (order["refundedAmount"].clone(), event.exact("refunded_amount"), live.map(cents).sum::<i64>())
    };
    let part = shop.client.post(&format!("{at}/refund"), &json!({"amount": 10_000})).once("part").await;
    let again = shop.client.post(&format!("{at}/refund"), &json!({"amount": 10_000})).once("part").await;
    assert_eq!((part.status, again.header("idempotent-replayed"), &again.text), (200, Some("true"), &part.text));
    assert_eq!(standing().await, (json!(10_000), "100.00".to_owned(), 3_750));
    let refund = |external_id: &str, amount: Value| json!({"type": "refund", "order_id": "shop-1", "external_id": external_id, "amount": amount});
    shop.client.post("events", &refund("r-1", json!(100))).await.created();
    assert_eq!(standing().await, (json!(20_000), "200.00".to_owned(), 2_250));
    let batch = json!({"events": [refund("r-2", json!(100)), refund("r-3", json!(50.01))]});
    let outcomes = shop.client.post("events/batch", &batch).await.ok();
    assert_eq!(
        (&outcomes["outcomes"][0]["status"], &outcomes["outcomes"][1]["status"]),
        (&json!(201), &json!(417)),
        "{outcomes}"
    );
    assert_eq!(standing().await, (json!(30_000), "300.00".to_owned(), 750));
    shop.client.post(&format!("{at}/refund"), &json!({"amount": 5_001})).await.refused(417, "INVALID_STATE");
    shop.client.call("POST", &format!("{at}/refund")).await.ok();
    assert_eq!(standing().await, (json!(35_000), "350.00".to_owned(), 0));
    shop.client.post("events", &refund("r-4", json!(1))).await.refused(417, "INVALID_STATE");
    shop.world.site.run(&["reconcile"]).success();
}

async fn a_reference_is_one_sale_however_many_at_once(shop: Shop) {
    let (child, coupon) = partner(&shop).await;
    let wish = |n: usize| {
        json!({"amount": 100, "customerEmail": format!("friend{n}@example.com"),
        "clientReferenceId": "race", "coupon": coupon})
    };
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..20 {
        let call = shop.client.post("orders", &wish(n));
        posts.spawn(async move { call.await });
    }
    let answers = posts.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:#?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.names("ALREADY_EXISTS", "clientReferenceId");
    }
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let call =
            shop.client.post("orders", &json!({"amount": 100, "customerEmail": "x@example.com", "coupon": coupon}));
        posts.spawn(call.once("race").into_future());
    }
    let texts: BTreeSet<String> = posts.join_all().await.into_iter().map(|answer| answer.text).collect();
    assert_eq!((texts.len(), shop.client.all("events").await.len()), (1, 2), "{texts:#?}");
    let taken = json!({"type": "purchase", "amount": 1, "external_id": "taken", "affiliate_id": child["id"]});
    shop.client.post("events", &taken).await.created();
    let late = json!({"amount": 1, "customerEmail": "y@example.com", "clientReferenceId": "taken", "coupon": coupon});
    shop.client.post("orders", &late).await.names("ALREADY_EXISTS", "clientReferenceId");
    shop.world.site.run(&["reconcile"]).success();
}

async fn what_is_promised_is_never_cut(shop: Shop) {
    let rate = |rate: f64| shop.client.patch("settings", &json!({"max_payout_rate": rate}));
    rate(0.14).await.names("INVALID_INPUT", "max_payout_rate");
    rate(0.15).await.ok();
    let group = |change: Value| shop.client.patch("group-settings", &change);
    let levels = json!([{"value": 16, "participantsToUnlock": 2}]);
    group(json!({"discountLevels": levels})).await.names("INVALID_INPUT", "discountLevels");
    group(json!({"discountType": "AMOUNT", "minPurchaseValue": 0})).await.names("INVALID_INPUT", "discountLevels");
    group(json!({"maxParticipants": 4})).await.ok();
    rate(0.05).await.ok();
    group(json!({"maxParticipants": 5})).await.names("INVALID_INPUT", "maxParticipants");
    // Fifteen units at the least: of a smallest order of 1,500, in the currency with the most digits.
    let sums = json!({"discountType": "AMOUNT", "discountLevels": [{"value": 75, "participantsToUnlock": 2}], "minPurchaseValue": 1_500_000});
    group(sums).await.ok();
    group(json!({"minPurchaseValue": 1_499_999})).await.names("INVALID_INPUT", "minPurchaseValue");
    rate(0.049_999).await.names("INVALID_INPUT", "max_payout_rate");
}
