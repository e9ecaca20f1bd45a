use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::Clock;
use kuramori_engine::{JobEvent, Moment, RunEvent};
use kuramori_jobs::{Level, NewRun, OfJob, Outcome, RunId, RunLog, RunState};
use kuramori_platform::awake::{AwakeError, KeepAwake};
use kuramori_platform::power::GapDetector;
use tokio::sync::watch;

use super::live::ItemObserver;
use super::queue::{Next, Queue};
use super::{ItemResult, LiveRun, RunSpec, render};
use crate::dto::{ErrorCode, Language, RunView};
use crate::error::AppError;
use crate::events::EventHub;
use crate::messages;

/// How often a run reports.
const TICK: Duration = Duration::from_millis(200);
/// VMs worked on at once.
const AT_ONCE: usize = 2;

/// How one item ended and what came of it.
pub(crate) type ItemEnd = (Outcome, ItemResult);

/// The work on one item of a run. Blocks; runs on a thread of its own.
pub(crate) type ItemWork = Box<dyn FnOnce(&Arc<LiveRun>, ItemObserver) -> ItemEnd + Send>;

/// One item to work on.
pub(crate) struct Item {
    pub(crate) name: String,
    /// What must not be worked on by two runs at once, such as a VM.
    pub(crate) key: String,
    /// Whether it waits for its turn while another run works on that; otherwise the run does not
    /// begin.
    pub(crate) waits: bool,
    pub(crate) work: ItemWork,
}

/// A run to begin.
pub(crate) struct Start {
    pub(crate) spec: RunSpec,
    pub(crate) items: Vec<Item>,
    /// The first lines of its log.
    pub(crate) lines: Vec<(Level, RunEvent)>,
    /// The job it is a run of.
    pub(crate) of_job: Option<OfJob>,
    /// When nothing of it may begin any more.
    pub(crate) pauses: Option<PausesAt>,
}

/// When a run pauses: what it has not begun by then is left to another run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PausesAt {
    pub(crate) at: DateTime<Utc>,
    /// When that will be.
    pub(crate) continues: Option<Moment>,
}

impl Start {
    /// A run that somebody asked for.
    pub(crate) fn of(spec: RunSpec, items: Vec<Item>) -> Self {
        Self { spec, items, lines: Vec::new(), of_job: None, pauses: None }
    }
}

/// Starts runs and knows the live ones.
pub(crate) struct Runs {
    log: Arc<RunLog>,
    clock: Arc<dyn Clock>,
    events: Arc<EventHub>,
    language: Box<dyn Fn() -> Language + Send + Sync>,
    live: Mutex<HashMap<RunId, Live>>,
    /// Told when a run is done with something that others may wait for.
    freed: Condvar,
    /// Whether the session ends: what stops now was cut off, and is to be made good for.
    ending: AtomicBool,
    /// Whether no run may begin. Changed only under the lock of `live`.
    closed: AtomicBool,
    /// Called once for each run that ended.
    ended: Box<dyn Fn(&LiveRun) + Send + Sync>,
}

struct Live {
    run: Arc<LiveRun>,
    /// What is its own until it is done with it.
    keys: Vec<String>,
    done: watch::Receiver<bool>,
}

