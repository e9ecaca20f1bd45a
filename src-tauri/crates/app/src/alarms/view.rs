//! Alarms as people see them.

use kuramori_jobs::AlarmRecord;

use super::{Detail, kind_of};
use crate::app::App;
use crate::dto::{AlertKind, AlertList, AlertView, AlertWeight, Language};
use crate::error::AppError;
use crate::jobs;
use crate::messages;

/// Shows all open alarms.
pub(super) fn list(app: &App) -> Result<AlertList, AppError> {
    let open = app.inner.log.alarms().map_err(|e| jobs::failed(&e))?;
    let views = open.iter().filter_map(|alarm| view(alarm, app.language()));
    Ok(AlertList { alerts: views.collect() })
}

fn view(alarm: &AlarmRecord, language: Language) -> Option<AlertView> {
    let (kind, detail) = (kind_of(alarm)?, Detail::of(alarm));
    let (title, advice) = messages::alarm(kind, &alarm.subject, &detail, language);
    let found = detail.unusual;
    Some(AlertView {
        key: alarm.key.clone(),
        kind,
        weight: weight(kind),
        subject: alarm.subject.clone(),
        title,
        advice,
        since: alarm.since,
        told_at: alarm.told_at,
        can_release: matches!(kind, AlertKind::UnusualChange | AlertKind::History),
        point_id: found.as_ref().map(|found| found.point.clone()),
        good_point_id: found.and_then(|found| found.good),
    })
}

pub(super) fn weight(kind: AlertKind) -> AlertWeight {
    match kind {
        AlertKind::Late | AlertKind::OldSnapshot | AlertKind::Clock => AlertWeight::Amber,
        AlertKind::Missed
        | AlertKind::NeverSaved
        | AlertKind::UnusualChange
        | AlertKind::History => AlertWeight::Red,
    }
}
