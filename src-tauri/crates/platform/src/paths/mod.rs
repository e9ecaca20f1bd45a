//! Paths that work whatever their length, and names that every system takes.

mod names;

use std::path::{Path, PathBuf};

pub use names::{NameError, check_name, safe_name};

/// Returns the form of a path that Windows takes at any length and leaves as it is; on other
/// systems the path itself.
///
/// Everything below a folder the user named is built on this form. It is not for people to read.
pub fn verbatim(path: &Path) -> PathBuf {
    system_verbatim(path).unwrap_or_else(|| path.to_owned())
}

#[cfg(windows)]
fn system_verbatim(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    // Text that is not Unicode keeps the short form, which works up to 247 characters.
    windows_verbatim(absolute.to_str()?).map(PathBuf::from)
}

#[cfg(not(windows))]
fn system_verbatim(_path: &Path) -> Option<PathBuf> {
    None
}

/// Returns the `\\?\` form of an absolute Windows path, or `None` for one that has no such form
/// or has it already.
pub fn windows_verbatim(absolute: &str) -> Option<String> {
    let path = absolute.replace('/', r"\");
    if path.starts_with(r"\\?\") || path.starts_with(r"\\.\") {
        return None;
    }
    if let Some(share) = path.strip_prefix(r"\\") {
        return Some(format!(r"\\?\UNC\{share}"));
    }
    let bytes = path.as_bytes();
    let drive = bytes.first()?.is_ascii_alphabetic() && bytes.get(1..3) == Some(br":\");
    drive.then(|| format!(r"\\?\{path}"))
}

/// Checks that every name in a path the user chose can be made on this system.
///
/// # Errors
/// The first name that Windows would refuse or quietly change; never on other systems.
pub fn check(path: &Path) -> Result<(), NameError> {
    if !cfg!(windows) {
        return Ok(());
    }
    path.components().try_for_each(|part| match part {
        std::path::Component::Normal(name) => check_name(&name.to_string_lossy()),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_form_of_windows_paths() {
        for (short, long) in [
            (r"C:\", Some(r"\\?\C:\")),
            (r"c:\a b\日本", Some(r"\\?\c:\a b\日本")),
            (r"C:/a/b", Some(r"\\?\C:\a\b")),
            (r"\\nas\backup\x", Some(r"\\?\UNC\nas\backup\x")),
            (r"\\?\C:\a", None),
            (r"\\.\pipe\a", None),
            (r"a\b", None),
            (r"C:a", None),
            ("", None),
            ("日", None),
        ] {
            assert_eq!(windows_verbatim(short).as_deref(), long, "{short}");
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn other_systems_take_paths_as_they_are() {
        assert_eq!(verbatim(Path::new("a/../b")), Path::new("a/../b"));
        check(Path::new("/tmp/CON/a:b. ")).unwrap();
    }

    #[cfg(windows)]
    #[test]
    fn the_long_form_is_absolute_and_works_past_300_characters() {
        let folder = tempfile::tempdir().unwrap();
        let deep = (0..8).fold(verbatim(folder.path()), |p, _| p.join("長い名前".repeat(10)));
        assert!(deep.as_os_str().len() > 300);
        fs_err::create_dir_all(&deep).unwrap();
        let file = deep.join("file");
        fs_err::write(&file, b"x").unwrap();
        assert!(crate::fs::reads_back(&file, b"x").unwrap());
        assert!(verbatim(Path::new("a")).as_os_str().to_string_lossy().starts_with(r"\\?\"));
        assert!(check(Path::new(r"C:\a\NUL.txt")).is_err());
        check(Path::new(r"C:\..\a b\日本")).unwrap();
    }
}
