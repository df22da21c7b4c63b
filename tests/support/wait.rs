//! Waiting for what the server promises to do soon.

use std::time::{Duration, Instant};

/// How often the world is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks until `look` finds something, for at most `limit`, which is the promise under test.
pub(crate) async fn until<T>(limit: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < limit, "{what} did not happen within {limit:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// An id of the same kind as `id` that does not exist: its random end is changed.
pub(crate) fn never_here(id: &str) -> String {
    let (kept, end) = id.split_at(id.len() - 8);
    let other = if end == "zzzzzzzz" { "yyyyyyyy" } else { "zzzzzzzz" };
    format!("{kept}{other}")
}

#[expect(clippy::disallowed_methods, reason = "waiting for another program is bounded by real time")]
fn now() -> Instant {
    Instant::now()
}
