use std::fmt;

use kuramori_base::{Cancelled, Hint, Retry};
use serde::{Deserialize, Serialize};

use crate::{Fault, VsphereError};

/// Why the record of changes cannot be used, so that the disk has to be read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CbtUnusable {
    /// Tracking is off for the disk.
    NotTracked,
    /// Tracking has no beginning yet: it was turned on, but the VM was not stunned since.
    NoEpoch,
    /// The server has no changes since that position, or its record is damaged.
    CannotGetChanges,
    /// The position is malformed or of another disk.
    ForeignChangeId,
    /// The disk is not as large as was asked about.
    SizeChanged,
    /// The server does not track this kind of disk.
    NotTrackable,
    /// The server could not read its record, which may be locked or missing.
    RecordUnreadable,
    /// The user may not ask.
    NoPermission,
    /// The server does not know the question.
    NotSupported,
    /// The answers of the server contradict themselves.
    InconsistentAnswer,
    /// The server failed in another way.
    ServerFailed,
}

impl fmt::Display for CbtUnusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTracked => "changed block tracking is off for the disk",
            Self::NoEpoch => "changed block tracking has not begun for the disk",
            Self::CannotGetChanges => "the server has no changes since then",
            Self::ForeignChangeId => "the server does not know the earlier position",
            Self::SizeChanged => "the size of the disk changed",
            Self::NotTrackable => "the server does not track this kind of disk",
            Self::RecordUnreadable => "the server could not read its record of changes",
            Self::NoPermission => "the user may not ask for changed areas",
            Self::NotSupported => "the server does not report changed areas",
            Self::InconsistentAnswer => "the server gave contradictory changed areas",
            Self::ServerFailed => "the server failed to report changed areas",
        })
    }
}

/// Why changed areas are not known.
#[derive(Debug, thiserror::Error)]
pub enum CbtError {
    /// Read the disk whole instead.
    #[error("changed areas cannot be used: {reason}")]
    Unusable {
        /// Why.
        reason: CbtUnusable,
        /// What the server said, where it said something.
        #[source]
        fault: Option<Box<Fault>>,
    },
    /// The call failed for a reason that concerns more than changed areas.
    #[error("asking for changed areas failed")]
    Call(#[source] VsphereError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl CbtError {
    pub(crate) fn unusable(reason: CbtUnusable) -> Self {
        Self::Unusable { reason, fault: None }
    }

    /// Returns why to read the disk whole, or `None` when that would fail as well.
    pub fn why_whole(&self) -> Option<CbtUnusable> {
        match self {
            Self::Unusable { reason, .. } => Some(*reason),
            Self::Call(_) | Self::Cancelled(_) => None,
        }
    }

    /// Returns whether asking again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Call(error) => error.retry(),
            Self::Unusable { .. } | Self::Cancelled(_) => Retry::Never,
        }
    }
}

impl From<VsphereError> for CbtError {
    /// Sorts what the server said by type and message key, never by the wording.
    fn from(error: VsphereError) -> Self {
        match error {
            VsphereError::Fault { fault, .. } => {
                let reason = reason_of(&fault);
                Self::Unusable { reason, fault: Some(fault) }
            }
            VsphereError::NoPermission { fault, .. } => {
                Self::Unusable { reason: CbtUnusable::NoPermission, fault: Some(fault) }
            }
            other => Self::Call(other),
        }
    }
}

fn reason_of(fault: &Fault) -> CbtUnusable {
    match (fault.kind.as_str(), fault.property.as_deref()) {
        ("InvalidArgument", Some(property)) => match last_part(property) {
            "changeId" => CbtUnusable::ForeignChangeId,
            "startOffset" => CbtUnusable::SizeChanged,
            "deviceKey" => CbtUnusable::NotTrackable,
            _ => CbtUnusable::ServerFailed,
        },
        ("MethodNotFound" | "NotSupported" | "InvalidRequest", _) => CbtUnusable::NotSupported,
        (kind, _) if kind.starts_with("File") || kind == "InaccessibleVFlashSource" => {
            by_message_key(fault)
        }
        _ => CbtUnusable::ServerFailed,
    }
}

fn by_message_key(fault: &Fault) -> CbtUnusable {
    let key = |name: &str| {
        fault.message_keys.iter().any(|key| key == &format!("vim.hostd.vmsvc.cbt.{name}"))
    };
    if key("noTrack") {
        CbtUnusable::NotTracked
    } else if key("noEpoch") {
        CbtUnusable::NoEpoch
    } else if key("cannotGetChanges") {
        CbtUnusable::CannotGetChanges
    } else {
        CbtUnusable::RecordUnreadable
    }
}

fn last_part(property: &str) -> &str {
    property.rsplit('.').next().unwrap_or(property)
}

impl Hint for CbtError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unusable { reason: CbtUnusable::NoPermission, .. } => {
                vec![
                    "Give the user the privilege VirtualMachine.Provisioning.DiskRandomRead."
                        .into(),
                ]
            }
            Self::Unusable {
                reason:
                    CbtUnusable::NotTracked | CbtUnusable::NoEpoch | CbtUnusable::RecordUnreadable,
                ..
            } => vec!["Enable changed block tracking for the VM, then power-cycle it once.".into()],
            Self::Unusable { .. } | Self::Cancelled(_) => Vec::new(),
            Self::Call(error) => error.hints(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(fault: Fault) -> Option<CbtUnusable> {
        let action = "ask for changed areas";
        CbtError::from(VsphereError::from_fault(action, fault, false)).why_whole()
    }

    #[test]
    fn faults_are_told_apart_by_key_and_argument() {
        for (key, expected) in [
            ("vim.hostd.vmsvc.cbt.noTrack", CbtUnusable::NotTracked),
            ("vim.hostd.vmsvc.cbt.noEpoch", CbtUnusable::NoEpoch),
            ("vim.hostd.vmsvc.cbt.cannotGetChanges", CbtUnusable::CannotGetChanges),
            ("msg.other", CbtUnusable::RecordUnreadable),
        ] {
            let fault = Fault { message_keys: vec![key.into()], ..Fault::of("FileFault") };
            assert_eq!(reason(fault), Some(expected), "{key}");
        }
        for (property, expected) in [
            ("changeId", CbtUnusable::ForeignChangeId),
            ("startOffset", CbtUnusable::SizeChanged),
            ("deviceKey", CbtUnusable::NotTrackable),
        ] {
            let fault = Fault { property: Some(property.into()), ..Fault::of("InvalidArgument") };
            assert_eq!(reason(fault), Some(expected), "{property}");
        }
        assert_eq!(reason(Fault::of("NoPermission")), Some(CbtUnusable::NoPermission));
        assert_eq!(reason(Fault::of("MethodNotFound")), Some(CbtUnusable::NotSupported));
        assert_eq!(
            reason(Fault::of("ManagedObjectNotFound")),
            None,
            "a lost snapshot is no reason"
        );
        assert_eq!(reason(Fault::of("NotAuthenticated")), None);
    }
}
