use std::time::Duration;

use kuramori_base::{Cancelled, Hint, Retry};

use crate::{Fault, Thumbprint, XmlError};

/// How a server could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The name does not resolve.
    #[error("its name is not known")]
    UnknownName,
    /// Nobody listens there.
    #[error("it refused the connection")]
    Refused,
    /// No answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// The connection was cut.
    #[error("the connection was cut")]
    Cut,
    /// Something else on the way.
    #[error("the connection failed")]
    Other,
}

/// Why a call to a vSphere server failed.
#[derive(Debug, thiserror::Error)]
pub enum VsphereError {
    /// What was typed is not an address of a server.
    #[error("“{address}” is not the address of a vSphere server: {why}")]
    Address {
        /// What was typed, without any password.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server could not be reached.
    #[error("{server} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        server: String,
        /// How it failed.
        reason: Unreachable,
        /// What the network said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The system does not trust the certificate and none was pinned.
    #[error("the certificate of {server} is not trusted; its SHA-256 fingerprint is {seen}")]
    UntrustedCertificate {
        /// Which server.
        server: String,
        /// The certificate it showed.
        seen: Thumbprint,
    },
    /// The server shows another certificate than the pinned one.
    #[error("the certificate of {server} changed: expected {pinned}, it now shows {seen}")]
    ChangedCertificate {
        /// Which server.
        server: String,
        /// The certificate that was trusted before.
        pinned: String,
        /// The certificate it showed now.
        seen: Thumbprint,
    },
    /// No common way to encrypt the connection.
    #[error("no secure connection to {server} could be made")]
    Tls {
        /// Which server.
        server: String,
        /// What the TLS library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something answers, but not a vSphere server.
    #[error("{server} is not a vSphere server: {why}")]
    NotVsphere {
        /// Which address.
        server: String,
        /// What it did.
        why: String,
    },
    /// User or password are wrong.
    #[error("{server} did not accept the password of {user}")]
    WrongPassword {
        /// Which server.
        server: String,
        /// Which user.
        user: String,
    },
    /// The user may not do this.
    #[error("the user may not {action}")]
    NoPermission {
        /// What was tried.
        action: String,
        /// The server's answer.
        #[source]
        fault: Box<Fault>,
    },
    /// The licence of the host allows reading only.
    #[error("the licence of the host does not allow to {action}")]
    RestrictedVersion {
        /// What was tried.
        action: String,
    },
    /// The session ended and this call could not simply be repeated.
    #[error("the session ended while trying to {action}")]
    SessionExpired {
        /// What was tried.
        action: String,
    },
    /// The object is gone.
    #[error("cannot {action}: {object} does not exist any more")]
    NotFound {
        /// What was tried.
        action: String,
        /// Which object.
        object: String,
    },
    /// The server refused the call.
    #[error("the server refused to {action}")]
    Fault {
        /// What was tried.
        action: String,
        /// The server's answer.
        #[source]
        fault: Box<Fault>,
    },
    /// The server began the task and failed.
    #[error("the server failed to {action}")]
    TaskFailed {
        /// What was tried.
        action: String,
        /// The server's answer.
        #[source]
        fault: Box<Fault>,
    },
    /// An HTTP status that is neither an answer nor a fault.
    #[error("{server} answered HTTP status {status} when asked to {action}")]
    Http {
        /// Which server.
        server: String,
        /// What was tried.
        action: String,
        /// The status.
        status: u16,
    },
    /// The answer cannot be read.
    #[error("the answer to “{action}” cannot be read")]
    Reply {
        /// What was tried.
        action: String,
        /// What is wrong with it.
        #[source]
        source: ReplyError,
    },
    /// The task took longer than anyone waits.
    #[error("the server did not {action} within {} minutes", .after.as_secs() / 60)]
    TimedOut {
        /// What was tried.
        action: String,
        /// How long it was given.
        after: Duration,
    },
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// Not the XML we take.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Longer than any answer.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A part is missing or of another shape.
    #[error("it lacks {0} or shows it in an unknown shape")]
    Missing(&'static str),
}

impl VsphereError {
    /// Returns whether trying again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { reason, .. } => match reason {
                Unreachable::Cut | Unreachable::TimedOut => Retry::After(Duration::from_secs(5)),
                _ => Retry::After(Duration::from_mins(1)),
            },
            Self::SessionExpired { .. } => Retry::Now,
            Self::Http { status: 502..=504, .. } => Retry::After(Duration::from_secs(10)),
            Self::Fault { fault, .. } | Self::TaskFailed { fault, .. } => {
                match fault.kind.as_str() {
                    "TaskInProgress" => Retry::After(Duration::from_secs(30)),
                    "SystemError" | "HostCommunication" | "HostNotConnected" => {
                        Retry::After(Duration::from_secs(10))
                    }
                    _ => Retry::Never,
                }
            }
            _ => Retry::Never,
        }
    }

