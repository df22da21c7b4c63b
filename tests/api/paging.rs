//! Lists: one order, two ways through it, and filters.

use crate::support::{Client, Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(both_ways_through_a_list_are_the_same, limits_are_kept, filters_filter, times_filter);

async fn pages(client: &Client, path: &str, limit: usize, by_cursor: bool) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let offset = if by_cursor { 0 } else { found.len() };
        let mut call = client.get(path).query("limit", &limit.to_string());
        match cursor.take().filter(|_| by_cursor) {
            Some(cursor) => call = call.query("cursor", &cursor),
            None => call = call.query("offset", &offset.to_string()),
        }
        let page = call.await.ok();
        assert_eq!((&page["limit"], &page["offset"]), (&json!(limit), &json!(offset)));
        let objects = page["data"].as_array().unwrap();
        found.extend(objects.iter().cloned());
        assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()), "{page}");
        if page["has_more"] == false {
            return found;
        }
        assert_eq!(objects.len(), limit, "a page with more behind it is full");
        cursor = page["next_cursor"].as_str().map(str::to_owned);
    }
}

async fn both_ways_through_a_list_are_the_same(shop: Shop) {
    let mut expected = Vec::new();
    let alice = shop.affiliate().await;
    for _ in 0..23 {
        expected.push(shop.purchase(&alice).await);
    }
    expected.reverse();
    for limit in [1, 5, 23, 24, 100] {
        for by_cursor in [false, true] {
            assert_eq!(pages(&shop.client, "events", limit, by_cursor).await, expected, "{limit} {by_cursor}");
        }
    }
    for n in 0..6 {
        let tier = json!({"name": format!("Tier {n}"), "rate": 0.1, "metric": "orders", "threshold": n});
        shop.client.post("tiers", &tier).await.created();
        shop.client.post("commission-rules", &json!({"scope": "global", "rate": 0.1})).await.created();
    }
    for list in ["commissions", "affiliates", "coupons", "events", "tiers", "commission-rules"] {
        let (by_offset, by_cursor) =
            (pages(&shop.client, list, 4, false).await, pages(&shop.client, list, 4, true).await);
        assert_eq!(by_offset, by_cursor, "{list}");
        let times: Vec<&str> = by_cursor.iter().filter_map(|one| one["created_at"].as_str()).collect();
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{list} is not newest first: {times:?}");
    }
    // What comes while one pages by cursor shifts nothing.
    let first = shop.client.get("events?limit=5").await.ok();
    let newer = shop.purchase(&alice).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.client.get("events?limit=5").query("cursor", cursor).await.ok();
    assert_eq!(second["data"].as_array().unwrap()[..], expected[5..10]);
    assert_eq!(shop.client.get("events?limit=1").await.ok()["data"][0], newer);
}

