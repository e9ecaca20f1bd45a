use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_base::{CancelToken, Clock, Tally};
use kuramori_engine::{Observer, RunEvent};
use kuramori_jobs::job::Cause;
use kuramori_jobs::{
    ItemRecord, ItemUpdate, JobId, Level, LogEntry, Outcome, RunId, RunLog, RunRecord, RunState,
    Stage,
};
use serde::{Deserialize, Serialize};

use super::speed::Speed;
use super::timing::{Phases, Timing};
use crate::dto::{RunKind, StartBackupRequest};
use crate::error::AppError;

/// What a run was asked to do, as recorded in the run log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunSpec {
    pub(crate) kind: RunKind,
    /// Name of the server, where one takes part.
    pub(crate) server: Option<String>,
    /// Name of the repository.
    pub(crate) repository: String,
    /// Name of the job it is a run of.
    #[serde(default)]
    pub(crate) job: Option<String>,
    /// The schedules of the job that it counts for, by their ids.
    #[serde(default)]
    pub(crate) schedules: Vec<String>,
    /// What was asked for, where somebody asked for a backup without a job.
    #[serde(default)]
    pub(crate) asked: Option<StartBackupRequest>,
}

impl RunSpec {
    /// A run that nobody's job asked for, and that no server takes part in.
    pub(crate) fn of(kind: RunKind, repository: String) -> Self {
        Self { kind, server: None, repository, job: None, schedules: Vec::new(), asked: None }
    }
}

/// What came of an item, as recorded in the run log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ItemResult {
    /// Size of its disks, in bytes.
    pub(crate) capacity: u64,
    /// The recovery point it made.
    pub(crate) point: Option<String>,
    /// The VM or file it made.
    pub(crate) made: Option<String>,
    /// Why it failed.
    pub(crate) error: Option<AppError>,
    /// Where its time went.
    #[serde(default)]
    pub(crate) timing: Option<Timing>,
    /// What names the VM across servers whose recovery point was restored.
    #[serde(default)]
    pub(crate) vm: Option<String>,
}

/// A run that has not ended.
pub(crate) struct LiveRun {
    pub(crate) id: RunId,
    /// The job it is a run of, and why it began.
    pub(crate) job: Option<(JobId, Cause)>,
    pub(crate) spec: RunSpec,
    pub(crate) cancel: CancelToken,
    log: Arc<RunLog>,
    clock: Arc<dyn Clock>,
    started_at: DateTime<Utc>,
    items: Vec<LiveItem>,
    state: Mutex<State>,
}

struct State {
    run: RunState,
    ended_at: Option<DateTime<Utc>>,
    lines: Vec<LogEntry>,
    speed: Speed,
}

struct LiveItem {
    name: String,
    tally: Arc<Tally>,
    progress: Mutex<ItemProgress>,
}

#[derive(Clone)]
struct ItemProgress {
    stage: Stage,
    /// The stage before the snapshot was removed: removal follows a failure as well.
    worked: Option<Stage>,
    outcome: Option<Outcome>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    result: ItemResult,
    phases: Phases,
}

