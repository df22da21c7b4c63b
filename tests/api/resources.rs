//! Affiliates, coupons, settings and commissions, one by one.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    an_affiliate_gets_what_it_does_not_bring,
    what_must_be_unique_is,
    an_affiliate_moves_as_specified,
    approval_makes_one_coupon,
    a_patch_changes_what_it_names,
    parents_make_no_circle,
    metadata_has_limits,
    a_coupon_comes_and_goes,
    settings_start_as_specified_and_change,
    a_shops_slug_is_unique_on_the_server,
    the_currency_stays_once_something_was_earned,
    a_commission_moves_as_specified,
    a_void_leaf_takes_its_overrides_along,
    a_review_is_ended_by_a_person,
);

fn path(list: &str, object: &Value) -> String {
    format!("{list}/{}", object["id"].as_str().unwrap())
}

async fn an_affiliate_gets_what_it_does_not_bring(shop: Shop) {
    let bare = shop.affiliate_with(json!({"email": "bare@example.com"})).await;
    let slug = bare["slug"].as_str().unwrap();
    assert!(slug.len() == 10 && slug.starts_with("a-"), "{slug}: never from the e-mail");
    assert_eq!(bare["status"], "approved");
    for empty in ["display_name", "tier_id", "parent_affiliate_id", "custom_commission_rate"] {
        assert_eq!(bare[empty], Value::Null, "{empty}");
    }
    assert_eq!((&bare["metadata"], &bare["created_at"]), (&json!({}), &bare["updated_at"]));
    let named = shop.affiliate_with(json!({"email": "n1@example.com", "display_name": "Zoë & Co."})).await;
    assert_eq!((&named["slug"], &named["display_name"]), (&json!("zo-co"), &json!("Zoë & Co.")));
    let again = shop.affiliate_with(json!({"email": "n2@example.com", "display_name": "Zoë & Co."})).await;
    assert!(again["slug"].as_str().unwrap().starts_with("zo-co-"), "a slug that nobody asked for makes room: {again}");
    let full = json!({"email": "Full@Example.com", "slug": "full", "display_name": "Full", "status": "pending",
        "custom_commission_rate": 0.125, "metadata": {"tax": {"id": 1.50}, "a": [1, null]}});
    let made = shop.client.post("affiliates", &full).await;
    assert_eq!(made.exact("custom_commission_rate"), "0.125");
    let made = made.created();
    for (name, value) in full.as_object().unwrap() {
        assert_eq!(&made[name], value, "kept as given");
    }
}

async fn what_must_be_unique_is(shop: Shop) {
    shop.affiliate_with(json!({"email": "Alice@example.com", "slug": "alice"})).await;
    let bob = shop.affiliate_with(json!({"email": "bob@example.com", "slug": "bob"})).await;
    for (wish, param) in [
        (json!({"email": "aLICE@EXAMPLE.com"}), "email"),
        (json!({"email": "new@example.com", "slug": "alice"}), "slug"),
    ] {
        shop.client.post("affiliates", &wish).await.names("ALREADY_EXISTS", param);
    }
    let bobs = path("affiliates", &bob);
    shop.client.patch(&bobs, &json!({"email": "ALICE@example.com"})).await.names("ALREADY_EXISTS", "email");
    shop.client.patch(&bobs, &json!({"slug": "alice"})).await.names("ALREADY_EXISTS", "slug");
    // One's own is no obstacle, and what is given up is free again.
    shop.client.patch(&bobs, &json!({"email": "BOB@example.com", "slug": "bob"})).await.ok();
    shop.client.patch(&bobs, &json!({"email": "robert@example.com", "slug": "robert"})).await.ok();
    shop.affiliate_with(json!({"email": "bob@example.com", "slug": "bob"})).await;
}

