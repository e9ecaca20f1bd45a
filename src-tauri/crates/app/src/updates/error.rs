use std::error::Error;
use std::path::Path;

use kuramori_base::Hint;

use crate::dto::ErrorCode;
use crate::error::AppError;

/// Any error underneath.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Why an update was not found, taken or put in place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateError {
    /// The build carries no key, so nothing could be checked.
    #[error("this build has no update key")]
    Off,
    /// The build's key or address is unusable.
    #[error("the update key or address of this build cannot be used")]
    Misbuilt(#[source] Cause),
    /// No answer, a wrong answer, or one that broke off.
    #[error("{host} did not deliver {what}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What for.
        what: &'static str,
        /// Why not.
        source: Cause,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {host} is not trusted")]
    Untrusted {
        /// Who was asked.
        host: String,
        /// Why not.
        source: Cause,
    },
    /// Not signed by the pinned key, or not what was signed.
    #[error("{what} is not what was signed: {why}")]
    NotGenuine {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Signed, but not for this installation.
    #[error("version {version} does not fit: {why}")]
    Unsuitable {
        /// The version, or `?` where it cannot be told.
        version: String,
        /// What does not fit.
        why: String,
    },
    /// Signed, but older than what is installed or was seen before.
    #[error("version {found} is offered, but {known} is known already")]
    Older {
        /// The version offered.
        found: String,
        /// The highest known.
        known: String,
    },
    /// Nothing newer is known.
    #[error("version {0} is the newest")]
    Nothing(String),
    /// A package manager keeps this installation up to date.
    #[error("the system's package manager updates this installation")]
    BySystem,
    /// The program does not run from an installation.
    #[error("the program does not run from an installation of its own")]
    NotInstalled,
    /// A run is live.
    #[error("a run is going on")]
    DuringRun,
    /// An update is being put in place.
    #[error("an update is being put in place")]
    Applying,
    /// The file for offline machines cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: String,
        /// Why not.
        source: Cause,
    },
    /// A file or folder could not be written, copied or renamed.
    #[error("{doing} {path}")]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl UpdateError {
    /// Returns a function that makes an error of an I/O error.
    pub(super) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Disk { doing, path, source }
    }

    pub(super) fn not_genuine(what: &'static str, why: impl Into<String>) -> Self {
        Self::NotGenuine { what, why: why.into() }
    }

    pub(super) fn unsuitable(version: &str, why: impl Into<String>) -> Self {
        Self::Unsuitable { version: version.to_owned(), why: why.into() }
    }

    /// Says it to people.
    pub(super) fn to_app(&self) -> AppError {
        let (code, subject) = match self {
            Self::Off => (ErrorCode::UpdatesOff, ""),
            Self::Misbuilt(_) => (ErrorCode::Internal, ""),
            Self::Unreachable { host, .. } => (ErrorCode::UpdateUnreachable, host.as_str()),
            Self::Untrusted { host, .. } => (ErrorCode::UpdateServerUntrusted, host.as_str()),
            Self::NotGenuine { .. } => (ErrorCode::UpdateNotGenuine, ""),
            Self::Unsuitable { version, .. } => (ErrorCode::UpdateUnsuitable, version.as_str()),
            Self::Older { found, .. } => (ErrorCode::UpdateOlder, found.as_str()),
            Self::Nothing(version) => (ErrorCode::UpdateNone, version.as_str()),
            Self::BySystem => (ErrorCode::UpdateBySystem, ""),
            Self::NotInstalled => (ErrorCode::UpdateNotInstalled, ""),
            Self::DuringRun => (ErrorCode::UpdateDuringRun, ""),
            Self::Applying => (ErrorCode::UpdateApplying, ""),
            Self::File { path, .. } => (ErrorCode::FileUnreadable, path.as_str()),
            Self::Disk { path, .. } => (ErrorCode::UpdateFailed, path.as_str()),
        };
        AppError::new(code, subject).because(self).retryable(self.may_pass())
    }
}

impl Hint for UpdateError {}

impl UpdateError {
    /// Returns whether the same call may work in a while.
    fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::DuringRun | Self::Applying | Self::Disk { .. }
        )
    }
}

impl From<UpdateError> for AppError {
    fn from(error: UpdateError) -> Self {
        error.to_app()
    }
}
