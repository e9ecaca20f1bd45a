//! English.

use ErrorCode as E;

use super::{Sentences, say};
use crate::dto::ErrorCode;

pub(super) const UNTOUCHED: &str = "Nothing was changed, and all recovery points are as they were.";
pub(super) const NO_NEW_POINT: &str =
    "No new recovery point was made. Earlier ones are as they were.";
pub(super) const NOT_PROTECTED: &str = "Until this is solved, no new recovery points are made.";

pub(super) fn server(code: ErrorCode) -> Sentences {
    match code {
        E::CertificateUnknown => say(
            "{0} shows a certificate that nobody vouches for.",
            "The password was not sent.",
            &["Compare the SHA-256 with the one on the server's own screen, then trust it."],
        ),
        E::CertificateChanged => say(
            "{0} shows another certificate than the one you trusted.",
            "The connection was stopped before the password was sent. Until this is solved, no new \
             recovery points are made from this server.",
            &[
                "If the certificate was replaced on purpose, compare the new SHA-256 and trust it.",
                "If not, somebody may be posing as the server: leave it and look into your network.",
            ],
        ),
        E::LoginRefused => say(
            "{0} refused the user name or the password.",
            NOT_PROTECTED,
            &[
                "Type the password again. It was tried once only, so the account is not locked by us.",
            ],
        ),
        E::HostUnreachable => say(
            "{0} does not answer.",
            NOT_PROTECTED,
            &["Check that the server is on, that the address is right and that port 443 is open."],
        ),
        E::NotVsphere => say(
            "{0} answers, but it is neither an ESXi host nor a vCenter.",
            UNTOUCHED,
            &["Check the address."],
        ),
        E::VersionTooOld => say(
            "{0} is older than version 6.5, with which backups begin to work.",
            "Its VMs cannot be saved. Nothing was changed on the server.",
            &["Update the server to version 6.5 or later, then try again."],
        ),
        E::LicenceRestricted => say(
            "The licence of {0} does not allow backup: it is the free edition of ESXi.",
            "The host refuses snapshots and every other change, so VMs that run cannot be saved, \
             and none can be restored here. Nothing was changed on it. Recovery points made before \
             can be restored to a file or to another server.",
            &[
                "Switch the VM off on the host itself and copy it without a snapshot.",
                "Enter a licence on the host that includes the storage API, then try again.",
            ],
        ),
        E::RightsMissing => say(
            "The account has not all the rights it needs on {0}.",
            NO_NEW_POINT,
            &[
                "Give the account the missing rights at the top of the inventory, for all below it.",
                "A role with just these rights is written by the check of the server, or by \
                 “kuramori server role”.",
            ],
        ),
        E::ServerFault => say(
            "{0} broke off what it was asked to do.",
            "What was begun was taken back. Recovery points are as they were.",
            &["Try again. If it stays, look at the recent tasks on the server."],
        ),
        _ => say(
            "There is no server called {0} here.",
            UNTOUCHED,
            &["Look at the list of servers, or add the server."],
        ),
    }
}

pub(super) fn snapshot(code: ErrorCode) -> Sentences {
    match code {
        E::SnapshotFailed => say(
            "The server could not make a snapshot of {0}.",
            NO_NEW_POINT,
            &[
                "Look at the free space of the VM's datastore and at its other snapshots, then try again.",
            ],
        ),
        E::SnapshotLeft => say(
            "A snapshot of ours could not be removed from {0}.",
            "The recovery point is good, but the VM runs on a snapshot that grows.",
            &[
                "It is removed at the next start. If it stays, remove the snapshot named “Kuramori” on the server.",
            ],
        ),
        E::SnapshotRisky => say(
            "A snapshot of {0} now would do harm, so none was made.",
            NO_NEW_POINT,
            &[
                "Remove or consolidate older snapshots of this VM on the server, then back it up again.",
            ],
        ),
        E::DatastoreLow => say(
            "The datastore {0} has too little room for a snapshot, so none was made.",
            "A datastore that fills up stops every VM on it. No new recovery point was made; \
             earlier ones are as they were.",
            &["Free some space on the datastore: at least 20 GiB, or 15 % of a small one."],
        ),
        _ => say(
            "The guest of {0} could not be made quiet, and this backup insists on it.",
            NO_NEW_POINT,
            &["Check VMware Tools in the guest, or let this backup go on without a quiet guest."],
        ),
    }
}