async fn an_affiliate_moves_as_specified(shop: Shop) {
    let all = ["pending", "approved", "rejected", "suspended"];
    let allowed = [
        ("pending", "approved"),
        ("pending", "rejected"),
        ("approved", "suspended"),
        ("suspended", "approved"),
        ("rejected", "pending"),
        ("rejected", "approved"),
    ];
    for from in all {
        for to in all {
            let email = format!("{from}-{to}@example.com");
            let first = if from == "approved" || from == "suspended" { "approved" } else { "pending" };
            let made = shop.affiliate_with(json!({"email": email, "status": first})).await;
            let path = path("affiliates", &made);
            let at = shop.client.patch(&path, &json!({"status": from})).await.ok();
            assert_eq!(at["status"], from);
            let answer = shop.client.patch(&path, &json!({"status": to})).await;
            if from == to || allowed.contains(&(from, to)) {
                assert_eq!(answer.ok()["status"], to, "{from} {to}");
            } else {
                answer.refused(417, "INVALID_STATE");
                assert_eq!(shop.client.get(&path).await.ok(), at, "{from} {to}");
            }
        }
    }
    // Whoever applies again after being turned down hears where it stands.
    let again = shop.client.post("affiliates", &json!({"email": "rejected-rejected@example.com"})).await;
    again.names("ALREADY_EXISTS", "email");
    assert!(again.json["error"]["message"].as_str().unwrap().ends_with(", whose status is another"), "{}", again.text);
    for status in ["rejected", "suspended", "paid", ""] {
        let wish = json!({"email": "x@example.com", "status": status});
        shop.client.post("affiliates", &wish).await.names("INVALID_INPUT", "status");
    }
}

async fn approval_makes_one_coupon(shop: Shop) {
    let codes = async |affiliate: &Value| {
        let one = shop.client.get(&path("affiliates", affiliate)).await.ok();
        one["coupon_codes"].as_array().unwrap().clone()
    };
    let pending = shop.affiliate_with(json!({"email": "p@example.com", "slug": "waiting", "status": "pending"})).await;
    assert_eq!(pending["coupon_codes"], json!([]));
    for status in ["approved", "suspended", "approved"] {
        let moved = shop.client.patch(&path("affiliates", &pending), &json!({"status": status})).await.ok();
        let code = moved["coupon_codes"][0].as_str().unwrap();
        let random = code.strip_prefix("WAITING-").unwrap_or_else(|| panic!("{code}"));
        assert!(random.len() == 4 && random.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'9').contains(&b)));
        assert_eq!(codes(&pending).await, [json!(code)], "once only");
    }
    shop.settings(json!({"auto_coupon_on_approval": false})).await;
    let plain = shop.affiliate_with(json!({"email": "q@example.com"})).await;
    assert_eq!(codes(&plain).await, [Value::Null; 0]);
}

async fn a_patch_changes_what_it_names(shop: Shop) {
    let wish = json!({"email": "a@example.com", "slug": "aa", "display_name": "A", "custom_commission_rate": 0.3,
        "metadata": {"a": 1, "b": 2}});
    let before = shop.affiliate_with(wish).await;
    let path = path("affiliates", &before);
    let nothing = shop.client.patch(&path, &json!({})).await.ok();
    assert_eq!(nothing, before, "nothing named, nothing changed");
    let changed = shop.client.patch(&path, &json!({"metadata": {"c": 3}})).await.ok();
    let mut expected = before.clone();
    (expected["metadata"], expected["updated_at"]) = (json!({"c": 3}), changed["updated_at"].clone());
    assert_eq!(changed, expected, "metadata is replaced whole");
    assert!(changed["updated_at"].as_str() >= before["updated_at"].as_str());
    let cleared = shop.client.patch(&path, &json!({"display_name": null, "custom_commission_rate": null})).await.ok();
    assert_eq!((&cleared["display_name"], &cleared["custom_commission_rate"]), (&Value::Null, &Value::Null));
    assert_eq!(shop.client.get(&path).await.ok(), cleared);
    for (fixed, param) in [(json!({"id": "x"}), "id"), (json!({"coupon_codes": []}), "coupon_codes")] {
        shop.client.patch(&path, &fixed).await.names("INVALID_INPUT", param);
    }
    for kept in ["email", "slug", "status"] {
        shop.client.patch(&path, &json!({kept: null})).await.names("INVALID_INPUT", kept);
    }
}

