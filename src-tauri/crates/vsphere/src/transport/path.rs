use std::fmt;
use std::str::FromStr;

/// A file on a datastore, written `[datastore] folder/file`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DatastorePath {
    datastore: String,
    file: String,
}

/// The text is not a path on a datastore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path on a datastore looks like “[datastore] folder/file”")]
pub struct DatastorePathError;

impl DatastorePath {
    /// Returns the name of the datastore.
    pub fn datastore(&self) -> &str {
        &self.datastore
    }

    /// Returns the path inside the datastore.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns whether another file lies in the same folder.
    pub fn is_beside(&self, other: &Self) -> bool {
        let folder = |path: &'_ Self| path.file.rsplit_once('/').map(|(f, _)| f.to_owned());
        self.datastore == other.datastore && folder(self) == folder(other)
    }

    /// Returns a file beside this one. An absolute or climbing name gives `None`.
    pub(crate) fn sibling(&self, name: &str) -> Option<Self> {
        if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
            return None;
        }
        let file = match self.file.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        };
        Some(Self { datastore: self.datastore.clone(), file })
    }
}

impl FromStr for DatastorePath {
    type Err = DatastorePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix('[').ok_or(DatastorePathError)?;
        let (datastore, file) = rest.split_once(']').ok_or(DatastorePathError)?;
        let file = file.trim_start();
        let climbs = file.split('/').any(|part| part == ".." || part == ".");
        if datastore.is_empty() || file.is_empty() || file.starts_with('/') || climbs {
            return Err(DatastorePathError);
        }
        Ok(Self { datastore: datastore.to_owned(), file: file.to_owned() })
    }
}

impl fmt::Display for DatastorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.datastore, self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_and_siblings_stay_beside() {
        let path: DatastorePath = "[local ssd] web 01/web 01.vmdk".parse().unwrap();
        assert_eq!((path.datastore(), path.file()), ("local ssd", "web 01/web 01.vmdk"));
        assert_eq!(path.to_string(), "[local ssd] web 01/web 01.vmdk");
        let flat = path.sibling("web 01-flat.vmdk").unwrap();
        assert_eq!(flat.to_string(), "[local ssd] web 01/web 01-flat.vmdk");
        for other in ["../x", "/vmfs/volumes/x", "a/b", "a\\b", "..", ""] {
            assert!(path.sibling(other).is_none(), "{other}");
        }
        for wrong in ["", "web.vmdk", "[ds]", "[] x", "[ds] ../x", "[ds] /x", "[ds x"] {
            assert!(wrong.parse::<DatastorePath>().is_err(), "{wrong}");
        }
    }
}
