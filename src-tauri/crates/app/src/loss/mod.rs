//! What this installation knows, lost or damaged: the damaged file is set aside, a new one is made,
//! and what was in it comes back from what else there is. All of it is told, once.
//!
//! What is still to be done is a promise in the new run log, so a crash in between loses nothing and
//! a repository that is away is asked when it is back.

mod history;
mod jobs;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kuramori_base::Clock;
use kuramori_engine::{LossEvent, RunEvent};
use kuramori_jobs::{
    Intent, IntentId, Level, LogError, Outcome, PastItem, PastRun, RunId, RunLog, Salvaged,
};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::app::App;
use crate::dto::{ErrorCode, RunKind, Topic};
use crate::error::AppError;
use crate::exported;
use crate::files;
use crate::runs::{ItemResult, RunSpec};
use crate::settings::Settings;

/// Marks the promise to rebuild what was lost, as far as repositories tell.
const REBUILD: &str = "rebuild";
/// Marks the promise to look on a server for snapshots whose promises were lost.
const LOOK: &str = "look-for-snapshots";

/// Name of the file of jobs and runs.
pub(crate) const LOG: &str = "runs.sqlite";

/// Says that a new run log has no promise yet about the one that was lost.
const MARK: &str = "runs.lost.json";

/// What that file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    aside: Option<PathBuf>,
    why: String,
}

/// What is still to be done about a loss.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Rebuild {
    /// When it was noticed.
    at: DateTime<Utc>,
    /// Repositories that were not asked yet, by id.
    repositories: Vec<String>,
    /// Whether jobs are to be taken over from a repository.
    jobs: bool,
}

/// A server on which snapshots of ours may be that nothing tells of.
#[derive(Debug, Serialize, Deserialize)]
struct Look {
    server_id: String,
}

/// A file that could not be used, and what became of it.
pub(crate) struct Lost {
    /// Its name.
    pub(crate) file: String,
    /// Where it lies now; `None` when it was gone.
    pub(crate) aside: Option<PathBuf>,
    /// What was wrong with it.
    pub(crate) why: String,
    /// What could be read of it.
    pub(crate) salvaged: Salvaged,
}

/// Opens the run log. One that is damaged is set aside, and what can be read of it is taken over
/// into a new one.
pub(crate) fn open_log(
    state: &Path,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<(RunLog, Option<Lost>), AppError> {
    let path = state.join(LOG);
    let failed = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::StateDamaged, state.display().to_string()).because(e)
    };
    let make = || {
        // The database gives its rights to the files that it makes beside itself.
        files::make_private_file(&path).map_err(|e| failed(&e))?;
        RunLog::open(&path, clock.clone()).map_err(|e| match e {
            LogError::Newer { .. } => {
                AppError::new(ErrorCode::StateNewer, path.display().to_string()).because(&e)
            }
            e => failed(&e),
        })
    };
    let mark = state.join(MARK);
    if let Some(before) = read_mark(&mark)? {
        // A crash came between the new file and the promise about it.
        let log = make()?;
        return begin_anew(log, before.aside, before.why).map(|(log, lost)| (log, Some(lost)));
    }
    let missing = match fs_err::metadata(&path) {
        Ok(file) => file.is_file() && file.len() == 0,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => true,
        // It may be there and whole: nothing is made in its place.
        Err(e) => return Err(failed(&e)),
    };
    if missing {
        // A journal of a file that is gone must not be taken for one of the new file.
        files::set_aside(&path, clock.now()).map_err(|e| failed(&e))?;
        let why = "it was gone".to_owned();
        if settings.servers.is_empty() && settings.repositories.is_empty() {
            return Ok((make()?, None));
        }
        write_mark(&mark, &Mark { aside: None, why: why.clone() })?;
        return begin_anew(make()?, None, why).map(|(log, lost)| (log, Some(lost)));
    }
    files::make_private_file(&path).map_err(|e| failed(&e))?;
    match RunLog::open(&path, clock.clone()) {
        Err(why @ LogError::Damaged { .. }) => {
            let aside = files::set_aside(&path, clock.now()).map_err(|e| failed(&e))?;
            tracing::error!(%why, aside = ?aside, "a damaged file was set aside");
            write_mark(&mark, &Mark { aside: aside.clone(), why: why.to_string() })?;
            begin_anew(make()?, aside, why.to_string()).map(|(log, lost)| (log, Some(lost)))
        }
        Ok(log) => Ok((log, None)),
        Err(_) => make().map(|log| (log, None)),
    }
}

fn begin_anew(
    log: RunLog,
    aside: Option<PathBuf>,
    why: String,
) -> Result<(RunLog, Lost), AppError> {
    let salvaged = match &aside {
        Some(aside) => log.take_over(aside).map_err(|e| crate::jobs::failed(&e))?,
        None => Salvaged::default(),
    };
    Ok((log, Lost { file: LOG.to_owned(), aside, why, salvaged }))
}