async fn parents_make_no_circle(shop: Shop) {
    let top = shop.affiliate_with(json!({"email": "top@example.com"})).await;
    let mid = shop.affiliate_with(json!({"email": "mid@example.com", "parent_email": "TOP@example.com"})).await;
    let leaf = shop.affiliate_with(json!({"email": "leaf@example.com", "parent_email": "mid@example.com"})).await;
    assert_eq!((&mid["parent_affiliate_id"], &leaf["parent_affiliate_id"]), (&top["id"], &mid["id"]));
    for under in ["top@example.com", "mid@example.com", "leaf@example.com"] {
        let circle = json!({"parent_email": under});
        shop.client.patch(&path("affiliates", &top), &circle).await.refused(417, "INVALID_STATE");
    }
    let nobody = json!({"parent_email": "nobody@example.com"});
    shop.client.patch(&path("affiliates", &top), &nobody).await.names("INVALID_INPUT", "parent_email");
    // Three levels: the leaf at 20 %, then 10 % and 5 % of that.
    let event = shop.purchase(&leaf).await;
    let earned: Vec<(&Value, &Value)> =
        event["commissions"].as_array().unwrap().iter().map(|row| (&row["affiliate_id"], &row["amount"])).collect();
    assert_eq!(earned, [(&leaf["id"], &json!(19.8)), (&mid["id"], &json!(1.98)), (&top["id"], &json!(0.99))]);
    let freed = shop.client.patch(&path("affiliates", &mid), &json!({"parent_email": null})).await.ok();
    assert_eq!(freed["parent_affiliate_id"], Value::Null);
    shop.client.patch(&path("affiliates", &top), &json!({"parent_email": "leaf@example.com"})).await.ok();
    // Two affiliates that become each other's parent at once: one request must be refused.
    let (a, b) = (shop.affiliate().await, shop.affiliate().await);
    let under = |child: &Value, parent: &Value| {
        tokio::spawn(
            shop.client.patch(&path("affiliates", child), &json!({"parent_email": parent["email"]})).into_future(),
        )
    };
    let (one, other) = (under(&a, &b), under(&b, &a));
    let mut statuses = [one.await.unwrap().status, other.await.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 417]);
}

async fn metadata_has_limits(shop: Shop) {
    let keys = |count: usize| -> Value {
        (0..count).map(|at| (format!("k{at}"), json!(at))).collect::<serde_json::Map<String, Value>>().into()
    };
    let wish =
        |metadata: Value| json!({"email": format!("m{}@example.com", crate::support::number()), "metadata": metadata});
    for good in [
        keys(50),
        json!({"k".repeat(40): "v".repeat(500)}),
        json!({"ä".repeat(40): "ä".repeat(500)}),
        json!({"nested": {"as": ["deep", {"as": "wanted"}]}, "n": 1.0, "null": null}),
    ] {
        assert_eq!(shop.affiliate_with(wish(good.clone())).await["metadata"], good);
    }
    for bad in [
        keys(51),
        json!({"k".repeat(41): 1}),
        json!({"": 1}),
        json!({"k": "v".repeat(501)}),
        json!({"k": ["v".repeat(500)]}),
        json!([]),
        json!("text"),
    ] {
        shop.client.post("affiliates", &wish(bad)).await.names("INVALID_INPUT", "metadata");
    }
    let kept = r#"{"email":"kept@example.com","metadata":{"b":1.50,"a":1e3,"c":[ 100000000000000000000 ]}}"#;
    let made = shop.client.call("POST", "affiliates").text(kept).await;
    assert_eq!(
        made.exact("metadata"),
        r#"{"b":1.50,"a":1e3,"c":[100000000000000000000]}"#,
        "numbers and order stay as given"
    );
}

async fn a_coupon_comes_and_goes(shop: Shop) {
    let (alice, bob) = (shop.affiliate().await, shop.affiliate().await);
    let wish = |affiliate: &Value, code: &str| json!({"affiliate_id": affiliate["id"], "code": code});
    let made = shop.client.post("coupons", &wish(&alice, "summer-10")).await.created();
    assert_eq!((&made["code"], &made["affiliate_id"]), (&json!("SUMMER-10"), &alice["id"]));
    shop.client.post("coupons", &wish(&bob, "SUMMER-10")).await.names("ALREADY_EXISTS", "code");
    for bad in ["", "x", "a b", "ÄÖÜ", &"x".repeat(41)] {
        shop.client.post("coupons", &wish(&alice, bad)).await.names("INVALID_INPUT", "code");
    }
    let sale = |order: &str| json!({"type": "purchase", "amount": 1, "external_id": order, "coupon": "Summer-10"});
    assert_eq!(shop.client.post("events", &sale("1")).await.created()["affiliate_id"], alice["id"]);
    let codes = shop.client.get(&path("affiliates", &alice)).await.ok()["coupon_codes"].clone();
    assert_eq!(codes, json!([alice["coupon_codes"][0], "SUMMER-10"]), "oldest first");

    let gone = shop.client.delete(&path("coupons", &made)).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    shop.client.delete(&path("coupons", &made)).await.refused(404, "NOT_FOUND");
    assert_eq!(shop.client.post("events", &sale("2")).await.created()["attributed"], false);
    shop.client.post("coupons", &wish(&bob, "SUMMER-10")).await.created();
    assert_eq!(shop.client.post("events", &sale("3")).await.created()["affiliate_id"], bob["id"]);
    let old = shop.client.post("events", &sale("1")).await;
    assert_eq!(old.ok()["affiliate_id"], alice["id"], "what was credited stays");
}

