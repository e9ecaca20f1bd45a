//! The helper's work, one phase after the other. The journal is on disk before the next phase
//! begins, and each phase may be begun again from its start.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use fs_err as fs;
use kuramori_base::Clock;
use kuramori_platform::{fs as durable, process};

use super::error::UpdateError;
use super::journal::{Finished, Folder, Journal, Outcome, Phase};
use super::{names, package, previous, stage};
use crate::app;

/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often a new version is tried: more than once only when the computer stopped meanwhile.
const ATTEMPTS: u32 = 2;
/// How often a file is tried that a program holds which is still ending, or a scanner; each try
/// takes some seconds then.
const HELD_TRIES: u32 = 8;
/// How long the state folder may stay in use by a version that was stopped.
pub(super) const RELEASE: Duration = Duration::from_mins(1);

/// Works on one journal.
pub(super) struct Applier<'a> {
    folder: &'a Folder,
    clock: &'a dyn Clock,
    journal: Journal,
    /// The lock of the state folder, while nobody else needs it.
    owner: Option<File>,
    /// Whether a version is running that was started here.
    started: bool,
}

impl<'a> Applier<'a> {
    pub(super) fn new(folder: &'a Folder, clock: &'a dyn Clock, journal: Journal) -> Self {
        Self { folder, clock, journal, owner: None, started: false }
    }

    /// Goes on to the end. `owner` is the lock of the state folder.
    ///
    /// # Errors
    /// What stood in the way of going on or back; the journal stays and the next start goes on.
    pub(super) fn run(mut self, owner: File) -> Result<(), UpdateError> {
        self.owner = Some(owner);
        loop {
            self.note(&format!(
                "{} to {}: {:?}",
                self.journal.from, self.journal.to, self.journal.phase
            ));
            hold(self.folder, &format!("{:?}", self.journal.phase));
            match self.journal.phase {
                Phase::Staged => {
                    let saved = self.save();
                    self.go(saved, Phase::Saved, Phase::GivenUp)?;
                }
                Phase::Saved => {
                    let swapped = self.swap();
                    self.go(swapped, Phase::Swapped, Phase::RollingBack)?;
                }
                Phase::Swapped => {
                    let works = self.try_new()?;
                    self.go(works, Phase::Confirmed, Phase::RollingBack)?;
                }
                Phase::RollingBack => {
                    previous::restore(&self.journal)?;
                    previous::restore_state(self.folder)?;
                    self.go(Ok::<_, UpdateError>(()), Phase::RolledBack, Phase::RolledBack)?;
                }
                Phase::Confirmed | Phase::RolledBack | Phase::GivenUp => return self.finish(),
            }
        }
    }

    /// Ends an update before it began, since the program that asked for it does not end.
    pub(super) fn give_up(mut self, reason: &str) -> Result<(), UpdateError> {
        if self.journal.phase != Phase::Staged {
            return Ok(()); // The next start goes on.
        }
        self.started = true; // It is still there.
        self.go(Err(reason), Phase::GivenUp, Phase::GivenUp)?;
        self.finish()
    }

    fn go<E: Reason>(
        &mut self,
        done: Result<(), E>,
        well: Phase,
        otherwise: Phase,
    ) -> Result<(), UpdateError> {
        self.journal.phase = well;
        if let Err(error) = done {
            let reason = error.reason();
            self.note(&reason);
            self.journal.phase = otherwise;
            self.journal.reason = Some(reason);
        }
        self.folder.write_journal(&self.journal)
    }

    /// Checks the new files once more and keeps the old ones.
    fn save(&mut self) -> Result<(), UpdateError> {
        for file in &self.journal.files {
            let path = self.journal.staged.join(names::native(&file.path));
            let found = package::hash(&path).map_err(UpdateError::disk("reading", &path))?;
            if found != file.blake3 {
                return Err(UpdateError::not_genuine("a new file", file.path.clone()));
            }
        }
        self.journal.saved = previous::save(&self.journal)?;
        previous::save_state(self.folder)
    }

    /// Renames the new files over the old ones. At each moment each file is there, old or new.
    fn swap(&self) -> Result<(), UpdateError> {
        let Journal { root, staged, files, obsolete, .. } = &self.journal;
        for (n, file) in files.iter().enumerate() {
            hold(self.folder, &format!("Saved:{n}"));
            let (from, to) =
                (staged.join(names::native(&file.path)), root.join(names::native(&file.path)));
            let failed = || UpdateError::disk("replacing", &to);
            if !from.is_file() {
                // Moved before a crash.
                if package::hash(&to).map_err(failed())? != file.blake3 {
                    return Err(UpdateError::not_genuine("a replaced file", file.path.clone()));
                }
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(failed())?;
            }
            patiently(|| durable::replace(&from, &to)).map(drop).map_err(failed())?;
        }
        obsolete.iter().try_for_each(|name| previous::remove(root, name))
    }

