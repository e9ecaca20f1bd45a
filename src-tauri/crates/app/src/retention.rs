//! What a rule keeps of the recovery points of a repository, and why.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kuramori_base::Clock;
use kuramori_block::ByteLen;
use kuramori_jobs::ScheduleId;
use kuramori_jobs::retention::{
    self, Coming, Pause, PointFacts, Promised, Retention, Spans, Verdict,
};
use kuramori_platform::time_zone;
use kuramori_repo::{PruneOptions, RecoveryPoint, RecoveryPointId, WriterId};

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
        self.shown(&judged, &rule, &HashMap::new(), language, clock)
    }

    /// Says what the rule of a job would make of the recovery points it looks at, and when each goes
    /// if its schedules, which are due at `coming`, run as planned. `of_vms` are the VMs of a job
    /// that has made nothing yet: all there is of them is looked at then.
    pub(crate) fn what_if_job(
        &self,
        job: &OfJob,
        of_vms: Option<&HashSet<String>>,
        coming: &[Coming],
        (language, clock): (Language, &dyn Clock),
    ) -> Result<RetentionView, AppError> {
        let list = self.repository.points().map_err(|e| self.failed(&e))?;
        let wanted = |p: &RecoveryPoint| match of_vms {
            Some(vms) => vms.contains(&p.vm.key()),
            None => is_of(p, job),
        };
        let judged = self.judged(&list.points, &job.rule, &wanted, clock)?;
        let mut goes = HashMap::new();
        for facts in self.facts(&list.points, &wanted, clock)?.values() {
            let forecast = retention::forecast(facts, &job.rule, clock.now(), coming);
            goes.extend(forecast.goes.into_iter().filter_map(|(id, when)| Some((id, when?))));
        }
        self.shown(&judged, &job.rule, &goes, language, clock)
    }

    fn shown(
        &self,
        judged: &[Judged<'_>],
        rule: &Retention,
        goes: &HashMap<RecoveryPointId, DateTime<Utc>>,
        language: Language,
        clock: &dyn Clock,
    ) -> Result<RetentionView, AppError> {
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
            goes_at: goes.get(&point.id).copied().filter(|_| verdict.is_kept()),
        });
        let (unique, freed) = self.room_of(&going(judged), clock)?;
        let zone = rule.zone.name().to_owned();
        Ok(RetentionView { zone, points: points.collect(), unique, freed })
    }

    /// Returns the bytes that nothing but these recovery points needs, and how many a clean-up would
    /// remove right after they are gone for good, beyond what it removes anyway.
    fn room_of(
        &self,
        points: &[RecoveryPointId],
        clock: &dyn Clock,
    ) -> Result<(u64, u64), AppError> {
        if points.is_empty() {
            return Ok((0, 0));
        }
        let writer = WriterId::from_bytes([0; 16]); // it only looks
        let look = |without| {
            let options = PruneOptions { dry_run: true, without, ..PruneOptions::new(writer) };
            self.repository.prune(&options, clock).map_err(|e| self.failed(&e))
        };
        let now = look(HashSet::new())?;
        let then = look(points.iter().copied().collect())?;
        let more = |then: ByteLen, now: ByteLen| then.get().saturating_sub(now.get());
        Ok((more(then.unused, now.unused), more(then.freed, now.freed)))
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
        Ok(going(&self.judged(points, &job.rule, &|p| is_of(p, job), clock)?))
    }

    /// Judges recovery points, VM by VM; the answer has their order.
    fn judged<'p>(
        &self,
        points: &'p [RecoveryPoint],
        rule: &Retention,
        wanted: &dyn Fn(&RecoveryPoint) -> bool,
        clock: &dyn Clock,
    ) -> Result<Vec<Judged<'p>>, AppError> {
        let vms = self.facts(points, wanted, clock)?;
        let now = clock.now();
        // A clock that stands before what is committed already ends nothing.
        let newest = points.iter().map(|point| point.committed).max();
        let clock = newest.filter(|newest| now + SKEW < *newest).map(|_| Pause::Clock);
        let judged = vms.iter().flat_map(|(vm, facts)| {
            let alarm = self.held.holds(vm).then_some(Pause::Alarm);
            retention::judge(facts, rule, now, clock.or(alarm))
        });
        let mut verdicts: BTreeMap<_, _> = judged.map(|v| (v.id, v)).collect();
        Ok(points.iter().filter_map(|p| Some((p, verdicts.remove(&p.id)?))).collect())
    }

    /// Returns what retention has to know of recovery points, by VM.
    fn facts(
        &self,
        points: &[RecoveryPoint],
        wanted: &dyn Fn(&RecoveryPoint) -> bool,
        clock: &dyn Clock,
    ) -> Result<BTreeMap<String, Vec<PointFacts<RecoveryPointId>>>, AppError> {
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
        Ok(vms)
    }
}

/// Chooses those of a VM with this name or instance UUID; all when none is given.
fn of_vm(vm: Option<&str>) -> impl Fn(&RecoveryPoint) -> bool + '_ {
    move |p| vm.is_none_or(|vm| p.vm.name == vm || p.vm.instance_uuid.as_deref() == Some(vm))
}

fn is_of(point: &RecoveryPoint, job: &OfJob) -> bool {
    point.made_for.as_ref().is_some_and(|made| made.job == job.id)
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