    /// Returns the fault of the server, where one is behind this error.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault { fault, .. }
            | Self::TaskFailed { fault, .. }
            | Self::NoPermission { fault, .. } => Some(fault),
            _ => None,
        }
    }

    pub(crate) fn missing(action: &str, part: &'static str) -> Self {
        Self::Reply { action: action.to_owned(), source: ReplyError::Missing(part) }
    }

    /// Sorts a fault that answered `action`.
    pub(crate) fn from_fault(action: &str, fault: Fault, task: bool) -> Self {
        let action = action.to_owned();
        match fault.kind.as_str() {
            "NoPermission" => Self::NoPermission { action, fault: Box::new(fault) },
            "RestrictedVersion" => Self::RestrictedVersion { action },
            "NotAuthenticated" => Self::SessionExpired { action },
            "ManagedObjectNotFound" | "NotFound" => {
                let object = fault.object.unwrap_or_else(|| "the object".to_owned());
                Self::NotFound { action, object }
            }
            _ if task => Self::TaskFailed { action, fault: Box::new(fault) },
            _ => Self::Fault { action, fault: Box::new(fault) },
        }
    }
}

impl Hint for VsphereError {
    fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::Address { .. } => one(
                "Enter the name or address of the ESXi host or vCenter, such as esxi1.example.com.",
            ),
            Self::Unreachable { reason: Unreachable::UnknownName, .. } => {
                one("Check the spelling, or enter the IP address.")
            }
            Self::Unreachable { .. } => one(
                "Check that the server runs and that no firewall blocks TCP port 443 on the way.",
            ),
            Self::UntrustedCertificate { .. } => one(
                "Compare the fingerprint with the one the server shows on its console, then trust it.",
            ),
            Self::ChangedCertificate { .. } => one(
                "If the certificate was renewed on purpose, compare the new fingerprint and trust it. Otherwise somebody may be between you and the server.",
            ),
            Self::Tls { .. } => one("The server must support TLS 1.2 or newer."),
            Self::NotVsphere { .. } => one("Enter the address of an ESXi host or a vCenter."),
            Self::WrongPassword { .. } => one(
                "Enter user name and password again. A vCenter user needs its domain, such as administrator@vsphere.local.",
            ),
            Self::NoPermission { fault, .. } => {
                let privilege = fault.privilege.as_deref().unwrap_or("the missing privilege");
                vec![format!(
                    "Give the user a role with {privilege} at the top of the inventory, with propagation."
                )]
            }
            Self::RestrictedVersion { .. } => one(
                "The free edition of ESXi cannot be backed up over the network. Assign a licence or an evaluation licence to the host.",
            ),
            Self::NotFound { .. } => one("Refresh the inventory."),
            Self::Fault { fault, .. } | Self::TaskFailed { fault, .. } => fault_hints(&fault.kind),
            Self::Http { status: 503, .. } => {
                one("The server is busy. Run fewer jobs at once on it.")
            }
            _ => Vec::new(),
        }
    }
}

fn fault_hints(kind: &str) -> Vec<String> {
    let hint = match kind {
        "TaskInProgress" => "Wait until the other task on this VM ends.",
        "NoDiskSpace" => "Free some space on the datastore.",
        "ApplicationQuiesceFault" | "FilesystemQuiesceFault" => {
            "The guest could not hold its writes. Check VMware Tools in the guest, or back up without asking for it."
        }
        "InvalidPowerState" | "InvalidState" => "Check the power state of the VM.",
        "DuplicateName" | "AlreadyExists" => "Choose another name.",
        "MultipleSnapshotsNotSupported" | "TooManySnapshotLevels" => {
            "Remove older snapshots of this VM."
        }
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_sorted_by_what_a_person_can_do() {
        let sort = |kind: &str| VsphereError::from_fault("make a snapshot", Fault::of(kind), true);
        assert!(matches!(sort("NoPermission"), VsphereError::NoPermission { .. }));
        assert!(matches!(sort("RestrictedVersion"), VsphereError::RestrictedVersion { .. }));
        assert!(matches!(sort("NotAuthenticated"), VsphereError::SessionExpired { .. }));
        assert!(matches!(sort("TaskInProgress"), VsphereError::TaskFailed { .. }));
        assert!(matches!(sort("TaskInProgress").retry(), Retry::After(_)));
        assert_eq!(sort("RestrictedVersion").retry(), Retry::Never, "a licence stays what it is");
        assert_eq!(sort("RestrictedVersion").hints().len(), 1);
    }
}
