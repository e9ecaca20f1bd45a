use std::io;
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::Clock;

use super::Volume;

/// What came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeChange {
    /// It can be used now.
    Arrived(Volume),
    /// It is gone.
    Departed(Volume),
}

/// Gives the volumes that are there.
type Source = Box<dyn FnMut() -> io::Result<Vec<Volume>> + Send>;

/// Notices volumes that come and go, by looking from time to time. It has no thread: its owner
/// asks as often as it likes.
pub struct VolumeWatcher {
    clock: Arc<dyn Clock>,
    every: Duration,
    source: Source,
    known: Option<Vec<Volume>>,
    next: Duration,
}

impl VolumeWatcher {
    /// Watches the system's volumes, looking at most once in `every`.
    pub fn new(clock: Arc<dyn Clock>, every: Duration) -> Self {
        Self::with_source(clock, every, Box::new(super::list))
    }

    /// Watches what `source` gives.
    pub fn with_source(clock: Arc<dyn Clock>, every: Duration, source: Source) -> Self {
        Self { clock, every, source, known: None, next: Duration::ZERO }
    }

    /// Returns what came and went since the last look, departures first. The first look finds
    /// nothing new; what is there then was there before. Empty when it is too early to look.
    ///
    /// # Errors
    /// When the system does not tell; the next look then compares with the last good one.
    pub fn poll(&mut self) -> io::Result<Vec<VolumeChange>> {
        let now = self.clock.monotonic();
        if now < self.next {
            return Ok(Vec::new());
        }
        self.next = now + self.every;
        let found = (self.source)()?;
        let Some(known) = self.known.replace(found.clone()) else { return Ok(Vec::new()) };
        // Another disk under the same letter or folder is another volume.
        let gone = known.iter().filter(|v| !found.contains(v)).cloned().map(VolumeChange::Departed);
        let new = found.iter().filter(|v| !known.contains(v)).cloned().map(VolumeChange::Arrived);
        Ok(gone.chain(new).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use kuramori_base::ManualClock;

    use super::*;
    use crate::volume::VolumeKind;

    fn volume(mount: &str, id: &str) -> Volume {
        Volume {
            id: Some(id.to_owned()),
            label: None,
            mount: mount.into(),
            file_system: "exFAT".to_owned(),
            kind: VolumeKind::Removable,
        }
    }

    #[test]
    fn arrivals_and_departures_are_told_once() {
        let clock = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
        let there = Arc::new(Mutex::new(Ok(vec![volume("/a", "1")])));
        let source = there.clone();
        let give = move || match &*source.lock().unwrap() {
            Ok(volumes) => Ok(volumes.clone()),
            Err(kind) => Err(io::Error::from(*kind)),
        };
        let second = Duration::from_secs(1);
        let mut watcher = VolumeWatcher::with_source(clock.clone(), second, Box::new(give));
        assert_eq!(watcher.poll().unwrap(), [], "what is there at first did not arrive");

        *there.lock().unwrap() = Ok(vec![volume("/a", "1"), volume("/b", "2")]);
        assert_eq!(watcher.poll().unwrap(), [], "too early to look");
        clock.advance(second);
        assert_eq!(watcher.poll().unwrap(), [VolumeChange::Arrived(volume("/b", "2"))]);
        clock.advance(second);
        assert_eq!(watcher.poll().unwrap(), []);

        *there.lock().unwrap() = Err(io::ErrorKind::Other);
        clock.advance(second);
        assert!(watcher.poll().is_err());
        // Another disk in the place of the first, and the second is gone.
        *there.lock().unwrap() = Ok(vec![volume("/a", "3")]);
        clock.advance(second);
        let changes = [
            VolumeChange::Departed(volume("/a", "1")),
            VolumeChange::Departed(volume("/b", "2")),
            VolumeChange::Arrived(volume("/a", "3")),
        ];
        assert_eq!(watcher.poll().unwrap(), changes, "an error in between loses nothing");
    }
}
