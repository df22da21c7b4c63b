//! What belongs to another merchant does not exist: not in a path, a body, a filter or a cursor.

use crate::support::{Client, Shop, never_here, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    another_organization_does_not_exist,
    another_mode_does_not_exist,
    what_is_unique_is_unique_per_merchant,
    a_cursor_is_good_for_its_list_alone,
);

async fn another_organization_does_not_exist(shop: Shop) {
    let neighbour = shop.neighbour();
    is_blind_to(&neighbour.client, &shop).await;
}

async fn another_mode_does_not_exist(shop: Shop) {
    is_blind_to(shop.live(), &shop).await;
}

/// `stranger` gets the same answers for what `shop` has in test mode as for what never existed, and changes nothing.
async fn is_blind_to(stranger: &Client, shop: &Shop) {
    let alice = shop.affiliate().await;
    let event = shop.purchase(&alice).await;
    let coupon = shop.client.all("coupons").await.remove(0);
    let commission = shop.client.all("commissions").await.remove(0);
    let tier = json!({"name": "Gold", "rate": 0.3, "metric": "orders", "threshold": 10});
    let tier = shop.client.post("tiers", &tier).await.created();
    let rule = json!({"scope": "tier", "scope_ref": tier["id"], "rate": 0.1});
    let rule = shop.client.post("commission-rules", &rule).await.created();
    let before = shop.stored().await;

    for (list, object, change) in [
        ("affiliates", &alice, json!({"display_name": "Taken"})),
        ("commissions", &commission, json!({"status": "void"})),
        ("events", &event, Value::Null),
        ("coupons", &coupon, Value::Null),
        ("tiers", &tier, json!({"rate": 0.5})),
        ("commission-rules", &rule, json!({"rate": 0.5})),
    ] {
        let id = object["id"].as_str().unwrap();
        let (foreign, never) = (format!("{list}/{id}"), format!("{list}/{}", never_here(id)));
        let malformed = format!("{list}/{}", &id[..id.len() - 1]);
        let other_kind = format!("{list}/org_{}", id.split_once('_').unwrap().1);
        let mut asked = Vec::new();
        for path in [&foreign, &never, &malformed, &other_kind] {
            for method in ["GET", "PATCH", "DELETE"] {
                let template = format!("/api/v1/{path}");
                if shop.world.contract.operation(method, &template).is_none() {
                    continue;
                }
                let call = stranger.call(method, path);
                let answer = if method == "PATCH" { call.json(&change).await } else { call.await };
                answer.refused(404, "NOT_FOUND");
                asked.push(answer.error_alone());
            }
        }
        assert!(asked.windows(2).all(|pair| pair[0] == pair[1]), "{list}: one answer for all: {asked:#?}");
        assert_eq!(stranger.get(list).await.ok()["data"], json!([]), "{list}");
    }
    in_bodies(stranger, &alice).await;
    in_filters(stranger, &alice, &event).await;
    assert_eq!(shop.stored().await, before, "nothing has changed");
}

async fn in_bodies(stranger: &Client, alice: &Value) {
    let id = alice["id"].as_str().unwrap();
    let ids = [id.to_owned(), never_here(id), "aff_x".to_owned()];
    let mut refusals = Vec::new();
    for id in &ids {
        let sale = json!({"type": "purchase", "amount": 10, "external_id": "1", "affiliate_id": id});
        let answer = stranger.post("events", &sale).await;
        answer.names("INVALID_INPUT", "affiliate_id");
        refusals.push(answer.error_alone());
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:#?}");
    refusals.clear();
    for id in &ids {
        let answer = stranger.post("coupons", &json!({"affiliate_id": id, "code": "MINE"})).await;
        answer.names("INVALID_INPUT", "affiliate_id");
        refusals.push(answer.error_alone());
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:#?}");
    for email in [alice["email"].as_str().unwrap(), "never@example.com"] {
        let child = json!({"email": "child@example.com", "parent_email": email});
        stranger.post("affiliates", &child).await.names("INVALID_INPUT", "parent_email");
    }
    let sale = json!({"type": "purchase", "amount": 10, "external_id": "c", "coupon": alice["coupon_codes"][0]});
    assert_eq!(stranger.post("events", &sale).await.created()["attributed"], false);
}

async fn in_filters(stranger: &Client, alice: &Value, event: &Value) {
    let id = alice["id"].as_str().unwrap();
    for list in ["commissions", "coupons", "events"] {
        for id in [id.to_owned(), never_here(id)] {
            let answer = stranger.get(list).query("affiliate_id", &id).await.ok();
            assert_eq!((&answer["data"], &answer["has_more"]), (&json!([]), &json!(false)), "{list}");
        }
        stranger.get(list).query("affiliate_id", "aff_x").await.names("INVALID_INPUT", "affiliate_id");
    }
    let order = event["order_id"].as_str().unwrap();
    assert_eq!(stranger.get("commissions").query("order_id", order).await.ok()["data"], json!([]));
    for (name, value) in [("email", &alice["email"]), ("slug", &alice["slug"])] {
        assert_eq!(stranger.get("affiliates").query(name, value.as_str().unwrap()).await.ok()["data"], json!([]));
    }
}

async fn what_is_unique_is_unique_per_merchant(shop: Shop) {
    let wish = json!({"email": "same@example.com", "slug": "same"});
    let neighbour = shop.neighbour();
    for client in [&shop.client, shop.live(), &neighbour.client] {
        let made = client.post("affiliates", &wish).await.created();
        let coupon = json!({"affiliate_id": made["id"], "code": "SAME"});
        client.post("coupons", &coupon).await.created();
        let sale = json!({"type": "purchase", "amount": 10, "external_id": "same", "coupon": "same"});
        assert_eq!(client.post("events", &sale).await.created()["affiliate_id"], made["id"]);
    }
}

async fn a_cursor_is_good_for_its_list_alone(shop: Shop) {
    let neighbour = shop.neighbour();
    for shop in [&shop, &neighbour] {
        for _ in 0..2 {
            shop.purchase(&shop.affiliate().await).await;
        }
    }
    let page = shop.client.get("affiliates?limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    shop.client.get("affiliates?limit=1").query("cursor", &cursor).await.ok();
    let mut forged = cursor.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    for (who, path, cursor) in [
        (&neighbour.client, "affiliates?limit=1", &cursor),
        (shop.live(), "affiliates?limit=1", &cursor),
        (&shop.client, "events?limit=1", &cursor),
        (&shop.client, "affiliates?limit=1&status=approved", &cursor),
        (&shop.client, "affiliates?limit=1", &forged),
        (&shop.client, "affiliates?limit=1", &"x".to_owned()),
        (&shop.client, "affiliates?limit=1", &"x".repeat(5_000)),
    ] {
        who.get(path).query("cursor", cursor).await.names("INVALID_INPUT", "cursor");
    }
}
