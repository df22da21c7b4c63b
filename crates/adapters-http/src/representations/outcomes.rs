//! What became of the lines of a batch.

use super::{EventObject, bytes};
use crate::errors::{ApiError, ErrorBody, SCHEMA};
use ports::{LineOutcome, Outcomes};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{ToSchema, openapi::Ref};

/// The outcome of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventOutcomes)]
pub(crate) struct OutcomesObject<'a> {
    /// The outcome of each line, in the order of the lines.
    #[schema(max_items = 1_000)]
    outcomes: Vec<OutcomeObject<'a>>,
}

/// The outcome of one line: an `event`, or an `error`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventOutcome, example = json!({"index": 0, "status": 417, "error": {
    "code": "INVALID_INPUT", "message": "amount is required", "param": "amount",
    "details": [{"param": "amount", "message": "amount is required"}],
    "request_id": "01890a5d-ac96-774b-bcce-b302099a8057", "doc_url": "/api/v1/errors#INVALID_INPUT"
}}))]
struct OutcomeObject<'a> {
    /// The line's position in the batch, from 0.
    index: usize,
    /// The status of the response that the line would have received on its own.
    status: u16,
    /// The event, recorded now (201) or before (200).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EventObject<'static>>, nullable = false)]
    event: Option<&'a RawValue>,
    /// Why the line was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = error_schema, nullable = false, required = false)]
    error: Option<ErrorBody<'a>>,
}

fn error_schema() -> Ref {
    Ref::from_schema_name(SCHEMA)
}

pub(super) fn render(outcomes: &Outcomes) -> Vec<u8> {
    let Outcomes { request_id, lines } = outcomes;
    // Errors are made first, because what is written of them borrows from them.
    let errors: Vec<Option<ApiError>> = lines.iter().map(refusal).collect();
    let each = lines.iter().zip(&errors).enumerate();
    bytes(&OutcomesObject {
        outcomes: each.map(|(index, (line, error))| one(index, line, error.as_ref(), request_id)).collect(),
    })
}

fn refusal(line: &LineOutcome) -> Option<ApiError> {
    match line {
        LineOutcome::Done(..) => None,
        LineOutcome::Refused(refusal) => Some(refusal.clone().into()),
    }
}

fn one<'a>(index: usize, line: &'a LineOutcome, error: Option<&'a ApiError>, request_id: &'a str) -> OutcomeObject<'a> {
    match (line, error) {
        (LineOutcome::Done(status, body), _) => {
            let event = serde_json::from_slice(body).unwrap_or(RawValue::NULL);
            OutcomeObject { index, status: status.code(), event: Some(event), error: None }
        }
        (LineOutcome::Refused(_), error) => OutcomeObject {
            index,
            status: error.map_or(417, ApiError::status),
            event: None,
            error: error.map(|error| error.body(request_id)),
        },
    }
}
