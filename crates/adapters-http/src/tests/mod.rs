//! The edge as callers meet it, over a storage that only pretends.

mod fields;
mod forms;
mod listener;
mod public;
mod refusals;
mod stub;
mod stub_groups;
mod stub_payouts;
mod tracker;

use crate::{edge::Edge, server::api_app};
use actix_web::{
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service, read_body},
    web::Data,
};
use serde_json::Value;
use std::sync::{Arc, atomic::Ordering};
use stub::{Stub, Who, edge};

/// An answer, read to its end.
#[derive(Debug)]
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn param(&self) -> String {
        self.json()["error"]["param"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends one request to a fresh instance of the app over `edge`.
async fn send(edge: &Data<Edge>, request: TestRequest) -> Got {
    let app = init_service(api_app(edge.clone())).await;
    let response = call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Got { status, headers, bytes: read_body(response).await.to_vec() }
}

fn as_caller(who: Who, method: Method, uri: &str) -> TestRequest {
    TestRequest::default().method(method).uri(uri).insert_header(("authorization", format!("Bearer {}", who.key())))
}

fn with_json(request: TestRequest, body: impl Into<Vec<u8>>) -> TestRequest {
    request.insert_header(("content-type", "application/json")).set_payload(body.into())
}

fn commits(stub: &Arc<Stub>) -> usize {
    stub.commits.load(Ordering::Relaxed)
}

fn set_up() -> (Arc<Stub>, Data<Edge>) {
    let stub = Arc::new(Stub::default());
    let edge = edge(&stub);
    (stub, edge)
}
