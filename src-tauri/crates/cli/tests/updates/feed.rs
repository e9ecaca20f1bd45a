//! The makers' side: keys, packages, signed lists of versions.

use std::io::Cursor;

use minisign::KeyPair;
use serde_json::{Value, json};

use crate::server::{Reply, Server};

/// A file of a package: path, content, whether it runs.
pub type Entry = (String, Vec<u8>, bool);

pub struct Feed {
    pub server: Server,
    pub keys: KeyPair,
}

/// A package for this system.
pub fn system() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

pub fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, runs) in entries {
        let mut header = tar::Header::new_gnu();
        // Written by hand: the library refuses what some tests are about.
        let name = header.as_gnu_mut().unwrap();
        name.name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(if *runs { 0o755 } else { 0o644 });
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn package(entries: &[Entry]) -> Vec<u8> {
    zstd::encode_all(Cursor::new(tar(entries)), 1).unwrap()
}

pub fn described(package: &[u8], url: &str) -> Value {
    json!({ "url": url, "size": package.len(), "blake3": blake3::hash(package).to_hex().as_str() })
}

/// A list of versions as the makers publish it.
pub fn manifest(version: &str, package: &[u8]) -> Value {
    json!({
        "format": 1,
        "version": version,
        "published": "2026-05-08T09:00:00Z",
        "page": "https://example.org/kuramori",
        "notes": { "en": "Faster.\nSafer.", "ja": "速く。\n安全に。" },
        "packages": { system(): described(package, "package.tar.zst") },
    })
}

pub fn sign(keys: &KeyPair, bytes: &[u8]) -> Vec<u8> {
    let signed = minisign::sign(Some(&keys.pk), &keys.sk, Cursor::new(bytes), None, None);
    signed.unwrap().into_string().into_bytes()
}

impl Feed {
    pub fn new() -> Self {
        let keys = KeyPair::generate_unencrypted_keypair().unwrap();
        Self { server: Server::start(), keys }
    }

    pub fn public_key(&self) -> String {
        self.keys.pk.to_base64()
    }

    /// Publishes a version, properly signed.
    pub fn publish(&self, version: &str, package: &[u8]) {
        self.publish_manifest(&manifest(version, package));
        self.server.serve("/latest/package.tar.zst", Reply::Whole(package.to_vec()));
    }

    pub fn publish_manifest(&self, manifest: &Value) {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let signature = sign(&self.keys, &bytes);
        self.server.serve("/latest/latest.json", Reply::Whole(bytes));
        self.server.serve("/latest/latest.json.minisig", Reply::Whole(signature));
    }

    /// An update file as the makers publish it.
    pub fn offline(&self, manifest: &Value, package: &[u8]) -> Vec<u8> {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let signature = sign(&self.keys, &bytes);
        let entry = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec(), false);
        tar(&[
            entry("latest.json", &bytes),
            entry("latest.json.minisig", &signature),
            entry("package.tar.zst", package),
        ])
    }
}
