//! A payout, step by step: of as many commissions as one takes, and the same on small and on grown tables.

use crate::clock::now;
use crate::sample::median;
use crate::scene::{Bound, Goal};
use crate::stage::Stage;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// What one payout takes (`domain::Payout::MOST_COMMISSIONS`).
const MOST: u64 = 100_000;
/// What a payout takes that is compared with another.
const SOME: u64 = 10_000;

/// How long the commissions may take to be approved.
const PATIENCE: Duration = Duration::from_secs(900);

/// How long each step took.
struct Paid {
    commissions: u64,
    /// From the last event to the last approval.
    approved: Duration,
    made: Duration,
    sent: Duration,
    paid: Duration,
}

/// Pays out as much as one payout takes, and says how long that took.
pub(crate) fn largest(stage: &Stage<'_>, quick: bool) -> io::Result<String> {
    let Paid { commissions, approved, made, sent, paid } = pay_out(stage, if quick { MOST / 20 } else { MOST })?;
    Ok(format!(
        "{} events without a hold: the last commission was approved {:.1} s after the last event. A payout of \
         {commissions} of them, an affiliate's share each item: made in {:.2} s, sent in {:.3} s, paid in {:.2} s.",
        stage.events(),
        approved.as_secs_f64(),
        made.as_secs_f64(),
        sent.as_secs_f64(),
        paid.as_secs_f64(),
    ))
}

/// The same payout on small and on grown tables, in turns.
pub(crate) fn compare(small: &Stage<'_>, grown: &Stage<'_>, rounds: usize) -> io::Result<Goal> {
    let whole = |stage: &Stage<'_>| pay_out(stage, SOME).map(|paid| (paid.made + paid.sent + paid.paid).as_secs_f64());
    let mut ratios = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let (small, grown) = (whole(small)?, whole(grown)?);
        eprintln!("a payout of {SOME} commissions: {small:.2} s on small, {grown:.2} s on grown tables");
        ratios.push(grown / small);
    }
    let what = format!("a payout of {SOME} commissions, grown to empty tables");
    Ok(Goal { what, measured: median(ratios), bound: Bound::AtMost(1.2), unit: " ×" })
}

/// Records sales without a hold, waits until time has approved them, and pays them out.
fn pay_out(stage: &Stage<'_>, commissions: u64) -> io::Result<Paid> {
    let shop = &stage.shop;
    shop.ask("PATCH", "settings", Some(&json!({"hold_days": 0})))?;
    stage.grow(stage.events() + commissions)?;
    let waiting = now();
    // They are approved in the order in which they were made.
    while is_pending(&shop.ask("GET", "commissions?limit=1", None)?) {
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
    let commissions = payout.get("commissions_count").and_then(Value::as_u64).unwrap_or_default();
    let (_, sent) = step("PATCH", &format!("payouts/{id}"), json!({"status": "processing"}))?;
    let (_, paid) = step("PATCH", &format!("payouts/{id}"), json!({"status": "paid"}))?;
    Ok(Paid { commissions, approved, made, sent, paid })
}

fn is_pending(page: &Value) -> bool {
    let newest = page.get("data").and_then(|rows| rows.get(0));
    newest.and_then(|row| row.get("status")).and_then(Value::as_str) == Some("pending")
}
