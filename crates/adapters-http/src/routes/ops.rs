//! For operators and readers: probes, metrics, the OpenAPI document and the page about errors.

use crate::{
    call::{Handled, json_answer},
    edge::Edge,
    errors::{ApiError, Code, errors_page},
};
use actix_web::{
    HttpResponse, get,
    http::{StatusCode, header},
    web::Data,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Check whether the process is alive. Depends on nothing.
#[utoipa::path(
    tag = "Operations", operation_id = "livez", security(()),
    responses((status = 200, description = "The process is alive.", content_type = "application/json", body = Object, example = json!({"status": "alive"})))
)]
#[get("/livez")]
async fn livez() -> HttpResponse {
    json_answer(StatusCode::OK, br#"{"status":"alive"}"#.to_vec())
}

/// Check whether the server is ready for requests.
///
/// It is if the database answers, its schema is the right one, and the server is not draining.
#[utoipa::path(
    tag = "Operations", operation_id = "readyz", security(()),
    responses((status = 200, description = "The server is ready.", content_type = "application/json", body = Object, example = json!({"status": "ready"}))),
    extensions(("x-codes" = json!(["UNAVAILABLE"])))
)]
#[get("/readyz")]
async fn readyz(edge: Data<Edge>) -> Handled {
    if edge.is_draining() {
        return Err(ApiError::saying(Code::Unavailable, "The server is about to stop."));
    }
    edge.outside.app.inspection.ready().await.map_err(app::AppError::from)?;
    Ok(json_answer(StatusCode::OK, br#"{"status":"ready"}"#.to_vec()))
}

/// The metrics, in Prometheus' text format. On the ops listener only, so not in the document.
pub(crate) async fn serve_metrics(edge: Data<Edge>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body((edge.outside.metrics)())
}

/// Get this document.
#[utoipa::path(
    tag = "Operations", operation_id = "getOpenApi", security(()),
    responses((status = 200, description = "The OpenAPI document.", content_type = "application/json", body = Object))
)]
#[get("/openapi")]
async fn openapi(edge: Data<Edge>) -> HttpResponse {
    json_answer(StatusCode::OK, edge.printed.clone())
}

/// Get the page about errors, in Markdown; `doc_url` of an error points to it.
#[utoipa::path(
    tag = "Operations", operation_id = "getErrors", security(()),
    responses((status = 200, description = "The page.", content_type = "text/markdown", body = String))
)]
#[get("/errors")]
async fn errors() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/markdown; charset=utf-8")).body(errors_page())
}

/// Registers the documents.
pub(super) fn register_documents(config: &mut ServiceConfig<'_>) {
    config.service(openapi).service(errors);
}

/// Registers the probes.
pub(super) fn register_probes(config: &mut ServiceConfig<'_>) {
    config.service(livez).service(readyz);
}
