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
use actix_http::Request;
use actix_web::{
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service, read_body},
    web::Data,
};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::{
    rc::Rc,
    sync::{Arc, atomic::Ordering},
};
use stub::{Stub, Who, edge};
use tokio::sync::OnceCell;

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

/// What answers a request.
type Answering = Rc<dyn Fn(Request) -> LocalBoxFuture<'static, Got>>;

/// The edge, and the app over it. Making an app takes longer than many requests to it.
struct Site {
    edge: Data<Edge>,
    app: OnceCell<Answering>,
}

impl std::ops::Deref for Site {
    type Target = Edge;

    fn deref(&self) -> &Edge {
        &self.edge
    }
}

impl Site {
    async fn open(edge: Data<Edge>) -> Answering {
        let app = Rc::new(init_service(api_app(edge)).await);
        Rc::new(move |request| {
            let app = Rc::clone(&app);
            Box::pin(async move {
                let response = call_service(&*app, request).await;
                let (status, headers) = (response.status(), response.headers().clone());
                Got { status, headers, bytes: read_body(response).await.to_vec() }
            })
        })
    }
}

/// Sends one request.
async fn send(site: &Site, request: TestRequest) -> Got {
    let app = site.app.get_or_init(|| Site::open(site.edge.clone())).await;
    app(request.to_request()).await
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

fn set_up() -> (Arc<Stub>, Site) {
    let stub = Arc::new(Stub::default());
    let edge = edge(&stub);
    (stub, Site { edge, app: OnceCell::new() })
}
