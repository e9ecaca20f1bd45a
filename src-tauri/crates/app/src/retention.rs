//! What a rule keeps of the recovery points of a repository, and why.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kuramori_base::Clock;
use kuramori_jobs::ScheduleId;
use kuramori_jobs::retention::{self, Pause, PointFacts, Promised, Retention, Spans, Verdict};
use kuramori_platform::time_zone;
use kuramori_repo::{RecoveryPoint, RecoveryPointId};

use crate::dto::{ErrorCode, JudgedPointView, Language, RetentionView};
use crate::error::AppError;
use crate::messages;
use crate::place::Place;

/// Clocks may differ by this much without anything being made of it.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Which recovery points a rule looks at.
pub struct Asked<'a> {
    /// What it keeps.
    pub spans: Spans,
    /// Where days begin; this computer's zone when it is not given.
    pub zone: Option<Tz>,
    /// Only those of a VM with this name or instance UUID.
    pub vm: Option<&'a str>,
}

/// A rule of a job, which looks at what the job made alone.
pub struct OfJob {
    /// Id of the job, as recovery points remember it.
    pub id: String,
    /// Its rule.
    pub rule: Retention,
}

/// A recovery point with what becomes of it.
pub(crate) type Judged<'a> = (&'a RecoveryPoint, Verdict<RecoveryPointId>);

impl Place {
    /// Says what a rule would keep and what would go, and changes nothing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidInput`] for a rule that keeps nothing; what the repository says.
    pub fn what_if(
        &self,
        asked: &Asked<'_>,
        language: Language,
        clock: &dyn Clock,
    ) -> Result<RetentionView, AppError> {
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let rule = rule(asked)?;
        let judged = self.judged(&list.points, &rule, &of_vm(asked.vm), clock)?;
        let points = judged.iter().map(|(point, verdict)| JudgedPointView {
            id: point.id.to_hex(),
            short_id: point.id.to_string(),
            vm_name: point.vm.name.clone(),
            taken_at: point.time,
            kept: verdict.is_kept(),
            reasons: verdict
                .reasons
                .iter()
                .map(|r| messages::kept(*r, rule.zone, language))
                .collect(),
        });
        Ok(RetentionView { zone: rule.zone.name().to_owned(), points: points.collect() })
    }

    /// Returns the recovery points that a rule does not keep, oldest first.
    pub(crate) fn refused(
        &self,
        points: &[RecoveryPoint],
        asked: &Asked<'_>,
        clock: &dyn Clock,
    ) -> Result<Vec<RecoveryPointId>, AppError> {
        let judged = self.judged(points, &rule(asked)?, &of_vm(asked.vm), clock)?;
        Ok(going(&judged))
    }

    /// Returns the recovery points of a job that its rule does not keep, oldest first.
    pub(crate) fn refused_by_job(
        &self,
        points: &[RecoveryPoint],
        job: &OfJob,
        clock: &dyn Clock,
    ) -> Result<Vec<RecoveryPointId>, AppError> {
        let made = |p: &RecoveryPoint| p.made_for.as_ref().is_some_and(|made| made.job == job.id);
        Ok(going(&self.judged(points, &job.rule, &made, clock)?))
    }

    /// Judges recovery points, VM by VM; the answer has their order.
    fn judged<'p>(
        &self,
        points: &'p [RecoveryPoint],
        rule: &Retention,
        wanted: &dyn Fn(&RecoveryPoint) -> bool,
        clock: &dyn Clock,
    ) -> Result<Vec<Judged<'p>>, AppError> {
        let holds = self.repository.holds().map_err(|e| self.failed(&e))?;
        let held: HashSet<_> = holds.iter().map(|hold| hold.point).collect();
        let mut vms: BTreeMap<String, Vec<PointFacts<RecoveryPointId>>> = BTreeMap::new();
        for point in points.iter().filter(|point| wanted(point)) {
            let facts = facts(point, held.contains(&point.id));
            vms.entry(point.vm.key()).or_default().push(facts);
        }
        for facts in vms.values_mut() {
            doubt_times(facts, clock.now());
        }
        let now = clock.now();
        // A clock that stands before what is committed already ends nothing.
        let newest = points.iter().map(|point| point.committed).max();
        let pause = newest.filter(|newest| now + SKEW < *newest).map(|_| Pause::Clock);
        let judged = vms.values().flat_map(|facts| retention::judge(facts, rule, now, pause));
        let mut verdicts: BTreeMap<_, _> = judged.map(|v| (v.id, v)).collect();
        Ok(points.iter().filter_map(|p| Some((p, verdicts.remove(&p.id)?))).collect())
    }
}

