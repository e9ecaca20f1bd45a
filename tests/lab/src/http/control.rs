//! The owner's API: plain HTTP on loopback, with a bearer token.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;

use super::App;
use super::body::{Manners, from_channel};
use crate::LabError;
use crate::core::Core;
use crate::disk::usize_of;
use crate::faults::FaultSpec;

const PIECE: u64 = 1 << 20;

pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/lab/v1/vms", get(vms))
        .route("/lab/v1/vms/{vm}/disks/{disk}/write", post(write))
        .route("/lab/v1/vms/{vm}/disks/{disk}/read", get(read))
        .route("/lab/v1/vms/{vm}/disks/{disk}/grow", post(grow))
        .route("/lab/v1/vms/{vm}/disks/{disk}/reset-cbt", post(reset))
        .route("/lab/v1/stats", get(stats).delete(reset_stats))
        .route("/lab/v1/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/lab/v1/faults/{id}", delete(remove_fault))
        .layer(axum::extract::DefaultBodyLimit::max(1 << 30))
        .layer(middleware::from_fn_with_state(app.clone(), authorize))
        .with_state(app)
}

async fn authorize(State(app): State<App>, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {}", app.core.token);
    let given = request.headers().get(header::AUTHORIZATION).map(|v| v.as_bytes().to_vec());
    if given.is_some_and(|g| bool::from(g.as_slice().ct_eq(expected.as_bytes()))) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Json(json!({"error": "the bearer token is missing or wrong"})))
        .into_response()
}

impl IntoResponse for LabError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NoVm(_) | Self::NoDisk { .. } | Self::NoSnapshot { .. } => StatusCode::NOT_FOUND,
            Self::PastEnd { .. } | Self::Size(..) | Self::Fault(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut text = self.to_string();
        let mut next = std::error::Error::source(&self);
        while let Some(cause) = next {
            text += &format!(": {cause}");
            next = cause.source();
        }
        (status, Json(json!({ "error": text }))).into_response()
    }
}

/// Runs blocking work.
async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Arc<Core>) -> T + Send + 'static,
) -> Result<T, Response> {
    let core = Arc::clone(&app.core);
    tokio::task::spawn_blocking(move || work(&core))
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn vms(State(app): State<App>) -> Response {
    match blocking(&app, |core| crate::info::vms(core)).await {
        Ok(vms) => Json(vms).into_response(),
        Err(response) => response,
    }
}

#[derive(Debug, Deserialize)]
struct WriteQuery {
    offset: u64,
}

async fn write(
    State(app): State<App>,
    Path((vm, disk)): Path<(String, usize)>,
    Query(query): Query<WriteQuery>,
    body: Bytes,
) -> Response {
    let len = body.len();
    match blocking(&app, move |core| core.guest_write(&vm, disk, query.offset, &body)).await {
        Ok(Ok(())) => Json(json!({ "written": len })).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(response) => response,
    }
}

#[derive(Debug, Deserialize)]
struct ReadQuery {
    #[serde(default)]
    offset: u64,
    len: Option<u64>,
    snapshot: Option<String>,
}

async fn read(
    State(app): State<App>,
    Path((vm, disk)): Path<(String, usize)>,
    Query(query): Query<ReadQuery>,
) -> Response {
    match blocking(&app, move |core| open_read(core, &vm, disk, &query)).await {
        Ok(Ok(body)) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response()
        }
        Ok(Err(error)) => error.into_response(),
        Err(response) => response,
    }
}

fn open_read(core: &Arc<Core>, vm: &str, disk: usize, query: &ReadQuery) -> Result<Body, LabError> {
    let target = core.find_disk(vm, disk)?;
    let capacity = target.inner().meta.capacity;
    let len = query.len.unwrap_or(capacity.saturating_sub(query.offset));
    crate::core::in_range(capacity, query.offset, len)?;
    let frozen = match &query.snapshot {
        Some(snapshot) => Some(core.frozen_disk(vm, disk, snapshot)?),
        None => None,
    };
    let (sender, receiver) = mpsc::channel(4);
    let (mut at, end) = (query.offset, query.offset + len);
    tokio::task::spawn_blocking(move || {
        while at < end {
            let mut buf = vec![0; usize_of(PIECE.min(end - at))];
            let result = match &frozen {
                Some(frozen) => frozen.read(&mut buf, at),
                None => target.live_read(&mut buf, at),
            };
            at += buf.len() as u64;
            let failed = result.is_err();
            let piece = result.map(|()| axum::body::Bytes::from(buf));
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
        }
    });
    Ok(from_channel(receiver, Manners::default(), ()))
}

#[derive(Debug, Deserialize)]
struct GrowQuery {
    bytes: u64,
}

async fn grow(
    State(app): State<App>,
    Path((vm, disk)): Path<(String, usize)>,
    Query(query): Query<GrowQuery>,
) -> Response {
    match blocking(&app, move |core| core.grow(&vm, disk, query.bytes)).await {
        Ok(Ok(())) => Json(json!({ "capacity": query.bytes })).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(response) => response,
    }
}

async fn reset(State(app): State<App>, Path((vm, disk)): Path<(String, usize)>) -> Response {
    match blocking(&app, move |core| core.reset_tracking(&vm, disk)).await {
        Ok(Ok(tracked)) => Json(json!({ "tracked": tracked })).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(response) => response,
    }
}

async fn stats(State(app): State<App>) -> Response {
    Json(app.core.stats.get()).into_response()
}

async fn reset_stats(State(app): State<App>) -> StatusCode {
    app.core.stats.reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(app): State<App>) -> Response {
    Json(app.core.faults.list()).into_response()
}

async fn add_fault(State(app): State<App>, Json(spec): Json<FaultSpec>) -> Response {
    match crate::info::add_fault(&app, spec) {
        Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn clear_faults(State(app): State<App>) -> StatusCode {
    crate::info::remove_faults(&app, None);
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(app): State<App>, Path(id): Path<u64>) -> StatusCode {
    crate::info::remove_faults(&app, Some(id));
    StatusCode::NO_CONTENT
}
