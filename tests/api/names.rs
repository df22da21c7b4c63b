//! Names, amounts and parameters as people and programs write them.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    a_blank_is_no_second_name,
    of_several_coupons_the_first_that_leads_somewhere_counts,
    what_every_guest_is_called_is_nobody,
    amounts_may_be_texts,
    an_empty_parameter_is_absent,
    faults_say_what_to_do,
);

/// What a visitor of the affiliate's buys, with its coupon.
async fn coupon_of(shop: &Shop, affiliate: &Value) -> String {
    let coupons = shop.client.all("coupons").await;
    let coupon = coupons.iter().find(|coupon| coupon["affiliate_id"] == affiliate["id"]).unwrap();
    coupon["code"].as_str().unwrap().to_owned()
}

async fn a_blank_is_no_second_name(shop: Shop) {
    shop.settings(json!({"landing_url": "https://shop.example.com/"})).await;
    let alice = shop.affiliate().await;
    let code = coupon_of(&shop, &alice).await;
    let sale = |id: &str| json!({"type": "purchase", "amount": 10, "external_id": id, "affiliate_id": alice["id"]});
    shop.client.post("events", &sale("A1")).await.created();
    for id in ["A1 ", " A1", "A1\u{200b}", "\u{feff}A1", "A\u{200d}1\n"] {
        // Written otherwise, it is another content under the same name.
        shop.client.post("events", &sale(id)).await.names("ALREADY_EXISTS", "external_id");
    }
    let lines: Vec<Value> = ["B1 ", "B1 ", " B1"].map(sale).to_vec();
    let batch = shop.client.post("events/batch", &json!({"events": lines})).await.ok();
    let statuses: Vec<&Value> = batch["outcomes"].as_array().unwrap().iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [201, 200, 417]);
    assert_eq!(shop.client.all("commissions").await.len(), 2, "nothing is paid twice by a blank");
    shop.client.post("events", &sale(" \u{200b} ")).await.names("INVALID_INPUT", "external_id");

    let session = shop.click(&alice).await;
    let named =
        [("coupon", format!(" {code}\u{200b}")), ("coupon", format!("{code} ")), ("cookie_id", format!("{session} "))];
    for (at, (field, text)) in named.into_iter().enumerate() {
        let sale = json!({"type": "purchase", "amount": 10, "external_id": format!("C{at}"), field: text});
        assert_eq!(shop.client.post("events", &sale).await.created()["affiliate_id"], alice["id"], "{field}");
    }
    let order = |id: &str| {
        let email = format!("buyer{}@example.com", crate::support::number());
        json!({"amount": 1_000, "customerEmail": email, "clientReferenceId": id, "coupon": code})
    };
    shop.client.post("orders", &order("O1")).await.created();
    for id in ["O1 ", " O1", "O1\u{200b}"] {
        shop.client.post("orders", &order(id)).await.names("ALREADY_EXISTS", "clientReferenceId");
        shop.client.post("events", &sale(id)).await.names("ALREADY_EXISTS", "external_id");
    }
    shop.client.post("events", &sale("O2 ")).await.created();
    shop.client.post("orders", &order("O2 ")).await.names("ALREADY_EXISTS", "clientReferenceId");
    let refund = json!({"type": "refund", "external_id": "R1 ", "order_id": " A1", "amount": 4});
    let back = shop.client.post("events", &refund).await.created();
    assert_eq!((&back["external_id"], &back["order_id"]), (&json!("R1"), &json!("A1")));
    shop.world.site.run(&["reconcile"]).success();
}

