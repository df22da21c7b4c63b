//! Attribution: links, beacons, precedence, models, self-referral.

use crate::support::{Shop, Storage, number, on_both_storages, session};
use serde_json::{Value, json};

on_both_storages!(
    a_link_leads_to_the_shop_and_tells_it_the_session,
    a_link_leads_nowhere_else,
    a_link_that_leads_nowhere_is_not_found,
    a_link_of_nobody_leads_to_the_shop,
    a_link_is_read_as_it_arrives,
    a_link_hands_on_what_it_says,
    who_does_not_come_makes_no_click,
    who_does_not_want_to_be_tracked_is_not,
    the_named_come_before_the_coupon_before_the_click,
    the_model_picks_the_click,
    only_an_approved_affiliate_earns,
    unmatched_is_no_error,
    a_self_referral_is_a_policy,
    the_beacon_keeps_a_click,
    beacons_have_a_limit,
);

async fn open_links(shop: &Shop) {
    let settings = json!({"landing_url": "https://shop.example.com/start?a=1", "redirect_hosts": ["blog.example.com"]});
    shop.settings(settings).await;
}

/// A purchase in `session`, with further members.
async fn buy(shop: &Shop, external_id: &str, session: &str, more: Value) -> Value {
    let mut wish = json!({"type": "purchase", "amount": 10, "external_id": external_id, "cookie_id": session});
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop.client.post("events", &wish).await.created()
}

async fn a_link_leads_to_the_shop_and_tells_it_the_session(shop: Shop) {
    open_links(&shop).await;
    let alice = shop.affiliate().await;
    let answer = shop.follow(&alice, "", &[]).await;
    let first = session(&answer);
    let target = answer.header("location").unwrap();
    assert_eq!(target, format!("https://shop.example.com/start?a=1&_cobz_sess={first}"));
    let answer = shop.follow(&alice, "?to=https%3A%2F%2Fblog.example.com%2Fpost", &[]).await;
    let second = session(&answer);
    assert_eq!(answer.header("location").unwrap(), format!("https://blog.example.com/post?_cobz_sess={second}"));
    assert_ne!(first, second, "another browser is another session");
    shop.click_again(&alice, &first).await;
    for (order, session) in [("1", &first), ("2", &second)] {
        assert_eq!(buy(&shop, order, session, json!({})).await["affiliate_id"], alice["id"]);
    }
}

async fn a_link_leads_nowhere_else(shop: Shop) {
    open_links(&shop).await;
    let alice = shop.affiliate().await;
    for evil in [
        "https://evil.example/",
        "https://blog.example.com.evil.example/",
        "https://blog.example.com@evil.example/",
        "https://evil.example/https://blog.example.com/",
        "//evil.example/",
        "\\\\evil.example",
        "https:/\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "%0d%0aLocation:https://evil.example/",
        "",
        "/\\evil.example/",
        "/\t/evil.example/",
    ] {
        let query: String = url_escape(evil);
        let answer = shop.follow(&alice, &format!("?to={query}"), &[]).await;
        session(&answer);
        let target = answer.header("location").unwrap();
        assert!(target.starts_with("https://shop.example.com/start?a=1&_cobz_sess="), "{evil} leads to {target}");
    }
}

async fn a_link_that_leads_nowhere_is_not_found(shop: Shop) {
    let alice = shop.affiliate().await;
    shop.follow(&alice, "", &[]).await.refused(404, "NOT_FOUND");
    shop.follow(&alice, "?to=https%3A%2F%2Fblog.example.com%2F", &[]).await.refused(404, "NOT_FOUND");
    open_links(&shop).await;
    session(&shop.follow(&alice, "", &[]).await);
    shop.client.anonymous().get("/r/no-such-shop/alice").await.refused(404, "NOT_FOUND");
}

async fn a_link_of_nobody_leads_to_the_shop(shop: Shop) {
    open_links(&shop).await;
    // A neighbour's affiliate is not at this shop.
    let neighbours = shop.neighbour().affiliate().await["slug"].clone();
    for slug in [json!("nobody-here"), json!("Not%20A%00Slug"), json!("x"), neighbours] {
        let answer = shop.follow(&json!({"slug": slug}), "?b=2", &[]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (302, None), "{slug}");
        assert_eq!(answer.header("location"), Some("https://shop.example.com/start?a=1&b=2"), "{slug}");
    }
}

