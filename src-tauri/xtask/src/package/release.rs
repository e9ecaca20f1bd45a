//! What goes with the packages of a release: checksums, and the list of versions for the updater.
//!
//! The list is written unsigned. Signing it is a step of its own, by hand, on a machine that builds
//! nothing; see `src-tauri/docs/RELEASING.md`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use fs_err::File;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{changes, version};
use crate::paths::Paths;

/// Which packages.
#[derive(Args)]
pub(super) struct ReleaseArgs {
    /// The folder with the packages of all systems.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    dir: PathBuf,
    /// Where people read about this version.
    #[arg(long, value_name = "URL")]
    page: Option<String>,
}

const LIST: &str = "latest.json";
const SUMS: &str = "SHA256SUMS";

/// Writes both files.
pub(super) fn run(paths: &Paths, args: &ReleaseArgs) -> Result<()> {
    let version = version(paths)?;
    let [en, ja] = changes::notes(paths, &version)?;
    let date = changes::date(paths, &version)?.context("the version has no date")?;
    let list = json!({
        "format": 1,
        "version": version,
        "published": format!("{date}T00:00:00Z"),
        "page": args.page,
        "notes": { "en": en, "ja": ja },
        "packages": packages(&args.dir, &version)?,
    });
    fs_err::write(args.dir.join(LIST), format!("{}\n", serde_json::to_string_pretty(&list)?))?;
    fs_err::write(args.dir.join(SUMS), sums(&args.dir)?)?;
    println!("Wrote {SUMS} and {LIST}; the latter is not signed yet.");
    Ok(())
}

/// The update packages, by system. An address is relative to the list's own.
pub(super) fn packages(dir: &Path, version: &str) -> Result<BTreeMap<String, serde_json::Value>> {
    let mut found = BTreeMap::new();
    for name in names(dir)? {
        let Some(rest) = name.strip_suffix(".tar.zst") else { continue };
        let system = rest.strip_prefix(&format!("kuramori-{version}-"));
        let system = system.with_context(|| format!("{name} is not of version {version}"))?;
        let file = dir.join(&name);
        let package = json!({
            "url": name,
            "size": fs_err::metadata(&file)?.len(),
            "sha256": sha256(&file)?,
        });
        found.insert(system.to_owned(), package);
    }
    ensure!(!found.is_empty(), "{} holds no update package", dir.display());
    Ok(found)
}

/// One line a file, as `sha256sum --check` reads it.
fn sums(dir: &Path) -> Result<String> {
    let mut text = String::new();
    for name in names(dir)? {
        if name != SUMS && !name.ends_with(".minisig") {
            text.push_str(&format!("{}  {name}\n", sha256(&dir.join(&name))?));
        }
    }
    Ok(text)
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            bail!("{} is not a file", entry.path().display());
        }
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn sha256(file: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(file)?, &mut HashWriter(&mut hasher))?;
    let mut text = String::new();
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_listed_with_size_and_hash() {
        let dir = std::env::temp_dir().join(format!("kuramori-release-{}", std::process::id()));
        fs_err::create_dir_all(&dir).unwrap();
        fs_err::write(dir.join("kuramori-1.2.3-linux-x86_64.tar.zst"), "abc").unwrap();
        fs_err::write(dir.join("kuramori-1.2.3-setup.exe"), "x").unwrap();
        let found = packages(&dir, "1.2.3").unwrap();
        let other = packages(&dir, "1.2.4").unwrap_err().to_string();
        let sums = sums(&dir).unwrap();
        fs_err::remove_dir_all(&dir).unwrap();
        // FIPS 180-2, example of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let expected = json!({ "linux-x86_64": {
            "url": "kuramori-1.2.3-linux-x86_64.tar.zst", "size": 3, "sha256": abc,
        }});
        assert_eq!(json!(found), expected);
        assert!(other.contains("not of version 1.2.4"), "{other}");
        let first = format!("{abc}  kuramori-1.2.3-linux-x86_64.tar.zst\n");
        assert!(sums.starts_with(&first) && sums.contains("  kuramori-1.2.3-setup.exe\n"));
    }
}
