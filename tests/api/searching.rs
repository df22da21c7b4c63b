//! `search` on the lists of customers, orders and groups, as shops and their older modules write it.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    orders_are_found_by_their_fields,
    customers_and_groups_are_found_by_theirs,
    older_lists_are_searched_in_their_own_words,
    whatever_is_no_search_is_refused_by_name,
);

/// The ids that a search of a list finds, sorted, after the count was compared.
async fn found(shop: &Shop, list: &str, search: &str) -> Vec<Value> {
    let page = shop.client.get(list).query("search", search).await.ok();
    let ids: Vec<Value> = page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(page["count"], ids.len(), "{search}");
    sorted(ids)
}

fn sorted(mut ids: Vec<Value>) -> Vec<Value> {
    ids.sort_by_key(Value::to_string);
    ids
}

fn ids<const N: usize>(rows: [&Value; N]) -> Vec<Value> {
    sorted(rows.map(|row| row["id"].clone()).to_vec())
}

async fn orders_are_found_by_their_fields(shop: Shop) {
    let neighbour = shop.neighbour();
    neighbour.completed_pair().await;
    let paid = shop.completed_pair().await;
    let share = paid["paymentGroupShareId"].as_str().unwrap();
    let joined = found(&shop, "orders", &format!("ambassadorId:{}", paid["customerId"].as_str().unwrap())).await;
    let small = json!({"amount": 500, "clientReferenceId": "Cart, \"7\"", "customerLastName": "Élodie"});
    let small = shop.order(small).await;
    let both = sorted(vec![paid["id"].clone(), joined[0].clone()]);
    let created = small["createdAt"].as_str().unwrap();
    let lasting = |name: &str| format!("{name}:{}", small[name].as_str().unwrap());
    for (search, expected) in [
        ("status:CASHBACK_AVAILABLE,amount>=10".to_owned(), both.clone()),
        ("status:CASHBACK_AVAILABLE , amount <= 500".to_owned(), vec![]),
        ("amount:500".to_owned(), ids([&small])),
        ("amount_cashback>=1".to_owned(), both.clone()),
        ("client_reference_id:\"Cart, \\\"7\\\"\"".to_owned(), ids([&small])),
        ("clientReferenceId~\"CART,\"".to_owned(), ids([&small])),
        ("customerLastName~éLODIE".to_owned(), ids([&small])),
        (format!("paymentGroupShareId:{}", share.to_lowercase()), both.clone()),
        (lasting("id"), ids([&small])),
        (lasting("customerId"), ids([&small])),
        (lasting("customerEmail").to_uppercase().replace("CUSTOMEREMAIL", "customerEmail"), ids([&small])),
        (lasting("paymentGroupId"), ids([&small])),
        (format!("createdAt:{created},amount:500"), ids([&small])),
        (format!("createdAt:{},amount:500", &created[..10]), ids([&small])),
        (format!("createdAt>={created},currency:usd,riskLevel:LOW,amount:500"), ids([&small])),
        ("currency:EUR".to_owned(), vec![]),
        ("cart, \"7".to_owned(), ids([&small])),
    ] {
        assert_eq!(found(&shop, "orders", &search).await, expected, "{search}");
    }
    assert_eq!(found(&neighbour, "orders", &lasting("id")).await, [Value::Null; 0]);
    assert_eq!(found(&neighbour, "orders", "clientReferenceId~cart").await, [Value::Null; 0]);
    let page = shop.client.get("orders").query("search", "status:CASHBACK_AVAILABLE").query("take", "1").await.ok();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["count"]), (1, &json!(2)), "of all that are found");
}

