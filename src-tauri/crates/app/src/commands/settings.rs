use std::sync::atomic::Ordering;

use super::Handler;
use crate::app::App;
use crate::dto::{AppStateView, Empty, SettingsView, Topic};
use crate::error::AppError;
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
        app.blocking(move |app| {
            app.inner.settings.change(|s| {
                (s.language, s.theme) = (new.language, new.theme);
                s.updates.check_daily = new.check_updates;
                Ok(())
            })
        })
        .await?;
        app.inner.events.changed(Topic::Settings, None);
        Ok(app.inner.settings.view())
    }
}
