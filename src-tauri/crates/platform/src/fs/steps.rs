//! The single steps that change what lies on the medium.
//!
//! Each one passes through [`take`], so that tests can number them, record them, stop at one of
//! them or let it fail. In a release that is a plain call.

use std::io;
use std::path::Path;

/// One step that changes what lies on the medium, or brings it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Makes a folder.
    MakeFolder(&'a Path),
    /// Makes an empty file that nobody has.
    Create(&'a Path),
    /// Writes all of a new file.
    Write(&'a Path, &'a [u8]),
    /// Fills a new file with what another holds.
    Copy {
        /// The other file.
        from: &'a Path,
        /// The new one.
        to: &'a Path,
    },
    /// Brings the content of a file onto the medium.
    SyncFile(&'a Path),
    /// Brings the names in a folder onto the medium.
    SyncFolder(&'a Path),
    /// Gives a file a second name that nobody has.
    Link {
        /// The first name.
        from: &'a Path,
        /// The second name.
        to: &'a Path,
    },
    /// Gives a file another name.
    Rename {
        /// The name it loses.
        from: &'a Path,
        /// The name it gets.
        to: &'a Path,
    },
    /// Takes a name away.
    Remove(&'a Path),
}

#[cfg(feature = "testing")]
impl<'a> Step<'a> {
    /// Returns the path that the step changes.
    pub fn path(&self) -> &'a Path {
        match self {
            Self::MakeFolder(path)
            | Self::Create(path)
            | Self::Write(path, _)
            | Self::SyncFile(path)
            | Self::SyncFolder(path)
            | Self::Remove(path)
            | Self::Copy { to: path, .. }
            | Self::Link { to: path, .. }
            | Self::Rename { to: path, .. } => path,
        }
    }
}

#[cfg(not(feature = "testing"))]
pub(super) fn take<T: Default>(
    _step: Step<'_>,
    work: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    work()
}

#[cfg(feature = "testing")]
pub(super) use watch::take;
#[cfg(feature = "testing")]
pub use watch::{Watch, Watcher, watch};

#[cfg(feature = "testing")]
mod watch {
    use std::path::PathBuf;
    use std::sync::{Arc, PoisonError, RwLock};

    use super::{Path, Step, io};
    use crate::paths;

    /// Sees every step below a folder, and decides what becomes of it.
    pub trait Watcher: Send + Sync {
        /// Does the step with `work`, or something else in its place.
        ///
        /// # Errors
        /// What the caller of the step is told.
        fn take(&self, step: &Step<'_>, work: &mut dyn FnMut() -> io::Result<()>)
        -> io::Result<()>;
    }

    /// Watches until it is dropped.
    #[must_use]
    pub struct Watch {
        folder: PathBuf,
    }

    static WATCHERS: RwLock<Vec<(PathBuf, Arc<dyn Watcher>)>> = RwLock::new(Vec::new());

    /// Lets a watcher see all steps below a folder. Of several for one step the first sees it.
    pub fn watch(folder: &Path, watcher: Arc<dyn Watcher>) -> Watch {
        let folder = paths::verbatim(folder);
        let mut watchers = WATCHERS.write().unwrap_or_else(PoisonError::into_inner);
        watchers.push((folder.clone(), watcher));
        Watch { folder }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            let mut watchers = WATCHERS.write().unwrap_or_else(PoisonError::into_inner);
            watchers.retain(|(folder, _)| *folder != self.folder);
        }
    }

    /// A step that the watcher leaves out gives what is the default.
    pub(in crate::fs) fn take<T: Default>(
        step: Step<'_>,
        mut work: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let watchers = WATCHERS.read().unwrap_or_else(PoisonError::into_inner);
        let found = watchers.iter().find(|(folder, _)| step.path().starts_with(folder));
        let watcher = found.map(|(_, watcher)| Arc::clone(watcher));
        drop(watchers);
        let Some(watcher) = watcher else { return work() };
        let mut value = None;
        watcher.take(&step, &mut || work().map(|made| value = Some(made)))?;
        Ok(value.unwrap_or_default())
    }
}