    /// Starts the new version and waits until it says that it works. The inner error is why it
    /// does not.
    fn try_new(&mut self) -> Result<Result<(), String>, UpdateError> {
        if self.folder.is_confirmed(&self.journal.token) {
            return Ok(Ok(()));
        }
        if self.journal.attempts >= ATTEMPTS {
            return Ok(Err("it was cut off each time it was tried".to_owned()));
        }
        self.journal.attempts += 1;
        self.folder.write_journal(&self.journal)?;
        self.owner = None;
        let args = self.journal.launch.trying(&self.journal.token);
        let tried = match self.start(&args) {
            Ok(mut child) => self.watch(&mut child),
            Err(error) => Err(format!("it cannot be started: {error}")),
        };
        match tried {
            Ok(()) => self.started = true,
            Err(_) => self.owner = Some(own(self.folder)?),
        }
        Ok(tried)
    }

    fn watch(&self, child: &mut Child) -> Result<(), String> {
        let begun = self.clock.monotonic();
        let most = Duration::from_secs(self.journal.patience);
        loop {
            hold(self.folder, "Swapped:started");
            let ended = child.try_wait();
            if self.folder.is_confirmed(&self.journal.token) {
                return Ok(());
            }
            let why = match ended {
                Ok(Some(status)) => format!("it ended by itself ({})", words(status)),
                Ok(None) if self.clock.monotonic().saturating_sub(begun) < most => {
                    std::thread::sleep(LOOK);
                    continue;
                }
                Ok(None) => format!("it did not say within {} s that it works", most.as_secs()),
                Err(error) => format!("it cannot be watched: {error}"),
            };
            if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
                self.note(&format!("the new version could not be stopped: {error}"));
            }
            return Err(why);
        }
    }

    /// Starts the program of the journal.
    fn start(&self, args: &[String]) -> std::io::Result<Child> {
        let program = self.journal.root.join(names::native(&self.journal.program));
        let said = File::create(self.folder.first_start())?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        process::on_its_own(&mut command)?;
        command.spawn()
    }

    /// Clears up, says how it ended and starts the version that is in place now.
    fn finish(mut self) -> Result<(), UpdateError> {
        let outcome = match self.journal.phase {
            Phase::Confirmed => Outcome::Installed,
            Phase::RolledBack => Outcome::RolledBack,
            _ => Outcome::GivenUp,
        };
        self.folder.write_finished(&Finished {
            outcome,
            from: self.journal.from.clone(),
            to: self.journal.to.clone(),
            at: self.clock.now(),
            reason: self.journal.reason.clone(),
            log: self.folder.log_text(),
            seen: false,
        })?;
        self.clear_up();
        hold(self.folder, "Cleared");
        self.folder.remove_journal()?;
        self.owner = None;
        if let Some(args) = self.journal.launch.after()
            && !self.started
        {
            // It goes on without us.
            match self.start(args) {
                Ok(child) => drop(child),
                Err(error) => self.note(&format!("the program could not be started: {error}")),
            }
        }
        Ok(())
    }

    /// Removes what the update needed. What cannot be removed costs room only; the next update
    /// begins by removing it.
    fn clear_up(&self) {
        let cleared = patiently(|| stage::clear(&self.journal.work));
        for cleared in [cleared, previous::forget_state(self.folder)] {
            if let Err(error) = cleared {
                self.note(&error.reason());
            }
        }
    }

    /// Adds a line to the log. A log that cannot be written stops nothing.
    fn note(&self, text: &str) {
        let line = format!("{} {text}\n", self.clock.now().format("%Y-%m-%dT%H:%M:%SZ"));
        let file = fs::OpenOptions::new().create(true).append(true).open(self.folder.log());
        if let Err(error) = file.and_then(|mut f| f.write_all(line.as_bytes())) {
            tracing::warn!(%error, text, "the log of the update cannot be written");
        }
    }
}

/// Takes the lock of the state folder once whoever has it lets go.
pub(super) fn own(folder: &Folder) -> Result<File, UpdateError> {
    app::own_within(folder.state(), RELEASE).map_err(|e| UpdateError::Disk {
        doing: "taking",
        path: folder.state().display().to_string(),
        source: std::io::Error::other(e.to_string()),
    })
}

/// Tries again what a program may stand in the way of that is still ending.
fn patiently<T, E>(work: impl Fn() -> Result<T, E>) -> Result<T, E> {
    (1..HELD_TRIES).fold(work(), |done, _| done.or_else(|_| work()))
}

fn words(status: ExitStatus) -> String {
    status.to_string()
}

/// Something that says why an update does not go on.
trait Reason {
    fn reason(&self) -> String;
}

impl Reason for UpdateError {
    fn reason(&self) -> String {
        self.to_app().causes.join(": ")
    }
}

impl Reason for String {
    fn reason(&self) -> String {
        self.clone()
    }
}

impl Reason for &str {
    fn reason(&self) -> String {
        (*self).to_owned()
    }
}

/// Lets a test stop the helper at a point, to kill it there.
#[cfg(debug_assertions)]
fn hold(folder: &Folder, point: &str) {
    if std::env::var("KURAMORI_UPDATE_HOLD").is_ok_and(|p| p == point) {
        let written = fs::write(folder.file("held"), std::process::id().to_string());
        while written.is_ok() {
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(not(debug_assertions))]
fn hold(_folder: &Folder, _point: &str) {}
