//! The receivers as a program of others: aiosmtpd, and a web server that checks marks by itself.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::bench::Bench;

pub(super) const USER: &str = "office";
pub(super) const PASSWORD: &str = "Mail-Passw0rd-5c1e";
pub(super) const SECRET: &str = "hook-secret-77aa41";

/// Mail and web servers on loopback, until this is dropped.
pub(super) struct Receivers {
    child: Child,
    folder: PathBuf,
    ports: Value,
}

impl Receivers {
    /// Starts them in a bench; `smtp_port` 0 for any.
    pub(super) fn start(bench: &Bench, smtp_port: u16) -> Self {
        let folder = bench.path("received");
        std::fs::create_dir_all(&folder).unwrap();
        if !bench.path("authority.pem").exists() {
            make_certificates(bench);
        }
        let python = std::env::var_os("KURAMORI_PYTHON").unwrap_or_else(|| "python3".into());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receivers/servers.py");
        let options = json!({
            "smtp_port": smtp_port, "user": USER, "password": PASSWORD, "secret": SECRET,
        });
        let mut command = Command::new(&python);
        command.arg(script).arg(&folder).arg(bench.path("leaf.pem")).arg(bench.path("leaf.key"));
        command.arg(options.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = serde_json::from_str(&line).expect("KURAMORI_PYTHON has aiosmtpd");
        Self { child, folder, ports }
    }

    pub(super) fn port(&self, name: &str) -> u16 {
        self.ports[name].as_u64().unwrap().try_into().unwrap()
    }

    pub(super) fn web(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port("web"))
    }

    /// What was received of a kind, oldest first.
    pub(super) fn received(&self, kind: &str) -> Vec<Value> {
        let entries = std::fs::read_dir(&self.folder).unwrap().map(|e| e.unwrap().path());
        let is_one = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(kind) && path.extension().is_some_and(|end| end == "json")
        };
        let mut files: Vec<_> = entries.filter(is_one).collect();
        files.sort();
        files.iter().map(|f| serde_json::from_slice(&std::fs::read(f).unwrap()).unwrap()).collect()
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// An authority and what it says about this computer.
fn make_certificates(bench: &Bench) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    std::fs::write(bench.path("authority.pem"), pem).unwrap();
    std::fs::write(bench.path("leaf.pem"), leaf.pem()).unwrap();
    std::fs::write(bench.path("leaf.key"), key.serialize_pem()).unwrap();
}
