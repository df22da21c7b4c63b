//! Test mode: the clock, what the workers do by it, and the reset.

use crate::support::{Shop, number, on_both_storages, until};
use serde_json::{Value, json};
use std::time::Duration;

on_both_storages!(
    the_clock_goes_forward_only,
    a_commission_is_approved_when_its_time_has_come,
    a_clock_belongs_to_its_merchant,
    live_keys_are_told_so,
    a_reset_wipes_the_test_merchant,
    a_reset_is_one_request_for_its_key,
    nothing_of_a_storm_survives_a_reset,
);

/// How soon the workers do what is due.
const SOON: Duration = Duration::from_secs(10);

async fn the_clock_goes_forward_only(shop: Shop) {
    let clock = shop.client.get("test/clock").await.ok();
    assert_eq!(clock["offset_seconds"], 0, "{clock}");
    let advanced = shop.client.post("test/clock/advance", &json!({"seconds": 86_400})).await.ok();
    assert_eq!(advanced["offset_seconds"], 86_400);
    assert!(advanced["now"].as_str() > clock["now"].as_str());
    let set = shop.client.post("test/clock/advance", &json!({"to": "2033-01-01"})).await.ok();
    assert_eq!(set["now"], "2033-01-01T00:00:00.000Z");
    let read = shop.client.get("test/clock").await.ok();
    assert!(read["now"].as_str() >= set["now"].as_str() && read["offset_seconds"] == set["offset_seconds"], "{read}");

    for (body, param) in [
        (json!({}), "seconds"),
        (json!({"seconds": 1, "to": "2034-01-01"}), "to"),
        (json!({"seconds": 0}), "seconds"),
        (json!({"seconds": -5}), "seconds"),
        (json!({"seconds": 315_360_000}), "seconds"),
        (json!({"to": "2033-01-01"}), "to"),
        (json!({"to": "1999-01-01T00:00:00Z"}), "to"),
        (json!({"to": "9999-01-01"}), "to"),
    ] {
        shop.client.post("test/clock/advance", &body).await.names("INVALID_INPUT", param);
    }
    let after = shop.client.get("test/clock").await.ok();
    assert_eq!(after["offset_seconds"], set["offset_seconds"], "a refused step moves nothing");
}

async fn a_commission_is_approved_when_its_time_has_come(shop: Shop) {
    let parent = shop.affiliate().await;
    let slug = format!("child{}", number());
    let child = json!({"slug": slug, "email": format!("{slug}@example.com"), "parent_email": parent["email"]});
    let child = shop.affiliate_with(child).await;
    let sale = shop.purchase(&child).await;
    let ids: Vec<&str> =
        sale["commissions"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    shop.client.post("test/clock/advance", &json!({"seconds": 30 * 86_400 - 3_600})).await.ok();
    let early = shop.purchase(&child).await;
    // Whatever the workers do in the meantime, they do not do it early.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for id in &ids {
        assert_eq!(shop.client.get(&format!("commissions/{id}")).await.ok()["status"], "pending");
    }
    shop.client.post("test/clock/advance", &json!({"seconds": 3_600})).await.ok();
    for id in &ids {
        until(SOON, "the approval", async || {
            let row = shop.client.get(&format!("commissions/{id}")).await.ok();
            (row["status"] == "approved").then_some(())
        })
        .await;
    }
    let early = early["commissions"][0]["id"].as_str().unwrap();
    assert_eq!(shop.client.get(&format!("commissions/{early}")).await.ok()["status"], "pending", "its time is to come");
    let again = json!({"status": "approved"});
    shop.client.patch(&format!("commissions/{}", ids[0]), &again).await.refused(417, "INVALID_STATE");
}

async fn a_clock_belongs_to_its_merchant(shop: Shop) {
    let other = shop.neighbour();
    let affiliate = other.affiliate().await;
    let sale = other.purchase(&affiliate).await;
    shop.client.post("test/clock/advance", &json!({"seconds": 300 * 86_400})).await.ok();
    assert_eq!(other.client.get("test/clock").await.ok()["offset_seconds"], 0);
    let mine = shop.affiliate().await;
    assert!(mine["created_at"].as_str() > affiliate["created_at"].as_str());
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let row = format!("commissions/{}", sale["commissions"][0]["id"].as_str().unwrap());
    assert_eq!(other.client.get(&row).await.ok()["status"], "pending");
}

async fn live_keys_are_told_so(shop: Shop) {
    let live = shop.live();
    for answer in [
        live.get("test/clock").await,
        live.post("test/clock/advance", &json!({"seconds": 1})).await,
        live.post("test/clock/advance", &json!({"nonsense": 1})).await,
        live.call("POST", "test/reset").await,
    ] {
        answer.refused(403, "FORBIDDEN");
        assert!(answer.json["error"]["message"].as_str().unwrap().contains("test mode"), "{}", answer.text);
    }
}

