//! Which names a package may hold. The rules of all systems hold on every system, so that a bad
//! package fails where it is made.

use std::path::PathBuf;

/// Longest path inside a package, in characters.
const LONGEST: usize = 200;
/// Folder of the update inside an installation.
pub(super) const WORK: &str = ".update";

const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Reads a path of a package. Parts are joined by `/`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn checked(path: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(path).map_err(|_| "a name is not UTF-8".to_owned())?;
    let bare = text.strip_prefix("./").unwrap_or(text);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if bare.chars().count() > LONGEST {
        return Err(format!("the name {bare:?} is too long"));
    }
    for part in bare.split('/') {
        if let Some(why) = refused(part) {
            return Err(format!("the name {bare:?} {why}"));
        }
    }
    let first = bare.split('/').next().unwrap_or_default();
    if first.eq_ignore_ascii_case(WORK) {
        return Err(format!("the name {bare:?} is one of ours"));
    }
    Ok(bare.to_owned())
}

fn refused(part: &str) -> Option<&'static str> {
    let odd = |c: char| c.is_control() || "\\:*?\"<>|".contains(c);
    if part.is_empty() || part == "." || part == ".." {
        return Some("leads out of its folder");
    }
    if part.contains(odd) || part.ends_with(['.', ' ']) {
        return Some("cannot be written on every system");
    }
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let port = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"))
        .is_some_and(|n| n.chars().count() == 1 && n.starts_with(|c: char| c.is_numeric()));
    (DEVICES.contains(&stem.as_str()) || port).then_some("is the name of a device")
}

/// Turns a checked path into one of this system.
pub(super) fn native(checked: &str) -> PathBuf {
    checked.split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn plain_names_pass() {
        for name in ["bin/kuramori", "./share/a b/ü.png", "Contents/MacOS/x", "日本/語", "a..b"]
        {
            assert!(checked(name.as_bytes()).is_ok(), "{name}");
        }
        assert_eq!(checked(b"./bin/").unwrap(), "bin");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "a/../../b",
            "bin//x",
            "../x",
            "C:/x",
            "C:\\x",
            "a\\b",
            "\\\\server\\share",
            "bin/x:stream",
            "a/./b",
            "nul",
            "bin/CON.txt",
            "com1",
            "LPT9.log",
            "com¹",
            "x.",
            "x ",
            "a\nb",
            "a\0b",
            ".update/new",
            ".UPDATE",
            "bin/aux .txt",
        ] {
            assert!(checked(name.as_bytes()).is_err(), "{name:?}");
        }
        assert!(checked(b"\xff").is_err());
        assert!(checked("x".repeat(201).as_bytes()).is_err());
    }
}
