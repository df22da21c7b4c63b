//! Erasure: afterwards nothing that is stored identifies the person.

use crate::support::{Shop, Storage, on_both_storages};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::{Value, json};

on_both_storages!(
    alone;
    an_erased_customer_leaves_no_trace,
    an_erased_affiliate_leaves_no_trace,
    conversions_under_an_earlier_address_are_erased_too,
    what_tells_of_others_stays,
    an_erased_answer_is_gone_and_its_request_is_not_done_again,
    an_affiliate_with_money_on_its_way_is_not_erased,
    erasing_twice_changes_nothing,
);

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// Every column of every row, in lower case.
fn dump(shop: &Shop) -> String {
    let dumped = match shop.world.storage {
        Storage::Postgres => dump_of_postgres(shop),
        Storage::Sqlite => dump_of_sqlite(shop),
    };
    dumped.to_lowercase()
}

fn dump_of_postgres(shop: &Shop) -> String {
    let sql = |sql: &str| shop.world.site.sql(sql).unwrap();
    let columns = sql(
        "SELECT table_name || '|' || string_agg(CASE data_type WHEN 'bytea' THEN format('encode(%I, ''escape'')', \
         column_name) ELSE format('%I::text', column_name) END, ', ') FROM information_schema.columns \
         WHERE table_schema = 'public' GROUP BY table_name",
    );
    let tables = columns.lines().map(|line| line.split_once('|').unwrap());
    tables.map(|(table, columns)| sql(&format!("SELECT concat_ws(' ', {columns}) FROM {table}"))).collect()
}

