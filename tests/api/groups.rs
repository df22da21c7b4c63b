//! Customers, orders and referral groups as a shop meets them.

use crate::support::{Client, Shop, World, on_both_storages, until};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{MailServer, MailServerOptions};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

on_both_storages!(
    three_friends_get_what_they_were_promised,
    what_speaks_against_an_order_is_told,
    a_lone_creator_is_reminded_and_the_group_expires,
    a_reminder_is_an_e_mail_in_live_mode_alone,
    a_group_has_exactly_its_fields,
    both_spellings_and_both_paths_are_one_operation,
    join_rules_have_their_codes,
    a_customer_comes_and_goes,
    lists_are_taken_in_parts_and_searched,
    a_refund_follows_the_group,
    settings_of_groups_start_as_specified_and_change,
    a_fee_is_charged_of_orders_that_join,
    many_join_at_once_and_the_last_place_is_one,
    a_reset_leaves_nothing_of_them,
);

/// The fields of a group, as its seed lists them.
pub(crate) const GROUP: [&str; 19] = [
    "id",
    "shareId",
    "livemode",
    "organizationId",
    "customerId",
    "creatorEmail",
    "status",
    "metadata",
    "expiresAt",
    "midExpireAt",
    "jMinus2ExpireAt",
    "jPlus3StartAt",
    "reminderEmailSent",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
    "canceledAt",
    "completedAt",
];

fn path(list: &str, id: &Value) -> String {
    format!("{list}/{}", id.as_str().unwrap())
}

async fn act(client: &Client, path: &str) -> crate::support::Reply {
    client.call("POST", path).await
}

async fn three_friends_get_what_they_were_promised(shop: Shop) {
    let first = shop.order(json!({"amount": 35000.0})).await;
    assert_eq!(
        (&first["status"], &first["amountCashback"], &first["ambassadorId"]),
        (&json!("CREATED"), &json!(0), &Value::Null)
    );
    let share = first["paymentGroupShareId"].as_str().unwrap();
    assert!(share.starts_with("KHT-") && share.len() == 12, "{share}");
    let ask = json!({"customerEmail": "friend@example.com", "amount": 1});
    let valid = shop.client.post(&format!("groups/{share}/validate"), &ask).await.ok();
    assert_eq!(valid["currentDiscountLevel"], json!({"level": 1, "value": 5, "participantsToUnlock": 2}));
    assert_eq!((&valid["discountType"], &valid["maxParticipants"]), (&json!("PERCENTAGE"), &json!(15)));
    assert_eq!((&valid["id"], &valid["minutesDuration"]), (&first["paymentGroupId"], &json!(10)));
    let second = shop.join(&first, json!({"amount": 9_999})).await;
    assert_eq!((&second["ambassadorId"], &second["riskLevel"]), (&first["customerId"], &json!("LOW")));
    shop.join(&first, json!({"clientReferenceId": "order-3"})).await;
    let group = path("groups", &first["paymentGroupId"]);
    let who = shop.client.get(&format!("{group}/participants")).await.ok();
    assert_eq!((&who["count"], who["data"].as_array().unwrap().len()), (&json!(3), 3));
    shop.advance(600).await;
    let closed = shop.group_becomes(&first["paymentGroupId"], "COMPLETED").await;
    assert_eq!((&closed["updatedBy"], &closed["canceledAt"]), (&json!("system"), &Value::Null));
    assert!(closed["completedAt"].is_string());
    for (order, cashback) in [(&first, 1_750), (&second, 500)] {
        let order = shop.client.get(&path("orders", &order["id"])).await.ok();
        assert_eq!((&order["status"], &order["amountCashback"]), (&json!("CASHBACK_AVAILABLE"), &json!(cashback)));
        assert_eq!(order["updatedBy"], "system");
    }
    let orders = path("orders", &first["id"]);
    let sent = |status: &str| shop.client.patch(&orders, &json!({"status": status}));
    sent("CASHBACK_SENT").await.refused(417, "INVALID_STATE");
    assert_eq!(sent("CASHBACK_PROCESSING").await.ok()["status"], "CASHBACK_PROCESSING");
    assert_eq!(sent("CASHBACK_SENT").await.ok()["status"], "CASHBACK_SENT");
    shop.world.site.run(&["reconcile"]).success();
}

