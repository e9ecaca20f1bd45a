//! Secrets come from standard input or files, never from arguments.

use std::io::{BufRead, Read};
use std::path::Path;

use kuramori_app::dto::ErrorCode;
use kuramori_app::{AddKey, AppError, RepositoryKey, Secret};

use crate::args::{KeyArgs, NewKeyArgs, NewRepositoryKeyArgs};

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

/// Reads one line from standard input, without its end.
pub(crate) fn line() -> Result<String, AppError> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST).read_line(&mut text);
    read.map_err(|e| AppError::new(ErrorCode::InvalidInput, "standard input").because(&e))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads two secrets from standard input, a line each.
fn two_secrets() -> Result<(Secret<String>, Secret<String>), AppError> {
    let both = secret()?;
    let (first, second) = both.expose().split_once('\n').unwrap_or_default();
    if first.is_empty() || second.is_empty() {
        return Err(AppError::new(
            ErrorCode::InvalidInput,
            "standard input: give two lines, the key that opens the repository and the new one",
        ));
    }
    Ok((first.trim_end_matches('\r').into(), second.into()))
}

impl KeyArgs {
    fn of_text(&self, text: Secret<String>) -> RepositoryKey {
        if self.recovery_key_stdin {
            RepositoryKey::RecoveryKey(text)
        } else {
            RepositoryKey::Passphrase(text)
        }
    }

    fn reads_stdin(&self) -> bool {
        self.passphrase_stdin || self.recovery_key_stdin
    }
}

/// Reads what opens a repository; naming none is an error.
pub(crate) fn needed_key(args: &KeyArgs) -> Result<RepositoryKey, AppError> {
    match &args.key_file {
        Some(path) => Ok(RepositoryKey::KeyFile(Secret::new(file(path)?))),
        None if args.reads_stdin() => Ok(args.of_text(secret()?)),
        None => Err(AppError::new(
            ErrorCode::InvalidInput,
            "no key: use --passphrase-stdin, --recovery-key-stdin or --key-file",
        )),
    }
}

/// Reads what is to open a new repository.
pub(crate) fn first_key(args: &NewRepositoryKeyArgs) -> Result<RepositoryKey, AppError> {
    match &args.key_file {
        Some(path) => Ok(RepositoryKey::KeyFile(Secret::new(file(path)?))),
        None => Ok(RepositoryKey::Passphrase(secret()?)),
    }
}

/// Reads what opens a repository, where something was named, and the key to add.
pub(crate) fn keys(
    args: &KeyArgs,
    new: &NewKeyArgs,
) -> Result<(Option<RepositoryKey>, AddKey), AppError> {
    let chosen = |text| AddKey::Chosen(RepositoryKey::Passphrase(text));
    if args.reads_stdin() && new.new_passphrase_stdin {
        let (first, second) = two_secrets()?;
        return Ok((Some(args.of_text(first)), chosen(second)));
    }
    let named = args.key_file.is_some() || args.reads_stdin();
    let opens = if named { Some(needed_key(args)?) } else { None };
    let add = match &new.new_key_file {
        Some(path) => AddKey::Chosen(RepositoryKey::KeyFile(Secret::new(file(path)?))),
        None if new.new_passphrase_stdin => chosen(secret()?),
        None => AddKey::Recovery,
    };
    Ok((opens, add))
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
