use std::fmt;

/// The name of an object: lower case letters, digits, `-` and `.`, in parts divided by `/`.
///
/// Nothing else, so that every file system, share and bucket keeps it as it is, and no name can
/// leave the repository's folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobName(String);

impl BlobName {
    /// Longest name in bytes.
    pub const MAX_LEN: usize = 200;

    /// Takes a name when it keeps the rules.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let part_is_fine = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        };
        let fine = name.len() <= Self::MAX_LEN && name.split('/').all(part_is_fine);
        fine.then_some(Self(name))
    }

    /// Takes a name built by this crate from fixed parts and hexadecimal digits.
    pub(crate) fn built(name: String) -> Self {
        debug_assert!(Self::new(name.clone()).is_some(), "built names keep the rules: {name}");
        Self(name)
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part after the last `/`.
    pub fn last_part(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_folder() {
        for bad in ["", "/", "a/", "/a", "../a", "a/../b", "A", "a b", "a\\b", "a:b", ".a", "é"] {
            assert!(BlobName::new(bad).is_none(), "{bad:?} must be refused");
        }
        assert!(BlobName::new("packs/0a/0a1b").is_some());
        assert!(BlobName::new("format.1").is_some());
    }
}
