//! Every sentence the back end says to people, in each language of the product.
//!
//! `{0}` stands for the thing the sentence is about (a VM, a server, a folder).

mod care;
mod checks;
mod cold;
pub(crate) mod digest;
mod en;
mod events;
mod history;
mod hot_add;
mod in_place;
mod ja;
mod jobs;
mod keys;
mod loss;
mod new_vm;
pub(crate) mod notices;
mod reading;
mod retention;
mod sheet;
mod tags;
mod updates;
pub(crate) mod upkeep;
mod vms;

use crate::dto::{ErrorCode, Language};

pub(crate) use checks::{
    Found, function, function_effect, licence_found, rights_found, role_words, seen, version_found,
};
pub(crate) use events::{event, stopping, unproven, whole_reason, working};
pub(crate) use jobs::schedule;
pub(crate) use reading::bottleneck;
pub(crate) use retention::kept;
pub(crate) use sheet::{SheetWords, sheet_words};
pub(crate) use tags::{no_tags, tags_unavailable};
pub(crate) use vms::{disk_note, disk_obstacle, vm_gone, vm_notes, vm_obstacle};

/// What is said about an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentences {
    /// What happened.
    pub(crate) title: &'static str,
    /// Whether data is at risk.
    pub(crate) risk: &'static str,
    /// What to do, the best action first.
    pub(crate) hints: &'static [&'static str],
}

/// What an error is about; each language has its sentences in these parts.
enum About {
    Server,
    Snapshot,
    Vm,
    InPlace,
    Repository,
    Point,
    History,
    Job,
    Key,
    Update,
    Secret,
    Desktop,
    Loss,
    Notice,
    Local,
}

fn about(code: ErrorCode) -> About {
    use ErrorCode as E;
    match code {
        E::CertificateUnknown
        | E::CertificateChanged
        | E::LoginRefused
        | E::HostUnreachable
        | E::NotVsphere
        | E::VersionTooOld
        | E::LicenceRestricted
        | E::RightsMissing
        | E::ServerFault
        | E::ServerNotFound => About::Server,
        E::SnapshotFailed
        | E::SnapshotLeft
        | E::SnapshotRisky
        | E::DatastoreLow
        | E::GuestNotQuiet => About::Snapshot,
        E::VmNotFound
        | E::VmNotSupported
        | E::VmRunning
        | E::VmChanged
        | E::ShutDownFailed
        | E::SwitchOnFailed
        | E::DiskUnreadable
        | E::VmNameTaken
        | E::DatastoreNotFound
        | E::DatastoreFull
        | E::Busy => About::Vm,
        E::OriginalGone
        | E::NameNotConfirmed
        | E::VmHasSnapshots
        | E::DiskHasNoPlace
        | E::SafetyPointFailed
        | E::WrittenWrong => About::InPlace,
        E::StoreFull
        | E::StoreReadOnly
        | E::RepositoryVanished
        | E::RepositoryExists
        | E::NotARepository
        | E::RepositoryInUse
        | E::RepositoryNewer
        | E::RepositoryDamaged
        | E::RepositoryNotFound => About::Repository,
        E::PointNotFound | E::PointAmbiguous | E::PointHeld | E::ReadingEnded | E::LargePrune => {
            About::Point
        }
        E::StoreUnsuitable | E::HistoryLost | E::HistoryForked | E::HistoryForgotten => {
            About::History
        }
        E::JobNotFound | E::GroupNotFound | E::SlotMissed | E::NothingToSave => About::Job,
        E::PassphraseWrong | E::RecoveryKeyMistyped | E::KeyNotFound | E::LastKey => About::Key,
        E::UpdatesOff
        | E::UpdateUnreachable
        | E::UpdateServerUntrusted
        | E::UpdateNotGenuine
        | E::UpdateUnsuitable
        | E::UpdateOlder
        | E::UpdateNone
        | E::UpdateBySystem
        | E::UpdateNotInstalled
        | E::UpdateDuringRun
        | E::UpdateApplying
        | E::UpdateFailed
        | E::UpdateRolledBack => About::Update,
        E::KeychainUnavailable | E::SecretTooLong | E::SecretMissing => About::Secret,
        E::StateNewer | E::StateRebuilt | E::OwnerDiffers | E::OwnerLost => About::Loss,
        E::NoticeUnreachable
        | E::NoticeUntrusted
        | E::NoticeNotEncrypted
        | E::MailLoginRefused
        | E::MailRecipientRefused
        | E::NoticeRefused
        | E::DesktopSilent => About::Notice,
        E::AutostartRefused | E::WebviewMissing | E::WindowFailed => About::Desktop,
        _ => About::Local,
    }
}

/// Returns what is said about an error in a language.
pub(crate) fn error(code: ErrorCode, language: Language) -> Sentences {
    let (english, japanese): (Part, Part) = match about(code) {
        About::Server => (en::server, ja::server),
        About::Snapshot => (en::snapshot, ja::snapshot),
        About::Vm => (en::vm, ja::vm),
        About::InPlace => (in_place::english, in_place::japanese),
        About::Repository => (en::repository, ja::repository),
        About::Point => (en::point, ja::point),
        About::History => (history::english, history::japanese),
        About::Job => (jobs::english, jobs::japanese),
        About::Key => (keys::english, keys::japanese),
        About::Update => (updates::english, updates::japanese),
        About::Secret => (en::secret, ja::secret),
        About::Desktop => (en::desktop, ja::desktop),
        About::Loss => (loss::english, loss::japanese),
        About::Notice => (notices::english, notices::japanese),
        About::Local => (en::local, ja::local),
    };
    match language {
        Language::En => english(code),
        Language::Ja => japanese(code),
    }
}

type Part = fn(ErrorCode) -> Sentences;

/// Puts `subject` where the sentence has `{0}`.
pub(crate) fn fill(sentence: &str, subject: &str) -> String {
    sentence.replace("{0}", subject)
}

const fn say(title: &'static str, risk: &'static str, hints: &'static [&'static str]) -> Sentences {
    Sentences { title, risk, hints }
}

#[cfg(test)]
mod tests;