async fn what_speaks_against_an_order_is_told(shop: Shop) {
    let first = shop.order(json!({"customerPhoneNumber": "+33 1 98 76 54 32"})).await;
    assert_eq!(first["riskLevel"], "LOW");
    let phone = shop.client.get(&path("customers", &first["customerId"])).await.ok()["phoneNumber"].clone();
    assert_eq!(phone, "+33 1 98 76 54 32");
    let number = crate::support::number();
    let thrown = format!("risk{number}@box.mailinator.com");
    for (more, level) in [
        (json!({}), "LOW"),
        (json!({"customerPhoneNumber": "(331) 98765432"}), "MEDIUM"),
        (json!({"customerEmail": thrown}), "MEDIUM"),
        // The fifth within ten minutes.
        (json!({}), "MEDIUM"),
        (json!({"customerPhoneNumber": "(331) 98765432"}), "HIGH"),
    ] {
        let joined = shop.join(&first, more.clone()).await;
        assert_eq!(joined["riskLevel"], level, "{more}");
    }
    // A checkout session gets a risk level like any order: here the fifth of its customer within the hour, with a
    // disposable address.
    let cart = json!({"customerFirstName": "A", "customerLastName": "B", "customerEmail": thrown, "amountTotal": 100});
    for level in ["MEDIUM", "MEDIUM", "MEDIUM", "HIGH"] {
        let session = shop.client.post("/checkout-sessions", &cart).await.created();
        assert_eq!(shop.client.get(&path("orders", &session["id"])).await.ok()["riskLevel"], level);
    }
    shop.advance(3_601).await;
    let session = shop.client.post("/checkout-sessions", &cart).await.created();
    assert_eq!(shop.client.get(&path("orders", &session["id"])).await.ok()["riskLevel"], "MEDIUM", "an hour later");
}

async fn a_lone_creator_is_reminded_and_the_group_expires(shop: Shop) {
    let order = shop.order(json!({})).await;
    let id = &order["paymentGroupId"];
    shop.advance(301).await;
    let group = crate::support::until(std::time::Duration::from_secs(60), "the reminder", async || {
        let group = shop.client.get(&path("groups", id)).await.ok();
        Some(group).filter(|group| group["reminderEmailSent"] == "MIDWAY_SENT")
    })
    .await;
    assert_eq!((&group["status"], &group["updatedBy"]), (&json!("OPEN"), &json!("system")));
    shop.advance(300).await;
    let group = shop.group_becomes(id, "EXPIRED").await;
    assert_eq!((&group["completedAt"], &group["reminderEmailSent"]), (&Value::Null, &json!("MIDWAY_SENT")));
    shop.client
        .post(&format!("{}/validate", path("groups", id)), &json!({}))
        .await
        .refused(417, "COMPLETED_EXPIRED_CANCELED");
    act(&shop.client, &format!("{}/expire", path("groups", id))).await.refused(417, "COMPLETED_EXPIRED_CANCELED");
}

async fn a_group_has_exactly_its_fields(shop: Shop) {
    let order = shop.order(json!({})).await;
    let change = json!({"metadata": {"order_id": "ord_1"}, "creatorEmail": "other@example.com", "unknown": 1});
    let group =
        shop.client.patch(&format!("/groups/{}", order["paymentGroupId"].as_str().unwrap()), &change).await.ok();
    let mut expected: Vec<&str> = GROUP.to_vec();
    expected.sort_unstable();
    let mut fields: Vec<&str> = group.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!((&group["metadata"], &group["creatorEmail"]), (&json!({"order_id": "ord_1"}), &change["creatorEmail"]));
    for empty in ["jMinus2ExpireAt", "jPlus3StartAt", "canceledAt", "completedAt"] {
        assert_eq!(group[empty], Value::Null, "{empty}");
    }
    assert!(group["createdBy"].as_str().unwrap().starts_with("key_"));
    assert_eq!((&group["livemode"], &group["shareId"]), (&json!(false), &order["paymentGroupShareId"]));
    for name in [&group["id"], &group["shareId"]] {
        assert_eq!(shop.client.get(&path("groups", name)).await.ok(), group, "by id and by share id");
    }
}

