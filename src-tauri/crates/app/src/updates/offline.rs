//! The file for machines without a network: `kuramori-VERSION-OS-ARCH.kupdate`, a plain tar of the
//! manifest, its signature and the package.

use std::io::{BufReader, Read};
use std::path::Path;

use fs_err as fs;
use minisign_verify::PublicKey;
use semver::Version;
use tar::EntryType;

use super::error::UpdateError;
use super::manifest::{
    MANIFEST, MANIFEST_MOST, Manifest, PACKAGE_MOST, SIGNATURE, SIGNATURE_MOST, Signed,
};

const WHAT: &str = "the update file";

/// Reads the manifest of an update file and checks its signature.
pub(super) fn manifest(file: &Path, key: &PublicKey) -> Result<Signed, UpdateError> {
    let (mut bytes, mut signature) = (None, None);
    each(file, |name, entry| {
        let (place, most) = match name {
            MANIFEST => (&mut bytes, MANIFEST_MOST),
            SIGNATURE => (&mut signature, SIGNATURE_MOST),
            _ => return Ok(false),
        };
        if place.is_some() {
            return Err(UpdateError::not_genuine(WHAT, format!("{name} is in it twice")));
        }
        *place = Some(small(entry, most)?);
        Ok(false)
    })?;
    match (bytes, signature) {
        (Some(bytes), Some(signature)) => Signed::verify(key, bytes, signature),
        _ => Err(UpdateError::not_genuine(WHAT, "its signed list of versions is missing")),
    }
}

/// Copies the package for this system out of an update file. Its hash is not checked here.
pub(super) fn package(
    file: &Path,
    manifest: &Manifest,
    current: &Version,
    to: &Path,
) -> Result<(), UpdateError> {
    let wanted = manifest.package_for(current)?;
    let name = wanted.url.rsplit('/').next().unwrap_or_default();
    let mut copied = None;
    each(file, |found, entry| {
        if found != name {
            return Ok(false);
        }
        let failed = || UpdateError::disk("writing", to);
        let mut out = fs::File::create(to).map_err(failed())?;
        let mut limited = entry.take(PACKAGE_MOST + 1);
        copied = Some(std::io::copy(&mut limited, &mut out).map_err(failed())?);
        Ok(true)
    })?;
    match copied {
        Some(size) if size == wanted.size => Ok(()),
        Some(size) => {
            let why = format!("its package has {size} bytes instead of {}", wanted.size);
            Err(UpdateError::not_genuine(WHAT, why))
        }
        None => Err(UpdateError::not_genuine(WHAT, format!("{name} is not in it"))),
    }
}

/// Shows each file at the top of the tar to `see`, until it says that it has seen enough.
fn each(
    file: &Path,
    mut see: impl FnMut(&str, &mut dyn Read) -> Result<bool, UpdateError>,
) -> Result<(), UpdateError> {
    let opened = fs::File::open(file)
        .map_err(|e| UpdateError::File { path: file.display().to_string(), source: Box::new(e) })?;
    let bad = |e: std::io::Error| UpdateError::not_genuine(WHAT, e.to_string());
    let mut archive = tar::Archive::new(BufReader::new(opened));
    for entry in archive.entries().map_err(bad)? {
        let mut entry = entry.map_err(bad)?;
        let path = entry.path_bytes().into_owned();
        let name = String::from_utf8_lossy(&path);
        let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
        if entry.header().entry_type() == EntryType::Regular && see(&name, &mut entry)? {
            return Ok(());
        }
    }
    Ok(())
}

fn small(entry: &mut dyn Read, most: u64) -> Result<Vec<u8>, UpdateError> {
    let mut bytes = Vec::new();
    let read = entry.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|e| UpdateError::not_genuine(WHAT, e.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(UpdateError::not_genuine(WHAT, "its list of versions is too long"));
    }
    Ok(bytes)
}