pub(super) fn vm(code: ErrorCode) -> Sentences {
    match code {
        E::VmNotFound => say(
            "The VM {0} is not on the server.",
            "Its earlier recovery points are as they were.",
            &["Read the inventory again and choose the VM from it."],
        ),
        E::VmNotSupported => say(
            "{0} cannot be backed up as it is.",
            "It has no new recovery point.",
            &["The details say what stands in the way."],
        ),
        E::VmRunning => say(
            "{0} has to be off for this, and it runs or is suspended.",
            "Its disks are as they were. A guest that was asked to shut down may still do so; its VM is \
             switched on again then.",
            &[
                "Shut it down yourself and leave it off until this is done, or let it be shut down: \
                 “--shut-down” asks the guest.",
                "Before a restore it can also be switched off: “--power-off”.",
            ],
        ),
        E::VmChanged => say(
            "{0} was switched on or changed while it was copied, so the copy was not kept.",
            NO_NEW_POINT,
            &[
                "Leave the VM off and as it is until the copy is complete, and start the backup again.",
            ],
        ),
        E::ShutDownFailed => say(
            "The guest of {0} could not be shut down.",
            NO_NEW_POINT,
            &["Check that VMware Tools run in the guest and that the account may switch the VM \
                 off and on, or shut the guest down yourself."],
        ),
        E::SwitchOnFailed => say(
            "{0} was shut down for a copy and could not be switched on again.",
            "It may be off still. It is tried once more at the next start and every hour.",
            &["Switch it on yourself, and check that the account may switch VMs on."],
        ),
        E::DiskUnreadable => say(
            "A disk of {0} could not be read to the end.",
            NO_NEW_POINT,
            &[
                "Try again. If it stays, check the datastore and the network between here and the server.",
            ],
        ),
        E::VmNameTaken => {
            say("The server has a VM called {0} already.", UNTOUCHED, &["Choose another name."])
        }
        E::DatastoreNotFound => say(
            "The server has no datastore called {0}.",
            UNTOUCHED,
            &["Choose a datastore from the list."],
        ),
        E::DatastoreFull => say(
            "The datastore {0} has not enough room.",
            UNTOUCHED,
            &["Choose another datastore or make room on this one."],
        ),
        _ => say(
            "{0} is in another run right now.",
            UNTOUCHED,
            &["Wait for that run to end, or stop it."],
        ),
    }
}

pub(super) fn repository(code: ErrorCode) -> Sentences {
    match code {
        E::StoreFull => say(
            "There is no room left at {0}.",
            NO_NEW_POINT,
            &["Make room there, or keep the backups in another place."],
        ),
        E::StoreReadOnly => say(
            "{0} lets nothing be written.",
            NO_NEW_POINT,
            &[
                "Check that it is not write-protected and that your account may write there.",
                "If it must stay so, keep the backups in another place.",
            ],
        ),
        E::RepositoryVanished => say(
            "{0} cannot be reached.",
            "The recovery points in it are out of reach. Nothing was deleted by us.",
            &["Connect the disk or the network folder, then try again."],
        ),
        E::RepositoryExists => say(
            "The folder {0} is not empty.",
            UNTOUCHED,
            &["Choose an empty folder. A repository that is there already can be attached."],
        ),
        E::NotARepository => say(
            "There is no repository at {0}.",
            UNTOUCHED,
            &["Choose the folder that holds the file “format”, or make a new repository."],
        ),
        E::RepositoryInUse => say(
            "Another program is writing to {0}.",
            NO_NEW_POINT,
            &["Wait until it is done, or close it."],
        ),
        E::RepositoryNewer => say(
            "The repository {0} was written by a newer version of Kuramori.",
            UNTOUCHED,
            &["Install the newest version."],
        ),
        E::RepositoryDamaged => say(
            "Something in the repository {0} is damaged.",
            "Recovery points that use the damaged part cannot be restored from here. Nothing wrong \
             was written anywhere.",
            &[
                "Keep this repository as it is and use another copy. The details name the damaged part.",
            ],
        ),
        _ => say(
            "There is no repository called {0} here.",
            UNTOUCHED,
            &["Look at the list of repositories, or attach the repository."],
        ),
    }
}