async fn limits_are_kept(shop: Shop) {
    let empty = shop.client.get("affiliates").await.ok();
    assert_eq!(empty, json!({"data": [], "has_more": false, "limit": 50, "offset": 0, "next_cursor": null}));
    assert_eq!(shop.client.get("affiliates?limit=100&offset=10000").await.ok()["offset"], 10_000);
    for list in ["affiliates", "commissions", "coupons", "events", "tiers", "commission-rules"] {
        for (name, bad) in [
            ("limit", ["0", "101", "-1", "1.5", "ten", "99999999999999999999"].as_slice()),
            ("offset", &["10001", "-1", "x", "18446744073709551616"]),
            ("cursor", &["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]),
        ] {
            for value in bad {
                shop.client.get(list).query(name, value).await.names("INVALID_INPUT", name);
            }
        }
    }
    let several = shop.client.get("affiliates?limit=0&offset=-1&status=nothing").await;
    let mut named = several.params();
    named.sort_unstable();
    assert_eq!(named, ["limit", "offset", "status"], "several faults come together");
}

async fn filters_filter(shop: Shop) {
    let (alice, bob) = (shop.affiliate().await, shop.affiliate().await);
    let waiting = json!({"email": "waiting@example.com", "status": "pending"});
    let waiting = shop.affiliate_with(waiting).await;
    let ids = async |path: &str| -> Vec<Value> {
        shop.client.all(path).await.into_iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(ids("affiliates?status=pending").await, [waiting["id"].clone()]);
    assert_eq!(ids("affiliates?status=approved").await, [bob["id"].clone(), alice["id"].clone()]);
    assert_eq!(ids("affiliates?status=rejected").await, [Value::Null; 0]);
    let slug = alice["slug"].as_str().unwrap();
    assert_eq!(ids(&format!("affiliates?slug={slug}")).await, [alice["id"].clone()]);
    let email = alice["email"].as_str().unwrap().to_uppercase();
    assert_eq!(ids(&format!("affiliates?email={email}")).await, [alice["id"].clone()], "compared case-folded");
    assert_eq!(ids(&format!("affiliates?email={email}&status=pending")).await, [Value::Null; 0]);

    let (of_alice, of_bob) = (shop.purchase(&alice).await, shop.purchase(&bob).await);
    let row = &of_alice["commissions"][0]["id"];
    let path = format!("commissions/{}", row.as_str().unwrap());
    shop.client.patch(&path, &json!({"status": "approved"})).await.ok();
    let alices = format!("affiliate_id={}", alice["id"].as_str().unwrap());
    assert_eq!(ids(&format!("commissions?{alices}")).await, std::slice::from_ref(row));
    assert_eq!(ids(&format!("commissions?{alices}&status=pending")).await, [Value::Null; 0]);
    assert_eq!(ids("commissions?status=approved").await, std::slice::from_ref(row));
    let order = of_bob["order_id"].as_str().unwrap();
    assert_eq!(ids(&format!("commissions?order_id={order}")).await, [of_bob["commissions"][0]["id"].clone()]);
    assert_eq!(ids(&format!("coupons?{alices}")).await.len(), 1);
    for bad in ["affiliates?status=open", "commissions?status=open", "affiliates?slug=Not%20one", "affiliates?email=x"]
    {
        let name = bad.split(['?', '=']).nth(1).unwrap();
        shop.client.get(bad).await.names("INVALID_INPUT", name);
    }
    // An unknown tier gives an empty list; a malformed one is refused.
    assert_eq!(ids("affiliates?tier_id=tier_0000000000000000000000000z").await, [Value::Null; 0]);
    shop.client.get("affiliates?tier_id=x").await.names("INVALID_INPUT", "tier_id");
}

/// `from` is inside, `to` is outside; a date is its midnight in UTC.
async fn times_filter(shop: Shop) {
    let event = shop.purchase(&shop.affiliate().await).await;
    let row = shop.client.all("commissions").await.remove(0);
    let at = row["created_at"].as_str().unwrap();
    assert!(at.ends_with('Z') && at.len() == "2024-01-01T00:00:00.000Z".len(), "{at} is not UTC with milliseconds");
    let found = async |from: &str, to: &str| {
        let call = shop.client.get("commissions").query("from", from).query("to", to);
        call.await.ok()["data"].as_array().unwrap().len()
    };
    let day = &at[..10];
    assert_eq!(found("2024-01-01", "9999-12-31").await, 1);
    assert_eq!(found(day, "9999-12-31").await, 1);
    assert_eq!(found("2024-01-01", day).await, 0, "`to` is exclusive");
    assert_eq!(found("2024-01-01T00:00:00+14:00", at).await, 0);
    assert_eq!(found("2024-01-01T00:00:00.000001Z", "9999-12-31T23:59:59Z").await, 1);
    for bad in ["yesterday", "2024-13-01", "2024-02-30", "2024-01-01T25:00:00Z", "20240101"] {
        for name in ["from", "to"] {
            shop.client.get("commissions").query(name, bad).await.names("INVALID_INPUT", name);
        }
    }
    assert_eq!(event["created_at"].as_str().unwrap().len(), at.len());
}