async fn a_link_is_read_as_it_arrives(shop: Shop) {
    open_links(&shop).await;
    let alice = shop.affiliate().await;
    let slug = alice["slug"].as_str().unwrap();
    // The document has no address with a slash at its end.
    let path = format!("/r/{}/{slug}/", shop.slug().await);
    let slashed = shop.world.server.raw(&format!("GET {path} HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n"));
    assert_eq!(slashed.status, 302);
    assert!(slashed.header("set-cookie").is_some_and(|cookie| cookie.starts_with("_cobz_sess=")));
    for typed in
        [format!("{slug}%20"), format!("{slug},"), format!("{slug}."), slug.to_uppercase(), format!("{slug}%E2%80%8B")]
    {
        let session = session(&shop.follow(&json!({"slug": typed}), "", &[]).await);
        let event = buy(&shop, &typed, &session, json!({})).await;
        assert_eq!(event["affiliate_id"], alice["id"], "{typed}");
        let beacon = json!({"merchant": shop.slug().await, "session": format!("beacon-{}-0123456789", typed.len()), "ref": typed});
        assert_eq!(
            shop.client.anonymous().post("/api/t/click", &beacon).await.status,
            if typed.contains('%') { 417 } else { 204 }
        );
    }
}

async fn a_link_hands_on_what_it_says(shop: Shop) {
    shop.settings(json!({"landing_url": "https://shop.example.com/?a=1", "redirect_hosts": ["*.example.org"]})).await;
    let alice = shop.affiliate().await;
    for (query, target) in [
        ("?utm_source=n&gclid=a%20b&a=2", "https://shop.example.com/?a=1&utm_source=n&gclid=a+b"),
        ("?to=%2Fp%2F5&gclid=a", "https://shop.example.com/p/5?gclid=a"),
        ("?to=https%3A%2F%2Fshop.example.com%2Fp%2F5", "https://shop.example.com/p/5?"),
        ("?to=https%3A%2F%2Fblog.example.org%2F%3Fgclid%3Db&gclid=a", "https://blog.example.org/?gclid=b"),
        ("?_cobz_sess=0123456789abcdef0123456789abcdef", "https://shop.example.com/?a=1"),
    ] {
        let answer = shop.follow(&alice, query, &[]).await;
        let session = session(&answer);
        let joint = if target.ends_with('?') { "" } else { "&" };
        assert_eq!(answer.header("location").unwrap(), format!("{target}{joint}_cobz_sess={session}"), "{query}");
    }
}

async fn who_does_not_come_makes_no_click(shop: Shop) {
    open_links(&shop).await;
    let (alice, bob) = (shop.affiliate().await, shop.affiliate().await);
    let known = shop.click(&alice).await;
    let (merchant, slug) = (shop.slug().await, bob["slug"].as_str().unwrap());
    let ask = |method: &str, header: &str| {
        let request = format!(
            "{method} /r/{merchant}/{slug} HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\
             Cookie: _cobz_sess={known}\r\n{header}\r\n"
        );
        shop.world.server.raw(&request)
    };
    let head = ask("HEAD", "");
    assert_eq!((head.status, head.header("location")), (302, Some("https://shop.example.com/start?a=1")));
    assert_eq!(head.header("set-cookie"), None);
    for header in ["Sec-Purpose: prefetch\r\n", "Sec-Purpose: prefetch;prerender\r\n", "Purpose: prefetch\r\n"] {
        let early = ask("GET", header);
        assert_eq!(
            (early.status, early.header("set-cookie"), early.header("retry-after")),
            (503, None, None),
            "{header}"
        );
        assert_eq!((early.header("cache-control"), early.header("vary")), (Some("no-store"), Some("Sec-Purpose")));
        assert_eq!(early.body, "", "{header}");
    }
    let event = buy(&shop, "1", &known, json!({})).await;
    assert_eq!(event["affiliate_id"], alice["id"], "whose link was followed");
}

async fn who_does_not_want_to_be_tracked_is_not(shop: Shop) {
    open_links(&shop).await;
    let alice = shop.affiliate().await;
    let known = shop.click(&alice).await;
    let bob = shop.affiliate().await;
    let cookie = format!("_cobz_sess={known}");
    for (header, value) in [("sec-gpc", "1"), ("dnt", "1")] {
        let answer = shop.follow(&bob, "", &[(header, value), ("cookie", &cookie)]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (302, None), "{header}");
        assert_eq!(answer.header("location"), Some("https://shop.example.com/start?a=1"), "{header}");
    }
    let event = buy(&shop, "1", &known, json!({})).await;
    assert_eq!(event["affiliate_id"], alice["id"], "the refused click was not kept");
    let allowed = shop.follow(&bob, "", &[("sec-gpc", "0"), ("dnt", "0")]).await;
    session(&allowed);
}

