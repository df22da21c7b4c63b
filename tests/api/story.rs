//! Referral groups from their first order to their end, by the clock of test mode, and every way to be refused.

use crate::support::{Reply, Shop, number, on_both_storages, until};
use serde_json::{Value, json};
use std::time::Duration;

on_both_storages!(
    three_orders_from_the_first_to_their_cashback,
    a_lone_group_through_both_reminders_to_its_end,
    every_refusal_has_its_code_on_every_surface,
    canceling_and_expiring_depend_on_where_a_group_stands,
    of_fifty_simultaneous_joins_with_one_address_one_enters,
);

const DAY: u64 = 86_400;

fn at(list: &str, id: &Value) -> String {
    format!("{list}/{}", id.as_str().unwrap())
}

fn told(types: &[&str], ids: &[&Value]) -> Vec<(String, String)> {
    let pair = |(word, id): (&&str, &&Value)| ((*word).to_owned(), id.as_str().unwrap_or_default().to_owned());
    types.iter().zip(ids).map(pair).collect()
}

async fn three_orders_from_the_first_to_their_cashback(shop: Shop) {
    let levels = json!([{"value": 5, "participantsToUnlock": 2}, {"value": 12.5, "participantsToUnlock": 3}]);
    shop.client.patch("group-settings", &json!({"discountLevels": levels})).await.ok();
    let first = shop.order(json!({"amount": 35_001})).await;
    let group = first["paymentGroupId"].clone();
    let next = async || {
        let ask = json!({"customerEmail": "friend@example.com", "amount": 1});
        let path = format!("{}/validate", at("groups", &first["paymentGroupShareId"]));
        shop.client.post(&path, &ask).await.ok()["currentDiscountLevel"].clone()
    };
    assert_eq!(next().await, json!({"level": 1, "value": 5, "participantsToUnlock": 2}));
    let second = shop.join(&first, json!({"amount": 9_999})).await;
    assert_eq!(next().await, json!({"level": 2, "value": 12.5, "participantsToUnlock": 3}));
    let third = shop.join(&first, json!({"amount": 333})).await;
    shop.advance(599).await;
    assert_eq!(shop.client.get(&at("groups", &group)).await.ok()["status"], "OPEN", "never early");
    shop.advance(1).await;
    let closed = shop.group_becomes(&group, "COMPLETED").await;
    assert_eq!(closed["completedAt"], closed["updatedAt"]);
    // 12.5 % of 350.01, 99.99 and 3.33: 43.75|125, 12.49|875 and 0.41|625.
    for (order, cashback) in [(&first, 4_375), (&second, 1_250), (&third, 42)] {
        let order = shop.client.get(&at("orders", &order["id"])).await.ok();
        assert_eq!((&order["status"], &order["amountCashback"]), (&json!("CASHBACK_AVAILABLE"), &json!(cashback)));
        let session = shop.client.get(&at("checkout-sessions", &order["id"])).await.ok();
        assert_eq!((&session["status"], &session["amount_cashback"]), (&json!("COMPLETED"), &json!(cashback)));
    }
    let paid = at("orders", &third["id"]);
    for status in ["CASHBACK_PROCESSING", "CASHBACK_SENT"] {
        shop.client.patch(&paid, &json!({"status": status})).await.ok();
    }
    shop.client.patch(&paid, &json!({"status": "CASHBACK_PROCESSING"})).await.refused(417, "INVALID_STATE");

    let mut expected = told(&["group_settings.updated"], &[&Value::Null]);
    for (order, word) in
        [(&first, "payment_group.created"), (&second, "payment_group.joined"), (&third, "payment_group.joined")]
    {
        let types = ["customer.created", "order.created", word];
        expected.extend(told(&types, &[&order["customerId"], &order["id"], &group]));
    }
    let available = ["order.cashback_available"; 3];
    let mut orders = [&first["id"], &second["id"], &third["id"]];
    orders.sort_unstable_by_key(|id| id.as_str());
    expected.extend(told(&available, &orders));
    expected.extend(told(&["payment_group.succeeded"], &[&group]));
    let moved = ["order.cashback_processing", "order.cashback_sent"];
    expected.extend(told(&moved, &[&third["id"]; 2]));
    assert_eq!(shop.announced(), expected);
    shop.world.site.run(&["reconcile"]).success();
}