async fn settings_start_as_specified_and_change(shop: Shop) {
    let before = shop.client.get("settings").await;
    assert_eq!((before.exact("commission_rate"), before.exact("mlm_rates")), ("0.20".into(), "[0.10,0.05]".into()));
    let before = before.ok();
    for (name, value) in [
        ("currency", json!("USD")),
        ("hold_days", json!(30)),
        ("cookie_window_days", json!(90)),
        ("attribution_model", json!("last_click")),
        ("self_referral", json!("block")),
        ("auto_coupon_on_approval", json!(true)),
        ("landing_url", Value::Null),
        ("redirect_hosts", json!([])),
    ] {
        assert_eq!(before[name], value, "{name}");
    }
    assert_eq!(before["slug"], format!("{}-test", shop.name.to_lowercase().replace(' ', "-")));
    assert_eq!(shop.client.patch("settings", &json!({})).await.ok(), before);
    let mut expected = before;
    for (name, value) in [
        ("commission_rate", json!(0.125)),
        ("mlm_rates", json!([0.3])),
        ("hold_days", json!(0)),
        ("cookie_window_days", json!(1)),
        ("attribution_model", json!("first_click")),
        ("self_referral", json!("review")),
        ("auto_coupon_on_approval", json!(false)),
        ("landing_url", json!("https://shop.example.com/x?y=1")),
        ("redirect_hosts", json!(["a.example.com", "b.example.com"])),
        ("currency", json!("JPY")),
        ("landing_url", Value::Null),
        ("mlm_rates", json!([])),
    ] {
        expected[name] = value.clone();
        if value == "JPY" {
            // A minimum is in the settings' currency, and shown with its digits.
            expected["min_payout"] = json!(0);
        }
        assert_eq!(shop.settings(json!({name: value})).await, expected, "{name}");
        assert_eq!(shop.client.get("settings").await.ok(), expected, "{name}");
    }
    assert_eq!(shop.live().get("settings").await.ok()["currency"], "USD", "the other mode has its own");
    let event = shop.client.post("events", &json!({"type": "lead", "external_id": "1", "amount": 500})).await;
    assert_eq!((event.exact("amount"), event.exact("currency")), ("500".into(), "\"JPY\"".into()));
    for (name, bad) in [
        ("commission_rate", json!(1.000001)),
        ("commission_rate", json!(-0.1)),
        ("mlm_rates", json!([0.1, 2])),
        ("mlm_rates", json!([0, 0, 0, 0, 0, 0])),
        ("hold_days", json!(366)),
        ("hold_days", json!(1.5)),
        ("cookie_window_days", json!(0)),
        ("currency", json!("XXX")),
        ("landing_url", json!("javascript:alert(1)")),
        ("landing_url", json!("https://user:pass@shop.example.com/")),
        ("redirect_hosts", json!(["https://a.example.com"])),
        ("redirect_hosts", json!(["*.com"])),
        ("slug", json!("Not A Slug")),
        ("slug", Value::Null),
        ("recurring", json!("never heard of")),
    ] {
        shop.client.patch("settings", &json!({name: bad})).await.names("INVALID_INPUT", name);
    }
    assert_eq!(shop.client.get("settings").await.ok(), expected);
}

async fn a_shops_slug_is_unique_on_the_server(shop: Shop) {
    let neighbour = shop.neighbour();
    let slug = format!("the-shop-{}", crate::support::number());
    shop.settings(json!({"slug": slug})).await;
    for other in [&neighbour.client, shop.live()] {
        other.patch("settings", &json!({"slug": slug})).await.names("ALREADY_EXISTS", "slug");
    }
    shop.settings(json!({"slug": slug})).await;
    shop.settings(json!({"slug": format!("{slug}-b")})).await;
    neighbour.settings(json!({"slug": slug})).await;
}