fn read_mark(mark: &Path) -> Result<Option<Mark>, AppError> {
    let failed = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::StateDamaged, mark.display().to_string()).because(e)
    };
    match fs_err::read(mark) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| failed(&e)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(&e)),
    }
}

fn write_mark(path: &Path, mark: &Mark) -> Result<(), AppError> {
    let failed = |e: &dyn std::error::Error| {
        AppError::new(ErrorCode::StateDamaged, path.display().to_string()).because(e)
    };
    let bytes = serde_json::to_vec(mark).map_err(|e| failed(&e))?;
    files::replace(path, &bytes).map_err(|e| failed(&e))
}

/// The promises are written down: what stood for them goes.
fn remove_mark(state: &Path) -> Result<(), AppError> {
    let mark = state.join(MARK);
    match fs_err::remove_file(&mark) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(AppError::new(ErrorCode::StateDamaged, mark.display().to_string()).because(&e))
        }
        _ => Ok(()),
    }
}

/// Tells what was lost, promises to make it good, and begins with that. Blocks for as long as
/// repositories take to be read.
pub(crate) fn settle(app: &App, losses: &[Lost]) -> Result<(), AppError> {
    for lost in losses {
        let run = tell(app, lost.error())?;
        if lost.file == LOG {
            lost.promise(app, run)?;
            remove_mark(&app.inner.state)?;
        }
    }
    app.rebuild_lost();
    Ok(())
}

impl Lost {
    /// Writes down what is to be done about a lost run log.
    fn promise(&self, app: &App, run: RunId) -> Result<(), AppError> {
        let (log, settings) = (&app.inner.log, app.inner.settings.get());
        let failed = |e| crate::jobs::failed(&e);
        let has_jobs = !log.jobs().map_err(failed)?.jobs.is_empty();
        let rebuild = Rebuild {
            at: app.inner.clock.now(),
            repositories: settings.repositories.iter().map(|r| r.id.clone()).collect(),
            jobs: !(self.salvaged.jobs && has_jobs),
        };
        add(log, run, REBUILD, &rebuild)?;
        if !self.salvaged.intents {
            for server in settings.servers {
                add(log, run, LOOK, &Look { server_id: server.id })?;
            }
        }
        Ok(())
    }

    /// What is told of it.
    pub(crate) fn error(&self) -> AppError {
        let mut error = AppError::new(ErrorCode::StateRebuilt, &self.file).detail(&self.why);
        if let Some(aside) = &self.aside {
            error = error.detail(format!("the damaged file is kept as {}", aside.display()));
        }
        let Salvaged { jobs, runs, .. } = self.salvaged;
        if jobs || runs > 0 {
            error = error.detail(format!("{runs} runs could be read of it"));
        }
        error
    }
}

fn add(log: &RunLog, run: RunId, tag: &str, promise: &impl Serialize) -> Result<(), AppError> {
    let payload = serde_json::to_value(promise)
        .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
    let id = IntentId::random();
    log.add_intent(id, run, tag, &payload).map_err(|e| crate::jobs::failed(&e))
}

/// Tells of something that belongs to no run, as a run that failed: it is shown and told like one.
pub(crate) fn tell(app: &App, error: AppError) -> Result<RunId, AppError> {
    let now = app.inner.clock.now();
    let spec = RunSpec::of(RunKind::Backup, String::new());
    let name = error.subject.clone();
    let detail = ItemResult { error: Some(error), ..ItemResult::default() };
    let json = |e: serde_json::Error| AppError::new(ErrorCode::Internal, "").because(&e);
    let item = PastItem {
        name,
        outcome: Outcome::Failed,
        started_at: now,
        ended_at: now,
        counters: kuramori_base::Counters::default(),
        detail: serde_json::to_value(detail).map_err(json)?,
    };
    let spec = serde_json::to_value(spec).map_err(json)?;
    let run = PastRun { spec, started_at: now, ended_at: now, job: None, items: vec![item] };
    let id = app.inner.log.add_ended(&run).map_err(|e| crate::jobs::failed(&e))?;
    app.inner.events.changed(Topic::Run, Some(id.to_string()));
    app.inner.notices.recorded(&[id]);
    Ok(id)
}

/// Returns whether jobs that were lost are still to come back.
pub(crate) fn waits_for_jobs(app: &App) -> bool {
    let waits = |intent: Intent| serde_json::from_value::<Rebuild>(intent.payload);
    app.promises(REBUILD).into_iter().any(|intent| waits(intent).is_ok_and(|r| r.jobs))
}

impl App {
    /// Rebuilds what was lost, as far as repositories that can be reached now tell. What they do not
    /// stays promised. Blocks.
    pub(crate) fn rebuild_lost(&self) {
        for intent in self.promises(REBUILD) {
            match serde_json::from_value::<Rebuild>(intent.payload.clone()) {
                Ok(rebuild) => {
                    if let Err(error) = self.rebuild(&intent, rebuild) {
                        tracing::error!(%error, causes = ?error.causes, "a loss is not made good");
                    }
                }
                Err(error) => tracing::error!(%error, "a promise cannot be read"),
            }
        }
    }

