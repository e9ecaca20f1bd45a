//! What most commands need: the application, or a repository without one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kuramori_app::dto::{ErrorCode, Language, RunRequest, RunView, Topic};
use kuramori_app::platform::Roots;
use kuramori_app::schema::command;
use kuramori_app::updates::{self, AtStart};
use kuramori_app::{
    App, AppError, AppOptions, Client, Clock, Place, PointRef, Remote, RepositoryKey, SecretsChoice,
    Seen, SystemClock,
};

use crate::args::RepoArgs;
use crate::input;
use crate::output::{Done, Output};
use crate::progress::ProgressLine;

/// How long a program that ends waits for its notices to be sent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How to open the application.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) state: Option<PathBuf>,
    pub(crate) secrets: SecretsChoice,
    pub(crate) hardware: Roots,
    pub(crate) output: Output,
    /// The application, once it was opened.
    pub(crate) opened: Arc<OnceLock<App>>,
}

/// An opened repository, and the application it belongs to where there is one.
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) path: PathBuf,
    pub(crate) app: Option<App>,
}

impl Context {
    /// Opens the application and cleans up what a crash left on servers.
    pub(crate) async fn app(&self) -> Result<App, AppError> {
        let app = self.open(None)?;
        if app.needs_recovery() {
            app.recover().await;
        }
        Ok(app)
    }