async fn the_currency_stays_once_something_was_earned(shop: Shop) {
    shop.settings(json!({"currency": "EUR"})).await;
    shop.client.post("events", &json!({"type": "purchase", "amount": 1, "external_id": "nobody"})).await.created();
    shop.settings(json!({"currency": "USD"})).await;
    shop.purchase(&shop.affiliate().await).await;
    shop.client.patch("settings", &json!({"currency": "EUR"})).await.refused(417, "INVALID_STATE");
    shop.settings(json!({"currency": "USD", "hold_days": 1})).await;
}

async fn a_commission_moves_as_specified(shop: Shop) {
    let alice = shop.affiliate().await;
    let row = shop.purchase(&alice).await["commissions"][0].clone();
    let row = path("commissions", &row);
    for bad in [json!({"status": "paid"}), json!({"status": "pending"}), json!({"status": null}), json!({})] {
        shop.client.patch(&row, &bad).await.names("INVALID_INPUT", "status");
    }
    let approved = shop.client.patch(&row, &json!({"status": "approved", "reason": "paid in full"})).await.ok();
    assert_eq!((&approved["status"], &approved["reason"]), (&json!("approved"), &json!("paid in full")));
    shop.client.patch(&row, &json!({"status": "approved"})).await.refused(417, "INVALID_STATE");
    let void = shop.client.patch(&row, &json!({"status": "void", "reason": "returned"})).await.ok();
    assert_eq!((&void["status"], &void["reason"]), (&json!("void"), &json!("returned")));
    assert_eq!(shop.client.get(&row).await.ok(), void);
    for status in ["approved", "void"] {
        shop.client.patch(&row, &json!({"status": status})).await.refused(417, "INVALID_STATE");
    }
    assert_eq!(shop.client.get(&row).await.ok(), void, "a void row never changes again");

    let late = shop.purchase(&alice).await["commissions"][0].clone();
    shop.client.patch(&path("affiliates", &alice), &json!({"status": "suspended"})).await.ok();
    let late = path("commissions", &late);
    shop.client.patch(&late, &json!({"status": "approved"})).await.refused(417, "INVALID_STATE");
    shop.client.patch(&late, &json!({"status": "void"})).await.ok();
    shop.world.site.run(&["reconcile"]).success();
}

async fn a_void_leaf_takes_its_overrides_along(shop: Shop) {
    let top = shop.affiliate().await;
    let leaf = shop.affiliate_with(json!({"email": "leaf@example.com", "parent_email": top["email"]})).await;
    let event = shop.purchase(&leaf).await;
    let rows: Vec<String> = [0, 1].map(|level| path("commissions", &event["commissions"][level])).into();
    shop.client.patch(&rows[1], &json!({"status": "approved"})).await.ok();
    shop.client.patch(&rows[0], &json!({"status": "void", "reason": "fraud"})).await.ok();
    for row in &rows {
        assert_eq!(shop.client.get(row).await.ok()["status"], "void");
    }
    let event = shop.purchase(&leaf).await;
    let rows: Vec<String> = [0, 1].map(|level| path("commissions", &event["commissions"][level])).into();
    shop.client.patch(&rows[1], &json!({"status": "void"})).await.ok();
    assert_eq!(shop.client.get(&rows[0]).await.ok()["status"], "pending", "the leaf stands without its override");
    shop.world.site.run(&["reconcile"]).success();
}

async fn a_review_is_ended_by_a_person(shop: Shop) {
    shop.settings(json!({"self_referral": "review"})).await;
    let alice = shop.affiliate().await;
    for (order, end) in [("1", "approved"), ("2", "void")] {
        let sale = json!({"type": "purchase", "amount": 10, "external_id": order, "affiliate_id": alice["id"],
            "customer": {"email": alice["email"]}});
        let event = shop.client.post("events", &sale).await.created();
        let row = path("commissions", &event["commissions"][0]);
        assert_eq!(shop.client.get(&row).await.ok()["status"], "review");
        assert_eq!(shop.client.patch(&row, &json!({"status": end})).await.ok()["status"], end);
    }
    assert_eq!(shop.client.all("commissions?status=review").await.len(), 0);
}
