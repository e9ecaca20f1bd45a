//! Which file names Windows refuses or quietly changes. A name is held to these rules on every
//! system, since a disk or share with it may be read on another.

/// Longest name, in UTF-16 units on Windows and bytes elsewhere.
const LONGEST: usize = 255;
/// Bytes of a made name: room is left for an ending.
const LONGEST_MADE: usize = 200;
/// What no name may hold.
const FORBIDDEN: [char; 9] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Why a name cannot be that of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is none.
    #[error("a name is empty or only dots")]
    Empty,
    /// Windows takes it for a device, whatever its ending.
    #[error("“{name}” is a device name of Windows")]
    Device {
        /// The name.
        name: String,
    },
    /// It holds a character that Windows does not allow.
    #[error("“{name}” holds {character:?}, which Windows does not allow in names")]
    Character {
        /// The name.
        name: String,
        /// The first such character.
        character: char,
    },
    /// Windows drops the end of it.
    #[error("“{name}” ends with a dot or a space, which Windows drops")]
    End {
        /// The name.
        name: String,
    },
    /// It is longer than file systems take.
    #[error("“{name}” is longer than {LONGEST} characters")]
    Long {
        /// The name.
        name: String,
    },
}

impl kuramori_base::Hint for NameError {
    fn hints(&self) -> Vec<String> {
        vec!["Choose another name.".to_owned()]
    }
}

/// Checks that a name can be that of a file on every system.
///
/// # Errors
/// Why it cannot.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let own = || name.to_owned();
    if name.trim_matches(['.', ' ']).is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(character) = name.chars().find(|c| forbidden(*c)) {
        return Err(NameError::Character { name: own(), character });
    }
    if name.ends_with(['.', ' ']) {
        return Err(NameError::End { name: own() });
    }
    if is_device(name) {
        return Err(NameError::Device { name: own() });
    }
    let length = if cfg!(windows) { name.encode_utf16().count() } else { name.len() };
    if length > LONGEST { Err(NameError::Long { name: own() }) } else { Ok(()) }
}

/// Returns a file name as near to `name` as every system takes, at most 200 bytes long. Different
/// names may give the same one.
///
/// For names from elsewhere, such as a VM's, that the user did not type as a file name.
pub fn safe_name(name: &str) -> String {
    let mut safe: String = name.chars().map(|c| if forbidden(c) { '_' } else { c }).collect();
    if safe.len() > LONGEST_MADE {
        safe.truncate(safe.floor_char_boundary(LONGEST_MADE));
    }
    let kept = safe.trim_end_matches(['.', ' ']).len();
    if kept < safe.len() {
        safe.truncate(kept);
        safe.push('_');
    }
    if safe.is_empty() {
        safe.push('_');
    }
    if is_device(&safe) {
        let stem = safe.find('.').unwrap_or(safe.len());
        safe.insert(stem, '_');
    }
    safe
}

fn forbidden(character: char) -> bool {
    character.is_control() || FORBIDDEN.contains(&character)
}

/// `CON`, `con.txt`, `COM1 .x`, `LPT²`: what stands before the first dot decides.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|port| {
        let mut rest = stem.strip_prefix(port).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('1'..='9' | '¹' | '²' | '³'), None))
    });
    numbered || DEVICES.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_windows_refuses_or_changes_are_told_apart() {
        let device = |name: &str| NameError::Device { name: name.to_owned() };
        let refused = |name: &str| check_name(name).unwrap_err();
        for name in ["CON", "nul", "Aux.txt", "com1", "LPT9.a.b", "COM³", "con .txt", "CONIN$"] {
            assert_eq!(refused(name), device(name));
        }
        for (name, character) in [("a<b", '<'), ("a:b", ':'), ("a/b", '/'), ("a\tb", '\t')] {
            assert_eq!(refused(name), NameError::Character { name: name.to_owned(), character });
        }
        for name in ["a.", "a ", "a. ."] {
            assert_eq!(refused(name), NameError::End { name: name.to_owned() });
        }
        for name in ["", ".", "..", " ", ". ."] {
            assert_eq!(refused(name), NameError::Empty);
        }
        assert!(matches!(refused(&"a".repeat(256)), NameError::Long { .. }));
        for name in ["COM0", "COM10", "CONSOLE", "console.con", "日本 (1)", ".x", "a b", "COM"] {
            check_name(name).unwrap();
        }
    }

    #[test]
    fn a_made_name_stays_near_the_first() {
        for (name, safe) in [
            ("db/01", "db_01"),
            ("web 01", "web 01"),
            ("NUL", "NUL_"),
            ("com1.vmx", "com1_.vmx"),
            ("ends. ", "ends_"),
            ("...", "_"),
            ("", "_"),
            ("日本:東京", "日本_東京"),
        ] {
            assert_eq!(safe_name(name), safe);
        }
        assert_eq!(safe_name(&"日".repeat(100)).len(), 198);
    }

    proptest! {
        #[test]
        fn every_made_name_passes(name in r"([ -~]|[\x00-\x7f]|\PC|CON|NUL|COM1|\.| ){0,90}") {
            prop_assert_eq!(check_name(&safe_name(&name)), Ok(()));
            prop_assert!(safe_name(&name).len() <= LONGEST_MADE + 1);
        }

        #[test]
        fn a_good_short_name_is_kept(name in "[a-z0-9日本]{1,40}") {
            prop_assume!(check_name(&name).is_ok());
            prop_assert_eq!(safe_name(&name), name);
        }
    }
}