/// A shop with something of everything.
async fn used(shop: &Shop) -> Value {
    shop.settings(json!({"currency": "EUR", "hold_days": 3, "landing_url": "https://shop.example.com/"})).await;
    let affiliate = shop.affiliate_with(json!({"slug": "bob", "email": "bob@example.com"})).await;
    let wish = json!({"affiliate_id": affiliate["id"], "code": "BOB-10"});
    shop.client.post("coupons", &wish).await.created();
    let session = shop.click(&affiliate).await;
    let sale = json!({"type": "purchase", "amount": 99, "external_id": "order-1", "cookie_id": session});
    let sale = shop.client.post("events", &sale).await.created();
    assert_eq!(sale["attributed"], true, "{sale}");
    let row = format!("commissions/{}", sale["commissions"][0]["id"].as_str().unwrap());
    shop.client.patch(&row, &json!({"status": "approved"})).await.ok();
    shop.client.post("test/clock/advance", &json!({"seconds": 60})).await.ok();
    affiliate
}

async fn a_reset_wipes_the_test_merchant(shop: Shop) {
    let before = shop.client.get("settings").await.ok();
    let live = shop.live().post("affiliates", &json!({"email": "bob@example.com"})).await.created();
    used(&shop).await;
    let slug = shop.slug().await;
    // A body may be left out, and an empty object is as good; more is not.
    shop.client.post("test/reset", &json!({"sure": true})).await.names("INVALID_INPUT", "sure");
    let settings = shop.client.call("POST", "test/reset").await.ok();
    let mut expected = before;
    expected["currency"] = "EUR".into();
    assert_eq!(settings, expected, "all as at first, but for the currency");
    assert_eq!(settings["slug"], slug.as_str());
    assert_eq!(shop.client.get("settings").await.ok(), settings);
    assert_eq!(shop.client.get("test/clock").await.ok()["offset_seconds"], 0);
    for list in ["affiliates", "coupons", "events", "commissions"] {
        assert_eq!(shop.client.all(list).await, Vec::<Value>::new(), "{list}");
    }
    shop.live().get(&format!("affiliates/{}", live["id"].as_str().unwrap())).await.ok();
    used(&shop).await;
    shop.client.post("test/reset", &json!({})).await.ok();
    assert_eq!(shop.client.all("events").await, Vec::<Value>::new());
}

async fn a_reset_is_one_request_for_its_key(shop: Shop) {
    used(&shop).await;
    let first = shop.client.call("POST", "test/reset").once("reset-1").await;
    assert_eq!(first.status, 200);
    let kept = shop.affiliate().await;
    let again = shop.client.call("POST", "test/reset").once("reset-1").await;
    assert_eq!((&again.text, again.header("idempotent-replayed")), (&first.text, Some("true")));
    shop.client.get(&format!("affiliates/{}", kept["id"].as_str().unwrap())).await.ok();
    // Answers about what is wiped are forgotten with it.
    let wish = json!({"email": "once@example.com"});
    let made = shop.client.post("affiliates", &wish).once("affiliate-1").await.created();
    shop.client.call("POST", "test/reset").once("reset-2").await.ok();
    let anew = shop.client.post("affiliates", &wish).once("affiliate-1").await.created();
    assert_ne!(anew["id"], made["id"]);
}

/// Posts go on all the time while the merchant is reset again and again. What is there at last was accepted after the
/// last reset was asked for, and all that was accepted after it was answered is there.
async fn nothing_of_a_storm_survives_a_reset(shop: Shop) {
    const CLIENTS: usize = 8;
    const RESETS: usize = 5;
    for round in 0..RESETS {
        let posters: Vec<_> = (0..CLIENTS)
            .map(|poster| {
                let client = shop.client.clone();
                tokio::spawn(async move {
                    let mut accepted = Vec::new();
                    for n in 0..40 {
                        let name = format!("{round}-{poster}-{n}");
                        let sale = json!({"type": "purchase", "amount": 5, "external_id": name});
                        let answer = client.post("events", &sale).await;
                        match answer.status {
                            201 => accepted.push(answer.json["id"].clone()),
                            503 => assert!(answer.header("retry-after").is_some()),
                            _ => panic!("{}: {}", answer.status, answer.text),
                        }
                    }
                    accepted
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        shop.client.call("POST", "test/reset").await.ok();
        let after = format!("{round}-after");
        let sale = json!({"type": "purchase", "amount": 5, "external_id": after});
        let kept = shop.client.post("events", &sale).await.created();
        let mut accepted = vec![vec![kept["id"].clone()]];
        for poster in posters {
            accepted.push(poster.await.unwrap());
        }
        let there = shop.client.all("events").await;
        for event in &there {
            assert!(accepted.iter().flatten().any(|id| *id == event["id"]), "{event} was never accepted");
            let own = event["external_id"].as_str().unwrap();
            assert!(own.starts_with(&format!("{round}-")), "{own} survived the reset of round {round}");
        }
        assert!(there.iter().any(|event| event["id"] == kept["id"]), "what came after the reset is there");
        // Each poster's posts were accepted one after the other: the reset took the first of them, and none after one
        // that it left.
        for ids in accepted {
            let present: Vec<bool> = ids.iter().map(|id| there.iter().any(|event| event["id"] == *id)).collect();
            assert!(present.is_sorted(), "a hole in round {round}: {present:?}");
        }
    }
    shop.client.call("POST", "test/reset").await.ok();
    assert_eq!(shop.client.all("events").await, Vec::<Value>::new());
}
