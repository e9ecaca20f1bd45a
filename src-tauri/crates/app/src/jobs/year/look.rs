//! One look of the program at its jobs, against the reference.

use std::collections::BTreeMap;

use kuramori_jobs::job::Cause;
use kuramori_jobs::{Outcome, RunId, RunRecord};

use super::kept::Point;
use super::life::Life;
use super::reference::{Expected, Last, Why};
use super::setup::GROUP;
use crate::dto::ErrorCode;
use crate::runs::{ItemResult, RunSpec};

/// Each VM of a run with whether it is saved.
type Items = BTreeMap<String, bool>;

impl Life {
    /// Looks until nothing more comes of it.
    pub(super) fn look(&mut self) {
        for round in 0.. {
            assert!(round < 9, "{}: something happens again and again", self.shop.now());
            let now = self.shop.now();
            let untidy = self.tidy();
            let mut expected = self.reference.look(now);
            expected.extend(untidy.into_iter().map(|job| Expected {
                job,
                why: Why::NotTidied,
                schedules: Vec::new(),
            }));
            let nightly = |e: &Expected| e.job == "nightly" && matches!(e.why, Why::Due);
            if self.crash && expected.iter().any(nightly) {
                self.crash = false;
                self.fail_power(&expected);
                continue;
            }
            self.shop.look();
            let happened = self.new_runs();
            let told = |run: &RunRecord| (name_of(run), why_of(run));
            let mut actual: Vec<_> = happened.iter().map(told).collect();
            let mut wanted: Vec<_> = expected.iter().map(|e| (e.job.to_owned(), e.why)).collect();
            actual.sort();
            wanted.sort();
            let details = || {
                let items = happened.iter().flat_map(|run| &run.items);
                items.map(|item| format!("{}: {}", item.name, item.detail)).collect::<Vec<_>>()
            };
            assert_eq!(actual, wanted, "at {now}: happened, and was to happen: {:#?}", details());
            if wanted.is_empty() {
                break;
            }
            for expected in &expected {
                let is_it =
                    |run: &&RunRecord| name_of(run) == expected.job && why_of(run) == expected.why;
                let run = happened.iter().find(is_it).unwrap();
                assert_eq!(run.started_at, now, "it began when it was due");
                if run.job.is_some() {
                    self.ran(run, expected);
                }
            }
        }
        if !self.trouble.away {
            self.compare_points();
        }
    }

