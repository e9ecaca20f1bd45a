//! The updates of one opened application: what is known, and one step at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use kuramori_base::Clock;
use semver::Version;
use tokio::sync::watch;

use super::error::UpdateError;
use super::feed::Feed;
use super::installation::{Installation, Kind};
use super::journal::{Finished, Folder};
use super::launch::Launch;
use super::offer::{self, Offer, Offered};
use super::stage::{self, Staging};
use super::{download, helper};
use crate::dto::{Topic, UpdateStep};
use crate::error::AppError;
use crate::events::EventHub;
use crate::files;
use crate::settings::SettingsFile;

/// How often the server is asked.
const DAILY: TimeDelta = TimeDelta::hours(24);
/// How soon it is asked again when it did not answer.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// How often listeners hear of a download.
const TELL: Duration = Duration::from_millis(200);

/// How often an update that started this program is looked at, and for how long.
const LOOK: Duration = Duration::from_millis(100);
const CLEARING: Duration = Duration::from_mins(2);

/// What the updates of an application need.
pub(crate) struct Parts {
    pub(crate) state: PathBuf,
    pub(crate) settings: Arc<SettingsFile>,
    pub(crate) events: Arc<EventHub>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Where the updates stand.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) step: UpdateStep,
    /// Bytes of the download.
    pub(crate) done: u64,
    /// Why the last check failed.
    pub(crate) check_error: Option<AppError>,
    /// Why the last download or installation failed.
    pub(crate) error: Option<AppError>,
}

struct Now {
    progress: Progress,
    offer: Option<Offer>,
}

/// The updates of an application.
pub(crate) struct Updates {
    feed: Result<Feed, UpdateError>,
    current: Version,
    folder: Folder,
    installation: Option<Installation>,
    parts: Parts,
    now: Mutex<Now>,
    /// Held by whoever checks, downloads or installs.
    work: tokio::sync::Mutex<()>,
    quit: watch::Sender<bool>,
}

impl Updates {
    /// Opens the updates of this build. Nothing is asked yet.
    pub(crate) fn open(parts: Parts) -> Self {
        let feed = Feed::of_this_build();
        Self::with(parts, feed, env!("CARGO_PKG_VERSION"), Installation::of_this_program())
    }

    /// Opens updates with everything given.
    pub(super) fn with(
        parts: Parts,
        feed: Result<Feed, UpdateError>,
        current: &str,
        installation: Option<Installation>,
    ) -> Self {
        let progress = Progress { step: UpdateStep::Idle, done: 0, check_error: None, error: None };
        let updates = Self {
            feed,
            current: Version::parse(current).unwrap_or_else(|_| Version::new(0, 0, 0)),
            folder: Folder::of(&parts.state),
            installation,
            parts,
            now: Mutex::new(Now { progress, offer: None }),
            work: tokio::sync::Mutex::default(),
            quit: watch::channel(false).0,
        };
        if let Ok(feed) = &updates.feed {
            let (current, known) = (&updates.current, updates.known());
            updates.now().offer = Offer::kept(&updates.folder, &feed.key, current, &known);
        }
        updates
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self) -> Result<&Feed, UpdateError> {
        match &self.feed {
            Ok(feed) => Ok(feed),
            Err(UpdateError::Misbuilt(why)) => Err(UpdateError::Misbuilt(why.to_string().into())),
            Err(_) => Err(UpdateError::Off),
        }
    }

    /// Returns the highest version that was ever seen here, this one included.
    fn known(&self) -> Version {
        let seen = self.parts.settings.get().updates.highest_seen;
        let seen = seen.and_then(|v| Version::parse(&v).ok());
        seen.map_or_else(|| self.current.clone(), |seen| seen.max(self.current.clone()))
    }

    pub(crate) fn current(&self) -> String {
        self.current.to_string()
    }

    /// Returns whether this build can update at all.
    pub(crate) fn is_on(&self) -> bool {
        self.feed.is_ok()
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.installation.as_ref().map(Installation::kind)
    }

    pub(crate) fn progress(&self) -> Progress {
        self.now().progress.clone()
    }

    pub(crate) fn offered(&self) -> Option<Offered> {
        let offer = self.now().offer.clone()?;
        let downloaded = offer.downloaded(&self.folder).is_some();
        Some(Offered { offer, downloaded })
    }

