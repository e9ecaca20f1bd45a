//! An HTTPS server on this machine that serves exactly what a test gives it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is answered.
#[derive(Clone)]
pub enum Reply {
    /// This body.
    Whole(Vec<u8>),
    /// Announces the whole, delivers so many bytes and hangs up.
    Cut(Vec<u8>, usize),
    /// Sends the asker to this address.
    Redirect(String),
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<String>>,
}

/// The server; it answers for as long as the process lives.
pub struct Server {
    /// Address without a path.
    pub url: String,
    /// Certificate of the authority that vouches for the server.
    pub authority: String,
    shared: Arc<Shared>,
}

impl Server {
    /// Starts on a port of its own, with an authority of its own.
    pub fn start() -> Self {
        let (config, authority) = identity();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, shared) = (config.clone(), serving.clone());
                std::thread::spawn(move || drop(answer(stream, config, &shared)));
            }
        });
        Self { url, authority, shared }
    }

    /// Answers `path` with `reply` from now on.
    pub fn serve(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// The requests so far, head and all.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

fn identity() -> (Arc<ServerConfig>, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (Arc::new(config), pem)
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, shared: &Shared) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    shared.requests.lock().unwrap().push(head);
    let reply = shared.replies.lock().unwrap().get(&path).cloned();
    let (head, body) = match reply {
        Some(Reply::Whole(body)) => (format!("200 OK\r\nContent-Length: {}", body.len()), body),
        Some(Reply::Cut(body, at)) => {
            (format!("200 OK\r\nContent-Length: {}", body.len()), body[..at].to_vec())
        }
        Some(Reply::Redirect(to)) => {
            (format!("302 Found\r\nLocation: {to}\r\nContent-Length: 0"), Vec::new())
        }
        None => ("404 Not Found\r\nContent-Length: 0".to_owned(), Vec::new()),
    };
    write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(&body)?;
    stream.conn.send_close_notify();
    stream.flush()
}
