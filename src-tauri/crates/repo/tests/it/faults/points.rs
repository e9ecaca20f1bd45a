//! Every step on the medium is a point with a name: which part of the work, which step, of which
//! kind of object. So no step can be without one, and all of them are known from one life.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use kuramori_platform::fs::{Step, Watcher};

use super::history::Event;
use super::work::Witness;

/// What becomes of a life at a point.
pub(crate) type AtPoint = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// Names the points of a life as it comes to them.
pub(crate) struct Points {
    repository: PathBuf,
    part: Mutex<&'static str>,
    seen: Mutex<Vec<String>>,
    events: Box<dyn Fn(Event) + Send + Sync>,
    /// A point, and what happens there the first time.
    at: Option<(String, AtPoint)>,
}

impl Points {
    pub(crate) fn new(
        repository: &Path,
        events: Box<dyn Fn(Event) + Send + Sync>,
        at: Option<(String, AtPoint)>,
    ) -> Arc<Self> {
        let (repository, part, seen) = (repository.to_owned(), Mutex::new(""), Mutex::default());
        Arc::new(Self { repository, part, seen, events, at })
    }

    /// All points in the order in which they were first seen.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn name(&self, step: &Step<'_>) -> String {
        let verb = match step {
            Step::MakeFolder(_) => "make folder",
            Step::Create(_) => "create",
            Step::Write(..) | Step::Copy { .. } => "write",
            Step::SyncFile(_) => "sync",
            Step::SyncFolder(_) => "sync folder",
            Step::Link { .. } => "link",
            Step::Rename { .. } => "rename",
            Step::Remove(_) => "remove",
        };
        let kind = step.path().strip_prefix(&self.repository).map(kind).unwrap_or_default();
        format!("{}: {verb} {kind}", self.part.lock().unwrap())
    }
}

/// The kind of an object: its folder, and of records what they say.
fn kind(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let [folder, .., last] = parts.as_slice() else {
        return parts.first().cloned().unwrap_or_else(|| ".".to_owned());
    };
    if folder == "quarantine" {
        return folder.clone(); // where objects keep their names
    }
    let record = last.rsplit_once('.').map_or("", |(_, record)| record);
    let record = record.split_once('-').map_or(record, |(record, _)| record);
    if record.is_empty() { folder.clone() } else { format!("{folder}.{record}") }
}

impl Watcher for Points {
    fn take(&self, step: &Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        let name = self.name(step);
        let mut seen = self.seen.lock().unwrap();
        let first = !seen.contains(&name);
        if first {
            seen.push(name.clone());
        }
        drop(seen);
        if let Some((_, act)) = self.at.as_ref().filter(|(at, _)| first && *at == name) {
            act()?;
        }
        if matches!(step, Step::SyncFile(_) | Step::SyncFolder(_)) { Ok(()) } else { work() }
    }
}

impl Witness for Points {
    fn part(&self, part: &'static str) {
        *self.part.lock().unwrap() = part;
    }

    fn event(&self, event: Event) {
        (self.events)(event);
    }

    fn damage(&self, file: &Path, content: &[u8]) {
        fs_err::write(file, content).unwrap();
    }
}
