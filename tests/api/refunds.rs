//! Taking sales back.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    parts_add_up_to_the_cent,
    all_of_a_pending_sale_becomes_void,
    a_refund_names_one_sale,
    a_refund_before_its_sale_is_told_to_come_again,
    nobody_takes_back_what_is_anothers,
    a_row_and_its_siblings_are_approved_together,
    many_at_once_take_no_more_than_there_is,
);

async fn sold(shop: &Shop) -> Value {
    let parent = shop.affiliate().await;
    let child = shop.affiliate_with(json!({"email": "child@example.com", "parent_email": parent["email"]})).await;
    shop.purchase(&child).await
}

fn refund(sale: &Value, external_id: &str) -> Value {
    json!({"type": "refund", "refunds": sale["id"], "external_id": external_id})
}

fn part(sale: &Value, external_id: &str, amount: Value) -> Value {
    json!({"type": "refund", "order_id": sale["order_id"], "external_id": external_id, "amount": amount})
}

async fn of_sale(shop: &Shop, sale: &Value) -> Value {
    shop.client.get(&format!("events/{}", sale["id"].as_str().unwrap())).await.ok()
}

async fn parts_add_up_to_the_cent(shop: Shop) {
    let sale = sold(&shop).await;
    let answer = shop.client.post("events", &part(&sale, "r1", json!(33.33))).await;
    assert_eq!((answer.exact("amount"), answer.exact("refunded_amount")), ("33.33".to_owned(), "0.00".to_owned()));
    let amounts = [answer.exact("commissions/0/amount"), answer.exact("commissions/1/amount")];
    assert_eq!(amounts, ["-6.67", "-0.67"]);
    let made = answer.created();
    assert_eq!(
        (&made["type"], &made["refunds"], &made["order_id"]),
        (&json!("refund"), &sale["id"], &sale["order_id"])
    );
    assert_eq!((&made["attributed"], &made["affiliate_id"]), (&json!(true), &sale["affiliate_id"]));
    assert_eq!(of_sale(&shop, &made).await, made);

    let again = shop.client.post("events", &part(&sale, "r1", json!(33.330))).await;
    assert_eq!((again.status, again.json), (200, made));
    shop.client.post("events", &part(&sale, "r1", json!(33.34))).await.refused(417, "ALREADY_EXISTS");
    shop.client.post("events", &part(&sale, "r2", json!(65.68))).await.refused(417, "INVALID_STATE");
    shop.client.post("events", &part(&sale, "r2", json!(32.84))).await.created();
    let last = shop.client.post("events", &refund(&sale, "r3")).await;
    assert_eq!(last.exact("amount"), "32.83");
    shop.client.post("events", &refund(&sale, "r4")).await.refused(417, "INVALID_STATE");

    let now = shop.client.get(&format!("events/{}", sale["id"].as_str().unwrap())).await;
    assert_eq!(now.exact("refunded_amount"), "99.00");
    let cents = |level: u64| -> i64 {
        let rows = (0..8).filter(|n| now.json["commissions"][n]["level"] == level);
        rows.map(|n| now.exact(&format!("commissions/{n}/amount")).replace('.', "").parse::<i64>().unwrap()).sum()
    };
    assert_eq!((cents(0), cents(1)), (0, 0));
    let list = shop.client.get(&format!("commissions?order_id={}", sale["order_id"].as_str().unwrap())).await.ok();
    let siblings: Vec<&Value> =
        list["data"].as_array().unwrap().iter().filter(|row| !row["reverses"].is_null()).collect();
    assert_eq!(siblings.len(), 6);
    assert!(siblings.iter().all(|row| row["status"] == "pending" && row["refund_event_id"].is_string()));
}

async fn all_of_a_pending_sale_becomes_void(shop: Shop) {
    let sale = sold(&shop).await;
    let made = shop.client.post("events", &refund(&sale, "r")).await.created();
    for event in [made, of_sale(&shop, &sale).await] {
        let rows = event["commissions"].as_array().unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row["status"] == "void"), "{event}");
    }
}