async fn both_spellings_and_both_paths_are_one_operation(shop: Shop) {
    let wish = json!({"amount": 100, "customer_email": "snake@example.com", "customer_first_name": "Snake",
        "client_reference_id": "snake-1", "whatever": {"else": [1]}});
    let first = shop.client.post("/orders", &wish).once("one").await;
    let again = shop.client.post("orders", &wish).once("one").await;
    assert_eq!((again.header("idempotent-replayed"), &again.text), (Some("true"), &first.text));
    let order = first.created();
    assert_eq!((&order["customerFirstName"], &order["clientReferenceId"]), (&json!("Snake"), &json!("snake-1")));
    shop.client.post("orders", &wish).await.names("ALREADY_EXISTS", "clientReferenceId");
    let wrong = json!({"amount": 1.5, "customer_email": "x"});
    let answer = shop.client.post("/orders", &wrong).await;
    answer.refused(417, "INVALID_INPUT");
    assert_eq!(answer.params(), ["amount", "customer_email"], "as the caller spelled them");
    let soon = json!({"customerId": order["customerId"], "expiresAt": "2999-01-01T00:00:00.123456Z"});
    shop.client.post("groups", &soon).await.names("INVALID_INPUT", "expiresAt");
}

async fn join_rules_have_their_codes(shop: Shop) {
    shop.client.patch("group-settings", &json!({"maxParticipants": 2, "minPurchaseValue": 100})).await.ok();
    let opening = shop.order(json!({})).await;
    let share = &opening["paymentGroupShareId"];
    let ask = |email: &str, amount: i64, share: &Value| {
        shop.client.post("orders", &json!({"amount": amount, "customerEmail": email, "paymentGroupShareId": share}))
    };
    ask("b@example.com", 1, &json!("KHT-00000000")).await.refused(404, "NOT_FOUND");
    ask("b@example.com", 99, share).await.refused(417, "AMOUNT_TOO_LOW");
    let own = opening["customerEmail"].as_str().unwrap().to_uppercase();
    ask(&own, 100, share).await.refused(417, "EMAIL_ALREADY_USED");
    ask("b@example.com", 100, &json!(share.as_str().unwrap().to_lowercase().replace("kht-", "khtpay-test-")))
        .await
        .created();
    ask("c@example.com", 100, share).await.refused(417, "MAX_PARTICIPANTS_REACHED");
    let blocked = path("customers", &opening["customerId"]);
    let blocked = shop.client.call("PATCH", &format!("{blocked}/block")).await.ok();
    assert_eq!(blocked["blocked"], true);
    ask(&own, 1, &json!("KHT-00000000")).await.refused(417, "CUSTOMER_BLOCKED");
    let group = path("groups", &opening["paymentGroupId"]);
    act(&shop.client, &format!("{group}/cancel")).await.refused(417, "INVALID_STATE");
    act(&shop.client, &format!("{group}/validate")).await.refused(417, "MAX_PARTICIPANTS_REACHED");
    let foreign = shop.neighbour();
    let theirs = json!({"amount": 100, "customerEmail": "x@example.com", "paymentGroupShareId": share});
    foreign.client.post("orders", &theirs).await.refused(404, "NOT_FOUND");
    shop.live().post("orders", &theirs).await.refused(404, "NOT_FOUND");
    let alone = shop.order(json!({})).await;
    let canceled = act(&shop.client, &format!("{}/cancel", path("/groups", &alone["paymentGroupId"]))).await.ok();
    assert_eq!(canceled["status"], "CANCELED");
    ask("d@example.com", 100, &alone["paymentGroupShareId"]).await.refused(417, "COMPLETED_EXPIRED_CANCELED");
}

