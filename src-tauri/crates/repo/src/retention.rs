//! Which recovery points a rule keeps. A pure function: nothing is deleted here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::ids::RecoveryPointId;
use crate::point::RecoveryPoint;

/// How many recovery points of each VM to keep. What any part keeps is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The newest ones.
    pub last: u32,
    /// The newest of each of so many days.
    pub daily: u32,
    /// The newest of each of so many weeks, which begin on Monday.
    pub weekly: u32,
    /// The newest of each of so many months.
    pub monthly: u32,
    /// The newest of each of so many years.
    pub yearly: u32,
}

/// A span of the calendar, as an ordered number.
type Bucket = fn(NaiveDate) -> i64;

fn day(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}

fn week(date: NaiveDate) -> i64 {
    (day(date) - 1).div_euclid(7) // the first day of the calendar is a Monday
}

fn month(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

fn year(date: NaiveDate) -> i64 {
    i64::from(date.year())
}

impl Keep {
    /// Whether the rule keeps nothing, which no rule may mean.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the recovery points it does not keep, oldest first.
    ///
    /// `points` are those of one repository in the order of the repository, oldest first; `date`
    /// gives the day of a time in the zone of the schedule. The newest of each VM is always kept,
    /// and so is every one from the future, which takes nobody's place.
    pub fn refuses(
        &self,
        points: &[RecoveryPoint],
        now: DateTime<Utc>,
        date: &dyn Fn(DateTime<Utc>) -> NaiveDate,
    ) -> Vec<RecoveryPointId> {
        let mut vms: HashMap<String, Vec<&RecoveryPoint>> = HashMap::new();
        for point in points.iter().rev() {
            vms.entry(point.vm.key()).or_default().push(point);
        }
        let mut kept = HashSet::new();
        for newest_first in vms.values() {
            kept.extend(newest_first.first().map(|point| point.id));
            let past = |point: &&&RecoveryPoint| point.time <= now;
            kept.extend(newest_first.iter().filter(|p| !past(p)).map(|point| point.id));
            let past: Vec<_> = newest_first.iter().copied().filter(|p| past(&p)).collect();
            kept.extend(past.iter().take(self.last as usize).map(|point| point.id));
            let rules: [(u32, Bucket); 4] = [
                (self.daily, day),
                (self.weekly, week),
                (self.monthly, month),
                (self.yearly, year),
            ];
            for (count, bucket) in rules {
                let mut seen = HashSet::new();
                for point in &past {
                    let first = seen.insert(bucket(date(point.time)));
                    if seen.len() > count as usize {
                        break;
                    }
                    if first {
                        kept.insert(point.id);
                    }
                }
            }
        }
        points.iter().map(|point| point.id).filter(|id| !kept.contains(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::format::manifest::{Consistency, SourceKind, VmIdentity};

    fn point(n: u8, vm: &str, time: DateTime<Utc>) -> RecoveryPoint {
        RecoveryPoint {
            id: RecoveryPointId::from_bytes([n; 16]),
            vm: VmIdentity::named(vm),
            source: SourceKind::Vm,
            time,
            started: time,
            committed: time,
            sequence: u64::from(n),
            disks: Vec::new(),
            consistency: Consistency::Crash,
            warnings: Vec::new(),
            not_included: Vec::new(),
            tool_version: String::new(),
        }
    }

    fn at(day: i64, hour: i64) -> DateTime<Utc> {
        // 2024-01-01, a Monday.
        DateTime::from_timestamp(1_704_067_200, 0).unwrap()
            + TimeDelta::days(day)
            + TimeDelta::hours(hour)
    }

    fn left(keep: Keep, points: &[RecoveryPoint], now: DateTime<Utc>) -> Vec<u8> {
        let gone = keep.refuses(points, now, &|time| time.date_naive());
        let left = points.iter().filter(|p| !gone.contains(&p.id));
        left.map(|p| p.id.as_bytes()[0]).collect()
    }

    #[test]
    fn each_part_keeps_the_newest_of_its_spans() {
        // Two a day for twenty days: 0 and 1 on day 0, 2 and 3 on day 1, …
        let points: Vec<_> = (0..40u8)
            .map(|n| point(n, "vm", at(i64::from(n / 2), i64::from(n % 2) * 12)))
            .collect();
        let now = at(19, 13);
        let keep = |keep: Keep| left(keep, &points, now);
        assert_eq!(keep(Keep { last: 3, ..Keep::default() }), [37, 38, 39]);
        assert_eq!(keep(Keep { daily: 3, ..Keep::default() }), [35, 37, 39]);
        // Weeks end on days 6, 13 and, so far, 19.
        assert_eq!(keep(Keep { weekly: 2, ..Keep::default() }), [27, 39]);
        assert_eq!(keep(Keep { monthly: 9, ..Keep::default() }), [39]);
        assert_eq!(keep(Keep { last: 1, weekly: 3, ..Keep::default() }), [13, 27, 39]);
        assert_eq!(keep(Keep::default()), [39], "the newest stays whatever the rule says");
    }

    #[test]
    fn one_from_the_future_stays_and_takes_nobodys_place() {
        let points =
            [point(1, "vm", at(1, 0)), point(2, "vm", at(2, 0)), point(3, "vm", at(999, 0))];
        assert_eq!(left(Keep { last: 1, ..Keep::default() }, &points, at(3, 0)), [2, 3]);
    }

    proptest! {
        #[test]
        fn every_vm_keeps_its_newest_and_more_is_never_less(
            times in prop::collection::vec((0i64..400, 0..3u8), 1..40),
            keep in prop::array::uniform5(0u32..4),
            more in 0usize..5,
        ) {
            let points: Vec<_> = (0u8..).zip(&times)
                .map(|(n, (day, vm))| point(n, &vm.to_string(), at(*day, 0)))
                .collect();
            let rule = |[last, daily, weekly, monthly, yearly]: [u32; 5]| {
                Keep { last, daily, weekly, monthly, yearly }
            };
            let now = at(300, 0);
            let kept = left(rule(keep), &points, now);
            for vm in 0..3u8 {
                let newest = points.iter().rev().find(|p| p.vm.name == vm.to_string());
                prop_assert!(newest.is_none_or(|p| kept.contains(&p.id.as_bytes()[0])));
            }
            let mut greater = keep;
            greater[more] += 1;
            let with_more = left(rule(greater), &points, now);
            prop_assert!(kept.iter().all(|n| with_more.contains(n)));
        }
    }
}
