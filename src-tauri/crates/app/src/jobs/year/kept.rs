//! Which recovery points are to be there, written anew from what the rules promise to people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};

use super::calendar::{local, moment};
use super::reference::SKEW;

type Moment = DateTime<Utc>;

/// What a job promises.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// The newest of so many days, weeks and months.
    Spans { daily: usize, weekly: usize, monthly: usize },
    /// The newest ones.
    Newest(usize),
    /// So many months for what each schedule made.
    Months(Vec<u32>),
}

/// A recovery point as it was seen to be made.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) id: String,
    pub(super) vm: String,
    pub(super) job: &'static str,
    pub(super) time: Moment,
    /// The schedules it was made for.
    pub(super) schedules: Vec<usize>,
    /// What was on the disk.
    pub(super) content: blake3::Hash,
}

#[derive(Default)]
pub(super) struct Points {
    /// In the order in which they were made.
    pub(super) there: Vec<Point>,
    /// In the order in which they were deleted.
    pub(super) deleted: Vec<String>,
}

impl Points {
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.there.iter().map(|point| point.id.clone()).collect()
    }

    /// Deletes what a job's rule does not keep.
    pub(super) fn tidy(&mut self, job: &str, rule: &Rule, now: Moment) {
        // Where something is from the future, the clock is wrong, and deletes nothing.
        if self.there.iter().any(|point| point.time > now + SKEW) {
            return;
        }
        let mut vms: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
        for point in self.there.iter().filter(|point| point.job == job) {
            vms.entry(&point.vm).or_default().push(point);
        }
        let kept: BTreeSet<String> =
            vms.values().flat_map(|points| kept(points, rule, now)).collect();
        let goes = |point: &Point| point.job == job && !kept.contains(&point.id);
        let (gone, there) = self.there.drain(..).partition(goes);
        self.there = there;
        self.deleted.extend(gone.into_iter().map(|point: Point| point.id));
    }
}

/// Returns which of the points of one VM a rule keeps.
fn kept(points: &[&Point], rule: &Rule, now: Moment) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    kept.extend(points.last().map(|newest| newest.id.clone()));
    // One that says it is older than what was there before it was made: nobody knows its time.
    let mut believed: Vec<&Point> = Vec::new();
    let mut latest: Option<Moment> = None;
    for point in points {
        if point.time > now || latest.is_some_and(|latest| point.time + SKEW < latest) {
            kept.insert(point.id.clone());
        } else {
            latest = latest.max(Some(point.time));
            believed.push(point);
        }
    }
    match rule {
        Rule::Newest(count) => {
            let newest = believed.iter().rev().take(*count);
            kept.extend(newest.map(|point| point.id.clone()));
        }
        Rule::Spans { daily, weekly, monthly } => {
            let monday = |day: NaiveDate| {
                day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
            };
            keep(&believed, *daily, |day| day, &mut kept);
            keep(&believed, *weekly, monday, &mut kept);
            keep(&believed, *monthly, |day| day.with_day(1).unwrap(), &mut kept);
        }
        Rule::Months(months) => kept.extend(points.iter().filter_map(|point| {
            let until = |schedule: &usize| {
                let shown = local(point.time) + Months::new(months[*schedule]);
                moment(shown) > now
            };
            point.schedules.iter().any(until).then(|| point.id.clone())
        })),
    }
    kept
}

/// Keeps the newest of each of the newest spans.
fn keep(
    points: &[&Point],
    count: usize,
    span: impl Fn(NaiveDate) -> NaiveDate,
    kept: &mut BTreeSet<String>,
) {
    let mut newest: BTreeMap<NaiveDate, &Point> = BTreeMap::new();
    for point in points {
        let known = newest.entry(span(local(point.time).date())).or_insert(point);
        if point.time >= known.time {
            *known = point;
        }
    }
    kept.extend(newest.values().rev().take(count).map(|point| point.id.clone()));
}