    /// Tidies as the rules say; returns the jobs for which that is not possible.
    fn tidy(&mut self) -> Vec<&'static str> {
        let now = self.shop.now();
        let mut not = Vec::new();
        for (job, plan) in &self.reference.plans {
            let Some(last) = plan.last.as_ref().filter(|last| last.saved) else { continue };
            if self.tidied.insert(job, last.number) == Some(last.number) {
                continue;
            }
            if self.trouble.away {
                not.push(*job);
            } else {
                self.points.tidy(job, &self.rules[job], now);
            }
        }
        not
    }

    /// Returns the runs that are new, oldest first.
    pub(super) fn new_runs(&mut self) -> Vec<RunRecord> {
        let mut runs = self.shop.app().inner.log.runs(40).unwrap();
        runs.reverse();
        runs.retain(|run| self.seen.insert(run.id));
        runs
    }

    /// Takes note of a run of a job.
    fn ran(&mut self, run: &RunRecord, expected: &Expected) {
        let items = self.items(expected);
        let ended: Items = run
            .items
            .iter()
            .map(|item| (item.name.clone(), item.outcome.is_some_and(Outcome::is_success)))
            .collect();
        let errors = || run.items.iter().map(|item| item.detail.to_string()).collect::<Vec<_>>();
        assert_eq!(ended, items, "{}: {:?}: {:#?}", run.started_at, expected, errors());
        let schedules = self.counted(expected);
        for item in run.items.iter().filter(|item| items[&item.name]) {
            let result: ItemResult = serde_json::from_value(item.detail.clone()).unwrap();
            let guest = &self.shop.guests[&item.name];
            self.saved.push((item.name.clone(), run.started_at - self.shift));
            self.points.there.push(Point {
                id: result.point.unwrap(),
                vm: item.name.clone(),
                job: expected.job,
                time: run.started_at,
                schedules: schedules.clone(),
                content: blake3::hash(&guest.content),
            });
            self.backups += 1;
        }
        self.ended(expected, items, schedules);
    }

    /// A run makes good for the one before that failed.
    fn counted(&self, expected: &Expected) -> Vec<usize> {
        let mut schedules = expected.schedules.clone();
        let last = self.reference.plans[expected.job].last.as_ref();
        schedules.extend(last.filter(|l| !l.failed.is_empty()).iter().flat_map(|l| &l.schedules));
        schedules
    }

    pub(super) fn ended(&mut self, expected: &Expected, items: Items, schedules: Vec<usize>) {
        self.runs += 1;
        let saved = items.values().any(|saved| *saved);
        let failed = items.into_iter().filter(|(_, saved)| !saved).map(|(name, _)| name);
        let last = Last {
            number: self.runs,
            ended: self.shop.now(),
            failed: failed.collect(),
            saved,
            retry: expected.why == Why::Retry,
            schedules,
        };
        self.reference.plans.get_mut(expected.job).unwrap().last = Some(last);
    }

    /// Returns what a run is to save, and of what it is to say that it could not.
    fn items(&self, expected: &Expected) -> Items {
        let store = !self.trouble.away && !self.trouble.full;
        let host = !self.trouble.host_down && !self.trouble.wrong_password;
        let of = |names: &[&str], fine: &dyn Fn(&str) -> bool| -> Items {
            names.iter().map(|name| ((*name).to_owned(), fine(name))).collect()
        };
        let all = match expected.job {
            "nightly" => of(&self.nightly, &|name| host && store && (self.web || name != "web")),
            "after" => of(&["app"], &|_| store),
            "office" => of(&["crm"], &|_| host && store),
            _ => of(&self.archive, &|_| store),
        };
        assert!(!all.contains_key(GROUP), "no VM is called like the container");
        let last = self.reference.plans[expected.job].last.as_ref();
        match (expected.why, last) {
            (Why::Retry, Some(last)) if last.failed.iter().all(|name| all.contains_key(name)) => {
                all.into_iter().filter(|(name, _)| last.failed.contains(name)).collect()
            }
            _ => all,
        }
    }

    fn compare_points(&self) {
        let place = self.shop.app().place(&self.shop.repository).unwrap();
        let there = place.raw_points().unwrap();
        let ids: std::collections::BTreeSet<String> =
            there.iter().map(|point| point.id.to_hex()).collect();
        let wanted = self.points.ids();
        let name = |id: &&String| {
            let point = there.iter().find(|point| point.id.to_hex() == **id);
            point.map(|p| (p.vm.name.clone(), p.time))
        };
        let known = |id: &&String| {
            let point = self.points.there.iter().find(|point| point.id == **id);
            point.map(|p| (p.vm.clone(), p.time))
        };
        let left: Vec<_> = ids.difference(&wanted).map(|id| name(&id)).collect();
        let missing: Vec<_> = wanted.difference(&ids).map(|id| known(&id)).collect();
        let now = self.shop.now();
        assert!(left.is_empty(), "{now}: these were to be deleted: {left:?}");
        assert!(missing.is_empty(), "{now}: these were to be kept: {missing:?}");
    }
}

/// The job that a run belongs to, or about which it tells something.
fn name_of(run: &RunRecord) -> String {
    let spec: RunSpec = serde_json::from_value(run.spec.clone()).unwrap();
    spec.job.unwrap()
}

fn why_of(run: &RunRecord) -> Why {
    match run.job.map(|(_, cause)| cause) {
        Some(Cause::Due) => Why::Due,
        Some(Cause::CaughtUp { missed }) => Why::CaughtUp(missed),
        Some(Cause::After { .. }) => Why::After,
        Some(Cause::Retry { attempt }) => {
            assert_eq!(attempt, 1);
            Why::Retry
        }
        Some(asked) => panic!("nobody asked: {asked:?}"),
        None => {
            let result: ItemResult = serde_json::from_value(run.items[0].detail.clone()).unwrap();
            let error = result.error.unwrap();
            if error.code == ErrorCode::SlotMissed {
                Why::Missed(missed(&error))
            } else {
                Why::NotTidied
            }
        }
    }
}

/// How many slots passed before the one that is told.
fn missed(error: &crate::error::AppError) -> u32 {
    let told = error.causes.join(" ");
    let count = told.split("and ").nth(1).and_then(|rest| rest.split(' ').next());
    count.unwrap().parse().unwrap()
}

impl Life {
    /// The power fails while the nightly job reads. What the disks of this computer held then is
    /// what there is afterwards; the servers go on.
    fn fail_power(&mut self, expected: &[Expected]) {
        let run: RunId = self.shop.fail_power_while_reading();
        self.seen.insert(run);
        self.tidied.clear();
        self.shop.recover();
        let nightly = expected.iter().find(|e| e.job == "nightly").unwrap();
        let names = self.nightly.iter().map(|name| ((*name).to_owned(), false)).collect();
        let schedules = self.counted(nightly);
        self.ended(nightly, names, schedules);
    }
}
