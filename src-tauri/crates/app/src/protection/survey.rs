//! Looks at all VMs: what was saved of each, what is promised for it, and which jobs save it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kuramori_jobs::protection::{
    self, Class, Day, Facts, Past, Promise, Promised, Saved, State, strip, suggested,
};
use kuramori_jobs::{EndedItem, Outcome};
use kuramori_repo::{BriefVm, SourceKind};

use super::jobs::{Plans, key_of};
use crate::alarms;
use crate::app::App;
use crate::commands;
use crate::dto::{InventoryView, MeasuredRestore, UnreadableRepository};
use crate::error::AppError;
use crate::inventory;
use crate::jobs;
use crate::retention::local_zone;
use crate::runs::ItemResult;
use crate::settings::{Settings, VmPromise};

/// What share of time is looked at.
const MONTH: TimeDelta = TimeDelta::days(30);
/// Days in a row of cells.
const DAYS: u32 = 14;

/// A look at all VMs.
pub(crate) struct Survey {
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Tz,
    pub(crate) vms: Vec<Watched>,
    pub(crate) unreadable: Vec<UnreadableRepository>,
    /// What each repository holds, by its id and name.
    pub(crate) repositories: Vec<(String, String, Vec<BriefVm>)>,
}

/// A VM and how it stands.
pub(crate) struct Watched {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) server_id: Option<String>,
    pub(crate) class: Class,
    pub(crate) chosen: VmPromise,
    pub(crate) promise: Promise,
    pub(crate) facts: Facts,
    pub(crate) state: State,
    pub(crate) kept: Option<u32>,
    pub(crate) points: u32,
    pub(crate) jobs: Vec<String>,
    pub(crate) next_at: Option<DateTime<Utc>>,
    pub(crate) error: Option<AppError>,
    pub(crate) restore: Option<MeasuredRestore>,
    pub(crate) held_since: Option<DateTime<Utc>>,
    pub(crate) gone_since: Option<DateTime<Utc>>,
    pub(crate) days: Vec<Day>,
}

/// What is known of a VM before it is judged.
#[derive(Default)]
struct Known {
    name: String,
    guest: String,
    server_id: Option<String>,
    /// Good recovery points.
    saved: Vec<Saved>,
    /// All, each with whether there is something to look at.
    times: Vec<(DateTime<Utc>, bool)>,
    /// The job that made the newest one.
    made_by: Option<String>,
    there: bool,
}

/// What the log remembers, by VM.
struct Remembered {
    promised: BTreeMap<String, Vec<Promised>>,
    saved: BTreeMap<String, Vec<Saved>>,
    failed: HashMap<String, EndedItem>,
    restored: HashMap<String, EndedItem>,
    held: BTreeMap<String, DateTime<Utc>>,
    gone: BTreeMap<String, DateTime<Utc>>,
}

/// Looks at all VMs, and notes what is promised and was saved. Blocks.
///
/// # Errors
/// When the log cannot be read or written. A repository that is away is named in the answer.
pub(crate) fn survey(app: &App) -> Result<Survey, AppError> {
    let now = app.inner.clock.now();
    let settings = app.inner.settings.get();
    let (mut repositories, mut unreadable) = (Vec::new(), Vec::new());
    for entry in &settings.repositories {
        let brief = app
            .place(&entry.id)
            .and_then(|place| place.repository.brief().map_err(|e| place.failed(&e)));
        match brief {
            Ok(brief) => repositories.push((entry.id.clone(), entry.name.clone(), brief.vms)),
            Err(error) => unreadable.push(commands::unreadable(entry, &error, app.language())),
        }
    }
    let inventories = inventory::views(app);
    let remembered = remembered(app)?;
    let known = gather(&repositories, &inventories, &remembered, unreadable.is_empty());
    let all = jobs::all(app)?;
    let made: Vec<_> = known
        .iter()
        .filter_map(|(key, vm)| Some((key.clone(), vm.made_by.clone()?, vm.name.clone())))
        .collect();
    let from = now - TimeDelta::days(i64::from(DAYS) + 1);
    let plans = Plans::of(&all, &inventories, &made, (from, now));
    let zone = local_zone().unwrap_or(Tz::UTC);
    let judge = Judge { settings: &settings, plans: &plans, remembered: &remembered, now, zone };
    let mut known = known;
    for key in plans.vms() {
        // One of a job that no server and no repository has told of yet.
        known.entry(key.clone()).or_insert_with(|| Known {
            name: picked_name(&all, key).unwrap_or_else(|| key.clone()),
            there: true,
            ..Known::default()
        });
    }
    let mut notes = Notes::default();
    let mut vms: Vec<_> = known.iter().map(|(key, vm)| judge.vm(key, vm, &mut notes)).collect();
    vms.sort_by(|a, b| (a.state, &a.name, &a.key).cmp(&(b.state, &b.name, &b.key)));
    let log = &app.inner.log;
    if !notes.promised.is_empty() {
        log.note_promised(&notes.promised).map_err(|e| jobs::failed(&e))?;
    }
    if !notes.saved.is_empty() {
        log.note_saved(&notes.saved, now - MONTH * 2).map_err(|e| jobs::failed(&e))?;
    }
    Ok(Survey { now, zone, vms, unreadable, repositories })
}

