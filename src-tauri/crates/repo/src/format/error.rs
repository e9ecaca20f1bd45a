/// What is wrong with the bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The object ends too early or is longer than its own lengths say.
    #[error("it has the wrong length")]
    Length,
    /// It does not begin as our objects do.
    #[error("it does not begin with the magic bytes of a repository object")]
    Magic,
    /// It is of another type than its place says.
    #[error("it is another type of object than its name says")]
    Type,
    /// It lies under the name of another object.
    #[error("it lies under the name of another object")]
    Misplaced,
    /// It belongs to another repository.
    #[error("it belongs to another repository")]
    Repository,
    /// The format version is newer than this program.
    #[error("it has format version {0}, which is newer than this program")]
    Version(u16),
    /// The cipher suite is unknown.
    #[error("it uses cipher suite {0}, which is unknown to this program")]
    Suite(u8),
    /// Its bytes do not match its checksum or its name.
    #[error("its checksum does not match")]
    Checksum,
    /// It was not written with the key of this repository, or was changed.
    #[error("its authentication failed: it was changed or is not from this repository")]
    Authentication,
    /// The decrypted or plain structure cannot be read.
    #[error("its structure cannot be read: {0}")]
    Structure(String),
    /// A value is outside its limits.
    #[error("{0} is out of its limits")]
    Limit(&'static str),
    /// The chunk does not decompress to what it should.
    #[error("its compressed data is broken")]
    Compression,
    /// The content of a chunk does not match its id.
    #[error("its content does not match its id")]
    Content,
    /// It is not there, or its pack is not there whole.
    #[error("it is missing or has lost a part")]
    Missing,
    /// The store cannot read it, though it can read others.
    #[error("the store cannot read it: {0}")]
    Unreadable(String),
}

impl FormatError {
    /// Returns the version or feature this program does not know, if that is what is wrong.
    pub(crate) fn newer(&self) -> Option<String> {
        match self {
            Self::Version(version) => Some(format!("format version {version}")),
            Self::Suite(suite) => Some(format!("cipher suite {suite}")),
            _ => None,
        }
    }
}