    /// Returns the application: in the process that owns the state folder where there is one that can
    /// be asked, else opened here.
    pub(crate) async fn client(&self) -> Result<Client, AppError> {
        if let Some(remote) = self.owner().await? {
            return Ok(Client::There(remote));
        }
        match self.app().await {
            Ok(app) => Ok(Client::Here(app)),
            // It may have begun to listen meanwhile.
            Err(error) if error.code == ErrorCode::StateInUse => {
                self.owner().await?.map(Client::There).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn owner(&self) -> Result<Option<Remote>, AppError> {
        let state = self.state()?;
        blocking(move || Remote::find(&state)).await
    }

    pub(crate) fn state(&self) -> Result<PathBuf, AppError> {
        self.state.clone().map_or_else(App::default_state, Ok)
    }

    /// Opens the application to keep jobs: what fails is told by desktop notices too.
    pub(crate) fn serving(&self) -> Result<App, AppError> {
        self.open_with(None, true)
    }

    /// Opens the application; `token` where it was started to see whether this version works.
    pub(crate) fn open(&self, token: Option<&str>) -> Result<App, AppError> {
        self.open_with(token, false)
    }

    fn open_with(&self, token: Option<&str>, notices: bool) -> Result<App, AppError> {
        let state = self.state()?;
        if updates::at_start(&state, token)? != AtStart::Go {
            return Err(AppError::new(ErrorCode::UpdateApplying, "").retryable(true));
        }
        let (secrets, hardware) = (self.secrets.clone(), self.hardware.clone());
        let options = AppOptions { state, secrets, notices, hardware, clock: clock() };
        let app = App::open_to_confirm(options, token)?;
        for lost in app.losses() {
            Output::note(&crate::text::error(&lost.view(Language::En)));
        }
        // One that is set already is the same: a state folder has one owner.
        drop(self.opened.set(app.clone()));
        Ok(app)
    }

    /// Leaves no session on any server behind.
    pub(crate) async fn leave(&self) {
        if let Some(app) = self.opened.get() {
            app.sign_out().await;
        }
    }

    /// Opens the repository the arguments name.
    pub(crate) async fn place(&self, args: &RepoArgs) -> Result<Opened, AppError> {
        let key = match &args.repo_path {
            Some(_) => Some(input::needed_key(&args.key)?),
            None => None,
        };
        self.place_with(args, key).await
    }

    /// Opens the repository the arguments name, in a folder with a key that was read already.
    pub(crate) async fn place_with(
        &self,
        args: &RepoArgs,
        key: Option<RepositoryKey>,
    ) -> Result<Opened, AppError> {
        if let (Some(path), Some(key)) = (args.repo_path.clone(), key) {
            let folder = path.clone();
            let place = blocking(move || Place::open(&folder, key)).await?;
            return Ok(Opened { place, path, app: None });
        }
        let app = self.app().await?;
        let wanted = match &args.repo {
            Some(name) => name.clone(),
            None => only_repository(&app)?,
        };
        let (opened, path) = (app.clone(), app.repository_path(&wanted)?);
        let place = blocking(move || opened.place_with_keys(&wanted)).await?;
        Ok(Opened { place, path, app: Some(app) })
    }

    /// Finds a recovery point in the named repository, else in all known ones.
    pub(crate) async fn point(
        &self,
        app: &App,
        repo: Option<&str>,
        wanted: &str,
    ) -> Result<PointRef, AppError> {
        let names = match repo {
            Some(name) => vec![name.to_owned()],
            None => app.repository_names(),
        };
        let (app, wanted) = (app.clone(), wanted.to_owned());
        blocking(move || find_in(&app, &names, &wanted)).await
    }

    /// Waits for a run, wherever it works, showing how it goes, and prints how it ended. Ctrl-C stops
    /// the run and waits for its clean-up.
    pub(crate) async fn follow(&self, client: &Client, run_id: &str) -> Result<Done, AppError> {
        match client {
            Client::Here(app) => self.follow_here(app, run_id).await,
            Client::There(remote) => self.follow_there(client, remote, run_id).await,
        }
    }

    async fn follow_there(
        &self,
        client: &Client,
        remote: &Remote,
        run_id: &str,
    ) -> Result<Done, AppError> {
        let mut watch = remote.watch().await?;
        let request = || RunRequest { run_id: run_id.to_owned() };
        let mut line = ProgressLine::new(self.output);
        let mut run = client.call::<command::RunsGet>(request()).await?;
        while run.summary.outcome.is_none() {
            tokio::select! {
                seen = watch.next() => match seen {
                    Some(Seen::Event(event)) if event.id.as_deref() != Some(run_id) => {}
                    Some(Seen::Event(event)) => match event.run {
                        Some(now) => {
                            line.show(&now);
                            run = *now;
                        }
                        None => run = client.call::<command::RunsGet>(request()).await?,
                    },
                    Some(Seen::Missed) => {
                        run = client.call::<command::RunsGet>(request()).await?;
                    }
                    None => return Err(AppError::new(ErrorCode::OwnerLost, remote.name())),
                },
                _ = tokio::signal::ctrl_c() => {
                    client.call::<command::RunsCancel>(request()).await?;
                }
            }
        }
        line.clear();
        let run = client.call::<command::RunsGet>(request()).await?;
        self.output.answer(&run, crate::text::run);
        Ok(done(&run))
    }

    /// As [`Context::follow`], for a run in this process.
    pub(crate) async fn follow_here(&self, app: &App, run_id: &str) -> Result<Done, AppError> {
        let mut events = app.subscribe();
        let mut line = ProgressLine::new(self.output);
        let ended = app.wait(run_id);
        tokio::pin!(ended);
        loop {
            tokio::select! {
                result = &mut ended => break result?,
                event = events.recv() => {
                    if let Ok(event) = event
                        && event.topic == Topic::Run
                        && let Some(run) = event.run
                    {
                        line.show(&run);
                    }
                }
                _ = tokio::signal::ctrl_c() => app.stop().await,
            }
        }
        line.clear();
        let request = RunRequest { run_id: run_id.to_owned() };
        let run = app.call::<command::RunsGet>(request).await?;
        self.output.answer(&run, crate::text::run);
        app.deliver_notices(PATIENCE).await;
        Ok(done(&run))
    }
}

fn done(run: &RunView) -> Done {
    use kuramori_app::dto::OutcomeView as O;
    match run.summary.outcome {
        Some(O::Succeeded) => Done::Well,
        Some(O::SucceededWithWarnings) => Done::WithWarnings,
        Some(O::Failed | O::Cancelled) | None => Done::Failed,
    }
}

fn only_repository(app: &App) -> Result<String, AppError> {
    match app.repository_names().as_slice() {
        [name] => Ok(name.clone()),
        _ => {
            Err(AppError::new(ErrorCode::InvalidInput, "no repository: use --repo or --repo-path"))
        }
    }
}

fn find_in(app: &App, names: &[String], wanted: &str) -> Result<PointRef, AppError> {
    let mut found = None;
    for name in names {
        match app.place(name)?.find(wanted) {
            Ok(_) if found.is_some() => {
                return Err(AppError::new(ErrorCode::PointAmbiguous, wanted)
                    .detail("it matches in more than one repository; use --repo"));
            }
            Ok(point) => found = Some(point),
            Err(e) if e.code == ErrorCode::PointNotFound => {}
            Err(e) => return Err(e),
        }
    }
    found.ok_or_else(|| AppError::new(ErrorCode::PointNotFound, wanted))
}

/// Runs blocking work away from the threads that serve sockets.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(AppError::new(ErrorCode::Internal, "").because(&e)))
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

/// A path that stays right inside the application.
pub(crate) fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