impl Runs {
    pub(crate) fn new(
        log: Arc<RunLog>,
        clock: Arc<dyn Clock>,
        events: Arc<EventHub>,
        language: Box<dyn Fn() -> Language + Send + Sync>,
        ended: Box<dyn Fn(&LiveRun) + Send + Sync>,
    ) -> Self {
        Self {
            log,
            clock,
            events,
            language,
            live: Mutex::default(),
            freed: Condvar::new(),
            ending: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            ended,
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<RunId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether a run is live in this process.
    pub(crate) fn is_live(&self, run: RunId) -> bool {
        self.live().contains_key(&run)
    }

    /// Returns whether a live run works on something.
    pub(crate) fn is_busy(&self, key: &str) -> bool {
        self.live().values().any(|live| live.keys.iter().any(|taken| taken == key))
    }

    /// Lets no run begin any more, unless one is live. Returns whether none is.
    pub(crate) fn close_if_idle(&self) -> bool {
        let live = self.live();
        if live.is_empty() {
            self.closed.store(true, Ordering::Release);
        }
        live.is_empty()
    }

    /// Says that the session of the user ends.
    pub(crate) fn session_ends(&self) {
        self.ending.store(true, Ordering::Release);
    }

    /// Lets runs begin again.
    pub(crate) fn reopen(&self) {
        self.closed.store(false, Ordering::Release);
    }

    /// Returns whether no run may begin.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Begins a run on threads of its own and returns at once.
    pub(crate) fn start(self: &Arc<Self>, start: Start) -> Result<RunId, AppError> {
        let Start { spec, items, lines, of_job, pauses } = start;
        let names: Vec<String> = items.iter().map(|i| i.name.clone()).collect();
        let (done, ended) = watch::channel(false);
        let (run, queue) = {
            let mut live = self.live();
            if self.is_closed() {
                return Err(AppError::new(ErrorCode::UpdateApplying, "").retryable(true));
            }
            let taken = |key: &String| live.values().any(|l| l.keys.contains(key));
            if let Some(busy) = items.iter().find(|i| !i.waits && taken(&i.key)) {
                return Err(AppError::new(ErrorCode::Busy, &busy.name).retryable(true));
            }
            let failed = |e: &dyn std::error::Error| {
                AppError::new(ErrorCode::StateDamaged, "runs.sqlite").because(e)
            };
            let of = of_job.as_ref().map(|of| (of.job, of.cause));
            let new = NewRun {
                kind: String::new(),
                spec: serde_json::to_value(&spec).map_err(|e| failed(&e))?,
                items: names.clone(),
                job: of_job,
            };
            let id = self.log.begin(&new).map_err(|e| failed(&e))?;
            let run = LiveRun::new((id, of), spec, &names, self.log.clone(), self.clock.clone());
            let run = Arc::new(run);
            for (level, event) in &lines {
                run.line(*level, None, event);
            }
            let free: HashSet<String> =
                items.iter().map(|i| i.key.clone()).filter(|key| !taken(key)).collect();
            let queue = Queue::new(items, free.clone(), pauses);
            let keys = free.into_iter().collect();
            live.insert(id, Live { run: run.clone(), keys, done: ended });
            (run, queue)
        };
        let warned = lines.iter().any(|(level, _)| *level == Level::Warning);
        let (runs, id) = (self.clone(), run.id);
        std::thread::spawn(move || {
            let worked = AssertUnwindSafe(|| runs.work(&run, &queue, warned));
            if catch_unwind(worked).is_err() {
                // What it held is let go all the same.
                tracing::error!(run = %run.id, "a run broke off");
                run.set_state(RunState::Done(Outcome::Failed));
            }
            runs.live().remove(&run.id);
            runs.freed.notify_all();
            runs.tell(&run);
            (runs.ended)(&run);
            done.send_replace(true);
        });
        Ok(id)
    }

    fn work(&self, run: &Arc<LiveRun>, queue: &Queue, warned: bool) {
        run.set_state(RunState::Running);
        let outcomes = Mutex::new(Vec::new());
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let _awake = self.keep_awake(run);
                let mut sleep = GapDetector::new(self.clock.clone(), TICK);
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    if let Some(slept) = sleep.look() {
                        let event = RunEvent::Slept { seconds: slept.as_secs() };
                        run.line(Level::Warning, None, &event);
                    }
                    run.sample();
                    self.tell(run);
                }
            });
            let workers: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    scope.spawn(|| {
                        loop {
                            let Some((position, item)) = self.next(run, queue) else { break };
                            let outcome = work_item(run, position, item.work);
                            self.release(run.id, &item.key);
                            outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                        }
                    })
                })
                .collect();
            for worker in workers {
                if worker.join().is_err() {
                    tracing::error!(run = %run.id, "a worker broke off");
                }
            }
            drop(stop);
        });
        let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cut_off = outcomes.contains(&Outcome::Cancelled) && self.ending.load(Ordering::Acquire);
        outcomes.extend(warned.then_some(Outcome::SucceededWithWarnings));
        run.set_state(match queue.left() {
            _ if cut_off => RunState::Interrupted,
            Some((left, continues)) => {
                let event = RunEvent::Job(JobEvent::WindowEnded { left, continues });
                run.line(Level::Warning, None, &event);
                RunState::Paused
            }
            None => RunState::Done(Outcome::of_items(outcomes)),
        });
    }

    /// Returns what a run works on next. What another run works on has to wait; `None` when nothing
    /// is left, or nothing may begin any more.
    fn next(&self, run: &LiveRun, queue: &Queue) -> Option<(usize, Item)> {
        loop {
            match queue
                .next(run.cancel.is_cancelled(), self.clock.now(), |key| self.claim(run.id, key))
            {
                Next::Item(position, item) => return Some((position, *item)),
                Next::End => return None,
                Next::Wait(news) => {
                    for position in news {
                        run.line(
                            Level::Info,
                            Some(position),
                            &RunEvent::Job(JobEvent::WaitsForRun),
                        );
                    }
                    // Cancelling tells nobody, so it is looked again soon.
                    drop(self.freed.wait_timeout(self.live(), TICK));
                }
            }
        }
    }

    /// Makes something a run's own, unless it is one's already.
    fn claim(&self, run: RunId, key: &str) -> bool {
        let mut live = self.live();
        if live.values().any(|l| l.keys.iter().any(|taken| taken == key)) {
            return false;
        }
        live.get_mut(&run).is_some_and(|own| {
            own.keys.push(key.to_owned());
            true
        })
    }

    /// Lets others have something.
    fn release(&self, run: RunId, key: &str) {
        if let Some(own) = self.live().get_mut(&run) {
            own.keys.retain(|taken| taken != key);
        }
        self.freed.notify_all();
    }

    /// Keeps the computer awake for a run, or says in its log why it may fall asleep.
    fn keep_awake(&self, run: &LiveRun) -> Option<KeepAwake> {
        let reason = messages::working((self.language)());
        let awake = KeepAwake::while_running(reason);
        let refused = |e: &AwakeError| {
            let cause = e.source().map(|s| format!(": {s}")).unwrap_or_default();
            let reason = format!("{e}{cause}");
            run.line(Level::Info, None, &RunEvent::MayFallAsleep { reason });
        };
        awake.inspect_err(refused).ok()
    }

    fn tell(&self, run: &LiveRun) {
        self.events.run(self.view(run));
    }

    /// Shows a live run as it stands now.
    pub(crate) fn view(&self, run: &LiveRun) -> RunView {
        let mut view = render(&run.record(), &run.lines(), (self.language)());
        (view.bytes_per_second, view.seconds_left) = run.speed();
        if run.cancel.is_cancelled() {
            super::view::mark_stopping(&mut view);
        }
        view
    }

    /// Returns a live run.
    pub(crate) fn get(&self, id: RunId) -> Option<Arc<LiveRun>> {
        self.live().get(&id).map(|l| l.run.clone())
    }

    /// Returns all live runs.
    pub(crate) fn all(&self) -> Vec<Arc<LiveRun>> {
        self.live().values().map(|l| l.run.clone()).collect()
    }

    /// Asks a run to stop. Runs that have ended are fine.
    pub(crate) fn cancel(&self, id: RunId) {
        if let Some(run) = self.get(id) {
            run.line(Level::Info, None, &RunEvent::Stopping);
            run.cancel.cancel();
        }
    }

    /// Returns when a run has ended; at once when it is not live.
    pub(crate) async fn wait(&self, id: RunId) {
        let done = self.live().get(&id).map(|l| l.done.clone());
        if let Some(mut done) = done {
            // The sender lives as long as the run; an error means it is over as well.
            drop(done.wait_for(|ended| *ended).await);
        }
    }
}

/// Works on one item. A panic ends that item, not the run.
fn work_item(run: &Arc<LiveRun>, position: usize, work: ItemWork) -> Outcome {
    if run.cancel.is_cancelled() {
        run.finish_item(position, Outcome::Cancelled, ItemResult::default());
        return Outcome::Cancelled;
    }
    let observer = ItemObserver { run: run.clone(), item: position };
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(run, observer)));
    let (outcome, result) = worked.unwrap_or_else(|_| {
        let error = AppError::new(ErrorCode::Internal, "").detail("the work broke off (panic)");
        (Outcome::Failed, ItemResult { error: Some(error), ..ItemResult::default() })
    });
    run.finish_item(position, outcome, result);
    outcome
}
