//! A payout of as many commissions as one takes, step by step.

use super::clock::now;
use super::stage::Stage;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// What one payout takes (`domain::Payout::MOST_COMMISSIONS`).
const COMMISSIONS: u64 = 100_000;

/// How long the commissions may take to be approved.
const PATIENCE: Duration = Duration::from_secs(900);

/// Records sales without a hold, waits until time has approved them, and pays them out; says how long each step took.
pub(super) fn pay_out(stage: &Stage<'_>, quick: bool) -> io::Result<String> {
    let commissions = if quick { COMMISSIONS / 20 } else { COMMISSIONS };
    let shop = &stage.shop;
    shop.ask("PATCH", "settings", Some(&json!({"hold_days": 0})))?;
    stage.grow(commissions)?;
    let waiting = now();
    while !is_empty(&shop.ask("GET", "commissions?status=pending&limit=1", None)?) {
        if waiting.elapsed() > PATIENCE {
            return Err(io::Error::other("commissions were not approved in time"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let approved = waiting.elapsed();
    let step = |method: &str, path: &str, body: Value| {
        let began = now();
        let payout = shop.ask(method, path, Some(&body))?;
        Ok::<_, io::Error>((payout, began.elapsed()))
    };
    let (payout, made) = step("POST", "payouts", json!({"currency": "USD"}))?;
    let id = payout.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let count = payout.get("commissions_count").and_then(Value::as_u64).unwrap_or_default();
    let (_, sent) = step("PATCH", &format!("payouts/{id}"), json!({"status": "processing"}))?;
    let (_, paid) = step("PATCH", &format!("payouts/{id}"), json!({"status": "paid"}))?;
    Ok(format!(
        "{} events without a hold: the last commission was approved {:.1} s after the last event. A payout of {count} \
         of them, an affiliate's share each item: made in {:.2} s, sent in {:.3} s, paid in {:.2} s.",
        stage.events(),
        approved.as_secs_f64(),
        made.as_secs_f64(),
        sent.as_secs_f64(),
        paid.as_secs_f64(),
    ))
}

fn is_empty(page: &Value) -> bool {
    page.get("data").and_then(Value::as_array).is_some_and(Vec::is_empty)
}
