use std::path::Path;

use super::Handler;
use crate::app::App;
use crate::dto::{
    Empty, ErrorCode, InstallationView, Language, OfferView, UpdateFileRequest, UpdateOutcomeView,
    UpdateResultView, UpdatesView,
};
use crate::error::AppError;
use crate::schema::command;
use crate::updates::{Kind, Launch, Outcome, UpdateError};

impl Handler for command::UpdatesStatus {
    async fn handle(app: &App, _: Empty) -> Result<UpdatesView, AppError> {
        app.blocking(|app| Ok(view(app))).await
    }
}

impl Handler for command::UpdatesCheck {
    async fn handle(app: &App, _: Empty) -> Result<UpdatesView, AppError> {
        app.inner.updates.check().await?;
        app.blocking(|app| Ok(view(app))).await
    }
}

impl Handler for command::UpdatesOpenFile {
    async fn handle(app: &App, request: UpdateFileRequest) -> Result<UpdatesView, AppError> {
        app.blocking(move |app| {
            app.inner.updates.open_file(Path::new(&request.path))?;
            Ok(view(app))
        })
        .await
    }
}

impl Handler for command::UpdatesDownload {
    async fn handle(app: &App, _: Empty) -> Result<UpdatesView, AppError> {
        app.inner.updates.ready()?;
        let work = app.clone();
        tokio::spawn(async move {
            if let Err(error) = work.inner.updates.download().await {
                tracing::info!(%error, "the download of an update failed");
            }
        });
        app.blocking(|app| Ok(view(app))).await
    }
}

impl Handler for command::UpdatesInstall {
    async fn handle(app: &App, _: Empty) -> Result<UpdatesView, AppError> {
        app.inner.updates.ready()?;
        app.refuse_during_run()?;
        let work = app.clone();
        tokio::spawn(async move {
            let launch = Launch::window(std::env::args().skip(1));
            if let Err(error) = work.install_update(launch).await {
                tracing::info!(%error, "an update could not be installed");
            }
        });
        app.blocking(|app| Ok(view(app))).await
    }
}

impl Handler for command::UpdatesDismiss {
    async fn handle(app: &App, _: Empty) -> Result<Empty, AppError> {
        app.blocking(|app| Ok(app.inner.updates.dismiss()?)).await?;
        Ok(Empty {})
    }
}

impl App {
    /// Downloads and installs the offered version. When this returns well, the program must end:
    /// a helper waits for that, puts the new files in place and starts the program as `launch`
    /// says. No run can begin any more.
    ///
    /// # Errors
    /// [`ErrorCode::UpdateDuringRun`] and what else stood in the way; nothing has changed then.
    pub async fn install_update(&self, launch: Launch) -> Result<(), AppError> {
        self.refuse_during_run()?;
        self.inner.updates.download().await?;
        if !self.inner.runs.close_if_idle() {
            return Err(UpdateError::DuringRun.into());
        }
        let installed = self.blocking(|app| Ok(app.inner.updates.install(launch)?)).await;
        if installed.is_err() {
            self.inner.runs.reopen();
        }
        installed
    }

    /// Says that this version works, to whoever started it with `token` to see that.
    ///
    /// # Errors
    /// [`ErrorCode::UpdateFailed`] when the state folder cannot be written.
    pub fn confirm_update(&self, token: &str) -> Result<(), AppError> {
        self.inner.updates.confirm(token)?;
        self.inner.runs.reopen();
        Ok(())
    }

    /// Returns once the program should end because an update is to be put in place.
    pub async fn quit_wanted(&self) {
        self.inner.updates.quit_wanted().await;
    }

    /// Checks for updates once a day for as long as it is polled, where the settings say so. First
    /// waits for the end of an update that started this program.
    pub async fn keep_checking_for_updates(&self) {
        self.inner.updates.over().await;
        loop {
            self.check_for_updates_if_due().await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Checks for updates if the last check is a day old. Failures are kept for showing.
    pub async fn check_for_updates_if_due(&self) {
        if !self.inner.updates.is_due() {
            return;
        }
        if let Err(error) = self.inner.updates.check().await {
            tracing::info!(%error, "the check for updates failed");
        }
    }

    fn refuse_during_run(&self) -> Result<(), AppError> {
        if self.is_working() {
            return Err(UpdateError::DuringRun.into());
        }
        Ok(())
    }

    /// Refuses work that must not begin while an update is put in place.
    pub(crate) fn refuse_during_update(&self) -> Result<(), AppError> {
        if self.inner.runs.is_closed() {
            if self.inner.updates.is_applying() {
                return Err(UpdateError::Applying.into());
            }
            // The helper gave up; nothing has changed.
            self.inner.runs.reopen();
        }
        Ok(())
    }
}

/// How often the time of the next check is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_mins(10);

fn view(app: &App) -> UpdatesView {
    let (updates, language) = (&app.inner.updates, app.language());
    let progress = updates.progress();
    let installation = match updates.kind() {
        Some(Kind::Folder) => InstallationView::Itself,
        Some(Kind::SystemPackage) => InstallationView::SystemPackage,
        None => InstallationView::Nobody,
    };
    UpdatesView {
        version: updates.current(),
        enabled: updates.is_on(),
        installation,
        step: progress.step,
        done: progress.done,
        checked_at: app.inner.settings.get().updates.checked_at,
        check_error: progress.check_error.map(|e| e.view(language)),
        offer: updates.offered().map(|offered| OfferView {
            version: offered.version(),
            published: offered.published(),
            notes: offered.notes(language),
            size: offered.size(),
            downloaded: offered.downloaded,
            page: offered.page(),
        }),
        error: progress.error.map(|e| e.view(language)),
        last: last(app, language),
    }
}

fn last(app: &App, language: Language) -> Option<UpdateResultView> {
    let finished = app.inner.updates.finished()?;
    let (outcome, code) = match finished.outcome {
        Outcome::Installed => (UpdateOutcomeView::Installed, None),
        Outcome::RolledBack => (UpdateOutcomeView::RolledBack, Some(ErrorCode::UpdateRolledBack)),
        Outcome::GivenUp => (UpdateOutcomeView::GivenUp, Some(ErrorCode::UpdateFailed)),
    };
    let error = code.map(|code| {
        let error = AppError::new(code, &finished.to).detail(finished.reason.unwrap_or_default());
        error.detail(&finished.log).view(language)
    });
    Some(UpdateResultView {
        outcome,
        from: finished.from,
        to: finished.to,
        at: finished.at,
        error,
        log: finished.log,
        seen: finished.seen,
    })
}