async fn the_named_come_before_the_coupon_before_the_click(shop: Shop) {
    open_links(&shop).await;
    let (named, couponed, clicked) = (shop.affiliate().await, shop.affiliate().await, shop.affiliate().await);
    let session = shop.click(&clicked).await;
    let coupon = &couponed["coupon_codes"][0];
    for (order, more, winner, via) in [
        ("1", json!({"affiliate_id": named["id"], "coupon": coupon}), &named, "affiliate"),
        ("2", json!({"coupon": coupon}), &couponed, "coupon"),
        ("3", json!({}), &clicked, "click"),
        ("4", json!({"coupon": "NO-SUCH-CODE"}), &clicked, "click"),
    ] {
        let event = buy(&shop, order, &session, more).await;
        assert_eq!((&event["affiliate_id"], &event["attribution"]["via"]), (&winner["id"], &json!(via)), "{order}");
    }
}

async fn the_model_picks_the_click(shop: Shop) {
    open_links(&shop).await;
    let (first, second) = (shop.affiliate().await, shop.affiliate().await);
    let session = shop.click(&first).await;
    shop.click_again(&second, &session).await;
    assert_eq!(buy(&shop, "1", &session, json!({})).await["affiliate_id"], second["id"]);
    shop.settings(json!({"attribution_model": "first_click"})).await;
    assert_eq!(buy(&shop, "2", &session, json!({})).await["affiliate_id"], first["id"]);
    shop.settings(json!({"attribution_model": "last_click"})).await;
    shop.click_again(&first, &session).await;
    assert_eq!(buy(&shop, "3", &session, json!({})).await["affiliate_id"], first["id"]);
}

async fn only_an_approved_affiliate_earns(shop: Shop) {
    open_links(&shop).await;
    let (stopped, other) = (shop.affiliate().await, shop.affiliate().await);
    let session = shop.click(&other).await;
    shop.click_again(&stopped, &session).await;
    let path = format!("affiliates/{}", stopped["id"].as_str().unwrap());
    shop.client.patch(&path, &json!({"status": "suspended"})).await.ok();
    let event = buy(&shop, "1", &session, json!({"affiliate_id": stopped["id"]})).await;
    assert_eq!(event["affiliate_id"], other["id"], "one who cannot earn is passed over");
    let event = buy(&shop, "2", "a-session-of-nobody", json!({"coupon": stopped["coupon_codes"][0]})).await;
    assert_eq!((&event["attributed"], &event["commissions"]), (&json!(false), &json!([])));
    shop.client.patch(&path, &json!({"status": "approved"})).await.ok();
    assert_eq!(buy(&shop, "3", &session, json!({})).await["affiliate_id"], stopped["id"]);
}

/// The test cannot wait ninety days: the clicks are made older in the database, for which there is a client on
/// PostgreSQL. The rule itself is in the domain, the same on both storages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_counts_inside_the_window() {
    let shop = Shop::open(Storage::Postgres);
    open_links(&shop).await;
    shop.settings(json!({"cookie_window_days": 2})).await;
    let (old, new) = (shop.affiliate().await, shop.affiliate().await);
    let session = shop.click(&old).await;
    let age = |hours: u32| {
        let sql =
            format!("UPDATE clicks SET created_at = created_at - interval '{hours} hours' WHERE session = '{session}'");
        shop.world.site.sql(&sql).unwrap();
    };
    age(47);
    assert_eq!(buy(&shop, "1", &session, json!({})).await["affiliate_id"], old["id"], "inside");
    shop.click_again(&new, &session).await;
    age(2);
    shop.settings(json!({"attribution_model": "first_click"})).await;
    assert_eq!(buy(&shop, "2", &session, json!({})).await["affiliate_id"], new["id"], "the first inside the window");
    age(72);
    let late = buy(&shop, "3", &session, json!({})).await;
    assert_eq!((&late["attributed"], &late["affiliate_id"]), (&json!(false), &Value::Null), "both are too old");
    shop.settings(json!({"cookie_window_days": 30})).await;
    assert_eq!(buy(&shop, "4", &session, json!({})).await["affiliate_id"], old["id"], "as the settings are now");
}

