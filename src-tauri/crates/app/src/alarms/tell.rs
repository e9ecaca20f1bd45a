//! Telling alarms: one notice for each kind in one look, and one when they end.

use std::collections::BTreeMap;

use kuramori_jobs::AlarmRecord;

use super::{kind_of, view};
use crate::app::App;
use crate::dto::{AlertKind, AlertWeight};
use crate::error::AppError;
use crate::jobs;
use crate::messages;
use crate::notices::{self, Notice, Weight};

/// Tells what nobody was told of yet.
pub(super) fn tell_new(app: &App) -> Result<(), AppError> {
    let open = app.inner.log.alarms().map_err(|e| jobs::failed(&e))?;
    let new: Vec<_> = open.into_iter().filter(|alarm| alarm.told_at.is_none()).collect();
    for (kind, alarms) in by_kind(&new) {
        let weight = match view::weight(kind) {
            AlertWeight::Red => Weight::Failure,
            AlertWeight::Amber => Weight::Warning,
        };
        notices::tell(app, notice(app, kind, &alarms, weight));
        for alarm in alarms {
            let told = AlarmRecord { told_at: Some(app.inner.clock.now()), ..alarm.clone() };
            app.inner.log.put_alarm(&told).map_err(|e| jobs::failed(&e))?;
        }
    }
    Ok(())
}

/// Tells that alarms are over, those of which somebody was told.
pub(super) fn tell_over(app: &App, over: &[AlarmRecord]) {
    let told: Vec<_> = over.iter().filter(|alarm| alarm.told_at.is_some()).cloned().collect();
    for (kind, alarms) in by_kind(&told) {
        notices::tell(app, notice(app, kind, &alarms, Weight::Recovery));
    }
}

fn by_kind(alarms: &[AlarmRecord]) -> BTreeMap<AlertKind, Vec<&AlarmRecord>> {
    let mut kinds: BTreeMap<AlertKind, Vec<&AlarmRecord>> = BTreeMap::new();
    for alarm in alarms {
        if let Some(kind) = kind_of(alarm) {
            kinds.entry(kind).or_default().push(alarm);
        }
    }
    kinds
}

fn notice(app: &App, kind: AlertKind, alarms: &[&AlarmRecord], weight: Weight) -> Notice {
    let language = app.language();
    let names: Vec<String> = alarms.iter().map(|alarm| alarm.subject.clone()).collect();
    let names = notices::named(&names, language);
    let key = match alarms {
        [one] => one.key.clone(),
        _ => format!("alarms:{}", super::kind_text(kind)),
    };
    let (title, body) = messages::alarm_notice(kind, &names, weight == Weight::Recovery, language);
    Notice { key, weight, title, body, run: None }
}
