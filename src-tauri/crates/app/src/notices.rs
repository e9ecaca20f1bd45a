//! Desktop notices. A run that failed is told once, in a plain sentence.

use std::sync::Once;

use kuramori_jobs::{Outcome, RunId, RunLog, RunState};
use kuramori_platform::identity::{self, APP_NAME};

use crate::dto::Language;
use crate::runs::{LiveRun, summary};

/// Tells that a run ended, where that is worth a notice.
pub(crate) fn run_ended(run: &LiveRun, language: Language) {
    let record = run.record();
    if let RunState::Done(Outcome::Failed) = record.state {
        tell(&summary(&record, language), language);
    }
}

/// Tells that a crash cut runs off.
pub(crate) fn interrupted(log: &RunLog, runs: &[RunId], language: Language) {
    for id in runs {
        match log.run(*id) {
            Ok(Some(record)) => tell(&summary(&record, language), language),
            Ok(None) => {}
            Err(error) => tracing::error!(run = %id, %error, "an interrupted run cannot be read"),
        }
    }
}

fn tell(run: &crate::dto::RunSummary, language: Language) {
    let vms = run.vms.join(", ");
    let title = match language {
        Language::En => format!("Failed: {vms}"),
        Language::Ja => format!("失敗: {vms}"),
    };
    let body = match &run.error {
        Some(error) => format!("{} {}", error.title, error.risk),
        None => run.repository.clone(),
    };
    announce();
    let mut notice = notify_rust::Notification::new();
    notice.appname(APP_NAME).summary(&title).body(&body).timeout(notify_rust::Timeout::Never);
    if let Err(error) = signed(&mut notice).show() {
        // The run itself shows its failure; only the notice is lost.
        tracing::warn!(%error, "the desktop showed no notice");
    }
}

/// Tells the system the program's name, for its windows and notices. To be called before the first
/// window; later calls do nothing. What it refuses goes to the log: everything works without.
pub fn announce() {
    static ONCE: Once = Once::new();
    ONCE.call_once(name_us);
}

fn name_us() {
    if let Err(error) = identity::announce(None) {
        tracing::warn!(%error, "notices come without our name");
    }
    #[cfg(target_os = "macos")]
    if let Err(error) = notify_rust::set_application(identity::APP_ID) {
        tracing::warn!(%error, "notices come without our name");
    }
}

/// Puts our identity on a notice, in the way of the system.
fn signed(notice: &mut notify_rust::Notification) -> &mut notify_rust::Notification {
    #[cfg(windows)]
    notice.app_id(identity::APP_ID);
    #[cfg(target_os = "linux")]
    notice.hint(notify_rust::Hint::DesktopEntry(identity::APP_ID.to_owned()));
    notice
}