async fn a_lone_group_through_both_reminders_to_its_end(shop: Shop) {
    shop.client.patch("group-settings", &json!({"minutesDuration": 20 * 24 * 60})).await.ok();
    let order = shop.order(json!({})).await;
    let path = at("groups", &order["paymentGroupId"]);
    let read = async || shop.client.get(&path).await.ok();
    let reminded = async |word: &str| {
        until(Duration::from_secs(60), word, async || {
            Some(read().await).filter(|group| group["reminderEmailSent"] == word)
        })
        .await
    };
    let fresh = read().await;
    assert_eq!((&fresh["reminderEmailSent"], &fresh["midExpireAt"]), (&json!("NOT_SENT"), &Value::Null));
    assert!(fresh["jPlus3StartAt"].is_string() && fresh["jMinus2ExpireAt"].is_string());
    shop.advance(3 * DAY).await;
    assert_eq!(reminded("DAY3_SENT").await["status"], "OPEN");
    shop.advance(15 * DAY).await;
    assert_eq!(reminded("DAY2_BEFORE_END_SENT").await["status"], "OPEN");
    shop.advance(2 * DAY).await;
    let expired = shop.group_becomes(&order["paymentGroupId"], "EXPIRED").await;
    assert_eq!(
        (&expired["reminderEmailSent"], &expired["completedAt"]),
        (&json!("DAY2_BEFORE_END_SENT"), &Value::Null)
    );
    let order = shop.client.get(&at("orders", &order["id"])).await.ok();
    assert_eq!((&order["status"], &order["amountCashback"]), (&json!("CREATED"), &json!(0)));
    let types: Vec<String> = shop.announced().into_iter().map(|(word, _)| word).collect();
    let after = ["payment_group.reminder", "payment_group.reminder", "payment_group.expired"];
    let before = ["group_settings.updated", "customer.created", "order.created", "payment_group.created"];
    assert_eq!(types, before.iter().chain(&after).map(|word| (*word).to_owned()).collect::<Vec<_>>());
}

/// Requests to join, on each API: by an order, by a session, and by validation.
async fn attempts(shop: &Shop, share: &str, email: &str, amount: i64) -> Vec<Reply> {
    let mut replies = Vec::new();
    let order = json!({"amount": amount, "customerEmail": email, "paymentGroupShareId": share});
    let session = json!({"amountTotal": amount, "customerEmail": email, "payment_group_share_id": share});
    let ask = json!({"customerEmail": email, "amount": amount});
    for base in ["", "/api/v1"] {
        replies.push(shop.client.post(&format!("{base}/orders"), &order).await);
        replies.push(shop.client.post(&format!("{base}/checkout-sessions"), &session).await);
        for list in ["groups", "payment-groups"] {
            replies.push(shop.client.post(&format!("{base}/{list}/{share}/validate"), &ask).await);
        }
    }
    replies
}

async fn every_refusal_has_its_code_on_every_surface(shop: Shop) {
    shop.client.patch("group-settings", &json!({"maxParticipants": 2, "minPurchaseValue": 100})).await.ok();
    let open = shop.order(json!({})).await;
    let (full, done, lone) = (shop.order(json!({})).await, shop.order(json!({})).await, shop.order(json!({})).await);
    shop.join(&full, json!({})).await;
    let blocked = shop.client.post("customers", &json!({"emailAddress": "blocked@example.com"})).await.created();
    shop.client.call("PATCH", &format!("{}/block", at("customers", &blocked["id"]))).await.ok();
    let canceled = format!("{}/cancel", at("groups", &done["paymentGroupId"]));
    shop.client.call("POST", &canceled).await.ok();
    let share = |order: &Value| order["paymentGroupShareId"].as_str().unwrap().to_owned();
    let (own, new) = (open["customerEmail"].as_str().unwrap().to_uppercase(), "new@example.com");
    for (share, email, amount, status, code) in [
        ("KHT-00000000".to_owned(), new, 100, 404, "NOT_FOUND"),
        ("nonsense".to_owned(), new, 100, 404, "NOT_FOUND"),
        (share(&done), new, 1, 417, "COMPLETED_EXPIRED_CANCELED"),
        (share(&full), new, 1, 417, "MAX_PARTICIPANTS_REACHED"),
        (share(&open), &own, 1, 417, "EMAIL_ALREADY_USED"),
        (share(&open), new, 99, 417, "AMOUNT_TOO_LOW"),
        (share(&open), "Blocked@example.com", 1, 417, "CUSTOMER_BLOCKED"),
        (share(&done), "blocked@example.com", 1, 417, "CUSTOMER_BLOCKED"),
    ] {
        for reply in attempts(&shop, &share, email, amount).await {
            reply.refused(status, code);
        }
    }
    // The opening order too must be large enough, and of a customer who is not blocked.
    let low = json!({"amountTotal": 99, "customerEmail": new});
    shop.client.post("/checkout-sessions", &low).await.refused(417, "AMOUNT_TOO_LOW");
    let blocked = json!({"amountTotal": 99, "customerEmail": "blocked@example.com"});
    shop.client.post("/checkout-sessions", &blocked).await.refused(417, "CUSTOMER_BLOCKED");
    // Time closes as well: before and after the worker has come by.
    shop.advance(600).await;
    for _ in 0..2 {
        for order in [&full, &lone] {
            for reply in attempts(&shop, &share(order), new, 1).await {
                reply.refused(417, "COMPLETED_EXPIRED_CANCELED");
            }
        }
        shop.group_becomes(&full["paymentGroupId"], "COMPLETED").await;
        shop.group_becomes(&lone["paymentGroupId"], "EXPIRED").await;
    }
    assert_eq!(shop.client.get("orders").await.ok()["count"], 5, "nobody got in");
}

