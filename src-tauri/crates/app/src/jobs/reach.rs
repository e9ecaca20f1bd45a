//! Disks of repositories that are plugged in.
//!
//! It is asked every few seconds, aside, whether the place of a repository can be reached: a share
//! that does not answer holds up nobody. What was there last is written down, so that a disk that
//! was plugged in while the program did not run is noticed, and one that stayed is not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_jobs::job::{Job, When};
use kuramori_platform::volume;

use super::JobWork;
use crate::app::App;
use crate::dto::Topic;
use crate::files;

/// The file at the top of every repository.
const MARK: &str = "format";

/// Says whether a repository can be reached.
pub(crate) trait Reach: Send + Sync {
    /// Returns what names the volume that a repository lies on, or `None` when it is not there now.
    /// May wait for long.
    fn volume(&self, path: &Path) -> Option<String>;
}

/// The folders of this computer.
pub(super) struct Folders;

impl Reach for Folders {
    fn volume(&self, path: &Path) -> Option<String> {
        fs_err::metadata(path.join(MARK)).ok()?;
        // A share has no name of its own; that it is there is enough.
        Some(volume::of(path).ok().and_then(|volume| volume.id).unwrap_or_default())
    }
}

/// What is known of the repositories whose jobs run when a disk is plugged in, by their ids.
#[derive(Clone)]
pub(super) struct Plugs {
    reach: Arc<dyn Reach>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// The volume that each lay on when it was looked last; none where it was not there.
    volumes: Option<BTreeMap<String, Option<String>>>,
    /// Since when each can be reached that could not be before.
    since: HashMap<String, DateTime<Utc>>,
    /// Those that are asked about now.
    asked: HashSet<String>,
}

impl Plugs {
    pub(super) fn new(reach: Arc<dyn Reach>) -> Self {
        Self { reach, known: Arc::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns since when the repository of a job can be reached.
    pub(super) fn since(&self, job: &Job) -> Option<DateTime<Utc>> {
        let work = JobWork::of(job).ok()?;
        self.known().since.get(&work.repository).copied()
    }

    /// Returns whether nothing is asked now.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.known().asked.is_empty()
    }

    /// Begins to ask about the repositories of jobs that run when a disk is plugged in. Returns
    /// whether there are such jobs.
    pub(super) fn look(&self, app: &App, jobs: &[Job]) -> bool {
        let plugged = |job: &&Job| {
            job.schedules.iter().any(|schedule| matches!(schedule.when, When::Plugged { .. }))
        };
        let settings = app.inner.settings.get();
        let works = jobs.iter().filter(plugged).filter_map(|job| JobWork::of(job).ok());
        let wanted: BTreeMap<String, PathBuf> = works
            .filter_map(|work| settings.repository(&work.repository).ok().cloned())
            .map(|entry| (entry.id, entry.path))
            .collect();
        let any = !wanted.is_empty();
        for (id, path) in wanted {
            if self.known().asked.insert(id.clone()) {
                let (plugs, app) = (self.clone(), app.clone());
                drop(tokio::task::spawn_blocking(move || plugs.ask(&app, &id, &path)));
            }
        }
        any
    }

    fn ask(&self, app: &App, id: &str, path: &Path) {
        let volume = self.reach.volume(path);
        let arrived = {
            let mut known = self.known();
            let arrived = known.note(app, id, volume);
            known.asked.remove(id);
            arrived
        };
        if arrived {
            app.inner.events.changed(Topic::Jobs, None);
        }
    }
}

impl Known {
    /// Notes where a repository is now. Returns whether it has just come.
    fn note(&mut self, app: &App, id: &str, volume: Option<String>) -> bool {
        let path = app.inner.state.join("plugged.json");
        let volumes = self.volumes.get_or_insert_with(|| read(&path));
        let before = volumes.insert(id.to_owned(), volume.clone());
        if before.as_ref() == Some(&volume) {
            return false;
        }
        write(&path, volumes);
        // Of one that nobody looked at before it is not known whether it came.
        let came = volume.is_some() && before.is_some();
        if came {
            self.since.insert(id.to_owned(), app.inner.clock.now());
        } else {
            self.since.remove(id);
        }
        came
    }
}

fn read(path: &Path) -> BTreeMap<String, Option<String>> {
    match fs_err::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "which disks were there cannot be read; all count as new");
            BTreeMap::new()
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => {
            tracing::warn!(%error, "which disks were there cannot be read; all count as new");
            BTreeMap::new()
        }
    }
}

fn write(path: &Path, volumes: &BTreeMap<String, Option<String>>) {
    let written = serde_json::to_vec(volumes)
        .map_err(std::io::Error::from)
        .and_then(|bytes| files::replace(path, &bytes));
    if let Err(error) = written {
        tracing::warn!(%error, "which disks are there could not be written down");
    }
}
