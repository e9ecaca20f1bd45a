//! The package: `kuramori-VERSION-OS-ARCH.tar.zst` with the files of an installation.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use fs_err as fs;
use kuramori_platform::fs as durable;
use ring::digest;
use serde::{Deserialize, Serialize};
use tar::EntryType;

use super::error::UpdateError;
use super::manifest::Package;
use super::names;

/// Most bytes a package may unpack to.
const UNPACKED_MOST: u64 = 1 << 30;
/// Most files and folders in a package.
const ENTRIES_MOST: usize = 20_000;
/// Largest window of the compressed stream, as a power of two: what `zstd --ultra` uses at most
/// without `--long`.
const WINDOW: u32 = 27;
const PIECE: usize = 256 << 10;
const WHAT: &str = "the package";

/// A file of the new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NewFile {
    /// Parts joined by `/`, from the root of the installation.
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) blake3: String,
}

/// Reads through, counting and hashing.
struct Meter<R> {
    inner: R,
    read: u64,
    most: u64,
    sha256: digest::Context,
    blake3: blake3::Hasher,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        if self.read > self.most {
            return Err(io::Error::other("it is longer than what was signed"));
        }
        self.sha256.update(&buf[..n]);
        self.blake3.update(&buf[..n]);
        Ok(n)
    }
}

impl<R: Read> Meter<R> {
    fn new(inner: R, most: u64) -> Self {
        Self {
            inner,
            read: 0,
            most,
            sha256: digest::Context::new(&digest::SHA256),
            blake3: blake3::Hasher::new(),
        }
    }

    /// Reads to the end and compares everything that was signed.
    fn finish(mut self, package: &Package) -> Result<(), UpdateError> {
        let bad = |why: String| UpdateError::not_genuine(WHAT, why);
        io::copy(&mut self, &mut io::sink()).map_err(|e| bad(e.to_string()))?;
        if self.read != package.size {
            return Err(bad(format!("{} bytes instead of {}", self.read, package.size)));
        }
        let same = |signed: &Option<String>, own: String| {
            signed.as_ref().is_none_or(|s| s.eq_ignore_ascii_case(&own))
        };
        let sha256 = data_encoding::HEXLOWER.encode(self.sha256.finish().as_ref());
        let blake3 = self.blake3.finalize().to_hex().to_string();
        if !same(&package.sha256, sha256) || !same(&package.blake3, blake3) {
            return Err(bad("its hash is another one".to_owned()));
        }
        Ok(())
    }
}

/// Compares size and hashes of a package with what was signed.
pub(super) fn verify(file: &Path, package: &Package) -> Result<(), UpdateError> {
    let opened = fs::File::open(file).map_err(UpdateError::disk("reading", file))?;
    Meter::new(BufReader::with_capacity(PIECE, opened), package.size).finish(package)
}

/// Unpacks a package into an empty folder, durably, and compares it with what was signed once
/// more on the way. On an error the folder holds parts and must be removed.
pub(super) fn unpack(
    file: &Path,
    package: &Package,
    into: &Path,
) -> Result<Vec<NewFile>, UpdateError> {
    let opened = fs::File::open(file).map_err(UpdateError::disk("reading", file))?;
    let mut meter = Meter::new(BufReader::with_capacity(PIECE, opened), package.size);
    let unpacked = unpack_stream(&mut meter, into);
    // A wrong hash says more than what its wrong bytes led to.
    meter.finish(package)?;
    unpacked
}

fn unpack_stream(stream: impl Read, into: &Path) -> Result<Vec<NewFile>, UpdateError> {
    let bad = |e: io::Error| UpdateError::not_genuine(WHAT, e.to_string());
    let mut zstd = zstd::stream::read::Decoder::new(stream).map_err(bad)?;
    zstd.window_log_max(WINDOW).map_err(bad)?;
    let mut archive = tar::Archive::new(zstd.take(UNPACKED_MOST));
    let mut unpacker = Unpacker { into, files: Vec::new(), seen: HashSet::new() };
    for entry in archive.entries().map_err(bad)? {
        unpacker.entry(entry.map_err(bad)?)?;
    }
    // The rest of the stream belongs to it too: its frame must be whole.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(bad)?;
    durable::sync_folder(into).map(drop).map_err(UpdateError::disk("keeping", into))?;
    Ok(unpacker.files)
}

struct Unpacker<'a> {
    into: &'a Path,
    files: Vec<NewFile>,
    seen: HashSet<String>,
}

impl Unpacker<'_> {
    fn entry(&mut self, mut entry: tar::Entry<'_, impl Read>) -> Result<(), UpdateError> {
        let bad = |why: String| UpdateError::not_genuine(WHAT, why);
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let raw = entry.path_bytes().into_owned();
        if kind == EntryType::Directory && matches!(raw.as_slice(), b"." | b"./") {
            return Ok(());
        }
        let path = names::checked(&raw).map_err(bad)?;
        if self.seen.len() >= ENTRIES_MOST {
            return Err(bad("it holds too many files".to_owned()));
        }
        // Names that differ only in case are one file on Windows and macOS.
        if !self.seen.insert(path.to_lowercase()) && kind != EntryType::Directory {
            return Err(bad(format!("it holds {path:?} twice")));
        }
        let target = self.into.join(names::native(&path));
        match kind {
            EntryType::Directory => make_folder(&target),
            EntryType::Regular => {
                if let Some(parent) = target.parent() {
                    make_folder(parent)?;
                }
                let mode = entry.header().mode().unwrap_or(0o644);
                let (size, hash) = write(&mut entry, &target, mode & 0o111 != 0)?;
                self.files.push(NewFile { path, size, blake3: hash });
                Ok(())
            }
            other => Err(bad(format!("{path:?} is neither a file nor a folder ({other:?})"))),
        }
    }
}

fn make_folder(path: &Path) -> Result<(), UpdateError> {
    fs::create_dir_all(path).map_err(UpdateError::disk("making", path))
}

fn write(from: &mut impl Read, to: &Path, executable: bool) -> Result<(u64, String), UpdateError> {
    let failed = || UpdateError::disk("writing", to);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(to).map_err(failed())?;
    let mut hasher = blake3::Hasher::new();
    let (mut size, mut piece) = (0, vec![0; PIECE]);
    loop {
        let n = from.read(&mut piece).map_err(|e| UpdateError::not_genuine(WHAT, e.to_string()))?;
        if n == 0 {
            break;
        }
        file.write_all(&piece[..n]).map_err(failed())?;
        hasher.update(&piece[..n]);
        size += n as u64;
    }
    set_mode(&file, executable).map_err(failed())?;
    durable::sync_file(file.file()).map(drop).map_err(failed())?;
    Ok((size, hasher.finalize().to_hex().to_string()))
}

#[cfg(unix)]
fn set_mode(file: &fs::File, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if executable { 0o755 } else { 0o644 };
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Windows runs a file by its name.
#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _executable: bool) -> io::Result<()> {
    Ok(())
}

/// Returns the hash of a file.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
