//! Alarms: raised once, told once, and told once more when they end.
//!
//! A look compares what is wrong now with what is open. What depends on time and places ends by
//! itself; an unusual change stays until somebody has looked at it. An alarm is written down before it
//! is told, and told before it is forgotten: after a crash it is told again rather than not at all.

mod causes;
mod keep;
mod release;
mod tell;
#[cfg(test)]
mod tests;
mod unusual;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use kuramori_jobs::AlarmRecord;
use serde::{Deserialize, Serialize};

pub(crate) use unusual::{Held, look_for_unusual};

use crate::app::App;
use crate::commands::Handler;
use crate::dto::{AlertKind, AlertList, AlertRequest, Empty, Topic};
use crate::error::AppError;
use crate::jobs;
use crate::protection::{Survey, survey};
use crate::schema::command;

/// What is recorded about an alarm besides its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    /// The VM, by what names it across servers.
    pub(crate) vm: Option<String>,
    /// The repository, by its id.
    pub(crate) repository: Option<String>,
    /// The server, by its id.
    pub(crate) server: Option<String>,
    /// What is unusual about a disk.
    pub(crate) unusual: Option<unusual::Found>,
    /// A snapshot, by its name.
    pub(crate) snapshot: Option<String>,
    /// Since when it is as it is, where that is not since it was noticed.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl Detail {
    pub(crate) fn of(record: &AlarmRecord) -> Self {
        serde_json::from_value(record.detail.clone()).unwrap_or_default()
    }
}

/// Returns the kind of an alarm; `None` for one of another version.
pub(crate) fn kind_of(record: &AlarmRecord) -> Option<AlertKind> {
    serde_json::from_value(record.kind.clone().into()).ok()
}

fn kind_text(kind: AlertKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

fn record(
    key: String,
    kind: AlertKind,
    subject: &str,
    since: DateTime<Utc>,
    detail: &Detail,
) -> AlarmRecord {
    AlarmRecord {
        key,
        kind: kind_text(kind),
        subject: subject.to_owned(),
        since,
        told_at: None,
        detail: serde_json::to_value(detail).unwrap_or_default(),
    }
}

impl Handler for command::AlertsList {
    async fn handle(app: &App, _: Empty) -> Result<AlertList, AppError> {
        app.blocking(|app| {
            look(app)?;
            view::list(app)
        })
        .await
    }
}

impl Handler for command::AlertsRelease {
    async fn handle(app: &App, request: AlertRequest) -> Result<AlertList, AppError> {
        app.blocking(move |app| {
            release::release(app, &request.key)?;
            view::list(app)
        })
        .await
    }
}

/// Returns the VMs whose recovery points are not deleted, each with since when.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn held(app: &App) -> Result<BTreeMap<String, DateTime<Utc>>, AppError> {
    let open = app.inner.log.alarms().map_err(|e| jobs::failed(&e))?;
    let unusual = open.iter().filter(|alarm| kind_of(alarm) == Some(AlertKind::UnusualChange));
    Ok(unusual.filter_map(|alarm| Some((Detail::of(alarm).vm?, alarm.since))).collect())
}

/// Looks at everything that may raise or end an alarm, and tells what is new. Returns when a VM
/// becomes late or missed next. Blocks.
///
/// # Errors
/// When the log cannot be read or written. A repository that is away raises and ends nothing.
pub(crate) fn look(app: &App) -> Result<Option<DateTime<Utc>>, AppError> {
    let _alone = app.inner.looking.lock().unwrap_or_else(PoisonError::into_inner);
    let survey = survey(app)?;
    for (id, name, vms) in &survey.repositories {
        unusual::judge(app, (id, name), vms)?;
    }
    unusual::pin_all(app)?;
    let causes = causes::now(app, &survey);
    settle(app, &survey, causes)?;
    tell::tell_new(app)?;
    let moments = survey.vms.iter().flat_map(|vm| {
        let deadlines = vm.facts.deadlines();
        [deadlines.late, deadlines.missed]
    });
    Ok(moments.filter(|moment| *moment > survey.now).min())
}

/// Writes down what is new, and ends what is over.
fn settle(app: &App, survey: &Survey, causes: causes::Causes) -> Result<(), AppError> {
    let log = &app.inner.log;
    let failed = |e| jobs::failed(&e);
    let open = log.alarms().map_err(failed)?;
    let wanted: HashSet<String> = causes.alarms.iter().map(|alarm| alarm.key.clone()).collect();
    let mut changed = false;
    for mut alarm in causes.alarms.iter().cloned() {
        let before = open.iter().find(|before| before.key == alarm.key);
        if let Some(before) = before {
            // What was late and is missed now is the same alarm, and was told.
            (alarm.since, alarm.told_at) = (before.since, before.told_at);
            if *before == alarm {
                continue;
            }
        }
        changed = true;
        log.put_alarm(&alarm).map_err(failed)?;
    }
    let over = open.iter().filter(|alarm| !wanted.contains(&alarm.key));
    let over: Vec<_> = over.filter(|alarm| causes.can_end(app, survey, alarm)).cloned().collect();
    tell::tell_over(app, &over);
    for alarm in &over {
        changed = true;
        log.end_alarm(&alarm.key).map_err(failed)?;
    }
    if changed {
        app.inner.events.changed(Topic::Alerts, None);
    }
    Ok(())
}