async fn customers_and_groups_are_found_by_theirs(shop: Shop) {
    let wish = json!({"emailAddress": "ada@example.com", "firstName": "Ada", "phoneNumber": "+33 1 23"});
    let ada = shop.client.post("customers", &wish).await.created();
    let wish = json!({"emailAddress": "bob@example.com", "firstName": "Bob, the"});
    let bob = shop.client.post("customers", &wish).await.created();
    shop.client.call("PATCH", &format!("customers/{}/block", bob["id"].as_str().unwrap())).await.ok();
    for (search, expected) in [
        ("emailAddress:ADA@example.com", ids([&ada])),
        ("email_address~@EXAMPLE", ids([&ada, &bob])),
        ("firstName:Ada,phoneNumber~33", ids([&ada])),
        ("firstName~\"b, t\"", ids([&bob])),
        ("blocked:true", ids([&bob])),
        ("blocked:false", ids([&ada])),
        ("blockedAt>=2000-01-01", ids([&bob])),
    ] {
        assert_eq!(found(&shop, "customers", search).await, expected, "{search}");
    }
    let opening = shop.order(json!({"customerId": ada["id"], "customerEmail": null})).await;
    let other = shop.order(json!({})).await;
    let [first, second] = [&opening, &other].map(|order| json!({"id": order["paymentGroupId"]}));
    let share = opening["paymentGroupShareId"].as_str().unwrap();
    for (search, expected) in [
        (format!("shareId:{share}"), ids([&first])),
        (format!("share_id~{}", share[4..].to_lowercase()), ids([&first])),
        ("creatorEmail:ada@EXAMPLE.com,status:OPEN".to_owned(), ids([&first])),
        ("creator_email~buyer".to_owned(), ids([&second])),
        (format!("customerId:{}", ada["id"].as_str().unwrap()), ids([&first])),
        ("status:OPEN,expiresAt>=2000-01-01".to_owned(), ids([&first, &second])),
        ("status:CANCELED".to_owned(), vec![]),
    ] {
        assert_eq!(found(&shop, "groups", &search).await, expected, "{search}");
        assert_eq!(found(&shop, "/groups", &search).await, expected, "{search}");
    }
}

async fn older_lists_are_searched_in_their_own_words(shop: Shop) {
    let order = shop.order(json!({"amount": 700})).await;
    shop.order(json!({})).await;
    let group = json!({"id": order["paymentGroupId"]});
    let share = order["paymentGroupShareId"].as_str().unwrap();
    for base in ["", "/api/v1"] {
        let sessions = format!("{base}/checkout-sessions");
        for search in ["amount_total<=700", "amountTotal:700,currency:USD"] {
            assert_eq!(found(&shop, &sessions, search).await, ids([&order]), "{search}");
        }
        let groups = format!("{base}/payment-groups");
        assert_eq!(found(&shop, &groups, &format!("share_id:{share},status:OPEN")).await, ids([&group]));
        for (list, field) in [(&sessions, "amount_total"), (&groups, "share_id")] {
            let refused = shop.client.get(list).query("search", "stranger:1").await;
            refused.names("INVALID_INPUT", "search");
            assert!(refused.text.contains(field), "{}", refused.text);
        }
        shop.client.get(&sessions).query("search", "status:open").await.names("INVALID_INPUT", "search");
    }
}

async fn whatever_is_no_search_is_refused_by_name(shop: Shop) {
    let many = ["amount>=1"; 11].join(",");
    let long = format!("customerLastName~{}", "x".repeat(256));
    for search in [
        "stranger:1",
        "12:30",
        "status:OPEN",
        "currency:XXX",
        "riskLevel:low",
        "amount>=ten",
        "amount~1",
        "amount>1",
        "customerEmail:x",
        "customerEmail<=x",
        "createdAt>=2024-02-30",
        "id:cus_1",
        "customerLastName~",
        "customerLastName~a\0b",
        "customerLastName~\"a",
        "status:CREATED,",
        "status:CREATED,ada",
        &many,
        &long,
    ] {
        shop.client.get("orders").query("search", search).await.names("INVALID_INPUT", "search");
    }
    shop.client.get("customers").query("search", "amount:1").await.names("INVALID_INPUT", "search");
    shop.client.get("groups").query("search", "status:CREATED").await.names("INVALID_INPUT", "search");
}
