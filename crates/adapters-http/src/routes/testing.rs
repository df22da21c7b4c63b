//! `/test`: the clock and the reset of test mode. A live key is refused before anything else is checked.

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    representations::{SettingsObject, TestClockObject},
    values::{instant, text, whole},
};
use actix_web::{get, post};
use app::TestMode;
use domain::{FieldError, MerchantClock, TestClockStep};
use ports::Resource;
use std::time::Duration;
use utoipa::ToSchema;

/// Get the test clock.
#[utoipa::path(
    tag = "Test mode", operation_id = "getTestClock",
    responses((status = 200, description = "The clock.", body = TestClockObject)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/test/clock")]
async fn clock(call: Call<Read>) -> Handled {
    call.who.require_test()?;
    call.no_query()?;
    let clock = call.app().test_mode.clock(&call.who).await?;
    Ok(call.show(Resource::TestClock(clock)))
}

/// How far to move the clock: one of the two fields.
#[derive(ToSchema)]
#[schema(as = TestClockAdvance, example = json!({"seconds": 2_592_000}))]
#[allow(dead_code, reason = "describes the body that advance reads")]
struct TestClockAdvanceBody {
    /// Forward by this many seconds; the clock is at most 10 years ahead of real time.
    #[schema(minimum = 1, maximum = 315_360_000)]
    seconds: Option<i64>,
    /// Forward to this date or time.
    to: Option<String>,
}

fn step(body: &Node<'_>) -> Result<TestClockStep, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let seconds = fields.optional("seconds", whole(1..=MerchantClock::MOST_AHEAD.as_secs().cast_signed()));
    let to = fields.optional("to", text(instant));
    fields.finish_one(("seconds", seconds.map(by)), ("to", to.map(TestClockStep::To)))
}

fn by(seconds: i64) -> TestClockStep {
    TestClockStep::By(Duration::from_secs(seconds.unsigned_abs()))
}

/// Move the test clock forward.
///
/// What is due by the new time, such as the approval of held commissions, is done within seconds.
#[utoipa::path(
    tag = "Test mode", operation_id = "advanceTestClock", request_body = TestClockAdvanceBody,
    responses((status = 200, description = "The clock after the move.", body = TestClockObject)),
    extensions(("x-scope" = json!("admin")))
)]
#[post("/test/clock/advance")]
async fn advance(mut call: Call<Admin>) -> Handled {
    call.who.require_test()?;
    let (request, once) = call.read("POST /test/clock/advance", step).await?;
    let answer = call.app().test_mode.advance(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Wipe the data of test mode.
///
/// Affiliates, events, commissions and all other objects are deleted; the settings, except slug and currency, and the
/// clock are reset. API keys stay. Until the reset is done, every other write is answered 503. If it takes longer than
/// a response may, it continues in the background.
#[utoipa::path(
    tag = "Test mode", operation_id = "resetTestMode",
    responses((status = 200, description = "The settings after the reset.", body = SettingsObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[post("/test/reset")]
async fn reset(mut call: Call<Admin>) -> Handled {
    call.who.require_test()?;
    let once = call.read_nothing(TestMode::RESET).await?;
    let answer = call.app().test_mode.reset(&call.who, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(clock).service(advance).service(reset);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn faults_of(body: &str) -> Vec<String> {
        let read = step(&json::parse(body.as_bytes()).unwrap());
        read.err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn exactly_one_of_the_two() {
        for fine in [r#"{"seconds":1}"#, r#"{"seconds":315360000,"to":null}"#, r#"{"to":"2030-01-01"}"#] {
            assert_eq!(faults_of(fine), [""; 0], "{fine}");
        }
        assert_eq!(faults_of("{}"), ["seconds"]);
        assert_eq!(faults_of(r#"{"seconds":1,"to":"2030-01-01"}"#), ["to"]);
        for seconds in ["0", "-1", "315360001", "1.5", "\"1\""] {
            assert_eq!(faults_of(&format!("{{\"seconds\":{seconds}}}")), ["seconds"], "{seconds}");
        }
        assert_eq!(faults_of(r#"{"to":"soon","x":1}"#), ["to", "x"]);
    }
}