async fn of_several_coupons_the_first_that_leads_somewhere_counts(shop: Shop) {
    let alice = shop.affiliate().await;
    let code = coupon_of(&shop, &alice).await;
    let sale = |id: &str, more: Value| {
        let mut body = json!({"type": "purchase", "amount": 10, "external_id": id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (id, more) in [
        ("1", json!({"coupon": format!("SUMMER10,{code}")})),
        ("2", json!({"coupon": format!("{code}, SUMMER10")})),
        ("3", json!({"coupons": ["SUMMER10", "not a code", code]})),
    ] {
        let event = shop.client.post("events", &sale(id, more)).await.created();
        assert_eq!((&event["affiliate_id"], &event["attribution"]["via"]), (&alice["id"], &json!("coupon")), "{id}");
    }
    let lines = [sale("4", json!({"coupons": ["SUMMER10", code]})), sale("5", json!({"coupons": ["SUMMER10"]}))];
    let batch = shop.client.post("events/batch", &json!({"events": lines})).await.ok();
    let attributed = [0, 1].map(|at: usize| batch["outcomes"][at]["event"]["attributed"].clone());
    assert_eq!(attributed, [json!(true), json!(false)]);
    for more in [
        json!({"coupon": code, "coupons": [code]}),
        json!({"coupons": vec![code.clone(); 21]}),
        json!({"coupons": code}),
    ] {
        shop.client.post("events", &sale("6", more)).await.names("INVALID_INPUT", "coupons");
    }
    shop.client.post("events", &sale("7", json!({"coupons": []}))).await.created();
}

async fn what_every_guest_is_called_is_nobody(shop: Shop) {
    shop.settings(json!({"recurring": "all_renewals"})).await;
    let alice = shop.affiliate().await;
    for (at, nobody) in ["0", "guest", "NULL", "none", "anonymous", ""].into_iter().enumerate() {
        let sale = |kind: &str, who: &str, more: Value| {
            let customer = json!({"external_id": nobody, "email": format!("{who}{at}@example.com")});
            let mut body =
                json!({"type": kind, "amount": 10, "external_id": format!("{who}{at}"), "customer": customer});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let first = shop.client.post("events", &sale("purchase", "x", json!({"affiliate_id": alice["id"]}))).await;
        assert_eq!(first.created()["attributed"], true);
        let other = shop.client.post("events", &sale("renewal", "y", json!({}))).await.created();
        assert_eq!(other["attributed"], false, "{nobody:?} of another address");
    }
}

async fn amounts_may_be_texts(shop: Shop) {
    let alice = shop.affiliate().await;
    let sale = json!({
        "type": "purchase", "amount": "12.50", "external_id": "1", "affiliate_id": alice["id"],
        "items": [{"amount": "10.00"}, {"amount": 2.5}]
    });
    let made = shop.client.post("events", &sale).await;
    assert_eq!(made.exact("amount"), "12.50");
    made.created();
    let refund = json!({"type": "refund", "refunds": made_id(&shop).await, "external_id": "r", "amount": "2.50"});
    shop.client.post("events", &refund).await.created();
    shop.settings(json!({"min_payout": "25.00"})).await;
    shop.client
        .post("tiers", &json!({"name": "gold", "metric": "lifetime_orders", "threshold": "10", "rate": 0.3}))
        .await;
    for bad in ["12,50", " 12.50", "12.50 USD", "", "1.005", "NaN"] {
        let mut other = sale.clone();
        other["amount"] = json!(bad);
        other["external_id"] = json!("2");
        shop.client.post("events", &other).await.names("INVALID_INPUT", "amount");
    }
    let rate = json!({"custom_commission_rate": "0.5"});
    let path = format!("affiliates/{}", alice["id"].as_str().unwrap());
    shop.client.patch(&path, &rate).await.names("INVALID_INPUT", "custom_commission_rate");
}

/// The id of the only sale.
async fn made_id(shop: &Shop) -> Value {
    shop.client.all("events").await[0]["id"].clone()
}

async fn an_empty_parameter_is_absent(shop: Shop) {
    let alice = shop.affiliate().await;
    for path in ["affiliates?status=&limit=&email=", "orders?search=&take=&orderBy=", "events?from=&to=&external_id="] {
        shop.client.get(path).await.ok();
    }
    let list = shop.client.get("affiliates?status=&limit=1").await.ok();
    assert_eq!((&list["data"][0]["id"], &list["limit"]), (&alice["id"], &json!(1)));
    shop.client.get("affiliates?limit=&limit=").await.names("INVALID_INPUT", "limit");
}

async fn faults_say_what_to_do(shop: Shop) {
    let told = |answer: &crate::support::Reply| answer.json["error"]["message"].as_str().unwrap().to_owned();
    for list in ["events", "commissions", "payouts"] {
        let none = shop.client.get(&format!("{list}?from=2026-10-01&to=2026-10-01")).await;
        none.names("INVALID_INPUT", "to");
        assert!(told(&none).ends_with("for one day, 2026-10-02"), "{}", told(&none));
        let blank = shop.client.get(&format!("{list}?from=2026-10-01T00:00:00+01:00")).await;
        blank.names("INVALID_INPUT", "from");
        assert!(told(&blank).ends_with("as %2B01:00"), "{}", told(&blank));
        shop.client.get(&format!("{list}?from=2026-10-01T00:00:00%2B01:00&to=2026-10-02")).await.ok();
    }
    let body = json!({"type": "lead", "external_id": "1"});
    let packed = shop.client.post("events", &body).header("content-encoding", "gzip").await;
    packed.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    assert!(told(&packed).contains("without compression"), "{}", told(&packed));
}
