//! Payouts from what is owed to what the bank reports.

use crate::support::{Shop, on_both_storages};
use serde_json::{Value, json};

on_both_storages!(
    what_is_owed_is_paid_and_counts_as_paid,
    a_failed_payout_is_due_again,
    results_are_taken_as_json_and_as_csv,
    a_wrong_line_changes_nothing_and_is_named,
    payment_files_have_the_banks_columns,
    the_minimum_counts_in_its_own_currency,
    a_frozen_commission_is_nobodys_to_move,
    payouts_are_listed_and_filtered,
);

fn path(payout: &Value, more: &str) -> String {
    format!("payouts/{}{more}", payout["id"].as_str().unwrap())
}

async fn sent(shop: &Shop, payout: &Value) {
    let sent = shop.client.patch(&path(payout, ""), &json!({"status": "processing"})).await.ok();
    assert_eq!((&sent["status"], sent["sent_at"].is_string()), (&json!("processing"), true));
}

async fn what_is_owed_is_paid_and_counts_as_paid(shop: Shop) {
    let (affiliate, commission) = shop.owed().await;
    let answer = shop.client.post("payouts", &json!({"currency": "usd"})).once("first").await;
    assert_eq!((answer.exact("total"), answer.exact("paid_total")), ("19.80".to_owned(), "0.00".to_owned()));
    let payout = answer.created();
    assert_eq!(
        (&payout["status"], &payout["items_count"], &payout["currency"]),
        (&json!("open"), &json!(1), &json!("USD"))
    );
    let again = shop.client.post("payouts", &json!({"currency": "USD"})).once("first").await;
    again.refused(417, "IDEMPOTENCY_MISMATCH");
    let again = shop.client.post("payouts", &json!({"currency": "usd"})).once("first").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.created(), payout);
    shop.client.post("payouts", &json!({"currency": "USD"})).await.refused(417, "INVALID_STATE");
    sent(&shop, &payout).await;
    let paid = shop.client.patch(&path(&payout, ""), &json!({"status": "paid"})).await.ok();
    assert_eq!((&paid["status"], &paid["paid_items_count"]), (&json!("paid"), &json!(1)));
    assert_eq!(shop.client.get(&path(&payout, "")).await.ok(), paid);
    let row = shop.client.get(&format!("commissions/{}", commission["id"].as_str().unwrap())).await.ok();
    assert_eq!((&row["status"], &row["payout_id"]), (&json!("paid"), &payout["id"]));
    let earner = shop.client.get(&format!("affiliates/{}", affiliate["id"].as_str().unwrap())).await.ok();
    assert_eq!(earner["lifetime_commissions_paid"], json!(19.8));
    shop.client.patch(&path(&payout, ""), &json!({"status": "failed"})).await.refused(417, "INVALID_STATE");
}

async fn a_failed_payout_is_due_again(shop: Shop) {
    let (payout, item) = shop.payout().await;
    shop.client.patch(&path(&payout, ""), &json!({"status": "failed"})).await.refused(417, "INVALID_STATE");
    sent(&shop, &payout).await;
    let failed = shop.client.patch(&path(&payout, ""), &json!({"status": "failed"})).await.ok();
    assert_eq!((&failed["status"], &failed["failed_items_count"]), (&json!("failed"), &json!(1)));
    let rows = shop.client.all(&format!("commissions?affiliate_id={}", item["affiliate_id"].as_str().unwrap())).await;
    assert_eq!((&rows[0]["status"], &rows[0]["payout_id"]), (&json!("approved"), &Value::Null));
    let next = shop.client.post("payouts", &json!({"currency": "USD"})).await.created();
    assert_eq!(next["total"], payout["total"]);
}

async fn results_are_taken_as_json_and_as_csv(shop: Shop) {
    let ((one, _), (two, _), (three, _)) = (shop.owed().await, shop.owed().await, shop.owed().await);
    let payout = shop.client.post("payouts", &json!({"currency": "USD"})).await.created();
    assert_eq!(payout["items_count"], 3);
    let of = async |affiliate: &Value| {
        let filter = format!("/items?affiliate_id={}", affiliate["id"].as_str().unwrap());
        shop.client.get(&path(&payout, &filter)).await.ok()["data"][0].clone()
    };
    let line = json!({"affiliate_id": one["id"], "status": "paid", "amount": 19.80, "reference": "T-1"});
    let results = json!({"items": [line]});
    shop.client.post(&path(&payout, "/results"), &results).await.refused(417, "INVALID_STATE");
    sent(&shop, &payout).await;
    let half = shop.client.post(&path(&payout, "/results"), &results).await.ok();
    assert_eq!((&half["status"], &half["paid_items_count"]), (&json!("processing"), &json!(1)));
    assert_eq!((&of(&one).await["status"], &of(&one).await["reference"]), (&json!("paid"), &json!("T-1")));
    let (second, third) = (of(&two).await, of(&three).await);
    let file = format!(
        "\u{feff}Reference ID,Status,Amount,Currency code,Reason\r\n{},paid,19.80,USD,\r\n{},FAILED,19.80,USD,\"Closed, gone\"\r\n",
        second["id"].as_str().unwrap(),
        third["id"].as_str().unwrap()
    );
    let csv = async || {
        let call = shop.client.call("POST", &path(&payout, "/results")).bytes(file.clone());
        call.header("content-type", "text/csv; charset=utf-8").once("file").await
    };
    let end = csv().await.ok();
    assert_eq!(
        (&end["status"], &end["paid_items_count"], &end["failed_items_count"]),
        (&json!("paid"), &json!(2), &json!(1))
    );
    assert_eq!(csv().await.ok(), end, "the file again, with its key");
    assert_eq!(of(&three).await["reason"], "Closed, gone");
    assert_eq!(shop.client.get(&path(&payout, "/items?status=failed")).await.ok()["data"].as_array().unwrap().len(), 1);
}