    /// Rebuilds what was lost, and leaves the settings where they are missing. Blocks.
    pub(crate) fn make_good(&self) {
        self.rebuild_lost();
        exported::leave_due(self);
    }

    fn promises(&self, tag: &str) -> Vec<Intent> {
        match self.inner.log.intents() {
            Ok(all) => all.into_iter().filter(|intent| intent.tag == tag).collect(),
            Err(error) => {
                tracing::error!(%error, "the intents cannot be read");
                Vec::new()
            }
        }
    }

    fn rebuild(&self, intent: &Intent, mut rebuild: Rebuild) -> Result<(), AppError> {
        let failed = |e| crate::jobs::failed(&e);
        let (mut open, mut away) = (Vec::new(), Vec::new());
        let settings = self.inner.settings.get();
        for id in &rebuild.repositories {
            match access::repository(self, id) {
                Ok(_) => open.push(self.place(id)?),
                // One that was detached meanwhile has nothing more to tell.
                Err(_) if settings.repository(id).is_err() => {}
                Err(error) => {
                    tracing::warn!(%error, "a repository cannot tell what was lost");
                    away.push(id.clone());
                }
            }
        }
        if open.is_empty() && !away.is_empty() {
            return Ok(());
        }
        if rebuild.jobs && !open.is_empty() {
            let names = jobs::take_back(self, &open, rebuild.at)?;
            self.line(intent.run, Level::Good, LossEvent::JobsCameBack { names });
            rebuild.jobs = false;
        }
        let known = jobs::count_handled(self, &open, rebuild.at)?;
        let runs = history::of_points(self, &open, &known)?;
        if !runs.is_empty() {
            let count = u32::try_from(runs.len()).unwrap_or(u32::MAX);
            self.inner.log.add_past(&runs).map_err(failed)?;
            self.line(intent.run, Level::Info, LossEvent::RunsCameBack { count });
        }
        rebuild.repositories = away;
        if rebuild.repositories.is_empty() {
            self.inner.log.clear_intent(intent.id).map_err(failed)?;
        } else {
            let left = serde_json::to_value(&rebuild)
                .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))?;
            self.inner.log.update_intent(intent.id, &left).map_err(failed)?;
        }
        self.inner.events.changed(Topic::Jobs, None);
        exported::changed(self);
        Ok(())
    }

    /// Looks on servers for snapshots whose promises were lost, and promises to remove them.
    pub(crate) async fn look_for_lost_snapshots(&self) {
        for intent in self.promises(LOOK) {
            let look = match serde_json::from_value::<Look>(intent.payload) {
                Ok(look) => look,
                Err(error) => {
                    tracing::error!(%error, "a promise cannot be read");
                    continue;
                }
            };
            if self.inner.settings.get().server(&look.server_id).is_err() {
                tracing::warn!(server = look.server_id, "snapshots may be on a removed server");
                continue;
            }
            if let Err(error) = self.look_on(&look.server_id, intent.id, intent.run).await {
                tracing::warn!(%error, causes = ?error.causes, "a server is looked at later");
            }
        }
    }

    async fn look_on(&self, server: &str, intent: IntentId, run: RunId) -> Result<(), AppError> {
        let (entry, client) = access::client(self, server).await?;
        let (log, writer) = (&self.inner.log, access::writer(self)?);
        let found = kuramori_engine::find_lost_snapshots(&client, log, &entry.id, writer, run);
        let found = found.await.map_err(|e| {
            AppError::new(ErrorCode::ServerFault, &entry.name).because(&e).retryable(true)
        })?;
        for name in &found.kept {
            let event = LossEvent::SnapshotKept { name: name.clone() };
            self.line_once(run, Level::Warning, event);
        }
        for name in &found.promised {
            let event = LossEvent::SnapshotFound { name: name.clone() };
            self.line(run, Level::Info, event);
        }
        if !found.kept.is_empty() {
            return Ok(()); // it is looked again, until nothing hangs on them any more
        }
        log.clear_intent(intent).map_err(|e| crate::jobs::failed(&e))
    }

    /// As [`App::line`], unless the run says so already.
    fn line_once(&self, run: RunId, level: Level, event: LossEvent) {
        let said = serde_json::to_value(RunEvent::Loss(event.clone())).ok();
        let lines = self.inner.log.lines(run).unwrap_or_default();
        if lines.iter().all(|line| Some(&line.event) != said.as_ref()) {
            self.line(run, level, event);
        }
    }

    fn line(&self, run: RunId, level: Level, event: LossEvent) {
        crate::guardian::tell(self, run, level, &RunEvent::Loss(event));
    }
}
