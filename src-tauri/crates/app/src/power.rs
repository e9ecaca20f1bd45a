//! What the end of the session means for runs.

use kuramori_engine::RunEvent;
use kuramori_jobs::Level;
use kuramori_platform::power::{PowerEvent, PowerListener, PowerWatch};

use crate::app::App;
use crate::messages;

impl App {
    /// Cuts off all live runs, and returns when they have cleaned up after themselves: they are
    /// made good for at the next start. Returns how many there were.
    pub async fn interrupt(&self) -> usize {
        self.inner.runs.session_ends();
        let live = self.inner.runs.all();
        for run in &live {
            run.line(Level::Warning, None, &RunEvent::SessionEnding);
        }
        self.stop().await;
        live.len()
    }

    /// Lets the end of the session stop all live runs and wait for their clean-up, for as long as
    /// the answer lives. `None` where the system tells nobody; the next start then cleans up.
    /// Blocks for as long as the system takes to answer.
    pub fn watch_power(&self) -> Option<PowerWatch> {
        PowerWatch::start(Listener { app: self.clone() })
            .inspect_err(|error| {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::info!(%error, cause, "runs are not stopped before the session ends");
            })
            .ok()
    }
}

struct Listener {
    app: App,
}

impl PowerListener for Listener {
    fn busy(&self) -> Option<String> {
        self.app.is_working().then(|| messages::stopping(self.app.language()).to_owned())
    }

    fn hear(&mut self, event: PowerEvent) {
        tracing::info!(?event, "the computer");
        if event != PowerEvent::SessionEnding {
            // That it slept is noticed by the runs themselves, with the time that it took.
            return;
        }
        match tokio::runtime::Builder::new_current_thread().build() {
            Ok(runtime) => {
                let runs = runtime.block_on(self.app.interrupt());
                tracing::info!(runs, "runs were cut off");
            }
            Err(error) => tracing::error!(%error, "runs were not asked to stop"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use kuramori_base::SystemClock;
    use kuramori_jobs::{Outcome, RunState};

    use super::*;
    use crate::app::AppOptions;
    use crate::dto::RunKind;
    use crate::runs::{Item, ItemResult, RunSpec, Start};
    use crate::secrets::SecretsChoice;

    #[test]
    fn the_end_of_the_session_waits_for_runs_to_clean_up() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::open(AppOptions {
            state: dir.path().join("state"),
            secrets: SecretsChoice::Sealed(dir.path().join("key")),
            notices: false,
            hardware: kuramori_platform::guest::Roots::default(),
            clock: Arc::new(SystemClock::new()),
        })
        .unwrap();
        let mut listener = Listener { app: app.clone() };
        assert_eq!(listener.busy(), None);
        listener.hear(PowerEvent::SessionEnding);

        let (begun, begins) = mpsc::channel();
        let (cleaned, cleaning) = mpsc::channel();
        let item = Item {
            name: "vm".to_owned(),
            key: "vm".to_owned(),
            waits: false,
            work: Box::new(move |run, _| {
                begun.send(()).unwrap();
                while !run.cancel.is_cancelled() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                cleaned.send(()).unwrap();
                (Outcome::Cancelled, ItemResult::default())
            }),
        };
        let spec = RunSpec::of(RunKind::Backup, "r".to_owned());
        let id = app.inner.runs.start(Start::of(spec, vec![item])).unwrap();
        begins.recv().unwrap();
        assert!(listener.busy().is_some());
        listener.hear(PowerEvent::Suspending);
        assert!(listener.busy().is_some(), "sleep stops nothing");

        listener.hear(PowerEvent::SessionEnding);
        cleaning.try_recv().expect("the clean-up was over when the listener returned");
        assert_eq!(listener.busy(), None);
        let record = app.inner.log.run(id).unwrap().unwrap();
        assert_eq!(record.state, RunState::Interrupted, "it is made good for later");
        let lines = app.inner.log.lines(id).unwrap();
        let ending = serde_json::to_value(RunEvent::SessionEnding).unwrap();
        assert!(lines.iter().any(|l| l.event == ending), "the log says why");
    }
}