async fn a_refund_names_one_sale(shop: Shop) {
    let sale = sold(&shop).await;
    let order = sale["order_id"].clone();
    let renewal = json!({"type": "renewal", "amount": 5, "external_id": "renewal", "order_id": order});
    let renewal = shop.client.post("events", &renewal).await.created();
    let by_order = json!({"type": "refund", "order_id": order, "external_id": "r"});
    shop.client.post("events", &by_order).await.names("INVALID_INPUT", "order_id");
    for (field, value) in [("refunds", json!("evt_00000000000000000000000009")), ("refunds", json!("order-1"))] {
        let body = json!({"type": "refund", "external_id": "r", field: value});
        shop.client.post("events", &body).await.names("INVALID_INPUT", field);
    }
    let nothing = json!({"type": "refund", "external_id": "r"});
    shop.client.post("events", &nothing).await.names("INVALID_INPUT", "refunds");
    for field in ["items", "coupon", "cookie_id", "affiliate_id"] {
        let mut body = refund(&sale, "r");
        body[field] = json!("x");
        shop.client.post("events", &body).await.names("INVALID_INPUT", field);
    }
    for (field, value) in
        [("amount", json!(0)), ("amount", json!(-1)), ("amount", json!(1.001)), ("currency", json!("EUR"))]
    {
        let mut body = refund(&sale, "r");
        body[field] = value;
        shop.client.post("events", &body).await.names("INVALID_INPUT", field);
    }
    let made = shop.client.post("events", &refund(&renewal, "r")).await.created();
    assert_eq!(made["refunds"], renewal["id"]);
    shop.client.post("events", &refund(&made, "r2")).await.names("INVALID_INPUT", "refunds");
    assert_eq!(of_sale(&shop, &sale).await, sale);
}

async fn a_refund_before_its_sale_is_told_to_come_again(shop: Shop) {
    let refund = |order: &str, id: &str| json!({"type": "refund", "order_id": order, "external_id": id});
    let sale = |order: &str| json!({"type": "purchase", "amount": 100, "external_id": order});
    let early = refund("o1", "r1");
    shop.client.post("events", &early).once("early").await.names("NOT_YET", "order_id");
    shop.client.post("events", &sale("o1")).await.created();
    let made = shop.client.post("events", &early).once("early").await.created();
    assert_eq!(made["order_id"], "o1");

    let batch = json!({"events": [refund("o2", "r2"), refund("o3", "r3"), sale("o2")]});
    let answer = shop.client.post("events/batch", &batch).await.ok();
    let lines = answer["outcomes"].as_array().unwrap();
    let statuses: Vec<&Value> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [201, 417, 201], "{answer}");
    assert_eq!(lines[1]["error"]["code"], "NOT_YET");
}

async fn nobody_takes_back_what_is_anothers(shop: Shop) {
    let sale = sold(&shop).await;
    let neighbour = shop.neighbour();
    for client in [&neighbour.client, shop.live()] {
        client.post("events", &refund(&sale, "r")).await.names("INVALID_INPUT", "refunds");
        client.post("events", &part(&sale, "r", json!(1))).await.names("NOT_YET", "order_id");
    }
    assert_eq!(of_sale(&shop, &sale).await, sale);
}

async fn a_row_and_its_siblings_are_approved_together(shop: Shop) {
    let sale = sold(&shop).await;
    let made = shop.client.post("events", &part(&sale, "r1", json!(9.90))).await.created();
    let leaf = format!("commissions/{}", sale["commissions"][0]["id"].as_str().unwrap());
    shop.client.patch(&leaf, &json!({"status": "approved"})).await.ok();
    let sibling = format!("commissions/{}", made["commissions"][0]["id"].as_str().unwrap());
    let row = shop.client.get(&sibling).await.ok();
    assert_eq!((&row["status"], &row["reverses"]), (&json!("approved"), &sale["commissions"][0]["id"]));
    let made = shop.client.post("events", &refund(&sale, "r2")).await.created();
    let states: Vec<&Value> = made["commissions"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(states, ["approved", "pending"], "what is approved, or has a sibling, is taken back by one more");
    shop.client.patch(&sibling, &json!({"status": "void"})).await.ok();
    let now = of_sale(&shop, &sale).await;
    assert!(now["commissions"].as_array().unwrap().iter().all(|row| row["status"] == "void"), "{now}");
}

async fn many_at_once_take_no_more_than_there_is(shop: Shop) {
    let sale = sold(&shop).await;
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let (client, body) = (shop.client.clone(), part(&sale, &format!("r{}", n / 2), json!(5)));
            tokio::spawn(async move { client.post("events", &body).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        match answer.status {
            201 => created += 1,
            200 => {}
            _ => answer.refused(417, "INVALID_STATE"),
        }
    }
    assert_eq!(created, 19, "of 99.00 nineteen fives can be taken back");
    let now = shop.client.get(&format!("events/{}", sale["id"].as_str().unwrap())).await;
    assert_eq!(now.exact("refunded_amount"), "95.00");
    let cents = |level: u64| -> i64 {
        let rows = (0..40).filter(|n| now.json["commissions"][n]["level"] == level);
        rows.map(|n| now.exact(&format!("commissions/{n}/amount")).replace('.', "").parse::<i64>().unwrap()).sum()
    };
    assert_eq!((cents(0), cents(1)), (80, 8), "a fifth of 4.00, and a tenth of that");
}
