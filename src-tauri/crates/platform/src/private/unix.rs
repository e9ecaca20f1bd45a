use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// Rights of the group and of everybody.
const OTHERS: u32 = 0o077;

/// Returns whether the folder was made.
pub(super) fn make_folder(path: &Path) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    Ok(true)
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

pub(super) fn exposed_to(path: &Path) -> io::Result<Option<String>> {
    let mode = fs_err::metadata(path)?.permissions().mode();
    Ok((mode & OTHERS != 0).then(|| format!("mode {:03o}", mode & 0o777)))
}

pub(super) fn restrict(path: &Path) -> io::Result<()> {
    let mode = if fs_err::metadata(path)?.is_dir() { FOLDER } else { FILE };
    fs_err::set_permissions(path, Permissions::from_mode(mode))
}