async fn a_customer_comes_and_goes(shop: Shop) {
    let wish = json!({"emailAddress": "Ada@example.com", "firstName": "Ada", "metadata": {"a": 1}, "stranger": true});
    let ada = shop.client.post("customers", &wish).await.created();
    assert_eq!(
        (&ada["emailAddress"], &ada["lastName"], &ada["blocked"]),
        (&json!("Ada@example.com"), &Value::Null, &json!(false))
    );
    shop.client
        .post("customers", &json!({"emailAddress": "aDA@EXAMPLE.com"}))
        .await
        .names("ALREADY_EXISTS", "emailAddress");
    let at = path("customers", &ada["id"]);
    let changed = shop.client.patch(&at, &json!({"last_name": "Lovelace", "metadata": null})).await.ok();
    assert_eq!(
        (&changed["lastName"], &changed["firstName"], &changed["metadata"]),
        (&json!("Lovelace"), &json!("Ada"), &json!({}))
    );
    let order = shop.order(json!({"customerEmail": "ADA@example.com", "customerFirstName": "Other"})).await;
    assert_eq!((&order["customerId"], &order["customerFirstName"]), (&ada["id"], &json!("Other")));
    assert_eq!(shop.client.get(&at).await.ok()["firstName"], "Ada", "an order overwrites nothing");
    let gone = shop.client.delete(&at).await.ok();
    assert!(gone["deletedAt"].is_string());
    assert_eq!(shop.client.get(&at).await.ok(), gone);
    assert_eq!(shop.client.get("customers").await.ok(), json!({"data": [], "count": 0}));
    shop.client
        .post("orders", &json!({"amount": 1, "customerId": ada["id"]}))
        .await
        .names("INVALID_INPUT", "customerId");
    shop.client.call("PATCH", &format!("{at}/block")).await.refused(417, "INVALID_STATE");
}

async fn lists_are_taken_in_parts_and_searched(shop: Shop) {
    let mut made = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let email = format!("{name}@example.com");
        made.push(shop.client.post("customers", &json!({"emailAddress": email})).await.created());
    }
    let list = async |query: &[(&str, &str)]| {
        let call = query.iter().fold(shop.client.get("/customers"), |call, (name, value)| call.query(name, value));
        call.await.ok()
    };
    let [ada, bob, eve] = <[Value; 3]>::try_from(made).unwrap();
    assert_eq!(list(&[]).await, json!({"data": [&eve, &bob, &ada], "count": 3}), "newest first");
    assert_eq!(list(&[("take", "1"), ("skip", "1")]).await, json!({"data": [&bob], "count": 3}));
    assert_eq!(list(&[("orderBy", "createdAt:asc"), ("take", "2")]).await, json!({"data": [&ada, &bob], "count": 3}));
    assert_eq!(list(&[("search", "BOB@")]).await, json!({"data": [&bob], "count": 1}));
    for (name, value) in
        [("take", "0"), ("take", "101"), ("orderBy", "emailAddress:asc"), ("orderBy", "createdAt:up"), ("limit", "1")]
    {
        shop.client.get("customers").query(name, value).await.names("INVALID_INPUT", name);
    }
}

