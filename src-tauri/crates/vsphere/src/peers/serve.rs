//! A server with a certificate of its own that hands each request to somebody.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::exchange::{Asked, Told};
use super::mask::ASKED;
use crate::Thumbprint;

/// A request as it came.
pub(super) struct Came {
    pub(super) asked: Asked,
    pub(super) method: hyper::Method,
    pub(super) headers: hyper::HeaderMap,
    pub(super) body: Bytes,
}

pub(super) type Answer = Pin<Box<dyn Future<Output = Told> + Send>>;
pub(super) type Handler = Arc<dyn Fn(Came) -> Answer + Send + Sync>;

/// A running server; dropping it ends it.
pub(super) struct Served {
    pub(super) authority: String,
    pub(super) pin: Thumbprint,
    accepting: AbortHandle,
}

/// A place to listen, before it is known who answers.
pub(super) struct Place {
    listener: TcpListener,
    pub(super) authority: String,
}

impl Place {
    pub(super) async fn find() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of this computer");
        let authority = listener.local_addr().expect("it listens").to_string();
        Self { listener, authority }
    }

    /// Answers from now on.
    pub(super) fn serve(self, handler: Handler) -> Served {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate is made");
        let der = made.cert.der().clone();
        let pin = Thumbprint::of_der(&der);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has versions")
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .expect("the key fits");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = self.listener;
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
                tokio::spawn(async move {
                    // Clients that refuse the certificate are part of the tests.
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let service = hyper::service::service_fn(move |request| {
                        answer(Arc::clone(&handler), request)
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    drop(http.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Served { authority: self.authority, pin, accepting: accepting.abort_handle() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(
    handler: Handler,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers: BTreeMap<String, String> = ASKED
        .iter()
        .filter_map(|name| Some((*name, head.headers.get(*name)?.to_str().ok()?)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let asked = Asked {
        line: format!("{} {path}", head.method),
        headers,
        body: super::exchange::known_by(&body),
    };
    let told = handler(Came { asked, method: head.method, headers: head.headers, body }).await;
    let mut response = Response::builder().status(told.status);
    for (name, value) in &told.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(told.body))).expect("the answer is one"))
}
