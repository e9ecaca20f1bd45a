//! The one place where errors of lower crates become errors for people.

use kuramori_base::{Hint, Retry};
use kuramori_block::ReadError;
use kuramori_engine::{EngineError, ImageError, LocalError, Obstacle, PipelineError};
use kuramori_platform::autostart::AutostartError;
use kuramori_repo::{RepoError, RepoErrorKind};
use kuramori_restore::{DiskFileError, InPlaceError, VmRestoreError};
use kuramori_vsphere::{Unreachable, VsphereError};

use crate::dto::ErrorCode;
use crate::error::AppError;

/// An error of a server. `subject` is the server's name, or the VM's where the call was about one.
pub(crate) fn server(error: &VsphereError, subject: &str) -> AppError {
    use VsphereError as E;
    let code = match error {
        E::Address { .. } => ErrorCode::InvalidInput,
        E::Unreachable { reason: Unreachable::UnknownName, .. } => ErrorCode::AddressUnknown,
        E::Unreachable { .. } | E::TimedOut { .. } => ErrorCode::HostUnreachable,
        E::Tls { .. } => ErrorCode::ServerTls,
        E::UntrustedCertificate { .. } => ErrorCode::CertificateUnknown,
        E::ChangedCertificate { .. } => ErrorCode::CertificateChanged,
        E::NotVsphere { .. } => ErrorCode::NotVsphere,
        E::WrongPassword { .. } => ErrorCode::LoginRefused,
        E::NoPermission { .. } => ErrorCode::RightsMissing,
        E::RestrictedVersion { .. } => ErrorCode::LicenceRestricted,
        E::NotFound { .. } => ErrorCode::VmNotFound,
        E::Cancelled(_) => ErrorCode::Cancelled,
        E::Http { status: 429 | 502..=504, .. } => ErrorCode::ServerBusy,
        E::Fault { fault, .. } | E::TaskFailed { fault, .. } => named(&fault.kind),
        _ => ErrorCode::ServerFault,
    };
    let mut app =
        AppError::new(code, subject).because(error).retryable(error.retry() != Retry::Never);
    if code == ErrorCode::ServerFault {
        // The sentence of this code knows nothing of the fault behind it.
        app = app.with_hints(error.hints());
    }
    if let E::UntrustedCertificate { seen, .. } | E::ChangedCertificate { seen, .. } = error {
        app.seen_sha256 = Some(seen.to_string());
    }
    app
}

/// Returns the code of a fault that the server names, where it has a card of its own.
fn named(kind: &str) -> ErrorCode {
    match kind {
        "HostNotConnected" | "HostCommunication" => ErrorCode::HostDisconnected,
        "TaskInProgress" => ErrorCode::ServerBusy,
        "NoDiskSpace" => ErrorCode::DatastoreRanFull,
        "TooManySnapshotLevels" | "MultipleSnapshotsNotSupported" => ErrorCode::TooManySnapshots,
        "ApplicationQuiesceFault" | "FilesystemQuiesceFault" | "ToolsUnavailable" => {
            ErrorCode::GuestNotQuiet
        }
        "InvalidPowerState" | "InvalidState" => ErrorCode::VmStateWrong,
        _ => ErrorCode::ServerFault,
    }
}

/// An error of a repository. `subject` is its name or folder.
pub(crate) fn repository(error: &RepoError, subject: &str) -> AppError {
    use RepoErrorKind as K;
    let code = match error.kind() {
        K::NotARepository => ErrorCode::NotARepository,
        K::AlreadyExists | K::Occupied => ErrorCode::RepositoryExists,
        K::WrongKey => ErrorCode::PassphraseWrong,
        K::MistypedKey => ErrorCode::RecoveryKeyMistyped,
        K::KeyNotFound => ErrorCode::KeyNotFound,
        K::LastKey => ErrorCode::LastKey,
        K::WeakKey | K::Invalid => ErrorCode::InvalidInput,
        K::Damaged => ErrorCode::RepositoryDamaged,
        K::Unsuitable => ErrorCode::StoreUnsuitable,
        K::TooNew => ErrorCode::RepositoryNewer,
        K::Unreachable if matches!(error, RepoError::Swapped { .. }) => {
            ErrorCode::RepositorySwapped
        }
        K::Unreachable | K::Io | K::CommitUnknown => ErrorCode::RepositoryVanished,
        K::Full => ErrorCode::StoreFull,
        K::Denied => ErrorCode::StoreReadOnly,
        K::InUse | K::Revoked => ErrorCode::RepositoryInUse,
        K::ReadingEnded => ErrorCode::ReadingEnded,
        K::PointNotFound => match error {
            RepoError::PointAmbiguous { .. } => ErrorCode::PointAmbiguous,
            _ => ErrorCode::PointNotFound,
        },
        K::Held => ErrorCode::PointHeld,
        K::LargePrune => ErrorCode::LargePrune,
        K::Cancelled => ErrorCode::Cancelled,
    };
    let subject = match error {
        RepoError::PointNotFound { wanted }
        | RepoError::PointAmbiguous { wanted, .. }
        | RepoError::KeyNotFound { wanted }
        | RepoError::KeyAmbiguous { wanted, .. } => wanted,
        RepoError::WeakKey { reason } => *reason,
        RepoError::Invalid { what } => what,
        _ => subject,
    };
    AppError::new(code, subject).because(error).retryable(error.retry() != Retry::Never)
}

