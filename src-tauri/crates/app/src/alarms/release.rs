//! What a person may release.

use std::sync::PoisonError;

use kuramori_jobs::AlarmRecord;

use super::{Detail, kind_of, tell, unusual};
use crate::app::App;
use crate::dto::{AlertKind, ErrorCode, Topic};
use crate::error::AppError;
use crate::jobs;

/// Releases an alarm: the changes were looked at and are fine, or the repository is as it should be.
/// What was held for it is held no more, and rules end what they do not keep again.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] for a key of none, and for one that ends by itself; what the repository
/// says, and then nothing is released.
pub(super) fn release(app: &App, key: &str) -> Result<(), AppError> {
    // No look that began before writes the alarm back.
    let _alone = app.inner.looking.lock().unwrap_or_else(PoisonError::into_inner);
    let open = app.inner.log.alarms().map_err(|e| jobs::failed(&e))?;
    let alarm = open.into_iter().find(|alarm| alarm.key == key);
    let alarm = alarm
        .ok_or_else(|| AppError::new(ErrorCode::InvalidInput, format!("“{key}” as an alarm")))?;
    let detail = Detail::of(&alarm);
    match kind_of(&alarm) {
        Some(AlertKind::UnusualChange) => {
            unusual::forget_hold(app, &alarm)?;
            unpin(app, &detail)?;
        }
        Some(AlertKind::History) => {
            let repository = detail.repository.unwrap_or_default();
            app.accept_history(&repository)?;
        }
        _ => {
            let what = format!("releasing “{key}”, which ends by itself");
            return Err(AppError::new(ErrorCode::InvalidInput, what));
        }
    }
    tell::tell_over(app, std::slice::from_ref::<AlarmRecord>(&alarm));
    app.inner.log.end_alarm(key).map_err(|e| jobs::failed(&e))?;
    app.inner.events.changed(Topic::Alerts, None);
    Ok(())
}

fn unpin(app: &App, detail: &Detail) -> Result<(), AppError> {
    let Some(repository) = &detail.repository else { return Ok(()) };
    let Some(hold) = detail.unusual.as_ref().and_then(|found| found.hold.as_ref()) else {
        return Ok(());
    };
    if app.inner.settings.get().repository(repository).is_err() {
        return Ok(()); // it is not known here any more: whoever uses it sees the hold
    }
    app.place(repository)?.release(hold)
}