/// Chooses those of a VM with this name or instance UUID; all when none is given.
fn of_vm(vm: Option<&str>) -> impl Fn(&RecoveryPoint) -> bool + '_ {
    move |p| vm.is_none_or(|vm| p.vm.name == vm || p.vm.instance_uuid.as_deref() == Some(vm))
}

fn going(judged: &[Judged<'_>]) -> Vec<RecoveryPointId> {
    judged.iter().filter(|(_, verdict)| !verdict.is_kept()).map(|(_, v)| v.id).collect()
}

fn facts(point: &RecoveryPoint, held: bool) -> PointFacts<RecoveryPointId> {
    PointFacts {
        id: point.id,
        time: point.time,
        schedules: schedules(point),
        promised: promised(point),
        good: point.disks.iter().all(|disk| !disk.unproven),
        verified: false,
        held,
        locked_until: None,
        doubtful_time: false,
    }
}

/// Doubts the time of what is older than one that was made before it: a clock stood wrong.
fn doubt_times(facts: &mut [PointFacts<RecoveryPointId>], now: DateTime<Utc>) {
    let mut newest: Option<DateTime<Utc>> = None;
    for point in facts {
        point.doubtful_time = newest.is_some_and(|newest| point.time + SKEW < newest);
        if point.time <= now && !point.doubtful_time {
            newest = newest.max(Some(point.time));
        }
    }
}

/// Returns the schedules that a recovery point counts for. An id that is none names nothing.
fn schedules(point: &RecoveryPoint) -> Vec<ScheduleId> {
    let made_for = point.made_for.iter().flat_map(|made_for| &made_for.schedules);
    made_for.filter_map(|id| id.parse().ok()).collect()
}

fn promised(point: &RecoveryPoint) -> Option<Promised> {
    let promised = point.made_for.as_ref()?.promised?;
    Some(match promised {
        kuramori_repo::Promised::Until { time } => Promised::Until(time),
        kuramori_repo::Promised::Forever => Promised::Forever,
    })
}

fn rule(asked: &Asked<'_>) -> Result<Retention, AppError> {
    // Where no span has days, it does not matter where they begin.
    let days = Spans { last: 0, ..asked.spans };
    let here = || if days.is_empty() { Ok(Tz::UTC) } else { local_zone() };
    let zone = asked.zone.map_or_else(here, Ok)?;
    let rule = Retention::of_spans(asked.spans, zone);
    rule.check()
        .map_err(|e| AppError::new(ErrorCode::InvalidInput, "the rule of retention").because(&e))?;
    Ok(rule)
}

/// Returns the zone of this computer.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] where the system names none, or one that nobody knows.
pub(crate) fn local_zone() -> Result<Tz, AppError> {
    let failed = || AppError::new(ErrorCode::InvalidInput, "the time zone of this computer");
    let name = time_zone::name().map_err(|e| failed().because(&e))?;
    name.parse().map_err(|e| failed().because(&e))
}

/// Spans as the recovery points that they do not keep remember them.
pub(crate) fn words(spans: Spans) -> String {
    let parts = [
        (spans.last, "last"),
        (spans.daily, "daily"),
        (spans.weekly, "weekly"),
        (spans.monthly, "monthly"),
        (spans.yearly, "yearly"),
    ];
    let said = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what} {n}"));
    format!("keep {}", said.collect::<Vec<_>>().join(", "))
}