async fn a_refund_follows_the_group(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let joined = shop.join(&opening, json!({})).await;
    let refund =
        |order: &Value, body: Value| shop.client.post(&format!("{}/refund", path("orders", &order["id"])), &body);
    assert_eq!(refund(&joined, json!({"amount": 15_000})).await.ok()["refundedAmount"], 15_000);
    refund(&joined, json!({"amount": 20_001})).await.refused(417, "INVALID_STATE");
    refund(&joined, json!({"amount": 0})).await.names("INVALID_INPUT", "amount");
    shop.advance(600).await;
    shop.group_becomes(&opening["paymentGroupId"], "COMPLETED").await;
    let read = async |order: &Value| shop.client.get(&path("orders", &order["id"])).await.ok();
    assert_eq!(read(&joined).await["amountCashback"], 1_000);
    let all = act(&shop.client, &format!("{}/refund", path("orders", &joined["id"]))).await.ok();
    assert_eq!((&all["refundedAmount"], &all["amountCashback"]), (&json!(35_000), &json!(0)));
    shop.client.patch(&path("orders", &opening["id"]), &json!({"status": "CASHBACK_PROCESSING"})).await.ok();
    let late = refund(&opening, json!({"amount": 5_000})).await.ok();
    assert_eq!((&late["amountCashback"], &late["amountCashbackInReview"]), (&json!(1_750), &json!(250)));
    shop.world.site.run(&["reconcile"]).success();
}

async fn settings_of_groups_start_as_specified_and_change(shop: Shop) {
    let levels = json!([{"level": 1, "value": 5, "participantsToUnlock": 2}, {"level": 2, "value": 10, "participantsToUnlock": 5},
        {"level": 3, "value": 15, "participantsToUnlock": 10}]);
    let first = shop.client.get("group-settings").await.ok();
    assert_eq!((&first["discountLevels"], &first["minutesDuration"]), (&levels, &json!(10)));
    assert_eq!(shop.live().get("/group-settings").await.ok()["minutesDuration"], 129_600);
    let change = json!({"discountType": "AMOUNT", "discountLevels": [{"value": 5.0, "participantsToUnlock": 2},
        {"level": 2, "value": 7, "participants_to_unlock": 3}], "maxParticipants": 3});
    let after = shop.client.patch("group-settings", &change).await.ok();
    assert_eq!(after["discountLevels"][1], json!({"level": 2, "value": 7, "participantsToUnlock": 3}));
    for bad in [
        json!([]),
        json!([{"value": 5, "participantsToUnlock": 3}]),
        json!([{"value": 5, "participantsToUnlock": 2}, {"value": 5, "participantsToUnlock": 3}]),
        json!([{"value": 5.5, "participantsToUnlock": 2}]),
        json!([{"level": 2, "value": 5, "participantsToUnlock": 2}]),
    ] {
        shop.client
            .patch("group-settings", &json!({"discountLevels": bad}))
            .await
            .names("INVALID_INPUT", "discountLevels");
    }
    let bad = json!([{"level": 6, "value": 5.55555, "participantsToUnlock": 1}]);
    let answer = shop.client.patch("group-settings", &json!({"discountLevels": bad})).await;
    answer.refused(417, "INVALID_INPUT");
    assert_eq!(
        answer.params(),
        ["level", "value", "participantsToUnlock"].map(|name| format!("discountLevels[0].{name}"))
    );
    let opening = shop.order(json!({"amount": 10_000})).await;
    let small = shop.join(&opening, json!({"amount": 300})).await;
    shop.advance(600).await;
    shop.group_becomes(&opening["paymentGroupId"], "COMPLETED").await;
    for (order, cashback) in [(&opening, 500), (&small, 300)] {
        let order = shop.client.get(&path("orders", &order["id"])).await.ok();
        assert_eq!(order["amountCashback"], cashback, "whole units, never above the order");
    }
}

async fn a_fee_is_charged_of_orders_that_join(shop: Shop) {
    shop.client.patch("group-settings", &json!({"applicationFeeRate": 0.015})).await.ok();
    let first = shop.order(json!({"amount": 35_000})).await;
    assert_eq!(first["applicationFeeAmount"], 0);
    // 149.985 minor units, rounded once.
    let joined = shop.join(&first, json!({"amount": 9_999})).await;
    assert_eq!(joined["applicationFeeAmount"], 150);
    // A group keeps the terms it began with.
    shop.client.patch("group-settings", &json!({"applicationFeeRate": 0})).await.ok();
    let later = shop.join(&first, json!({"amount": 10_000})).await;
    assert_eq!(later["applicationFeeAmount"], 150);
}