/// Why the backup of a VM failed.
pub(crate) fn backup(error: &EngineError, vm: &str, server_name: &str, place: &str) -> AppError {
    use EngineError as E;
    if error.is_cancelled() {
        return AppError::new(ErrorCode::Cancelled, vm).because(error);
    }
    match error {
        E::Check(e) | E::Detach(e) => about_vm(e, vm, server_name, ErrorCode::ServerFault),
        E::MayHang(_) => AppError::new(ErrorCode::ServerFault, vm).because(error).retryable(true),
        E::Snapshot(e) => about_vm(e, vm, server_name, ErrorCode::SnapshotFailed),
        E::Guard(Obstacle::DatastoreFull { datastore, .. }) => {
            AppError::new(ErrorCode::DatastoreLow, datastore).because(error).retryable(true)
        }
        E::Guard(Obstacle::ManySnapshots { .. }) => {
            AppError::new(ErrorCode::TooManySnapshots, vm).because(error)
        }
        E::Guard(_) => AppError::new(ErrorCode::SnapshotRisky, vm).because(error),
        E::NotQuiet(_) => {
            AppError::new(ErrorCode::GuestNotQuiet, vm).because(error).retryable(true)
        }
        E::Runs => AppError::new(ErrorCode::VmRunning, vm).because(error).retryable(true),
        E::WokeUp => AppError::new(ErrorCode::VmChanged, vm).because(error).retryable(true),
        E::ShutDown(e) => about_vm(e, vm, server_name, ErrorCode::ShutDownFailed),
        E::SwitchOn(e) => about_vm(e, vm, server_name, ErrorCode::SwitchOnFailed),
        E::StillRuns { .. } => {
            AppError::new(ErrorCode::ShutDownFailed, vm).because(error).retryable(true)
        }
        E::NotSupported(_) => AppError::new(ErrorCode::VmNotSupported, vm).because(error),
        E::Repository(e) | E::Read { source: PipelineError::Repository(e), .. } => {
            repository(e, place)
        }
        E::NoWay { .. } | E::Read { .. } => {
            AppError::new(ErrorCode::DiskUnreadable, vm).because(error).retryable(true)
        }
        E::Journal(_) => AppError::new(ErrorCode::StateDamaged, "runs.sqlite").because(error),
        E::Cancelled(_) | E::Config(_) | E::Panicked(_) => {
            AppError::new(ErrorCode::Internal, "").because(error)
        }
    }
}

/// An error of a call about a VM: what concerns the server as a whole is said of the server.
fn about_vm(error: &VsphereError, vm: &str, server_name: &str, otherwise: ErrorCode) -> AppError {
    let mut app = server(error, server_name);
    match app.code {
        ErrorCode::ServerFault => (app.code, app.subject) = (otherwise, vm.to_owned()),
        ErrorCode::VmNotFound
        | ErrorCode::HostDisconnected
        | ErrorCode::ServerBusy
        | ErrorCode::TooManySnapshots
        | ErrorCode::DatastoreRanFull
        | ErrorCode::GuestNotQuiet
        | ErrorCode::VmStateWrong => vm.clone_into(&mut app.subject),
        _ => {}
    }
    app
}

/// Why an image could not be saved.
pub(crate) fn image(error: &ImageError, path: &str, place: &str) -> AppError {
    match error {
        ImageError::Open { .. } => AppError::new(ErrorCode::FileUnreadable, path).because(error),
        ImageError::Repository(e) | ImageError::Pipeline(PipelineError::Repository(e)) => {
            repository(e, place)
        }
        ImageError::Pipeline(PipelineError::Cancelled(_)) => {
            AppError::new(ErrorCode::Cancelled, path)
        }
        ImageError::Pipeline(PipelineError::Read(_)) => {
            AppError::new(ErrorCode::FileUnreadable, path).because(error)
        }
        ImageError::Local(e) => local(e, path),
        ImageError::Config(_) => AppError::new(ErrorCode::Internal, "").because(error),
        ImageError::Areas { .. }
        | ImageError::PastEnd { .. }
        | ImageError::NoParent { .. }
        | ImageError::AreasOfSeveral => AppError::new(ErrorCode::InvalidInput, error.to_string()),
    }
}

