//! Accepting connections.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::App;

/// Serves TLS connections until told to stop.
pub(crate) async fn serve_tls(
    listener: TcpListener,
    app: App,
    routes: Router,
    mut stop: watch::Receiver<bool>,
) {
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("the provider supports the default versions")
    .with_no_client_auth()
    .with_cert_resolver(Arc::clone(&app.certificates) as Arc<_>);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((socket, peer)) = socket else { continue };
        let (acceptor, routes, app) = (acceptor.clone(), routes.clone(), app.clone());
        let stop = stop.clone();
        tokio::spawn(async move {
            match acceptor.accept(socket).await {
                Ok(stream) => {
                    app.core.stats.update(|s| s.connections += 1);
                    connection(TokioIo::new(stream), routes, stop).await;
                }
                Err(error) => tracing::debug!(%peer, %error, "no TLS connection"),
            }
        });
    }
}

/// Serves plain connections until told to stop.
pub(crate) async fn serve_control(
    listener: TcpListener,
    routes: Router,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((socket, _)) = socket else { continue };
        tokio::spawn(connection(TokioIo::new(socket), routes.clone(), stop.clone()));
    }
}

async fn connection<S>(io: TokioIo<S>, routes: Router, mut stop: watch::Receiver<bool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(routes);
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // Clients keep connections for long; a host does not hang up after half a minute.
        .header_read_timeout(Duration::from_mins(15))
        .title_case_headers(true)
        .serve_connection(io, service);
    tokio::select! {
        result = served => if let Err(error) = result {
            tracing::debug!(%error, "a connection ended early");
        },
        _ = stop.changed() => {}
    }
}
