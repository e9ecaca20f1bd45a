//! What was promised for a VM, and whether it is kept.
//!
//! Pure functions of times: of the recovery points, of what was promised when, and of now. The same
//! rule says how a VM stands, what share of the past was within its promise, and when it changes.

mod days;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use days::{Cell, Day, Past, strip};

/// How much a VM matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The others do not work without it.
    Critical,
    /// As most.
    Normal,
    /// It is there to be looked up.
    Archive,
}

/// What a class promises, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// How old the newest good recovery point may become.
    pub rpo: u32,
    /// How long a restore may take.
    pub rto: u32,
}

/// What all classes promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// [`Class::Critical`].
    pub critical: Promise,
    /// [`Class::Normal`].
    pub normal: Promise,
    /// [`Class::Archive`].
    pub archive: Promise,
}

impl Default for Classes {
    fn default() -> Self {
        let hours = |rpo: u32, rto: u32| Promise { rpo: rpo * 60, rto: rto * 60 };
        Self { critical: hours(4, 1), normal: hours(24, 8), archive: hours(7 * 24, 72) }
    }
}

impl Classes {
    /// Returns what a class promises.
    pub fn of(&self, class: Class) -> Promise {
        match class {
            Class::Critical => self.critical,
            Class::Normal => self.normal,
            Class::Archive => self.archive,
        }
    }

    /// Returns whether each promises something.
    pub fn make_sense(&self) -> bool {
        [self.critical, self.normal, self.archive].iter().all(|p| p.rpo > 0 && p.rto > 0)
    }
}

/// Returns the class that the name of a VM and its guest system suggest.
pub fn suggested(name: &str, guest: &str) -> Class {
    const WHOLE: [&str; 14] = [
        "dc", "pdc", "bdc", "ad", "adds", "ds", "db", "ora", "oracle", "mx", "smtp", "exch",
        "mail", "ldap",
    ];
    const PART: [&str; 10] = [
        "sql",
        "postgres",
        "mariadb",
        "mongo",
        "exchange",
        "mailserver",
        "domain",
        "database",
        "zimbra",
        "directory",
    ];
    let (name, guest) = (name.to_lowercase(), guest.to_lowercase());
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| word.trim_matches(|c: char| c.is_ascii_digit()));
    let critical = words.any(|word| WHOLE.contains(&word))
        || PART.iter().any(|part| name.contains(part) || guest.contains(part));
    if critical { Class::Critical } else { Class::Normal }
}

/// A recovery point, as far as promises go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When its state was frozen.
    pub time: DateTime<Utc>,
    /// From when on it could be restored.
    pub ready: DateTime<Utc>,
}

/// What was promised from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// From then on.
    pub from: DateTime<Utc>,
    /// How old the newest good recovery point may become, in minutes; `None`: the VM is left out
    /// on purpose.
    pub rpo: Option<u32>,
}

/// How a VM stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its last run saved nothing.
    Failed,
    /// Nothing was saved for twice the time that was promised, or nothing at all in its first window.
    Missed,
    /// Nothing was saved for longer than promised.
    Late,
    /// Its recovery points are not deleted: somebody has to look at an unusual change.
    Held,
    /// All is well, and a new recovery point will be wanted soon.
    DueSoon,
    /// All is well.
    Protected,
    /// It is no longer on its server.
    Gone,
    /// It is left out on purpose.
    NotCovered,
}

/// What is known of a VM.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its newest good recovery point.
    pub newest: Option<Saved>,
    /// Since when something is promised for it.
    pub since: DateTime<Utc>,
    /// How old its newest good recovery point may become.
    pub rpo: TimeDelta,
    /// How long saving it usually takes.
    pub run_time: TimeDelta,
    /// The first moment after that of the newest recovery point, or after `since` where there is
    /// none, at which a job would save it; `None` where none will.
    pub next_slot: Option<DateTime<Utc>>,
    /// The last try to save it failed, and nothing was saved since.
    pub failed: bool,
    /// Its recovery points are not deleted.
    pub held: bool,
    /// It is left out on purpose.
    pub excluded: bool,
    /// It is no longer on its server.
    pub gone: bool,
}

