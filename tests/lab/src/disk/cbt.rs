//! Changed block tracking: an epoch of numbered intervals, each with a bitmap of written blocks.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use fs_err as fs;
use kuramori_block::ExtentSet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bits::BitFile;

/// What is remembered of a disk's tracking.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CbtMeta {
    /// The epoch. Change ids of another epoch mean nothing.
    pub(crate) epoch: Uuid,
    /// The number of the interval that is being recorded; the first is 1.
    pub(crate) open: u32,
}

/// A point in the life of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChangeId {
    pub(crate) epoch: Uuid,
    pub(crate) number: u32,
}

impl ChangeId {
    /// Reads the form a host writes; `None` when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, number) = text.split_once('/')?;
        let hex: String = epoch.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if epoch.len() != 47 || hex.len() != 32 {
            return None;
        }
        Some(Self { epoch: Uuid::parse_str(&hex).ok()?, number: number.parse().ok()? })
    }
}

impl std::fmt::Display for ChangeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", spaced(self.epoch), self.number)
    }
}

/// Writes a UUID as a host writes those of disks and change ids: `52 de … 10-61 d5 … 63`.
pub(crate) fn spaced(uuid: Uuid) -> String {
    let hex: Vec<String> = uuid.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}", hex[..8].join(" "), hex[8..].join(" "))
}

/// The open tracking of one disk.
#[derive(Debug)]
pub(crate) struct Cbt {
    pub(crate) meta: CbtMeta,
    dir: PathBuf,
    intervals: BTreeMap<u32, BitFile>,
    capacity: u64,
}

impl Cbt {
    /// Starts a new epoch with nothing recorded.
    pub(crate) fn start(dir: PathBuf, capacity: u64) -> io::Result<Self> {
        Self::open(CbtMeta { epoch: Uuid::new_v4(), open: 1 }, dir, capacity)
    }

    /// Opens what an earlier process recorded.
    pub(crate) fn open(meta: CbtMeta, dir: PathBuf, capacity: u64) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let mut cbt = Self { meta, dir, intervals: BTreeMap::new(), capacity };
        for number in 1..=cbt.meta.open {
            cbt.add(number)?;
        }
        Ok(cbt)
    }

    fn add(&mut self, number: u32) -> io::Result<()> {
        let path = self.dir.join(format!("{}-{number}.bits", self.meta.epoch));
        self.intervals.insert(number, BitFile::open(&path, self.capacity)?);
        Ok(())
    }

    /// Records a write before it happens.
    pub(crate) fn record(&mut self, blocks: std::ops::Range<u64>) -> io::Result<()> {
        let open = self.meta.open;
        self.intervals.get_mut(&open).expect("the open interval is always there").set(blocks)
    }

    /// Closes the interval and returns the id of this moment.
    pub(crate) fn mark(&mut self) -> io::Result<ChangeId> {
        let id = self.now();
        self.meta.open += 1;
        self.add(self.meta.open)?;
        Ok(id)
    }

    /// Returns the id the running disk shows.
    pub(crate) fn now(&self) -> ChangeId {
        ChangeId { epoch: self.meta.epoch, number: self.meta.open }
    }

    pub(crate) fn grow(&mut self, capacity: u64) {
        self.capacity = capacity;
        for bits in self.intervals.values_mut() {
            bits.grow(capacity);
        }
    }

    /// Returns what was written after `from` and up to `to`; `None` where this epoch cannot say.
    pub(crate) fn changed(&self, from: ChangeId, to: ChangeId) -> Option<ExtentSet> {
        if from.epoch != self.meta.epoch || to.epoch != self.meta.epoch || from.number > to.number {
            return None;
        }
        let mut set = ExtentSet::new();
        for number in from.number + 1..=to.number {
            set = set.union(&self.intervals.get(&number)?.extents(self.capacity));
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_ids_survive_their_text() {
        let text = "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81";
        let id = ChangeId::parse(text).unwrap();
        assert_eq!(id.number, 81);
        assert_eq!(id.to_string(), text);
        for bad in ["", "*", "52 de/1", "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63", "x/y"] {
            assert_eq!(ChangeId::parse(bad), None, "{bad:?} is no change id");
        }
    }
}