    pub(crate) fn finished(&self) -> Option<Finished> {
        self.folder.finished()
    }

    /// Marks the last update's result as seen.
    pub(crate) fn dismiss(&self) -> Result<(), UpdateError> {
        if let Some(finished) = self.folder.finished() {
            self.folder.write_finished(&Finished { seen: true, ..finished })?;
            self.tell();
        }
        Ok(())
    }

    /// Returns whether an update is being put in place, so that nothing else may begin.
    pub(crate) fn is_applying(&self) -> bool {
        self.folder.is_applying()
    }

    /// Says that this version works. Nothing happens where nobody waits for it.
    pub(crate) fn confirm(&self, token: &str) -> Result<(), UpdateError> {
        match self.folder.journal()? {
            Some(journal) if journal.token == token => self.folder.confirm(token),
            _ => Ok(()),
        }
    }

    /// Returns when no update is under way any more, and tells listeners how it ended: the update
    /// that started this program clears up only after it was confirmed, and may have done so before
    /// this is asked. A helper that died is not waited for.
    pub(crate) async fn over(&self) {
        let cleared = async {
            while self.is_applying() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(CLEARING, cleared).await.is_err() {
            tracing::warn!("the update that started this program does not end");
        }
        self.tell();
    }

    /// Returns once the program should end, so that the helper can begin.
    pub(crate) async fn quit_wanted(&self) {
        // The sender lives as long as this.
        drop(self.quit.subscribe().wait_for(|quit| *quit).await);
    }

    fn tell(&self) {
        self.parts.events.changed(Topic::Updates, None);
    }

    fn step(&self, step: UpdateStep) {
        {
            let mut now = self.now();
            now.progress.step = step;
            if step == UpdateStep::Downloading {
                now.progress.done = 0;
            }
        }
        self.tell();
    }

    /// Returns whether the daily check is due. The wall clock may have been set back.
    pub(crate) fn is_due(&self) -> bool {
        let settings = self.parts.settings.get().updates;
        if !settings.check_daily || !self.is_on() || self.is_applying() {
            return false;
        }
        let now = self.parts.clock.now();
        let past = |at, most| now.signed_duration_since(at) >= most || at > now;
        settings.checked_at.is_none_or(|at| past(at, DAILY))
            && settings.asked_at.is_none_or(|at| past(at, AGAIN))
    }

    /// Asks the server which version is the newest.
    pub(crate) async fn check(&self) -> Result<(), UpdateError> {
        let feed = self.feed()?;
        let _alone = self.work.lock().await;
        self.step(UpdateStep::Checking);
        let asked_at = self.parts.clock.now();
        let found = download::manifest(feed).await.and_then(|signed| {
            let known = self.known();
            let version = signed.manifest.version.clone();
            let offer = Offer::of(signed, &self.current, &known);
            if !matches!(offer, Err(UpdateError::Older { .. })) {
                self.remember(&version)?;
            }
            offer
        });
        let answered = !matches!(found, Err(UpdateError::Unreachable { .. }));
        let noted = self.parts.settings.change(|s| {
            s.updates.asked_at = Some(asked_at);
            if answered {
                s.updates.checked_at = Some(asked_at);
            }
            Ok(())
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "the time of the check is not kept");
        }
        let result = found.and_then(|offer| self.take_up(offer));
        self.now().progress.check_error = result.as_ref().err().map(UpdateError::to_app);
        self.step(UpdateStep::Idle);
        result
    }

    /// Notes a version as seen, so that no older one is ever taken.
    fn remember(&self, version: &Version) -> Result<(), UpdateError> {
        if *version <= self.known() {
            return Ok(());
        }
        let noted = self.parts.settings.change(|s| {
            s.updates.highest_seen = Some(version.to_string());
            Ok(())
        });
        noted.map_err(|e| UpdateError::Misbuilt(e.causes.join(": ").into()))
    }

    fn take_up(&self, found: Option<Offer>) -> Result<(), UpdateError> {
        let Some(found) = found else {
            offer::forget(&self.folder);
            self.now().offer = None;
            return Ok(());
        };
        self.make_folder()?;
        let before = self.now().offer.take();
        if before.is_some_and(|b| b.signed.bytes != found.signed.bytes) {
            offer::forget(&self.folder);
        }
        found.keep(&self.folder)?;
        self.now().offer = Some(found);
        Ok(())
    }

    fn make_folder(&self) -> Result<(), UpdateError> {
        let folder = &self.folder.0;
        files::make_private_folder(folder).map_err(UpdateError::disk("making", folder))
    }

    /// Takes an update from a file. Blocks.
    pub(crate) fn open_file(&self, file: &Path) -> Result<(), UpdateError> {
        let feed = self.feed()?;
        let Ok(_alone) = self.work.try_lock() else { return Err(UpdateError::Applying) };
        self.make_folder()?;
        self.step(UpdateStep::Checking);
        let known = self.known();
        let taken = download::from_file(feed, file, &self.current, &known, &self.folder);
        let kept = taken.and_then(|offer| {
            self.remember(offer.version())?;
            offer.keep(&self.folder)?;
            self.now().offer = Some(offer);
            Ok(())
        });
        self.now().progress.error = None;
        self.step(UpdateStep::Idle);
        kept
    }

    /// Returns what can be installed, or why nothing can.
    fn installable(&self) -> Result<(&Feed, &Installation, Offer), UpdateError> {
        let feed = self.feed()?;
        let installation = self.installation.as_ref().ok_or(UpdateError::NotInstalled)?;
        if installation.kind() == Kind::SystemPackage {
            return Err(UpdateError::BySystem);
        }
        let offer = self.now().offer.clone();
        let offer = offer.ok_or_else(|| UpdateError::Nothing(self.current.to_string()))?;
        Ok((feed, installation, offer))
    }

    /// Returns why an update could not be installed now.
    pub(crate) fn ready(&self) -> Result<(), UpdateError> {
        self.installable().map(drop)
    }

    /// Downloads the package of the offer, if it is not here.
    pub(crate) async fn download(&self) -> Result<(), UpdateError> {
        let (feed, _, offer) = self.installable()?;
        let _alone = self.work.lock().await;
        if offer.downloaded(&self.folder).is_some() {
            return Ok(());
        }
        self.now().progress.error = None;
        self.step(UpdateStep::Downloading);
        let told = Mutex::new(self.parts.clock.monotonic());
        let progress = |done| {
            self.now().progress.done = done;
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.parts.clock.monotonic();
            if now.saturating_sub(*told) >= TELL {
                *told = now;
                self.tell();
            }
        };
        let result = download::package(feed, &offer, &self.folder, progress).await;
        self.ended(result)
    }

    fn ended<T>(&self, result: Result<T, UpdateError>) -> Result<T, UpdateError> {
        self.now().progress.error = result.as_ref().err().map(UpdateError::to_app);
        self.step(UpdateStep::Idle);
        result
    }

    /// Puts the new files beside the old ones and starts the helper; the program should end then.
    /// No run may be live. Blocks.
    pub(crate) fn install(&self, launch: Launch) -> Result<(), UpdateError> {
        let Ok(_alone) = self.work.try_lock() else { return Err(UpdateError::Applying) };
        if self.is_applying() {
            return Err(UpdateError::Applying);
        }
        self.step(UpdateStep::Preparing);
        let started = self.prepare(launch);
        if let Err(error) = started {
            return self.ended(Err(error));
        }
        self.step(UpdateStep::Restarting);
        self.quit.send_replace(true);
        Ok(())
    }

    fn prepare(&self, launch: Launch) -> Result<(), UpdateError> {
        let (_, installation, offer) = self.installable()?;
        let package = offer
            .downloaded(&self.folder)
            .ok_or_else(|| UpdateError::not_genuine("the package", "it is not here whole"))?;
        let journal = stage::stage(Staging {
            file: &package,
            package: &offer.package,
            from: self.current.to_string(),
            to: offer.version().to_string(),
            installation,
            launch,
        });
        if let Err(UpdateError::NotGenuine { .. }) = &journal {
            offer::forget(&self.folder);
        }
        let journal = journal?;
        self.folder.write_journal(&journal)?;
        let spawned = helper::spawn(&self.folder, &installation.cli());
        if spawned.is_err() {
            self.folder.remove_journal()?;
            stage::clear(&journal.work)?;
        }
        spawned
    }
}