async fn canceling_and_expiring_depend_on_where_a_group_stands(shop: Shop) {
    const CLOSED: &str = "COMPLETED_EXPIRED_CANCELED";
    let act = async |what: &str, order: &Value| {
        let list = if number().is_multiple_of(2) { "/groups" } else { "/payment-groups" };
        shop.client.call("POST", &format!("{}/{what}", at(list, &order["paymentGroupId"]))).await
    };
    let (completed, expired) = (shop.order(json!({})).await, shop.order(json!({})).await);
    shop.join(&completed, json!({})).await;
    act("cancel", &completed).await.refused(417, "INVALID_STATE");
    act("expire", &completed).await.refused(417, "INVALID_STATE");
    act("expire", &expired).await.refused(417, "INVALID_STATE");
    shop.advance(600).await;
    // The group expires, whether by hand or by time.
    let by_hand = act("expire", &expired).await;
    assert!(by_hand.status == 200 || by_hand.code() == CLOSED, "{}", by_hand.text);
    shop.group_becomes(&expired["paymentGroupId"], "EXPIRED").await;
    shop.group_becomes(&completed["paymentGroupId"], "COMPLETED").await;
    let canceled = shop.order(json!({})).await;
    let first = act("cancel", &canceled).await.ok();
    assert_eq!(first["status"], "CANCELED");
    for closed in [&completed, &expired, &canceled] {
        for what in ["cancel", "expire"] {
            act(what, closed).await.refused(417, CLOSED);
        }
    }
    // Alone again, because the only friend was wholly refunded: it may be canceled.
    let opening = shop.order(json!({})).await;
    let friend = shop.join(&opening, json!({})).await;
    act("cancel", &opening).await.refused(417, "INVALID_STATE");
    shop.client.call("POST", &format!("{}/refund", at("orders", &friend["id"]))).await.ok();
    assert_eq!(act("cancel", &opening).await.ok()["status"], "CANCELED");
}

async fn of_fifty_simultaneous_joins_with_one_address_one_enters(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let mut joins = tokio::task::JoinSet::new();
    for n in 0..50 {
        let email = if n % 2 == 0 { "friend@example.com" } else { "FRIEND@example.com" };
        let wish =
            json!({"amount": 100, "customerEmail": email, "paymentGroupShareId": opening["paymentGroupShareId"]});
        let call = shop.client.post("orders", &wish);
        joins.spawn(async move { call.await.code().to_owned() });
    }
    let codes = joins.join_all().await;
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1);
    assert_eq!(codes.iter().filter(|code| *code == "EMAIL_ALREADY_USED").count(), 49, "{codes:?}");
    let lists = [("customers", 2), ("orders", 2)];
    for (list, count) in lists {
        assert_eq!(shop.client.get(list).await.ok()["count"], count, "{list}");
    }
    shop.world.site.run(&["reconcile"]).success();
}