fn remembered(app: &App) -> Result<Remembered, AppError> {
    let log = &app.inner.log;
    let failed = |e| jobs::failed(&e);
    let tries = log.last_items(&["backup"]).map_err(failed)?.into_iter();
    let restores = log.last_items(&["restore-vm", "restore-in-place"]).map_err(failed)?;
    let mut restored: HashMap<String, EndedItem> = HashMap::new();
    for item in restores.into_iter().filter(|item| item.outcome.is_success()) {
        let result: ItemResult = serde_json::from_value(item.detail.clone()).unwrap_or_default();
        let Some(vm) = result.vm else { continue };
        match restored.get(&vm) {
            Some(before) if before.ended_at >= item.ended_at => {}
            _ => drop(restored.insert(vm, item)),
        }
    }
    let failures = tries.filter(|item| item.outcome == Outcome::Failed);
    Ok(Remembered {
        promised: log.promised().map_err(failed)?,
        saved: log.saved().map_err(failed)?,
        failed: failures.map(|item| (item.name.clone(), item)).collect(),
        restored,
        held: alarms::held(app)?,
        gone: inventory::gone(app),
    })
}

fn picked_name(jobs: &[kuramori_jobs::job::Job], key: &str) -> Option<String> {
    let works = jobs.iter().filter_map(|job| jobs::JobWork::of(job).ok());
    works.flat_map(|work| work.sources).find_map(|source| jobs::name_of_pick(&source, key))
}

fn gather(
    repositories: &[(String, String, Vec<BriefVm>)],
    inventories: &[InventoryView],
    remembered: &Remembered,
    all_read: bool,
) -> BTreeMap<String, Known> {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for vm in repositories.iter().flat_map(|(.., vms)| vms) {
        if vm.source != SourceKind::Vm {
            continue; // files of this computer: nothing is promised for them
        }
        let entry = known.entry(vm.key.clone()).or_default();
        let newest = entry.saved.iter().map(|saved| saved.time).max();
        if let Some(last) = vm.points.last()
            && newest.is_none_or(|newest| last.time >= newest)
        {
            entry.name.clone_from(&vm.identity.name);
            entry.server_id.clone_from(&vm.identity.server_id);
            entry.made_by = last.job.as_deref().map(str::to_owned);
        }
        let good = vm.points.iter().filter(|point| point.good);
        entry.saved.extend(good.map(|p| Saved { time: p.time, ready: p.committed }));
        entry.times.extend(vm.points.iter().map(|p| (p.time, p.warned || !p.good)));
    }
    if !all_read {
        // What lies in a repository that is away was saved all the same.
        for (key, saved) in &remembered.saved {
            if let Some(vm) = known.get_mut(key) {
                vm.saved.extend(saved);
            }
        }
    }
    for inventory in inventories {
        for vm in inventory.vms.iter().filter(|vm| vm.gone_since.is_none() && !vm.of_system) {
            let entry = known.entry(key_of(inventory, vm)).or_default();
            entry.name.clone_from(&vm.name);
            entry.guest = vm.guest.clone().unwrap_or_default();
            entry.server_id = Some(inventory.server_id.clone());
            entry.there = true;
        }
    }
    for vm in known.values_mut() {
        vm.saved.sort_unstable_by_key(|saved| (saved.time, saved.ready));
    }
    known
}

/// What is to be remembered from now on.
#[derive(Default)]
struct Notes {
    promised: Vec<(String, Promised)>,
    saved: Vec<(String, Saved)>,
}

struct Judge<'a> {
    settings: &'a Settings,
    plans: &'a Plans<'a>,
    remembered: &'a Remembered,
    now: DateTime<Utc>,
    zone: Tz,
}

