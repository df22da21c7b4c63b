//! What becomes known of a request on its way, for its log line, its headers and its deadline.

use crate::{errors::ErrorFormat, legacy_api::LegacyRequest};
use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest};
use domain::{ApiKeyId, MerchantId};
use ports::RateVerdict;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::time::Instant;

/// Notes about one request. Lives with its worker thread.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The format of the request's errors.
    pub(crate) voice: ErrorFormat,
    /// When all of it must have come.
    pub(crate) arrives_by: Instant,
    /// When it must be answered.
    deadline: Cell<Instant>,
    answer_within: Duration,
    /// The key that was used, and its allowance.
    pub(crate) key: Cell<Option<(ApiKeyId, u32)>>,
    /// The verdict of the rate limiter.
    pub(crate) rate: Cell<Option<RateVerdict>>,
    /// The template of its path.
    pub(crate) route: RefCell<Option<String>>,
    /// What caused its failure, if it failed.
    pub(crate) cause: RefCell<Option<String>>,
    /// The principal on whose behalf it runs.
    pub(crate) merchant: Cell<Option<MerchantId>>,
    /// State of a request to the legacy API.
    pub(crate) legacy_api: Option<LegacyRequest>,
}

impl Trace {
    /// Builds the trace of a request whose headers have arrived. The time to respond starts when the body has arrived
    /// too, or at the latest at `arrives_by`.
    pub(crate) fn begin(
        request: &ServiceRequest,
        voice: ErrorFormat,
        legacy_api: Option<LegacyRequest>,
        arrives_by: Instant,
        answer_within: Duration,
    ) -> Rc<Self> {
        let trace = Rc::new(Self {
            voice,
            arrives_by,
            deadline: Cell::new(arrives_by.max(now()) + answer_within),
            answer_within,
            key: Cell::new(None),
            rate: Cell::new(None),
            route: RefCell::new(None),
            cause: RefCell::new(None),
            merchant: Cell::new(None),
            legacy_api,
        });
        request.extensions_mut().insert(Rc::clone(&trace));
        trace
    }

    /// The notes of a request.
    pub(crate) fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        request.extensions().get::<Rc<Self>>().cloned()
    }

    /// The body is there: the time for the answer begins.
    pub(crate) fn body_is_here(&self) {
        self.deadline.set(now() + self.answer_within);
    }

    /// Returns when the time for the answer is over.
    pub(crate) async fn out_of_time(&self) {
        while now() < self.deadline.get() {
            tokio::time::sleep_until(self.deadline.get()).await;
        }
    }
}

/// The timer's own clock: it measures spans and decides nothing else.
fn now() -> Instant {
    Instant::now()
}
