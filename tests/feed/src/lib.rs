//! The makers' side of updates, for tests: keys, packages, signed lists of versions, and an HTTPS
//! server on this machine that hands them out.
//!
//! Built from none of our code: it would agree with its mistakes.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod server;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Cursor;
use std::path::Path;

use serde_json::{Value, json};

pub use crate::server::{Reply, Server};
pub use minisign::KeyPair;

/// A file of a package: path, content, whether it runs.
pub type Entry = (String, Vec<u8>, bool);

/// The command line's program in an installation.
#[cfg(windows)]
pub const CLI: &str = "bin/kuramori.exe";
/// The window's program in an installation.
#[cfg(windows)]
pub const DESKTOP: &str = "Kuramori.exe";
/// The command line's program in an installation.
#[cfg(not(windows))]
pub const CLI: &str = "bin/kuramori";
/// The window's program in an installation.
#[cfg(not(windows))]
pub const DESKTOP: &str = "bin/kuramori-desktop";

/// Where the list of versions lies on the server.
pub const LIST: &str = "/latest/latest.json";
/// Where its signature lies.
pub const SIGNATURE: &str = "/latest/latest.json.minisig";
/// Where the package lies.
pub const PACKAGE: &str = "/latest/package.tar.zst";

/// Makers with a key and a server.
pub struct Feed {
    /// Where they publish.
    pub server: Server,
    /// What they sign with.
    pub keys: KeyPair,
}

/// A package for this system.
pub fn system() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Packs files as they are named, whatever the name.
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

/// Makes a package of files.
pub fn package(entries: &[Entry]) -> Vec<u8> {
    zstd::encode_all(Cursor::new(tar(entries)), 1).unwrap()
}

/// How a list of versions describes a package at `url`.
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

/// Signs bytes as the makers do.
pub fn sign(keys: &KeyPair, bytes: &[u8]) -> Vec<u8> {
    let signed = minisign::sign(Some(&keys.pk), &keys.sk, Cursor::new(bytes), None, None);
    signed.unwrap().into_string().into_bytes()
}

/// All files below the root of an installation, with their content. Names are as in a package.
pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                found.insert(name.replace('\\', "/"), fs_err::read(&path).unwrap());
            }
        }
    }
    found
}

impl Feed {
    /// Starts with a new key, and nothing published.
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        let keys = KeyPair::generate_unencrypted_keypair().unwrap();
        Self { server: Server::start(), keys }
    }

    /// What tells a debug build of the program to take updates from here. `authority` is a file
    /// with [`Server::authority`].
    pub fn environment(&self, authority: &Path) -> [(&'static str, OsString); 3] {
        [
            ("KURAMORI_UPDATE_KEY", self.keys.pk.to_base64().into()),
            ("KURAMORI_UPDATE_URL", format!("{}{LIST}", self.server.url).into()),
            ("KURAMORI_UPDATE_CA", authority.into()),
        ]
    }

    /// Publishes a version, properly signed.
    pub fn publish(&self, version: &str, package: &[u8]) {
        self.publish_manifest(&manifest(version, package));
        self.server.serve(PACKAGE, Reply::Whole(package.to_vec()));
    }

    /// Publishes a list of versions, properly signed.
    pub fn publish_manifest(&self, manifest: &Value) {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let signature = sign(&self.keys, &bytes);
        self.server.serve(LIST, Reply::Whole(bytes));
        self.server.serve(SIGNATURE, Reply::Whole(signature));
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
