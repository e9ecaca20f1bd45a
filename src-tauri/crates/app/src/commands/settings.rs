use std::sync::atomic::Ordering;

use kuramori_platform::autostart::{self, AutostartError, Program};

use super::Handler;
use crate::app::App;
use crate::convert;
use crate::dto::{
    AppStateView, Autostart, AutostartRequest, AutostartView, Empty, SettingsView, Topic,
};
use crate::error::AppError;
use crate::load;
use crate::runs::summary;
use crate::schema::command;

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

impl Handler for command::AppState {
    async fn handle(app: &App, _: Empty) -> Result<AppStateView, AppError> {
        let settings = app.inner.settings.get();
        let mut running: Vec<_> =
            app.inner.runs.all().iter().map(|r| summary(&r.record(), app.language())).collect();
        running.sort_by_key(|r| std::cmp::Reverse(r.started_at));
        Ok(AppStateView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            first_start: settings.servers.is_empty() || settings.repositories.is_empty(),
            settings: app.inner.settings.view(),
            secrets: app.inner.keychain.kind(),
            servers: count(settings.servers.len()),
            repositories: count(settings.repositories.len()),
            running,
            recovering: app.inner.recovering.load(Ordering::Acquire),
        })
    }
}

impl Handler for command::SettingsGet {
    async fn handle(app: &App, _: Empty) -> Result<SettingsView, AppError> {
        Ok(app.inner.settings.view())
    }
}

impl Handler for command::SettingsSet {
    async fn handle(app: &App, new: SettingsView) -> Result<SettingsView, AppError> {
        load::check(new.load)?;
        app.blocking(move |app| {
            app.inner.settings.change(|s| {
                (s.language, s.theme) = (new.language, new.theme);
                s.updates.check_daily = new.check_updates;
                s.load = new.load;
                Ok(())
            })
        })
        .await?;
        app.inner.events.changed(Topic::Settings, None);
        Ok(app.inner.settings.view())
    }
}

/// What a program that starts by itself is given: its window must not be in the way.
const BY_ITSELF: &str = "--minimized";

/// Returns whether this program starts with the session.
fn autostart(program: &Program) -> Result<AutostartView, AutostartError> {
    let autostart = match program.autostart()? {
        autostart::Autostart::Off => Autostart::Off,
        autostart::Autostart::On => Autostart::On,
        autostart::Autostart::Other => Autostart::OtherCopy,
    };
    Ok(AutostartView { autostart })
}

impl App {
    /// Returns whether this program starts with the session, given `arguments`, after that was
    /// switched if `on` says so.
    ///
    /// # Errors
    /// [`crate::dto::ErrorCode::AutostartRefused`].
    pub async fn autostart(
        &self,
        arguments: Vec<String>,
        on: Option<bool>,
    ) -> Result<AutostartView, AppError> {
        let changed = self.blocking(move |_| {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let set = |program: Program| {
                on.map_or(Ok(()), |on| program.set_autostart(on))?;
                autostart(&program)
            };
            Program::this(&arguments).and_then(set).map_err(|e| convert::autostart(&e))
        });
        let view = changed.await?;
        if on.is_some() {
            self.inner.events.changed(Topic::Settings, None);
        }
        Ok(view)
    }
}

impl Handler for command::SettingsAutostart {
    async fn handle(app: &App, _: Empty) -> Result<AutostartView, AppError> {
        app.autostart(vec![BY_ITSELF.to_owned()], None).await
    }
}

impl Handler for command::SettingsSetAutostart {
    async fn handle(app: &App, request: AutostartRequest) -> Result<AutostartView, AppError> {
        app.autostart(vec![BY_ITSELF.to_owned()], Some(request.on)).await
    }
}
