//! Removes what writers that died left under `tmp/`.

use std::io;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use fs_err as fs;
use kuramori_platform::fs as durable;

use crate::store::Swept;

/// Nobody is at work on one file for this long.
const ABANDONED: TimeDelta = TimeDelta::hours(48);

/// Removes files that were not touched for two days, by the clock of the place and by ours: when
/// one of the two jumps, nothing goes.
pub(super) fn sweep(tmp: &Path, now: DateTime<Utc>) -> io::Result<Swept> {
    let oldest = now.min(time_there(tmp)?) - ABANDONED;
    let mut swept = Swept::default();
    for entry in fs::read_dir(tmp)? {
        let entry = entry?;
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue, // its writer is done
            Err(e) => return Err(e),
        };
        if !meta.is_file() || DateTime::<Utc>::from(meta.modified()?) >= oldest {
            continue;
        }
        match fs::remove_file(entry.path()) {
            Ok(()) => {
                swept.files += 1;
                swept.bytes += meta.len();
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(swept)
}

/// What time the place itself says it is: that of a file which was written just now.
fn time_there(tmp: &Path) -> io::Result<DateTime<Utc>> {
    let number = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
    let file = tmp.join(format!("{number:016x}"));
    let made = durable::write_new(&file, &[]).and_then(|_| fs::metadata(&file)?.modified());
    durable::discard(&file);
    made.map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn file(tmp: &Path, name: &str, modified: SystemTime) {
        let file = fs::File::create(tmp.join(name)).unwrap();
        file.set_len(1000).unwrap();
        file.file().set_modified(modified).unwrap();
    }

    fn left(tmp: &Path) -> Vec<String> {
        let mut left: Vec<_> = fs::read_dir(tmp)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        left
    }

    #[test]
    fn only_what_both_clocks_call_abandoned_goes() {
        let tmp = tempfile::tempdir().unwrap();
        let tmp = tmp.path();
        let now = time_there(tmp).unwrap();
        let hours = |n: u64| SystemTime::from(now) - Duration::from_hours(n);
        file(tmp, "old", hours(49));
        file(tmp, "older", hours(10_000));
        file(tmp, "at-work", hours(47));
        file(tmp, "ahead", SystemTime::from(now) + Duration::from_hours(100));
        fs::create_dir(tmp.join("folder")).unwrap();
        // Our clock is behind: it has seen nothing grow old.
        let behind = now - TimeDelta::days(800);
        assert_eq!(sweep(tmp, behind).unwrap(), Swept::default());
        // Our clock is a year ahead: that of the place decides.
        let swept = sweep(tmp, now + TimeDelta::days(365)).unwrap();
        assert_eq!(swept, Swept { files: 2, bytes: 2000 });
        assert_eq!(left(tmp), ["ahead", "at-work", "folder"]);
    }
}
