//! Small files of the state folder: written whole or not at all, readable by their owner only.

use std::io::{self, Write};
use std::path::Path;

/// Replaces a file so that a crash leaves the old content or the new, never a mix.
///
/// # Errors
/// When the folder cannot be written; the old content then stays.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // A bare file name has an empty parent, which is no folder to the system.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".kuramori-").tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    sync_folder(folder)
}

/// Makes a folder that only its owner can enter.
///
/// # Errors
/// When it can't be made.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    fs_err::create_dir_all(path)?;
    restrict(path)
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// On Windows the state folder lies in the user's profile and inherits its access list.
#[cfg(not(unix))]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    fs_err::File::open(path)?.sync_all()
}

/// Windows writes a rename through to the disk by itself.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
