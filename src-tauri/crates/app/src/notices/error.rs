//! Why a notice did not arrive.

use std::error::Error;

use crate::dto::ErrorCode;
use crate::error::AppError;

type Source = Box<dyn Error + Send + Sync>;

/// Why a notice did not arrive. What the other side said may be shown to anybody.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Nothing answers.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// Where.
        host: String,
        /// What the network said.
        #[source]
        source: Source,
    },
    /// Nobody vouches for its certificate.
    #[error("the certificate of {host} cannot be trusted: {why}")]
    Certificate {
        /// Where.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be spoken to in secret.
    #[error("{host} offers no encryption of the kind that is set")]
    NotEncrypted {
        /// Where.
        host: String,
        /// What came instead.
        #[source]
        source: Source,
    },
    /// User name or password are wrong.
    #[error("{host} did not let us in: {said}")]
    Login {
        /// Where.
        host: String,
        /// In its words.
        said: String,
    },
    /// It takes no mail for somebody.
    #[error("{host} takes no mail for {who}: {said}")]
    Recipient {
        /// Where.
        host: String,
        /// For whom.
        who: String,
        /// In its words.
        said: String,
    },
    /// It refused.
    #[error("{host} answered: {said}")]
    Refused {
        /// Where.
        host: String,
        /// In its words.
        said: String,
        /// Whether it may take it later.
        later: bool,
    },
    /// The desktop shows no notices.
    #[error("the desktop shows no notices")]
    Desktop(#[source] Source),
    /// What we need of ourselves is not there: the keychain, the settings.
    #[error(transparent)]
    Ours(#[from] AppError),
}

impl SendError {
    /// Returns whether trying again unchanged, soon, can help.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { later, .. } => *later,
            Self::Ours(error) => error.retry,
            Self::Certificate { .. }
            | Self::NotEncrypted { .. }
            | Self::Login { .. }
            | Self::Recipient { .. }
            | Self::Desktop(_) => false,
        }
    }

    /// Returns it for people.
    pub(super) fn for_people(&self) -> AppError {
        let (code, subject) = match self {
            Self::Unreachable { host, .. } => (ErrorCode::NoticeUnreachable, host),
            Self::Certificate { host, .. } => (ErrorCode::NoticeUntrusted, host),
            Self::NotEncrypted { host, .. } => (ErrorCode::NoticeNotEncrypted, host),
            Self::Login { host, .. } => (ErrorCode::MailLoginRefused, host),
            Self::Recipient { who, .. } => (ErrorCode::MailRecipientRefused, who),
            Self::Refused { host, .. } => (ErrorCode::NoticeRefused, host),
            Self::Desktop(_) => (ErrorCode::DesktopSilent, &String::new()),
            Self::Ours(error) => return error.clone(),
        };
        AppError::new(code, subject).because(self).retryable(self.passes())
    }

    /// Returns the last of its causes, which says most.
    pub(super) fn said(&self) -> String {
        let mut causes = vec![self.to_string()];
        let mut next = self.source();
        while let Some(error) = next {
            causes.push(error.to_string());
            next = error.source();
        }
        causes.dedup();
        causes.join(": ")
    }
}
