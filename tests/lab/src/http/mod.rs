//! The HTTP faces: TLS for clients, plain loopback for the owner.

mod body;
mod control;
mod folder;
mod gate;
mod nfc;
mod range;
mod sdk;
mod serve;
mod tags;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

pub(crate) use serve::{serve_control, serve_tls};
pub(crate) use tags::tags_of;

use crate::core::Core;
use crate::tls::Certificates;

/// What every handler can reach.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) core: Arc<Core>,
    pub(crate) certificates: Arc<Certificates>,
}

/// The routes a vSphere client sees.
pub(crate) fn client_routes(app: App) -> Router {
    Router::new()
        .route("/", get(sdk::welcome))
        .route("/sdk/vimServiceVersions.xml", get(sdk::versions))
        .route("/sdk/vimService.wsdl", get(sdk::no_wsdl))
        .route("/sdk", post(sdk::call))
        .route("/sdk/", post(sdk::call))
        .route("/folder", any(folder::request))
        .route("/folder/", any(folder::request))
        .route("/folder/{*path}", any(folder::request))
        .route("/api/{*path}", any(tags::request))
        .route("/rest/{*path}", any(tags::request))
        .route("/nfc/{lease}/{target}", get(nfc::export).post(nfc::import).put(nfc::import))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(app)
}

/// The routes of the owner.
pub(crate) fn control_routes(app: App) -> Router {
    control::routes(app)
}
