//! Whether a run changed a disk as ransomware does.
//!
//! Pure functions of what recovery points recorded about each disk. Two signs must come together:
//! far more new data than this disk usually gets, and new data that compresses far less than this
//! disk's usually does. Both are compared with the disk's own past and with nothing else: a disk
//! that always gets much, or always gets what is packed already, is usual in that.
//!
//! Non-goals: saying what changed the disk. It never stops a backup.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Runs that make up a disk's past.
pub const HISTORY: usize = 14;
/// Runs before anything is said.
pub const LEARNING: usize = 7;
/// Hundredths of the usual amount of new data beyond which a run is large.
const LARGE: u128 = 400;
/// Of the part of new data that compression usually saves, the share in per mille that must be lost.
///
/// A service pack of packed cabinets and plain libraries loses about half of it, encryption nearly
/// all. Measured, see `examples/unusual`.
const LOST: u64 = 850;
/// Where compression usually saves less than this, in per mille, its loss says nothing.
const TELLING: u64 = 60;
/// Share of the disk's used data in per mille below which nothing is large, however quiet the disk.
const SHARE: u128 = 30;
/// Bytes below which nothing is large.
const LEAST: u64 = 8 << 20;

/// What one run brought to one disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Bytes of chunks that the repository did not have.
    pub new: u64,
    /// Bytes that these took compressed.
    pub stored: u64,
    /// Bytes of all chunks of the disk that hold anything.
    pub used: u64,
}

impl Change {
    /// Returns what is left of the new data after compression, in per mille; `None` where nothing
    /// was new.
    pub fn packed(self) -> Option<u64> {
        let per_mille = u128::from(self.stored) * 1000 / u128::from(self.new.max(1));
        (self.new > 0).then(|| u64::try_from(per_mille).unwrap_or(u64::MAX).min(1000))
    }
}

/// What is to be said of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The past is too short to tell.
    Learning,
    /// It is as usual.
    Usual,
    /// It is not.
    Unusual(Unusual),
}

/// What is unusual about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusual {
    /// Bytes that were new.
    pub new: u64,
    /// Bytes that usually are.
    pub usual: u64,
    /// What compression left of them, in per mille.
    pub packed: u64,
    /// What it usually leaves, in per mille.
    pub usually_packed: u64,
}

/// Judges what a run brought to a disk. `before` are the runs before it, oldest first, without the
/// first one that brought the whole disk.
pub fn judge(before: &[Change], now: Change) -> Verdict {
    let recent = before.get(before.len().saturating_sub(HISTORY)..).unwrap_or(before);
    if recent.len() < LEARNING {
        return Verdict::Learning;
    }
    let usual = median(recent.iter().map(|change| change.new));
    let packed = recent.iter().filter_map(|change| change.packed());
    let (Some(usual), Some(packed)) = (usual, now.packed().zip(median(packed))) else {
        // Nothing was new, or never was: without a past there is nothing to compare with.
        return Verdict::Usual;
    };
    let (packed, usually_packed) = packed;
    let unusual = Unusual { new: now.new, usual, packed, usually_packed };
    if is_large(unusual, now.used) && is_packed(unusual) {
        Verdict::Unusual(unusual)
    } else {
        Verdict::Usual
    }
}

fn is_large(change: Unusual, used: u64) -> bool {
    let new = u128::from(change.new);
    new * 100 > u128::from(change.usual) * LARGE
        && new * 1000 >= u128::from(used) * SHARE
        && change.new >= LEAST
}

/// Whether compression saves next to nothing of what came beyond the usual. The usual is taken off
/// first, or a busy disk would hide what a quiet one shows.
fn is_packed(change: Unusual) -> bool {
    let saved = 1000 - change.usually_packed;
    let extra = u128::from(change.new.saturating_sub(change.usual)).max(1);
    let all = u128::from(change.new) * u128::from(change.packed);
    let usual = u128::from(change.usual) * u128::from(change.usually_packed);
    let left = (all.saturating_sub(usual) / extra).min(1000);
    saved >= TELLING && (1000 - left) * 1000 <= u128::from(saved) * u128::from(1000 - LOST)
}

fn median(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.len().checked_sub(2).and_then(|n| values.get(n / 2)).copied()?;
    Some(lower + (upper - lower) / 2)
}