async fn unmatched_is_no_error(shop: Shop) {
    let odd = "x".repeat(64);
    for (at, candidate) in [
        json!({}),
        json!({"cookie_id": "0123456789abcdef0123456789abcdef"}),
        json!({"cookie_id": odd}),
        json!({"coupon": "NO-SUCH-CODE"}),
        json!({"cookie_id": null, "coupon": null, "affiliate_id": null}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut wish = json!({"type": "purchase", "amount": 10, "external_id": format!("{at}")});
        wish.as_object_mut().unwrap().extend(candidate.as_object().unwrap().clone());
        let event = shop.client.post("events", &wish).await.created();
        assert_eq!((&event["attributed"], &event["affiliate_id"]), (&json!(false), &Value::Null), "{candidate}");
        assert_eq!((&event["attribution"]["via"], &event["commissions"]), (&json!("none"), &json!([])), "{candidate}");
        assert!(!event["attribution"]["reason"].as_str().unwrap().is_empty(), "{candidate}");
    }
    for id in ["aff_0000000000000000000000000z", "aff_1", "evt_0000000000000000000000000z", ""] {
        let wish = json!({"type": "purchase", "amount": 10, "external_id": "bad", "affiliate_id": id});
        shop.client.post("events", &wish).await.names("INVALID_INPUT", "affiliate_id");
    }
}

async fn a_self_referral_is_a_policy(shop: Shop) {
    let wish = json!({"email": "Jane.Doe+shop@gmail.com", "slug": "jane"});
    let jane = shop.affiliate_with(wish).await;
    for (policy, buyer, attributed, status) in [
        ("block", "janedoe@googlemail.com", false, None),
        ("block", "someone@example.com", true, Some("pending")),
        ("review", "JANEDOE@gmail.com", true, Some("review")),
        ("allow", "jane.doe+shop@gmail.com", true, Some("pending")),
    ] {
        shop.settings(json!({"self_referral": policy})).await;
        let wish = json!({"type": "purchase", "amount": 10, "external_id": format!("{policy} {buyer}"),
            "affiliate_id": jane["id"], "customer": {"email": buyer, "external_id": "c-1"}});
        let event = shop.client.post("events", &wish).await.created();
        let statuses: Vec<&str> =
            event["commissions"].as_array().unwrap().iter().filter_map(|row| row["status"].as_str()).collect();
        assert_eq!((&event["attributed"], statuses), (&json!(attributed), status.into_iter().collect()), "{policy}");
    }
}

/// The tracker's own form: a text that the browser need not ask permission for.
async fn the_beacon_keeps_a_click(shop: Shop) {
    let alice = shop.affiliate().await;
    let browser = shop.client.anonymous();
    for (at, kind) in ["application/json", "text/plain", "text/plain;charset=UTF-8"].into_iter().enumerate() {
        let session = format!("browser-session-{at}-of-{}", number());
        let click = json!({"merchant": shop.slug().await, "session": session, "ref": alice["slug"],
            "url": "https://shop.example.com/p?ref=x", "referrer": "https://blog.example.com/", "utm_source": "mail"});
        let call = browser.call("POST", "/api/t/click").header("content-type", kind).bytes(click.to_string());
        let answer = call.header("origin", "https://shop.example.com").await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{kind}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let event = buy(&shop, &format!("{at}"), &session, json!({})).await;
        assert_eq!((&event["affiliate_id"], &event["attribution"]["via"]), (&alice["id"], &json!("click")), "{kind}");
    }
    // Visitors who ask not to be tracked are not, and an unknown link is no error, since a visitor cannot correct it.
    let session = format!("browser-session-of-{}", number());
    let click =
        |slug: &Value, merchant: String| json!({"merchant": merchant, "session": session, "ref": slug}).to_string();
    let kept = click(&alice["slug"], shop.slug().await);
    let refused = browser.call("POST", "/api/t/click").text(kept).header("sec-gpc", "1").await;
    assert_eq!(refused.status, 204);
    for unknown in [click(&json!("nobody-here"), shop.slug().await), click(&alice["slug"], "no-such-shop".to_owned())] {
        assert_eq!(browser.call("POST", "/api/t/click").text(unknown).await.status, 204);
    }
    assert_eq!(buy(&shop, "refused", &session, json!({})).await["attributed"], false);
    for (broken, param) in
        [("{", "body"), ("[]", "body"), (r#"{"session":"0123456789abcdef","ref":"alice"}"#, "merchant")]
    {
        browser.call("POST", "/api/t/click").text(broken).await.names("INVALID_INPUT", param);
    }
}

async fn beacons_have_a_limit(shop: Shop) {
    let server = shop.world.storage.site().with("clicks.beacon_per_minute", "3").serve();
    let click = r#"{"merchant":"some-shop","session":"0123456789abcdef","ref":"alice"}"#;
    let request = format!(
        "POST /api/t/click HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{click}",
        click.len()
    );
    let answers: Vec<u16> = (0..5).map(|_| server.raw(&request).status).collect();
    assert_eq!(answers, [204, 204, 204, 429, 429]);
}

fn url_escape(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => escaped + &char::from(byte).to_string(),
        _ => escaped + &format!("%{byte:02X}"),
    })
}
