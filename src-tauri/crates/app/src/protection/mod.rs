//! What is promised for VMs, and whether it is kept: asked of what was saved, not of servers.

mod jobs;
mod survey;
mod view;

use kuramori_jobs::protection::{Class, Classes, Promise};

pub(crate) use survey::{Survey, Watched, survey};

use crate::app::App;
use crate::commands::Handler;
use crate::dto::{
    ClassView, ClassesView, Empty, ErrorCode, PromiseChange, PromiseView, ProtectionList,
    SetClassRequest, Topic, VmProtection,
};
use crate::error::AppError;
use crate::schema::command;

impl Handler for command::ProtectionList {
    async fn handle(app: &App, _: Empty) -> Result<ProtectionList, AppError> {
        app.blocking(|app| Ok(view::list(&survey(app)?, app.language()))).await
    }
}

impl Handler for command::ProtectionSetClass {
    async fn handle(app: &App, request: SetClassRequest) -> Result<VmProtection, AppError> {
        let changed = app.blocking(move |app| {
            let key = find(&survey(app)?, &request.vm)?.key.clone();
            change(app, &key, request.change)?;
            let survey = survey(app)?;
            let watched = survey.vms.iter().find(|vm| vm.key == key);
            let watched =
                watched.ok_or_else(|| AppError::new(ErrorCode::VmNotFound, &request.vm))?;
            Ok(view::vm(watched, survey.now, app.language()))
        });
        let view = changed.await?;
        app.inner.events.changed(Topic::Settings, None);
        Ok(view)
    }
}

impl Handler for command::ClassesGet {
    async fn handle(app: &App, _: Empty) -> Result<ClassesView, AppError> {
        Ok(classes_view(app.inner.settings.get().classes))
    }
}

impl Handler for command::ClassesSet {
    async fn handle(app: &App, request: ClassesView) -> Result<ClassesView, AppError> {
        let promise = |p: PromiseView| Promise { rpo: p.rpo_minutes, rto: p.rto_minutes };
        let classes = Classes {
            critical: promise(request.critical),
            normal: promise(request.normal),
            archive: promise(request.archive),
        };
        if !classes.make_sense() {
            return Err(AppError::new(ErrorCode::InvalidInput, "a promise of no time"));
        }
        app.blocking(move |app| {
            app.inner.settings.change(|settings| {
                settings.classes = classes;
                Ok(())
            })
        })
        .await?;
        app.inner.events.changed(Topic::Settings, None);
        Ok(classes_view(classes))
    }
}

fn classes_view(classes: Classes) -> ClassesView {
    ClassesView {
        critical: promise_view(classes.critical),
        normal: promise_view(classes.normal),
        archive: promise_view(classes.archive),
    }
}

pub(crate) fn promise_view(promise: Promise) -> PromiseView {
    PromiseView { rpo_minutes: promise.rpo, rto_minutes: promise.rto }
}

pub(crate) fn class_view(class: Class) -> ClassView {
    match class {
        Class::Critical => ClassView::Critical,
        Class::Normal => ClassView::Normal,
        Class::Archive => ClassView::Archive,
    }
}

/// Shows a VM of a survey.
#[cfg(test)]
pub(crate) fn view_of(
    survey: &Survey,
    place: usize,
    language: crate::dto::Language,
) -> VmProtection {
    view::vm(&survey.vms[place], survey.now, language)
}

/// Finds a VM by its key or its name.
fn find<'s>(survey: &'s Survey, wanted: &str) -> Result<&'s Watched, AppError> {
    if let Some(vm) = survey.vms.iter().find(|vm| vm.key == wanted) {
        return Ok(vm);
    }
    let mut named = survey.vms.iter().filter(|vm| vm.name == wanted);
    let found = named.next().ok_or_else(|| AppError::new(ErrorCode::VmNotFound, wanted))?;
    if named.next().is_some() {
        let what = format!("“{wanted}”, since several VMs are called so: use the key");
        return Err(AppError::new(ErrorCode::InvalidInput, what));
    }
    Ok(found)
}

fn change(app: &App, key: &str, change: PromiseChange) -> Result<(), AppError> {
    let now = app.inner.clock.now();
    app.inner.settings.change(|settings| {
        let promise = settings.promises.entry(key.to_owned()).or_default();
        match change {
            PromiseChange::Class { class } => {
                promise.class = class.map(|class| match class {
                    ClassView::Critical => Class::Critical,
                    ClassView::Normal => Class::Normal,
                    ClassView::Archive => Class::Archive,
                });
            }
            PromiseChange::Exclude { reason } => {
                let reason = reason.trim();
                if reason.is_empty() {
                    let what = "leaving a VM out without a reason";
                    return Err(AppError::new(ErrorCode::InvalidInput, what));
                }
                promise.excluded = Some((reason.to_owned(), now));
            }
            PromiseChange::Include => promise.excluded = None,
        }
        if *promise == crate::settings::VmPromise::default() {
            settings.promises.remove(key);
        }
        Ok(())
    })
}