async fn many_join_at_once_and_the_last_place_is_one(shop: Shop) {
    shop.client.patch("group-settings", &json!({"maxParticipants": 2})).await.ok();
    let opening = shop.order(json!({})).await;
    let mut joins = tokio::task::JoinSet::new();
    for n in 0..200 {
        let wish = json!({"amount": 100, "customerEmail": format!("friend{n}@example.com"),
            "paymentGroupShareId": opening["paymentGroupShareId"]});
        let call = shop.client.post("orders", &wish);
        joins.spawn(async move { call.await.code().to_owned() });
    }
    let codes = joins.join_all().await;
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1);
    assert_eq!(codes.iter().filter(|code| *code == "MAX_PARTICIPANTS_REACHED").count(), 199, "{codes:?}");
    let who = shop.client.get(&format!("{}/participants", path("groups", &opening["paymentGroupId"]))).await.ok();
    assert_eq!(who["count"], 2);
    shop.world.site.run(&["reconcile"]).success();
}

async fn a_reset_leaves_nothing_of_them(shop: Shop) {
    shop.client.patch("group-settings", &json!({"maxParticipants": 2})).await.ok();
    let opening = shop.order(json!({"clientReferenceId": "once"})).await;
    act(&shop.client, "test/reset").await.ok();
    for list in ["customers", "orders", "groups"] {
        assert_eq!(shop.client.get(list).await.ok(), json!({"data": [], "count": 0}), "{list}");
    }
    assert_eq!(shop.client.get("group-settings").await.ok()["maxParticipants"], 15);
    shop.order(json!({"clientReferenceId": "once", "customerEmail": opening["customerEmail"]})).await;
    shop.world.site.run(&["reconcile"]).success();
}

/// On a server of its own with a mail server configured.
async fn a_reminder_is_an_e_mail_in_live_mode_alone(shop: Shop) {
    let mails = MailServer::start(MailServerOptions::default()).unwrap();
    let storage = shop.world.storage;
    let site = storage.site().with("smtp.host", "127.0.0.1").with("smtp.port", &mails.port().to_string());
    let site = site.with("smtp.security", "none").with("smtp.from", "Shop <shop@example.com>");
    // Lives as long as the tests: its server ends with them.
    let shop = Shop::open_in(Box::leak(Box::new(World::open_with(storage, site))));
    let mut groups = Vec::new();
    for (client, address) in [(&shop.client, "test@buyer.example"), (shop.live(), "Live@buyer.example")] {
        let customer = client.post("customers", &json!({"emailAddress": address})).await.created();
        let now = OffsetDateTime::parse(customer["createdAt"].as_str().unwrap(), &Rfc3339).unwrap();
        let after = |seconds| (now + Duration::from_secs(seconds)).format(&Rfc3339).unwrap();
        let wish = json!({"customerId": customer["id"], "midExpireAt": after(3), "expiresAt": after(3_600)});
        groups.push((client, client.post("groups", &wish).await.created()));
    }
    for (client, group) in &groups {
        until(Duration::from_secs(60), "the reminder", async || {
            let read = client.get(&path("groups", &group["id"])).await.ok();
            (read["reminderEmailSent"] == "MIDWAY_SENT").then_some(())
        })
        .await;
    }
    let mail = until(Duration::from_secs(60), "the e-mail", async || mails.received().pop()).await;
    let share_id = groups[1].1["shareId"].as_str().unwrap();
    assert_eq!(mail.to, ["Live@buyer.example"]);
    assert!(mail.data.contains(share_id) && mail.header("Subject").is_some(), "{}", mail.data);
    assert!(mail.header("Message-ID").is_some_and(|id| id.starts_with("<mail_") && id.ends_with("@example.com>")));
    // The test group's was due before it.
    assert_eq!(mails.received().len(), 1, "test mode sends nobody anything");
    assert!(!shop.world.server.log().to_lowercase().contains("buyer.example"), "no address gets into the log");
}
