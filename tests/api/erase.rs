//! Erasing: afterwards nothing that is stored tells who it was.

use crate::support::{Shop, Storage, on_both_storages};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::{Value, json};

on_both_storages!(alone; an_erased_customer_leaves_no_trace, erasing_twice_changes_nothing);

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

/// A customer who did everything that leaves something behind.
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
    let after = dump(&shop);
    for text in told {
        let at = after.find(text).map(|at| after[at.saturating_sub(200)..].chars().take(400).collect::<String>());
        assert_eq!(at, None, "{text}");
    }

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
    // The address is free, for whoever comes with it.
    shop.client.post("customers", &json!({"emailAddress": "augusta.king@byron.example"})).await.created();
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