impl Judge<'_> {
    fn vm(&self, key: &str, vm: &Known, notes: &mut Notes) -> Watched {
        let Self { settings, plans, remembered, now, .. } = *self;
        let chosen = settings.promises.get(key).cloned().unwrap_or_default();
        let class = chosen.class.unwrap_or_else(|| suggested(&vm.name, &vm.guest));
        let promise = settings.classes.of(class);
        let gone_since = remembered.gone.get(key).copied().filter(|_| !vm.there);
        let jobs = plans.jobs_of(key);
        let newest = vm.saved.last().copied();
        let mut promises = remembered.promised.get(key).cloned().unwrap_or_default();
        let rpo = chosen.excluded.is_none().then_some(promise.rpo);
        if (newest.is_some() || !jobs.is_empty()) && promises.last().map(|p| p.rpo) != Some(rpo) {
            let first = vm.saved.first().map_or(now, |first| first.ready.min(now));
            let from = if promises.is_empty() { first } else { now };
            promises.push(Promised { from, rpo });
            notes.promised.push((key.to_owned(), Promised { from, rpo }));
        }
        let since = promises.first().map_or(now, |promised| promised.from);
        let begin = newest.map_or(since, |newest| newest.time);
        let run_time = protection::run_time(&vm.saved);
        let failed = remembered.failed.get(&vm.name);
        let failed = failed.filter(|item| newest.is_none_or(|n| n.ready < item.ended_at));
        let held_since = remembered.held.get(key).copied();
        let facts = Facts {
            newest,
            since,
            rpo: TimeDelta::minutes(i64::from(promise.rpo)),
            run_time,
            next_slot: plans.next(key, begin),
            failed: failed.is_some(),
            held: held_since.is_some(),
            excluded: chosen.excluded.is_some(),
            gone: gone_since.is_some(),
        };
        let saved = self.past(key, vm, notes);
        let kept = protection::share(&saved, &promises, run_time, (now - MONTH, now));
        Watched {
            key: key.to_owned(),
            name: vm.name.clone(),
            server_id: vm.server_id.clone(),
            class,
            promise,
            state: facts.state(now),
            facts,
            kept,
            points: u32::try_from(vm.times.len()).unwrap_or(u32::MAX),
            next_at: plans.next(key, now),
            jobs: jobs.iter().map(|job| job.name.clone()).collect(),
            error: failed.and_then(error_of),
            restore: remembered.restored.get(key).map(|item| measured(item, promise)),
            held_since,
            gone_since,
            days: self.days(key, vm, since),
            chosen,
        }
    }

    /// When it was saved of late: what is there, and what was there.
    fn past(&self, key: &str, vm: &Known, notes: &mut Notes) -> Vec<Saved> {
        let from = self.now - MONTH * 2;
        let mut saved = self.remembered.saved.get(key).cloned().unwrap_or_default();
        saved.sort_unstable_by_key(|s| (s.time, s.ready));
        let noted = saved.len();
        // As precise as it is noted, or each would be new for ever.
        let whole = |time: DateTime<Utc>| {
            DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
        };
        for point in vm.saved.iter().filter(|point| point.ready >= from) {
            let point = Saved { time: whole(point.time), ready: whole(point.ready) };
            let known = saved.get(..noted).unwrap_or_default();
            let at = known.binary_search_by_key(&(point.time, point.ready), |s| (s.time, s.ready));
            if at.is_err() {
                saved.push(point);
                notes.saved.push((key.to_owned(), point));
            }
        }
        saved
    }

    fn days(&self, key: &str, vm: &Known, since: DateTime<Utc>) -> Vec<Day> {
        let (mut slots, patience) = self.plans.past(key);
        slots.retain(|slot| *slot >= since);
        let from = self.now - TimeDelta::days(i64::from(DAYS) + 1);
        let mut saved = vm.times.clone();
        saved.retain(|(time, _)| *time >= from);
        let past = Past { saved: &saved, slots: &slots, patience };
        strip(DAYS, self.now, self.zone, past)
    }
}

fn error_of(item: &EndedItem) -> Option<AppError> {
    let result: ItemResult = serde_json::from_value(item.detail.clone()).ok()?;
    result.error
}

fn measured(item: &EndedItem, promise: Promise) -> MeasuredRestore {
    let took = (item.ended_at - item.started_at).max(TimeDelta::zero());
    MeasuredRestore {
        at: item.ended_at,
        seconds: u64::try_from(took.num_seconds()).unwrap_or_default(),
        within: took <= TimeDelta::minutes(i64::from(promise.rto)),
    }
}