async fn a_wrong_line_changes_nothing_and_is_named(shop: Shop) {
    let (payout, item) = shop.payout().await;
    let (_, foreign) = shop.payout().await;
    sent(&shop, &payout).await;
    let good = json!({"item_id": item["id"], "status": "paid", "amount": 19.80});
    let bad = |more: Value| {
        let mut line = good.clone();
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    for (lines, param) in [
        (json!([good, good]), "items[1].item_id"),
        (json!([bad(json!({"amount": 19.81}))]), "items[0].amount"),
        (json!([bad(json!({"currency": "EUR"}))]), "items[0].currency"),
        (json!([good, bad(json!({"item_id": foreign["id"]}))]), "items[1].item_id"),
        (json!([bad(json!({"item_id": "pit_x"}))]), "items[0].item_id"),
        (json!([bad(json!({"status": "open"}))]), "items[0].status"),
        (json!([]), "items"),
    ] {
        let answer = shop.client.post(&path(&payout, "/results"), &json!({"items": lines})).await;
        answer.names("INVALID_INPUT", param);
    }
    let file = format!("item_id,status,amount\n{},paid,1\n", item["id"].as_str().unwrap());
    let call = shop.client.call("POST", &path(&payout, "/results")).bytes(file).header("content-type", "text/csv");
    call.await.names("INVALID_INPUT", "lines[2].amount");
    assert_eq!(shop.client.get(&path(&payout, "")).await.ok()["paid_items_count"], 0);
}

async fn payment_files_have_the_banks_columns(shop: Shop) {
    let evil = json!({"email": "=x@example.com", "display_name": "=cmd(\"a\"), x"});
    let affiliate = shop.affiliate_with(evil).await;
    let event = shop.purchase(&affiliate).await;
    let commission = event["commissions"][0]["id"].as_str().unwrap();
    shop.client.patch(&format!("commissions/{commission}"), &json!({"status": "approved"})).await.ok();
    let payout = shop.client.post("payouts", &json!({"currency": "USD"})).await.created();
    let item = shop.client.get(&path(&payout, "/items")).await.ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let paypal = shop.client.get(&path(&payout, "/export?format=paypal")).await;
    assert_eq!(paypal.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"{}-paypal.csv\"", payout["id"].as_str().unwrap());
    assert_eq!(paypal.header("content-disposition"), Some(name.as_str()));
    let expected = format!(
        "Email/Phone,Amount,Currency code,Reference ID,Note to recipient,Recipient wallet\r\n=x@example.com,19.80,USD,{item},,PayPal\r\n"
    );
    assert_eq!((paypal.status, paypal.text), (200, expected));
    let wise = shop.client.get(&path(&payout, "/export?format=wise")).await;
    let expected = format!(
        "name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency,type\r\n\
         \"'=cmd(\"\"a\"\"), x\",=x@example.com,{item},PERSON,target,19.80,USD,USD,EMAIL\r\n"
    );
    assert_eq!((wise.status, wise.text), (200, expected));
    shop.client.get(&path(&payout, "/export")).await.names("INVALID_INPUT", "format");
    shop.client.get(&path(&payout, "/export?format=cash")).await.names("INVALID_INPUT", "format");
}

async fn the_minimum_counts_in_its_own_currency(shop: Shop) {
    shop.settings(json!({"min_payout": 19.81})).await;
    let (affiliate, _) = shop.owed().await;
    shop.client.post("payouts", &json!({"currency": "USD"})).await.refused(417, "INVALID_STATE");
    let wish = json!({"type": "purchase", "amount": 1, "currency": "EUR", "external_id": "euro", "affiliate_id": affiliate["id"]});
    let event = shop.client.post("events", &wish).await.created();
    let commission = event["commissions"][0]["id"].as_str().unwrap();
    shop.client.patch(&format!("commissions/{commission}"), &json!({"status": "approved"})).await.ok();
    let euros = shop.client.post("payouts", &json!({"currency": "EUR"})).await.created();
    assert_eq!(euros["total"], json!(0.2));
    shop.settings(json!({"min_payout": 19.80})).await;
    shop.client.post("payouts", &json!({"currency": "USD"})).await.created();
}

async fn a_frozen_commission_is_nobodys_to_move(shop: Shop) {
    let (payout, item) = shop.payout().await;
    let rows = shop.client.all(&format!("commissions?affiliate_id={}", item["affiliate_id"].as_str().unwrap())).await;
    assert_eq!((&rows[0]["status"], &rows[0]["payout_id"]), (&json!("approved"), &payout["id"]));
    let commission = format!("commissions/{}", rows[0]["id"].as_str().unwrap());
    for status in ["approved", "void"] {
        shop.client.patch(&commission, &json!({"status": status})).await.refused(417, "INVALID_STATE");
    }
}

async fn payouts_are_listed_and_filtered(shop: Shop) {
    let ((one, _), (two, _)) = (shop.payout().await, shop.payout().await);
    sent(&shop, &two).await;
    let ids = async |query: &str| {
        let rows = shop.client.get(&format!("payouts{query}")).await.ok();
        rows["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [two["id"].clone(), one["id"].clone()], "newest first");
    assert_eq!(ids("?status=open").await, [one["id"].clone()]);
    assert_eq!(ids("?currency=EUR").await, [Value::Null; 0]);
    assert_eq!(ids("?currency=USD&status=processing").await, [two["id"].clone()]);
    assert_eq!(ids("?to=2020-01-01").await, [Value::Null; 0]);
    assert_eq!(ids("?from=2020-01-01&limit=1").await, [two["id"].clone()]);
}