/// When a VM becomes late and when missed, if nothing is saved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// One window and the time a run takes after the newest recovery point.
    pub late: DateTime<Utc>,
    /// Two windows after it.
    pub missed: DateTime<Utc>,
}

impl Facts {
    /// Returns when it becomes late and when missed. A window is what was promised, or until the
    /// next slot of its schedule where that is longer: a VM that is saved on working days is not
    /// late on Sunday. What share of time was within the promise does not ask for schedules.
    pub fn deadlines(&self) -> Deadlines {
        let start = self.newest.map_or(self.since, |newest| newest.time);
        let until_slot = self.next_slot.map_or(TimeDelta::zero(), |slot| slot - start);
        let window = self.rpo.max(until_slot);
        let after = |time| start.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let late = after(window + self.run_time);
        // Nothing was ever saved: there is nothing to be late with after the first window.
        let missed = if self.newest.is_some() { after(window * 2).max(late) } else { late };
        Deadlines { late, missed }
    }

    /// Returns how it stands, what is most pressing first.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        let Deadlines { late, missed } = self.deadlines();
        if self.gone {
            State::Gone
        } else if self.excluded {
            State::NotCovered
        } else if self.failed {
            State::Failed
        } else if now >= missed || (self.newest.is_none() && self.next_slot.is_none()) {
            State::Missed
        } else if now >= late {
            State::Late
        } else if self.held {
            State::Held
        } else if now >= late - (self.rpo / 4 + self.run_time) || self.newest.is_none() {
            State::DueSoon
        } else {
            State::Protected
        }
    }
}

/// What share of the time from `from` to `to` was within what was promised, in hundredths of a per
/// cent, rounded down; `None` where nothing was promised for any of it.
///
/// A moment is within the promise when a recovery point could be restored then whose state was no
/// older than promised, and `grace`: the time a run takes. `saved` may be in any order and may hold
/// recovery points that are deleted by now. Nothing counts before the first recovery point, nor
/// before `promises` begin; those are in their order.
pub fn share(
    saved: &[Saved],
    promises: &[Promised],
    grace: TimeDelta,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Option<u32> {
    let first = saved.iter().map(|point| point.ready).min()?;
    let from = from.max(first);
    let ends = promises.iter().skip(1).map(|next| next.from).chain([to]);
    let (mut kept, mut promised) = (TimeDelta::zero(), TimeDelta::zero());
    for (promise, end) in promises.iter().zip(ends) {
        let (start, end) = (promise.from.max(from), end.min(to));
        let Some(rpo) = promise.rpo.filter(|_| start < end) else { continue };
        let good_for = TimeDelta::minutes(i64::from(rpo)) + grace;
        promised += end - start;
        kept += covered(saved, good_for, (start, end));
    }
    let parts = i128::from(promised.num_milliseconds());
    let share = i128::from(kept.num_milliseconds()) * 10_000;
    u32::try_from(share.checked_div(parts)?).ok()
}

/// Returns for how much of a time some recovery point was there and young enough.
fn covered(
    saved: &[Saved],
    good_for: TimeDelta,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> TimeDelta {
    let span = |point: &Saved| {
        let until = point.time.checked_add_signed(good_for).unwrap_or(end);
        (point.ready.max(start), until.min(end))
    };
    let mut spans: Vec<_> = saved.iter().map(span).filter(|(from, to)| from < to).collect();
    spans.sort_unstable();
    let mut sum = TimeDelta::zero();
    let mut reached = start;
    for (from, to) in spans {
        if to > reached {
            sum += to - from.max(reached);
            reached = to;
        }
    }
    sum
}

/// Returns how long saving a VM usually takes: the middle of its last runs.
pub fn run_time(saved: &[Saved]) -> TimeDelta {
    let took = |point: &Saved| (point.ready - point.time).max(TimeDelta::zero());
    let mut times: Vec<_> = saved.iter().rev().take(crate::anomaly::HISTORY).map(took).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Counts how many VMs stand how.
pub fn count(states: impl Iterator<Item = State>) -> BTreeMap<State, u32> {
    let mut counts = BTreeMap::new();
    for state in states {
        *counts.entry(state).or_default() += 1;
    }
    counts
}