pub(super) fn point(code: ErrorCode) -> Sentences {
    match code {
        E::PointNotFound => say(
            "No recovery point matches {0}.",
            UNTOUCHED,
            &["Look at the list of recovery points."],
        ),
        E::ReadingEnded => say(
            "Reading from {0} stood still for so long that it was taken for dead, and the recovery \
             point was deleted and cleaned up meanwhile.",
            "What was restored is not complete. Nothing wrong was written anywhere.",
            &["Restore another recovery point, and keep the computer awake meanwhile."],
        ),
        E::PointHeld => say(
            "A hold protects a recovery point of {0}.",
            "Nothing was deleted.",
            &["Release the hold first, if nobody needs it any more."],
        ),
        E::LargePrune => say(
            "Cleaning up {0} would remove more than 30 % of it at once.",
            "Nothing was removed.",
            &["Look at what was deleted. If it is as it should be, confirm and clean up again."],
        ),
        _ => say("More than one recovery point matches {0}.", UNTOUCHED, &["Give more of its id."]),
    }
}

pub(super) fn secret(code: ErrorCode) -> Sentences {
    match code {
        E::KeychainUnavailable => say(
            "The keychain of this computer cannot be used.",
            "No password was stored, and none was written anywhere else.",
            &[
                "Sign in to the desktop and unlock the keychain, then try again.",
                "On a machine without one, start with --secrets sealed:KEYFILE.",
            ],
        ),
        E::SecretTooLong => say(
            "The keychain of this computer takes secrets of at most {0} characters.",
            "The longer one was not stored, and it was not written anywhere else.",
            &["Choose a shorter one.", "Or keep secrets in a file: --secrets sealed:KEYFILE."],
        ),
        _ => say(
            "The stored password for {0} is gone from the keychain.",
            NOT_PROTECTED,
            &["Enter it once more."],
        ),
    }
}

pub(super) fn desktop(code: ErrorCode) -> Sentences {
    match code {
        E::AutostartRefused => say(
            "The list of programs that start when you sign in cannot be used.",
            "Kuramori saves only while it is open. Start it yourself after each sign-in.",
            &["Add Kuramori to the system's own list of start-up programs."],
        ),
        E::WebviewMissing => say(
            "Kuramori cannot show its window: the {0} is missing on this computer.",
            NOT_PROTECTED,
            &[
                "Install the Evergreen WebView2 Runtime from Microsoft \
                 (developer.microsoft.com/microsoft-edge/webview2), then start Kuramori again.",
                "The command line works without it.",
            ],
        ),
        _ => say(
            "Kuramori cannot open its window.",
            NOT_PROTECTED,
            &["Start Kuramori again, and report the details if it stays."],
        ),
    }
}

pub(super) fn local(code: ErrorCode) -> Sentences {
    match code {
        E::NameTaken => say("The name {0} is taken.", UNTOUCHED, &["Choose another name."]),
        E::InvalidInput => {
            say("This cannot be used: {0}.", UNTOUCHED, &["Correct it and try again."])
        }
        E::StateInUse => say(
            "Kuramori is already running with the state folder {0}.",
            UNTOUCHED,
            &["Use the running program, or close it first."],
        ),
        E::StateDamaged => say(
            "The state folder {0} cannot be used.",
            "Recovery points are not affected: they lie in the repositories.",
            &["The details say which file it is. Move it away and start again."],
        ),
        E::FileUnwritable => say(
            "{0} cannot be written.",
            "The recovery point is as it was. No half-written file is left behind.",
            &["Choose a file that does not exist yet, on a disk with enough room."],
        ),
        E::FileUnreadable => {
            say("{0} cannot be read.", UNTOUCHED, &["Check the path and your rights on the file."])
        }
        E::FilesInUse => say(
            "{0} is in use, so its disks cannot be saved as they are.",
            NO_NEW_POINT,
            &["Power the VM off or suspend it, then try again."],
        ),
        E::FilesUnusable => say(
            "{0} cannot be saved.",
            NO_NEW_POINT,
            &["The details say which file stands in the way, and why."],
        ),
        E::Cancelled => say(
            "{0} was stopped.",
            "Everything begun was taken back. Earlier recovery points are as they were.",
            &["Start it again when you like."],
        ),
        E::Interrupted => say(
            "{0} was cut off: the program or the computer stopped.",
            "No half recovery point is listed. What was left on the server is cleaned up.",
            &["Start it again."],
        ),
        _ => say(
            "Something went wrong inside Kuramori.",
            "Recovery points called good are as they were.",
            &["Try again, and report the details if it stays."],
        ),
    }
}