fn dump_of_sqlite(shop: &Shop) -> String {
    let mut connection = SqliteConnection::establish(shop.world.site.url().strip_prefix("sqlite:").unwrap()).unwrap();
    let mut lines = |sql: &str| -> Vec<String> {
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    };
    let tables = lines("SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    let mut dumped = String::new();
    for table in tables {
        let columns = lines(&format!("SELECT 'hex(' || name || ')' AS line FROM pragma_table_info('{table}')"));
        for row in lines(&format!("SELECT {} AS line FROM {table}", columns.join(" || '20' || "))) {
            let bytes = row.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            let bytes: Vec<u8> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            dumped.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    dumped
}

/// A customer with data in every place where data of customers are stored.
async fn busy(shop: &Shop) -> Value {
    let person = json!({"emailAddress": "Augusta.King@Byron.example", "firstName": "Augusta-Ada",
        "lastName": "Byron-King", "phoneNumber": "+33 198 765 432", "metadata": {"note": "Augusta-Ada likes tea"}});
    let once = shop.client.post("customers", &person).await.created();
    let order = json!({"amount": 35_000, "customerId": once["id"], "customerPhoneNumber": "+33 198 765 432",
        "metadata": {"gift": "for Byron-King"}});
    let first = shop.client.post("orders", &order).await.created();
    shop.join(&first, json!({})).await;
    let alone = shop.client.post("orders", &order).await.created();
    let group = format!("groups/{}", alone["paymentGroupId"].as_str().unwrap());
    shop.client.patch(&group, &json!({"metadata": {"of": "Augusta-Ada"}})).await.ok();
    let affiliate = shop.affiliate().await;
    for (n, kind) in ["purchase", "renewal"].into_iter().enumerate() {
        let sale = json!({"type": kind, "amount": 10, "external_id": format!("erase-{n}"),
            "affiliate_id": affiliate["id"], "customer": {"email": "AUGUSTA.king@byron.example"},
            "metadata": {"name": "Augusta-Ada"}});
        shop.client.post("events", &sale).await.created();
    }
    shop.client
        .patch(&format!("customers/{}", once["id"].as_str().unwrap()), &json!({"lastName": "King-Byron"}))
        .await
        .ok()
}

async fn an_erased_customer_leaves_no_trace(shop: Shop) {
    let customer = busy(&shop).await;
    let id = customer["id"].as_str().unwrap().to_owned();
    let told = ["augusta", "byron", "198 765 432"];
    let before = dump(&shop);
    assert!(told.iter().all(|text| before.contains(text)));
    let (balance, orders) =
        (shop.client.get("commissions").await.ok(), shop.client.get("orders").await.ok()["count"].clone());

    let erased = shop.client.call("POST", &format!("customers/{id}/erase")).await.ok();
    assert!(erased["emailAddress"].as_str().unwrap().ends_with("@erased.invalid"), "{erased}");
    for gone in ["firstName", "lastName", "phoneNumber"] {
        assert_eq!(erased[gone], Value::Null, "{gone}");
    }
    assert!(erased["metadata"] == json!({}) && erased["deletedAt"].is_string());
    assert_untold(&shop, &told);
    let after = dump(&shop);

    // What its purchases earned others is not about it: those announcements are whole.
    let commission = balance["data"][0]["id"].as_str().unwrap();
    assert!(before.contains(commission) && after.contains(commission));

    // It answers like a deleted one; money and orders are as they were.
    assert_eq!(shop.client.get(&format!("customers/{id}")).await.ok(), erased);
    let listed = shop.client.get("customers?take=100").await.ok();
    assert!(listed["data"].as_array().unwrap().iter().all(|one| one["id"] != erased["id"]));
    assert_eq!(shop.client.get("commissions").await.ok(), balance);
    let left = shop.client.get("orders?take=100").await.ok();
    assert_eq!(left["count"], orders);
    let reconciled = shop.world.site.run(&["reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled:?}");
    // The address is free for a new customer.
    shop.client.post("customers", &json!({"emailAddress": "augusta.king@byron.example"})).await.created();
}

/// Insists that none of these texts is stored anywhere.
fn assert_untold(shop: &Shop, told: &[&str]) {
    let after = dump(shop);
    for text in told {
        let at = after.find(text).map(|at| {
            let from = after.char_indices().map(|(n, _)| n).filter(|n| *n + 200 >= at).min().unwrap_or(at);
            after[from..].chars().take(400).collect::<String>()
        });
        assert_eq!(at, None, "{text}");
    }
}

fn path(list: &str, thing: &Value) -> String {
    format!("{list}/{}", thing["id"].as_str().unwrap())
}

async fn an_erased_affiliate_leaves_no_trace(shop: Shop) {
    shop.settings(json!({"landing_url": "https://shop.example/start"})).await;
    let wish =
        json!({"email": "Zoe.Quux@Partners.example", "display_name": "Zoë Quux", "metadata": {"a": "zoe likes tea"}});
    let zoe = shop.client.post("affiliates", &wish).once("new-affiliate").await.created();
    let other = shop.affiliate().await;
    let coupon = json!({"affiliate_id": zoe["id"], "code": "quux-spring"});
    let coupon = shop.client.post("coupons", &coupon).once("new-coupon").await.created();
    let gone = json!({"affiliate_id": zoe["id"], "code": "QUUX-OLD"});
    let gone = shop.client.post("coupons", &gone).await.created();
    let session = shop.click(&zoe).await;
    // By its coupon, by one that is deleted later, by a click that comes after another's name, and in an order.
    let personal = zoe["coupon_codes"][0].clone();
    let mut sales = Vec::new();
    for (n, more) in [
        json!({"coupon": personal}),
        json!({"coupon": "quux-old"}),
        json!({"cookie_id": session}),
        json!({"coupon": "QUUX-SPRING", "affiliate_id": other["id"]}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut sale =
            json!({"type": "purchase", "amount": 99.00, "currency": "USD", "external_id": format!("sold-{n}")});
        sale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sales.push(shop.client.post("events", &sale).once(&format!("sold-{n}")).await.created());
    }
    shop.order(json!({"coupon": "quux-spring"})).await;
    assert_eq!(shop.client.delete(&path("coupons", &gone)).await.status, 204);
    shop.client.patch(&path("affiliates", &zoe), &json!({"slug": "zoe-q"})).await.ok();
    let told = ["zoe", "zoë", "quux", "partners.example"];
    let before = dump(&shop);
    assert!(told.iter().all(|text| before.contains(text)));
    let money = shop.client.get("commissions").await.ok();

    let erased = shop.client.call("POST", &format!("{}/erase", path("affiliates", &zoe))).await.ok();
    assert!(erased["email"].as_str().unwrap().ends_with("@erased.invalid"), "{erased}");
    assert_eq!((&erased["status"], &erased["display_name"]), (&json!("rejected"), &Value::Null));
    assert!(erased["coupon_codes"] == json!([]) && erased["metadata"] == json!({}));
    assert_untold(&shop, &told);
    let reconciled = shop.world.site.run(&["reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled:?}");

    // Money is as it was, and events still say how they were decided.
    assert_eq!(shop.client.get("commissions").await.ok(), money);
    let explained = shop.client.get(&format!("{}/explain", path("events", &sales[0]))).await.ok();
    assert!(explained.to_string().contains("ERASED-"), "{explained}");
    assert_eq!(shop.client.get(&path("affiliates", &zoe)).await.ok(), erased);
    assert_eq!(shop.client.delete(&path("coupons", &coupon)).await.status, 404);
    // It earns nothing any more and cannot be woken; its names are free.
    shop.client.patch(&path("affiliates", &zoe), &json!({"status": "approved"})).await.refused(417, "INVALID_STATE");
    shop.client
        .post("coupons", &json!({"affiliate_id": zoe["id"], "code": "AGAIN"}))
        .await
        .refused(417, "INVALID_STATE");
    let late = json!({"type": "purchase", "amount": 9, "external_id": "late", "affiliate_id": zoe["id"]});
    assert_eq!(shop.client.post("events", &late).await.created()["attributed"], false);
    let again = json!({"email": "zoe.quux@partners.example", "slug": "zoe-q"});
    shop.client.post("affiliates", &again).await.created();
}

async fn conversions_under_an_earlier_address_are_erased_too(shop: Shop) {
    let person = json!({"emailAddress": "Maiden@Byron.example", "firstName": "Ada"});
    let ada = shop.client.post("customers", &person).await.created();
    let affiliate = shop.affiliate().await;
    let sold = async |id: &str, email: &str, kind: &str| {
        let sale = json!({"type": kind, "amount": 10, "external_id": id, "affiliate_id": affiliate["id"],
            "customer": {"email": email}, "metadata": {"name": "Ada Maiden"}});
        shop.client.post("events", &sale).await.created()
    };
    sold("first", "MAIDEN@byron.example", "purchase").await;
    let order = json!({"amount": 35_000, "customerId": ada["id"]});
    shop.client.post("orders", &order).await.created();
    for (n, next) in ["married@byron.example", "Élodie@byron.example", "widow@byron.example"].into_iter().enumerate() {
        shop.client.patch(&path("customers", &ada), &json!({"emailAddress": next})).await.ok();
        sold(&format!("later-{n}"), next, "purchase").await;
    }
    shop.client.call("POST", &format!("{}/erase", path("customers", &ada))).await.ok();
    assert_untold(&shop, &["byron", "maiden", "élodie"]);
    let reconciled = shop.world.site.run(&["reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled:?}");
}

async fn what_tells_of_others_stays(shop: Shop) {
    let customer = |email: &str| json!({"emailAddress": email});
    let ann = shop.client.post("customers", &customer("ann@example.com")).await.created();
    let joann = shop.client.post("customers", &customer("joann@example.com")).once("joann").await.created();
    // An address that Ann had is another customer's by now, with conversions and a binding of that one's own.
    shop.client.patch(&path("customers", &ann), &customer("ann@work.example")).await.ok();
    let heir = shop.client.post("customers", &customer("ann@example.com")).once("heir").await.created();
    let partner = shop.affiliate_with(json!({"email": "ann@work.example", "slug": "ann-the-partner"})).await;
    let affiliate = shop.affiliate().await;
    let sale = |id: &str, kind: &str, more: Value| {
        let mut sale = json!({"type": kind, "amount": 10, "external_id": id, "customer": {"email": "ann@example.com"}});
        sale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sale
    };
    shop.settings(json!({"recurring": "all_renewals"})).await;
    let named = json!({"affiliate_id": affiliate["id"]});
    shop.client.post("events", &sale("heirs", "purchase", named)).await.created();
    shop.client.call("POST", &format!("{}/erase", path("customers", &ann))).await.ok();

    assert_eq!(shop.client.post("customers", &customer("joann@example.com")).once("joann").await.created(), joann);
    assert_eq!(shop.client.post("customers", &customer("ann@example.com")).once("heir").await.created(), heir);
    let renewed = shop.client.post("events", &sale("renewed", "renewal", json!({}))).await.created();
    assert_eq!(renewed["affiliate_id"], affiliate["id"], "the bond is the other's");
    let after = dump(&shop);
    for kept in ["joann@example.com", "ann@example.com", "ann@work.example", "ann-the-partner"] {
        assert!(after.contains(&format!("\"{kept}\"")), "what was announced of {kept}");
    }
    assert_eq!(shop.client.get(&path("affiliates", &partner)).await.ok(), partner);
}

async fn an_erased_answer_is_gone_and_its_request_is_not_done_again(shop: Shop) {
    let person = json!({"emailAddress": "kept@example.com"});
    let customer = shop.client.post("customers", &person).once("kept").await.created();
    let order = json!({"amount": 35_000, "customerId": customer["id"]});
    shop.client.post("orders", &order).once("kept").await.created();
    shop.client.call("POST", &format!("{}/erase", path("customers", &customer))).once("kept").await.ok();
    let before = (shop.client.get("customers").await.ok(), shop.client.get("orders").await.ok());
    for (list, body) in [("customers", &person), ("orders", &order)] {
        shop.client.post(list, body).once("kept").await.refused(410, "ANSWER_ERASED");
        shop.client.post(list, &json!({"amount": 1})).once("kept").await.refused(417, "IDEMPOTENCY_MISMATCH");
    }
    assert_eq!((shop.client.get("customers").await.ok(), shop.client.get("orders").await.ok()), before);
    // The response to the erasure itself contains no personal data, and stays.
    let again = shop.client.call("POST", &format!("{}/erase", path("customers", &customer))).once("kept").await;
    assert!(again.header("idempotent-replayed").is_some());
    again.ok();
}

async fn an_affiliate_with_money_on_its_way_is_not_erased(shop: Shop) {
    let (payout, item) = shop.payout().await;
    let affiliate = format!("affiliates/{}", item["affiliate_id"].as_str().unwrap());
    let before = shop.client.get(&affiliate).await.ok();
    let erase = async || shop.client.call("POST", &format!("{affiliate}/erase")).await;
    erase().await.refused(417, "INVALID_STATE");
    assert_eq!(shop.client.get(&affiliate).await.ok(), before);
    shop.client.patch(&path("payouts", &payout), &json!({"status": "processing"})).await.ok();
    erase().await.refused(417, "INVALID_STATE");
    shop.client.patch(&path("payouts", &payout), &json!({"status": "paid"})).await.ok();
    let erased = erase().await.ok();
    assert_eq!((&erased["status"], &erased["lifetime_commissions_paid"]), (&json!("rejected"), &json!(19.80)));
    let items = shop.client.get(&format!("{}/items", path("payouts", &payout))).await.ok();
    assert_eq!(
        (&items["data"][0]["amount"], &items["data"][0]["affiliate_id"]),
        (&json!(19.80), &item["affiliate_id"])
    );
    shop.scoped("read,write").call("POST", &format!("{affiliate}/erase")).await.refused(403, "FORBIDDEN");
    shop.world.site.run(&["reconcile"]).success();
}

async fn erasing_twice_changes_nothing(shop: Shop) {
    let customer = shop.client.post("customers", &json!({"emailAddress": "twice@example.com"})).await.created();
    let path = format!("customers/{}", customer["id"].as_str().unwrap());
    shop.client.delete(&path).await;
    let first = shop.client.call("POST", &format!("{path}/erase")).await.ok();
    assert_eq!(shop.client.call("POST", &format!("{path}/erase")).await.ok(), first);
    shop.scoped("read,write").call("POST", &format!("{path}/erase")).await.refused(403, "FORBIDDEN");
    let never = crate::support::never_here(&path);
    shop.client.call("POST", &format!("{never}/erase")).await.refused(404, "NOT_FOUND");
}