impl LiveRun {
    pub(crate) fn new(
        (id, job): (RunId, Option<(JobId, Cause)>),
        spec: RunSpec,
        names: &[String],
        log: Arc<RunLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let waiting = ItemProgress {
            stage: Stage::Waiting,
            worked: None,
            outcome: None,
            started_at: None,
            ended_at: None,
            result: ItemResult::default(),
            phases: Phases::default(),
        };
        let items = names.iter().map(|name| LiveItem {
            name: name.clone(),
            tally: Arc::new(Tally::new()),
            progress: Mutex::new(waiting.clone()),
        });
        Self {
            id,
            job,
            spec,
            cancel: CancelToken::new(),
            log,
            started_at: clock.now(),
            clock,
            items: items.collect(),
            state: Mutex::new(State {
                run: RunState::Queued,
                ended_at: None,
                lines: Vec::new(),
                speed: Speed::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn item(&self, item: usize) -> MutexGuard<'_, ItemProgress> {
        self.items[item].progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where the bytes of an item are counted.
    pub(crate) fn tally(&self, item: usize) -> Arc<Tally> {
        self.items[item].tally.clone()
    }

    /// Records where the run stands.
    pub(crate) fn set_state(&self, run: RunState) {
        let mut state = self.state();
        state.run = run;
        if run.is_over() {
            state.ended_at = Some(self.clock.now());
        }
        drop(state);
        self.logged(self.log.set_state(self.id, run));
    }

    /// Records how an item ended.
    pub(crate) fn finish_item(&self, item: usize, outcome: Outcome, result: ItemResult) {
        {
            let mut progress = self.item(item);
            progress.stage = match outcome {
                Outcome::Succeeded | Outcome::SucceededWithWarnings => Stage::Done,
                // Where it failed or was stopped says more than that it is over.
                Outcome::Failed | Outcome::Cancelled => progress.worked.unwrap_or(progress.stage),
            };
            progress.outcome = Some(outcome);
            progress.started_at.get_or_insert_with(|| self.clock.now());
            progress.ended_at = Some(self.clock.now());
            progress.phases.end(self.clock.monotonic());
            progress.result = result;
        }
        self.save_item(item);
    }

    /// Notes the size of an item's disks as soon as it is known.
    pub(crate) fn set_capacity(&self, item: usize, capacity: u64) {
        self.item(item).result.capacity = capacity;
    }

    /// Returns the size of an item's disks, 0 until it is known.
    pub(crate) fn capacity(&self, item: usize) -> u64 {
        self.item(item).result.capacity
    }

    /// Adds a line to the log.
    pub(crate) fn line(&self, level: Level, item: Option<usize>, event: &RunEvent) {
        let json = match serde_json::to_value(event) {
            Ok(json) => json,
            Err(error) => return tracing::error!(%error, "an event could not be recorded"),
        };
        let position = item.and_then(|i| u32::try_from(i).ok());
        match self.log.append(self.id, level, position, &json) {
            Ok(entry) => self.state().lines.push(entry),
            Err(error) => {
                tracing::error!(run = %self.id, %error, "a line of the run log was lost");
                let entry = LogEntry { at: self.clock.now(), level, item: position, event: json };
                self.state().lines.push(entry);
            }
        }
    }

    /// Takes a sample for the rate.
    pub(crate) fn sample(&self) {
        let done = self.items.iter().map(|i| i.tally.counters().done).sum();
        self.state().speed.sample(self.clock.monotonic(), done);
    }

    /// Returns bytes a second, and seconds left where they can be told.
    pub(crate) fn speed(&self) -> (u64, Option<u64>) {
        let open = |i: &&LiveItem| {
            let p = i.progress.lock().unwrap_or_else(PoisonError::into_inner);
            p.outcome.is_none()
        };
        // Until every item has announced its work, the time left would be a guess.
        let known = self.items.iter().filter(open).all(|i| i.tally.announced() > 0);
        let left: u64 = self
            .items
            .iter()
            .filter(open)
            .map(|i| i.tally.announced().saturating_sub(i.tally.counters().done))
            .sum();
        let state = self.state();
        (state.speed.per_second(), state.speed.seconds_left(left).filter(|_| known))
    }

    /// Returns the run in the form of the run log.
    pub(crate) fn record(&self) -> RunRecord {
        let items = (0..self.items.len()).map(|i| self.item_record(i)).collect();
        let state = self.state();
        RunRecord {
            id: self.id,
            kind: String::new(),
            spec: serde_json::to_value(&self.spec).unwrap_or_default(),
            state: state.run,
            started_at: self.started_at,
            ended_at: state.ended_at,
            items,
            job: self.job,
        }
    }

    /// Returns the log so far.
    pub(crate) fn lines(&self) -> Vec<LogEntry> {
        self.state().lines.clone()
    }

    fn item_record(&self, item: usize) -> ItemRecord {
        let mut progress = self.item(item).clone();
        let LiveItem { name, tally, .. } = &self.items[item];
        let timing = progress.phases.timing(self.clock.monotonic(), tally.waits());
        progress.result.timing = (!timing.phases.is_empty()).then_some(timing);
        ItemRecord {
            name: name.clone(),
            stage: progress.stage,
            outcome: progress.outcome,
            started_at: progress.started_at,
            ended_at: progress.ended_at,
            total: tally.announced(),
            counters: tally.counters(),
            detail: serde_json::to_value(&progress.result).unwrap_or_default(),
        }
    }

    fn save_item(&self, item: usize) {
        let record = self.item_record(item);
        let update = ItemUpdate {
            stage: record.stage,
            outcome: record.outcome,
            total: record.total,
            counters: record.counters,
            detail: record.detail,
        };
        let position = u32::try_from(item).unwrap_or(u32::MAX);
        self.logged(self.log.update_item(self.id, position, &update));
    }

    /// A run goes on when its log can't be written: the work is worth more than its record.
    fn logged(&self, result: Result<(), kuramori_jobs::LogError>) {
        if let Err(error) = result {
            tracing::error!(run = %self.id, %error, "the run log could not be written");
        }
    }
}

/// Hears what happens to one item of a live run.
pub(crate) struct ItemObserver {
    pub(crate) run: Arc<LiveRun>,
    pub(crate) item: usize,
}

impl Observer for ItemObserver {
    fn stage(&self, stage: Stage) {
        {
            let mut progress = self.run.item(self.item);
            if stage == Stage::Remove {
                progress.worked = Some(progress.stage);
            }
            progress.stage = stage;
            progress.phases.enter(stage, self.run.clock.monotonic());
            progress.started_at.get_or_insert_with(|| self.run.clock.now());
        }
        self.run.save_item(self.item);
    }

    fn event(&self, level: Level, event: RunEvent) {
        if let RunEvent::Checked { capacity, .. } = &event {
            self.run.set_capacity(self.item, *capacity);
        }
        self.run.line(level, Some(self.item), &event);
    }
}
