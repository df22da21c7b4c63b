//! Requests of existing shop modules, as they send them: to the legacy API, and to customers, orders and groups.

use crate::{
    groups::GROUP,
    support::{Reply, Shop, number, on_both_storages},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

on_both_storages!(
    a_shop_module_checks_out,
    an_expired_session_takes_part_no_longer,
    payment_groups_are_groups_in_snake_case,
    a_key_may_be_the_user_of_basic,
    faults_are_named_as_the_caller_spells,
    numbers_dates_and_metadata_are_read_as_real_clients_write_them,
    a_share_id_is_read_however_it_was_typed,
    a_form_may_be_empty,
    the_seeds_own_body_gives_the_seeds_own_fields,
    an_order_is_not_lost_over_what_nothing_is_calculated_with,
    what_older_clients_ask_beside_is_passed_over,
);

/// The base paths of older and of current clients.
const BASES: [&str; 2] = ["", "/api/v1"];

/// What a module for a shop system posts when an order is placed.
fn checkout(more: Value) -> Value {
    let mut body = json!({
        "customerFirstName": "Ada", "customerLastName": "Lovelace",
        "customerEmail": format!("module{}@example.com", number()), "customerPhoneNumber": "",
        "clientReferenceId": format!("cart-{}", number()), "paymentClientReferenceId": "payment-7",
        "payment_group_share_id": "", "locale": "fr_FR", "amountTotal": 35000.0,
        "lineItems": [
            {"name": "Telescope", "description": "With a tripod.\nAnd a map.", "quantity": 2, "price": 15000.0,
             "image_url": "https://shop.example.com/telescope.jpg", "type": "PRODUCT", "sku": "T-1"},
            {"name": "Parcel", "price": 5499.999999999999, "quantity": 1.0, "type": "SHIPPING"},
            {"name": "Welcome", "price": -500, "type": "DISCOUNT"}
        ],
        "metadata": {"cartId": 7, "paid_at": "2024-01-01T12:00:00.123456Z"}, "moduleVersion": "1.2.3"
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn at(base: &str, list: &str, id: &Value) -> String {
    format!("{base}/{list}/{}", id.as_str().unwrap())
}

async fn a_shop_module_checks_out(shop: Shop) {
    let body = checkout(json!({}));
    let first = shop.client.post("/checkout-sessions", &body).once("cart").await.created();
    assert_eq!((&first["url"], &first["status"]), (&Value::Null, &json!("OPEN")), "there is no landing page");
    assert_eq!((&first["amount_total"], &first["currency"]), (&json!(35_000), &json!("USD")));
    let own = ["client_reference_id", "payment_client_reference_id", "locale", "customer_phone_number"];
    let given = [body["clientReferenceId"].clone(), json!("payment-7"), json!("fr_FR"), Value::Null];
    assert_eq!(own.map(|name| first[name].clone()), given);
    assert_eq!(first["metadata"], body["metadata"], "as given");
    let lines = json!([
        {"name": "Telescope", "description": "With a tripod.\nAnd a map.", "quantity": 2, "price": 15000.0,
         "image_url": "https://shop.example.com/telescope.jpg", "type": "PRODUCT"},
        {"name": "Parcel", "description": null, "quantity": 1.0, "price": 5499.999999999999, "image_url": null,
         "type": "SHIPPING"},
        {"name": "Welcome", "description": null, "quantity": 1, "price": -500, "image_url": null, "type": "DISCOUNT"}
    ]);
    assert_eq!(first["line_items"], lines, "whatever they add up to");
    let order = shop.client.get(&at("", "orders", &first["id"])).await.ok();
    assert_eq!((&order["amount"], &order["status"]), (&first["amount_total"], &json!("CREATED")), "it is an order");

    // A landing page that is set in between does not change a stored response.
    shop.settings(json!({"landing_url": "https://shop.example.com/thanks"})).await;
    let again = shop.client.post("checkout-sessions", &body).once("cart").await;
    assert_eq!((again.header("idempotent-replayed"), &again.json), (Some("true"), &first));
    let join = checkout(json!({"payment_group_share_id": first["payment_group_share_id"]}));
    let second = shop.client.post("/api/v1/checkout-sessions", &join).await.created();
    assert_eq!(second["url"], "https://shop.example.com/thanks");
    assert_eq!(second["payment_group_id"], first["payment_group_id"]);
    shop.client.post("/checkout-sessions", &join).await.names("ALREADY_EXISTS", "clientReferenceId");
    let none = checkout(json!({"paymentGroupShareId": "KHT-00000000", "payment_group_share_id": null}));
    shop.client.post("/checkout-sessions", &none).await.refused(404, "NOT_FOUND");

    shop.advance(600).await;
    shop.group_becomes(&first["payment_group_id"], "COMPLETED").await;
    for base in BASES {
        let complete = shop.client.get(&at(base, "checkout-sessions", &first["id"])).await.ok();
        assert_eq!((&complete["status"], &complete["amount_cashback"]), (&json!("COMPLETED"), &json!(1_750)));
        let list = shop.client.get(&format!("{base}/checkout-sessions")).query("order_by", "created_at:asc");
        let list = list.query("take", "1").await.ok();
        assert_eq!(list, json!({"data": [complete], "count": 2}));
    }
    let plain = shop.order(json!({})).await;
    let session = shop.client.get(&at("", "checkout-sessions", &plain["id"])).await.ok();
    assert_eq!((&session["line_items"], &session["payment_client_reference_id"]), (&json!([]), &Value::Null));
}

async fn an_expired_session_takes_part_no_longer(shop: Shop) {
    let first = shop.client.post("/checkout-sessions", &checkout(json!({}))).await.created();
    let share = json!({"payment_group_share_id": first["payment_group_share_id"]});
    let wish = checkout(share.clone());
    let second = shop.client.post("/checkout-sessions", &wish).await.created();
    let expire =
        |session: &Value| shop.client.call("POST", &format!("{}/expire", at("", "checkout-sessions", &session["id"])));
    let expired = expire(&second).once("expire").await.ok();
    assert_eq!((&expired["status"], &expired["amount_refunded"]), (&json!("EXPIRED"), &json!(35_000)));
    assert_eq!(expire(&second).once("expire").await.ok(), expired, "kept");
    expire(&second).await.refused(417, "INVALID_STATE");
    let who =
        shop.client.get(&format!("{}/participants", at("", "payment-groups", &first["payment_group_id"]))).await.ok();
    assert_eq!((&who["count"], &who["data"][0]["id"]), (&json!(1), &first["id"]));
    // The address is free to join again, with an order of its own.
    let mut again = checkout(share);
    again["customerEmail"] = wish["customerEmail"].clone();
    shop.client.post("/checkout-sessions", &again).await.created();
    shop.advance(600).await;
    expire(&first).await.refused(417, "INVALID_STATE");
    shop.group_becomes(&first["payment_group_id"], "COMPLETED").await;
    expire(&first).await.refused(417, "INVALID_STATE");
    assert_eq!(
        shop.client.get(&at("", "checkout-sessions", &second["id"])).await.ok(),
        expired,
        "closing pays it nothing"
    );

    let alone = shop.client.post("/checkout-sessions", &checkout(json!({}))).await.created();
    shop.client.call("POST", &format!("{}/cancel", at("", "payment-groups", &alone["payment_group_id"]))).await.ok();
    let canceled = shop.client.get(&at("", "checkout-sessions", &alone["id"])).await.ok();
    assert_eq!(canceled["status"], "EXPIRED", "its group came to nothing");
    shop.world.site.run(&["reconcile"]).success();
}

/// `jMinus2ExpireAt` as `j_minus2_expire_at`.
fn snake(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_uppercase() { format!("_{}", letter.to_ascii_lowercase()) } else { letter.to_string() }
    };
    name.chars().map(letter).collect()
}

async fn payment_groups_are_groups_in_snake_case(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let group = shop.client.get(&at("", "groups", &opening["paymentGroupId"])).await.ok();
    for (base, name) in [("", &group["id"]), ("/api/v1", &group["shareId"])] {
        let twin = shop.client.get(&at(base, "payment-groups", name)).await.ok();
        assert_eq!(twin.as_object().unwrap().len(), GROUP.len());
        for field in GROUP {
            assert_eq!(twin[snake(field)], group[field], "{field}");
        }
        let valid = shop.client.post(&format!("{}/validate", at(base, "payment-groups", name)), &json!({})).await.ok();
        assert_eq!((&valid["id"], &valid["discount_type"]), (&group["id"], &json!("PERCENTAGE")));
        assert_eq!(valid["current_discount_level"], json!({"level": 1, "value": 5, "participants_to_unlock": 2}));
        let list = shop.client.get(&format!("{base}/payment-groups")).query("order_by", "updated_at:desc").await.ok();
        assert_eq!(list, json!({"data": [twin], "count": 1}));
    }
    // One operation with `/groups`: an idempotency key is used up for both, each answers in its own spelling.
    let path = format!("/payment-groups/{}", group["id"].as_str().unwrap());
    let change = json!({"metadata": {"orderId": {"innerId": 1}}, "creator_email": "other@example.com"});
    let changed = shop.client.patch(&path, &change).once("one").await.ok();
    assert_eq!((&changed["metadata"], &changed["creator_email"]), (&change["metadata"], &change["creator_email"]));
    let again = shop.client.patch(&path.replace("payment-", ""), &change).once("one").await;
    assert_eq!((again.header("idempotent-replayed"), &again.json["metadata"]), (Some("true"), &change["metadata"]));
    assert_eq!(again.json["creatorEmail"], changed["creator_email"]);
    let customer = json!({"customer_id": opening["customerId"], "metadata": {"aB": 1}});
    let opened = shop.client.post("/payment-groups", &customer).await.created();
    assert_eq!((&opened["customer_id"], &opened["metadata"]), (&opening["customerId"], &json!({"aB": 1})));
    let act = |what: &str| shop.client.call("POST", &format!("{}/{what}", at("", "payment-groups", &opened["id"])));
    act("expire").await.refused(417, "INVALID_STATE");
    assert_eq!(act("cancel").await.ok()["status"], "CANCELED");
    act("validate").await.refused(417, "COMPLETED_EXPIRED_CANCELED");
    shop.client.get("/payment-groups/KHT-00000000").await.refused(404, "NOT_FOUND");
    for (method, path) in [("PUT", "/payment-groups"), ("DELETE", "/api/v1/payment-groups/x")] {
        shop.client.call(method, path).await.refused(405, "METHOD_NOT_ALLOWED");
    }
    shop.client.get("/payment-groupies").await.refused(404, "NOT_FOUND");
}

async fn a_key_may_be_the_user_of_basic(shop: Shop) {
    let key = shop.key("test", &[]).text;
    let nobody = shop.client.anonymous();
    for path in [
        "/checkout-sessions",
        "/api/v1/checkout-sessions",
        "/payment-groups",
        "/api/v1/payment-groups",
        "/groups",
        "/orders",
        "/customers",
        "/group-settings",
    ] {
        nobody.get(path).by_basic(&key).await.ok();
        nobody.get(path).by_basic(&format!("{key}x")).await.refused(401, "UNAUTHORIZED");
    }
    for path in ["/api/v1/groups", "/api/v1/orders", "/api/v1/affiliates"] {
        nobody.get(path).by_basic(&key).await.refused(401, "UNAUTHORIZED");
    }
}

async fn faults_are_named_as_the_caller_spells(shop: Shop) {
    let post = |body: Value| shop.client.post("/checkout-sessions", &body);
    let half = post(json!({"amountTotal": 35000.5, "customer_email": "x"})).await;
    half.names("INVALID_INPUT", "amountTotal");
    assert_eq!(half.params(), ["amountTotal", "customer_email"]);
    assert_eq!(post(json!({})).await.params(), ["amount_total", "customer_email"], "in its own words");
    let line = |line: Value| checkout(json!({"lineItems": [line]}));
    for (bad, param) in [
        (line(json!({"price": 1})), "lineItems[0].name"),
        (line(json!({"name": "x", "price": "1,5"})), "lineItems[0].price"),
        (line(json!({"name": 1, "price": 1})), "lineItems[0].name"),
        (checkout(json!({"amountTotal": 0})), "amountTotal"),
        (checkout(json!({"locale": 1})), "locale"),
    ] {
        post(bad).await.names("INVALID_INPUT", param);
    }
    shop.client.post("/payment-groups", &json!({})).await.names("INVALID_INPUT", "customer_id");
    shop.client.post("/payment-groups", &json!({"customerId": "x"})).await.names("INVALID_INPUT", "customerId");
    let late = json!({"customer_id": shop.order(json!({})).await["customerId"], "expires_at": "2020-01-01"});
    shop.client.post("/payment-groups", &late).await.names("INVALID_INPUT", "expires_at");
    shop.client.get("/payment-groups").query("orderBy", "x:asc").await.names("INVALID_INPUT", "orderBy");
    shop.client.get("/payment-groups").query("order_by", "x:asc").await.names("INVALID_INPUT", "order_by");
    shop.client.get("checkout-sessions").query("limit", "1").await.names("INVALID_INPUT", "limit");
}

/// The same body with its names in snake_case, and an unknown one.
fn in_snake_case(body: &Value) -> Value {
    let names = body.as_object().unwrap().iter();
    let mut spelled: Value = names.map(|(name, value)| (snake(name), value.clone())).collect();
    spelled["some_module"] = json!({"version": [1]});
    spelled
}

async fn numbers_dates_and_metadata_are_read_as_real_clients_write_them(shop: Shop) {
    let metadata = json!({"cartId": 7, "rate": 1.50, "paid": true, "note": null, "at": "2024-01-01T12:00:00.123456Z"});
    let opening = shop.order(json!({})).await;
    let (customer, order) = (&opening["customerId"], &opening["id"]);
    let email = || format!("real{}@example.com", number());
    let soon = "2999-01-01T00:00:00.123456+02:00";
    let share = &opening["paymentGroupShareId"];
    let customers = || json!({"emailAddress": email(), "firstName": "Ada", "metadata": metadata, "stranger": 1});
    let orders = || json!({"amount": 35000.0, "customerEmail": email(), "metadata": metadata, "stranger": {"a": []}});
    let joins =
        || json!({"amount": 3.5e4, "customerEmail": email(), "paymentGroupShareId": share, "metadata": metadata});
    let sessions = || checkout(json!({"metadata": metadata, "payment_group_share_id": share}));
    let renamed = || json!({"lastName": "Lovelace", "metadata": metadata, "stranger": 1});
    let regrouped = || json!({"metadata": metadata, "creatorEmail": email(), "stranger": 1});
    let asked = || json!({"customerEmail": email(), "amount": 35000.0, "stranger": 1});
    let part = || json!({"amount": 1.0, "stranger": 1});
    let settings = || json!({"maxParticipants": 100.0, "minPurchaseValue": 0.0, "stranger": 1});
    let group = |list: &str, what: &str| format!("/{list}/{}{what}", share.as_str().unwrap());
    let tries: [(&str, String, &dyn Fn() -> Value); 11] = [
        ("PATCH", "/group-settings".to_owned(), &settings),
        ("POST", "/customers".to_owned(), &customers),
        ("PATCH", at("", "customers", customer), &renamed),
        ("POST", "/orders".to_owned(), &orders),
        ("POST", "/orders".to_owned(), &joins),
        ("POST", format!("{}/refund", at("", "orders", order)), &part),
        ("PATCH", group("groups", ""), &regrouped),
        ("POST", group("groups", "/validate"), &asked),
        ("PATCH", group("payment-groups", ""), &regrouped),
        ("POST", group("payment-groups", "/validate"), &asked),
        ("POST", "/checkout-sessions".to_owned(), &sessions),
    ];
    for (method, path, body) in tries {
        for base in BASES {
            for snakes in [false, true] {
                let body = if snakes { in_snake_case(&body()) } else { body() };
                let answer = shop.client.call(method, &format!("{base}{path}")).json(&body).await;
                assert!(matches!(answer.status, 200 | 201), "{method} {base}{path} {body}: {}", answer.text);
                if body["metadata"].is_object() {
                    assert_eq!(answer.json["metadata"], metadata, "{method} {base}{path}");
                }
            }
        }
    }
    for (list, name, who) in [("groups", "expiresAt", "customerId"), ("payment-groups", "expires_at", "customer_id")] {
        let far = json!({who: customer, name: soon, "midExpireAt": "2998-01-01T00:00:00.5Z", "stranger": 1});
        shop.client.post(&format!("/{list}"), &far).await.names("INVALID_INPUT", name);
        let clock = shop.client.get("test/clock").await.ok();
        let now = OffsetDateTime::parse(clock["now"].as_str().unwrap(), &Rfc3339).unwrap();
        let tomorrow = format!("{}T23:00:00.123456+00:00", now.date().next_day().unwrap());
        let fine = json!({who: customer, name: tomorrow, "metadata": metadata});
        let made = shop.client.post(&format!("/{list}"), &fine).await.created();
        assert_eq!(made[name], tomorrow.replace("123456+00:00", "123Z"));
    }
}

async fn a_share_id_is_read_however_it_was_typed(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let share = opening["paymentGroupShareId"].as_str().unwrap().to_owned();
    let code = share.strip_prefix("KHT-").unwrap();
    for typed in [
        share.clone(),
        share.to_lowercase(),
        format!("KHTPAY-{code}"),
        format!("KHT-test-{code}"),
        format!("khtpay-TEST-{}", code.to_lowercase()),
    ] {
        for list in ["groups", "payment-groups"] {
            let valid = shop.client.call("POST", &format!("/{list}/{typed}/validate")).await.ok();
            assert_eq!(valid["id"], opening["paymentGroupId"], "{typed}");
        }
        let joined = shop.order(json!({"paymentGroupShareId": typed})).await;
        assert_eq!(
            (&joined["paymentGroupId"], &joined["paymentGroupShareId"]),
            (&opening["paymentGroupId"], &json!(share))
        );
        let wish = checkout(json!({"payment_group_share_id": typed}));
        let session = shop.client.post("/checkout-sessions", &wish).await.created();
        assert_eq!(
            (&session["payment_group_id"], &session["payment_group_share_id"]),
            (&opening["paymentGroupId"], &json!(share))
        );
    }
}

async fn a_form_may_be_empty(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let share = opening["paymentGroupShareId"].as_str().unwrap();
    for base in BASES {
        for list in ["groups", "payment-groups"] {
            let path = format!("{base}/{list}/{share}/validate");
            let valid = shop.client.call("POST", &path).form("").await.ok();
            assert_eq!(valid["id"], opening["paymentGroupId"]);
            shop.client.call("POST", &path).form("a=1").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    let session = shop.client.post("/checkout-sessions", &checkout(json!({}))).await.created();
    let expired: Reply =
        shop.client.call("POST", &format!("{}/expire", at("", "checkout-sessions", &session["id"]))).form("").await;
    assert_eq!(expired.ok()["status"], "EXPIRED");
}

async fn the_seeds_own_body_gives_the_seeds_own_fields(shop: Shop) {
    let opening = shop.order(json!({})).await;
    let body = json!({"metadata": {"order_id": "ord_1JYLo8KerLxWZaQtys6ZQ1xT"}, "creatorEmail": "ada@example.com"});
    let mut names = GROUP.map(str::to_owned);
    names.sort_unstable();
    for base in BASES {
        let group = shop.client.patch(&at(base, "groups", &opening["paymentGroupId"]), &body).await.ok();
        let mut fields: Vec<&String> = group.as_object().unwrap().keys().collect();
        fields.sort_unstable();
        assert_eq!(fields, names.iter().collect::<Vec<_>>(), "every field, in its spelling, and no other");
        assert_eq!((&group["metadata"], &group["creatorEmail"]), (&body["metadata"], &body["creatorEmail"]));
        for empty in ["jMinus2ExpireAt", "jPlus3StartAt", "canceledAt", "completedAt"] {
            assert_eq!(group[empty], Value::Null, "{empty}");
        }
    }
}

async fn an_order_is_not_lost_over_what_nothing_is_calculated_with(shop: Shop) {
    let line = json!({
        "name": "n".repeat(300), "description": "d".repeat(1_001), "quantity": "2", "price": "1999",
        "image_url": format!("https://shop.example.com/{}", "x".repeat(2_000)), "type": "GIFT_WRAP"
    });
    let wish = checkout(json!({
        "amountTotal": "4000", "lineItems": vec![line; 60], "customerFirstName": "A".repeat(201),
        "customerPhoneNumber": "1".repeat(51), "locale": "l".repeat(36),
        "paymentClientReferenceId": "p".repeat(256),
        "metadata": {"note": "x".repeat(501), "cart": "7", "k".repeat(41): 1}
    }));
    let session = shop.client.post("/checkout-sessions", &wish).await.created();
    assert_eq!((&session["amount_total"], &session["metadata"]), (&json!(4_000), &json!({"cart": "7"})));
    let lengths = ["customer_first_name", "customer_phone_number", "locale", "payment_client_reference_id"]
        .map(|name| session[name].as_str().unwrap().len());
    assert_eq!(lengths, [200, 50, 35, 255]);
    let lines = session["line_items"].as_array().unwrap();
    assert!((1..=100).contains(&lines.len()), "as many as fit: {}", lines.len());
    let kept = &lines[0];
    assert_eq!((&kept["quantity"], &kept["price"], &kept["type"]), (&json!(2), &json!(1_999), &json!("GIFT_WRAP")));
    let lengths = ["name", "description", "image_url"].map(|name| kept[name].as_str().unwrap().len());
    assert_eq!(lengths, [255, 1_000, 2_000]);
    let hundred = vec![json!({"name": "n", "price": 1}); 120];
    let many = shop.client.post("/checkout-sessions", &checkout(json!({"lineItems": hundred}))).await.created();
    assert_eq!(many["line_items"].as_array().unwrap().len(), 100);
    shop.client.post("/checkout-sessions", &checkout(json!({"metadata": []}))).await.created();
    // What is calculated with is as strict as ever.
    for amount in [json!("40,00"), json!("1.5"), json!("-1"), json!("")] {
        let wish = checkout(json!({"amountTotal": amount}));
        shop.client.post("/checkout-sessions", &wish).await.names("INVALID_INPUT", "amountTotal");
    }
    let expire = format!("{}/expire", at("", "checkout-sessions", &many["id"]));
    assert_eq!(shop.client.patch(&expire, &json!({})).await.ok()["status"], "EXPIRED", "PATCH does as POST");
    shop.world.site.run(&["reconcile"]).success();
}

async fn what_older_clients_ask_beside_is_passed_over(shop: Shop) {
    let first = shop.order(json!({})).await;
    shop.order(json!({})).await;
    for path in ["/orders", "/checkout-sessions", "/customers", "/payment-groups"] {
        let list = shop.client.get(path).query("expand[]", "customer").query("orderBy", "createdAt").await.ok();
        assert_eq!(list["count"], 2, "{path}");
        let strict = shop.client.get(&format!("/api/v1{path}")).query("expand[]", "customer").await;
        strict.names("INVALID_INPUT", "expand[]");
    }
    let list = shop.client.get("/orders").query("orderBy", "createdAt").await.ok();
    assert_eq!(list["data"][0]["id"], first["id"], "ascending");
    shop.client.get(&at("", "orders", &first["id"])).query("expand[]", "customer").await.ok();
    shop.client.post("/orders?expand[]=customer", &json!({})).await.names("INVALID_INPUT", "expand[]");

    let customer = at("", "customers", &first["customerId"]);
    let blocked = shop.client.patch(&format!("{customer}/block"), &json!({})).await.ok();
    assert_eq!((&blocked["blocked"], &blocked["isBlocked"]), (&json!(true), &json!(true)));
    let deleted = json!({"deletedAt": "2024-01-01T00:00:00Z"});
    shop.client.patch(&customer, &deleted).await.names("INVALID_INPUT", "deletedAt");
    shop.client.patch(&customer, &json!({"deletedAt": null})).await.ok();
}
