//! Secrets come from standard input or files, never from arguments.

use std::io::Read;
use std::path::Path;

use kuramori_app::dto::ErrorCode;
use kuramori_app::{AppError, RepositoryKey, Secret};

use crate::args::KeyArgs;

/// Longest secret that is read, in bytes.
const MOST: u64 = 1 << 20;

/// Reads one secret from standard input. A line break at its end is not part of it.
pub(crate) fn secret() -> Result<Secret<String>, AppError> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MOST)
        .read_to_string(&mut text)
        .map_err(|e| AppError::new(ErrorCode::InvalidInput, "standard input").because(&e))?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    if text.is_empty() {
        return Err(AppError::new(ErrorCode::InvalidInput, "an empty password on standard input"));
    }
    Ok(Secret::new(text))
}

/// Reads what opens a repository, or returns `None` when no way was named.
pub(crate) fn key(args: &KeyArgs) -> Result<Option<RepositoryKey>, AppError> {
    match &args.key_file {
        Some(path) => Ok(Some(RepositoryKey::KeyFile(Secret::new(file(path)?)))),
        None if args.passphrase_stdin => Ok(Some(RepositoryKey::Passphrase(secret()?))),
        None => Ok(None),
    }
}

/// Reads what opens a repository; naming none is an error.
pub(crate) fn needed_key(args: &KeyArgs) -> Result<RepositoryKey, AppError> {
    key(args)?.ok_or_else(|| {
        AppError::new(ErrorCode::InvalidInput, "no key: use --passphrase-stdin or --key-file")
    })
}

fn file(path: &Path) -> Result<Vec<u8>, AppError> {
    let failed = |e: &std::io::Error| {
        AppError::new(ErrorCode::FileUnreadable, path.display().to_string()).because(e)
    };
    let mut bytes = Vec::new();
    let opened = fs_err::File::open(path).map_err(|e| failed(&e))?;
    opened.take(MOST).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    Ok(bytes)
}

/// Reads a text file.
pub(crate) fn text(path: &Path) -> Result<String, AppError> {
    fs_err::read_to_string(path).map_err(|e| {
        AppError::new(ErrorCode::FileUnreadable, path.display().to_string()).because(&e)
    })
}