/// Why a VM or disk in files cannot be saved as it lies there.
fn local(error: &LocalError, path: &str) -> AppError {
    let code = match error {
        LocalError::Open { .. } => {
            return AppError::new(ErrorCode::FileUnreadable, path).because(error);
        }
        LocalError::InUse { .. } | LocalError::Changed { .. } => ErrorCode::FilesInUse,
        _ => ErrorCode::FilesUnusable,
    };
    let again = code == ErrorCode::FilesInUse;
    let app = AppError::new(code, path).because(error).retryable(again);
    // The sentences of these codes know nothing of the one file that is to blame.
    if error.hints().is_empty() { app } else { app.with_hints(error.hints()) }
}

/// Why the list of programs that start by themselves could not be read or changed.
pub(crate) fn autostart(error: &AutostartError) -> AppError {
    AppError::new(ErrorCode::AutostartRefused, "").because(error).with_hints(error.hints())
}

/// Why a disk could not be written to a file.
pub(crate) fn disk_file(error: &DiskFileError, path: &str, place: &str) -> AppError {
    let code = match error {
        DiskFileError::Write { .. } => ErrorCode::FileUnwritable,
        DiskFileError::Read(e) => return read(e, place),
        DiskFileError::Cancelled(_) => ErrorCode::Cancelled,
    };
    AppError::new(code, path).because(error)
}

/// Why a disk of a recovery point could not be read.
fn read(error: &ReadError, place: &str) -> AppError {
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    match causes.find_map(|cause| cause.downcast_ref::<RepoError>()) {
        Some(cause) => repository(cause, place),
        None => AppError::new(ErrorCode::RepositoryDamaged, place).because(error),
    }
}

/// Why a VM could not be restored.
pub(crate) fn restore(
    error: &VmRestoreError,
    vm: &str,
    server_name: &str,
    place: &str,
) -> AppError {
    use VmRestoreError as E;
    match error {
        E::Server(e) => about_vm(e, vm, server_name, ErrorCode::ServerFault),
        E::Import(_) => AppError::new(ErrorCode::ServerFault, server_name)
            .because(error)
            .with_hints(error.hints()),
        E::Repository(e) => repository(e, place),
        E::NameTaken { name, .. } => AppError::new(ErrorCode::VmNameTaken, name).because(error),
        E::NoDatastore(name) => AppError::new(ErrorCode::DatastoreNotFound, name).because(error),
        E::NoRoom { datastore, .. } => {
            AppError::new(ErrorCode::DatastoreFull, datastore).because(error)
        }
        E::NoSuchDisk(_) => AppError::new(ErrorCode::InvalidInput, error.to_string()),
        E::NoCommonHost(_) => AppError::new(ErrorCode::DatastoreNotFound, vm).because(error),
        E::NotAVm | E::Config(_) | E::Hardware(_) => {
            AppError::new(ErrorCode::VmNotSupported, vm).because(error)
        }
        E::Read(e) => read(e, place),
        E::Cancelled(_) => AppError::new(ErrorCode::Cancelled, vm),
    }
}

/// Why a VM could not be restored over the original.
pub(crate) fn in_place(error: &InPlaceError, vm: &str, server_name: &str, place: &str) -> AppError {
    use InPlaceError as E;
    let code = match error {
        E::Restore(e) => return restore(e, vm, server_name, place),
        E::Journal(_) => {
            return AppError::new(ErrorCode::StateDamaged, "runs.sqlite").because(error);
        }
        E::Changed | E::Unfinished(_) | E::Unclear(_) => {
            return AppError::new(ErrorCode::ServerFault, server_name).because(error);
        }
        E::OriginalGone(_) | E::Ambiguous(_) => ErrorCode::OriginalGone,
        E::Running | E::NoTools | E::StillRunning(_) | E::Suspended => ErrorCode::VmRunning,
        E::Snapshots(_) => ErrorCode::VmHasSnapshots,
        E::NoPlace { .. } => ErrorCode::DiskHasNoPlace,
        E::Safety(_) => ErrorCode::SafetyPointFailed,
        E::NotWritten { .. } => ErrorCode::WrittenWrong,
    };
    AppError::new(code, vm).because(error)
}
