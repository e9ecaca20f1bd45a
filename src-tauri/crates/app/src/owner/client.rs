//! The side that asks.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kuramori_platform::endpoint::Line;
use tokio::sync::mpsc;

use super::{Ask, Owner, Tell, VERSION};
use crate::app::App;
use crate::commands::Handler;
use crate::dto::{Empty, ErrorCode, Event};
use crate::error::AppError;
use crate::schema::{Command, command};

/// Events that wait for whoever watches.
const BACKLOG: usize = 256;

/// The application: in this process, or in the one that owns the state folder.
#[derive(Clone)]
pub enum Client {
    /// In this process.
    Here(App),
    /// In another one.
    There(Remote),
}

/// The process that owns the state folder, when that is another one.
#[derive(Clone)]
pub struct Remote {
    owner: Arc<Owner>,
    /// Kept from one request to the next.
    line: Arc<Mutex<Line>>,
}

/// What a [`Watch`] sees.
#[derive(Debug)]
pub enum Seen {
    /// Something changed.
    Event(Box<Event>),
    /// More than could be told; ask for everything again.
    Missed,
}

/// Events of the other process.
pub struct Watch {
    seen: mpsc::Receiver<Seen>,
}

impl Watch {
    /// Waits for the next one; `None` when the other process is gone.
    pub async fn next(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }
}

impl Client {
    /// Runs a command, wherever the application is.
    ///
    /// # Errors
    /// What stood in the way, for people; [`ErrorCode::OwnerLost`] when the other process ended
    /// before it answered.
    #[expect(private_bounds, reason = "every command of the table has a handler")]
    pub async fn call<C: Handler>(&self, request: C::Request) -> Result<C::Response, AppError> {
        match self {
            Self::Here(app) => app.call::<C>(request).await,
            Self::There(remote) => remote.call::<C>(request).await,
        }
    }

    /// Returns the names of all repositories known.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn repository_names(&self) -> Result<Vec<String>, AppError> {
        match self {
            Self::Here(app) => Ok(app.repository_names()),
            Self::There(_) => {
                let list = self.call::<command::RepositoriesList>(Empty {}).await?;
                Ok(list.repositories.into_iter().map(|r| r.name).collect())
            }
        }
    }
}

/// How long an owner may take to greet.
const PATIENCE: Duration = Duration::from_secs(5);

impl Remote {
    /// Finds the process that owns a state folder. `None` when nobody does who could be asked.
    /// Blocks.
    ///
    /// # Errors
    /// [`ErrorCode::OwnerDiffers`] when it is of another version.
    pub fn find(state: &Path) -> Result<Option<Self>, AppError> {
        let Some(owner) = Owner::read(state) else { return Ok(None) };
        match greet_in_time(&owner) {
            Ok((line, version)) if version == VERSION => {
                let (owner, line) = (Arc::new(owner), Arc::new(Mutex::new(line)));
                Ok(Some(Self { owner, line }))
            }
            Ok((_, version)) => {
                let detail = format!("it has version {version}, this one is {VERSION}");
                Err(AppError::new(ErrorCode::OwnerDiffers, owner.name()).detail(detail))
            }
            // What it wrote outlived it.
            Err(error) => {
                tracing::info!(%error, owner = owner.name(), "it does not answer");
                Ok(None)
            }
        }
    }

    /// Says who it is, for people.
    pub fn name(&self) -> String {
        self.owner.name()
    }

    async fn call<C: Command>(&self, request: C::Request) -> Result<C::Response, AppError> {
        let internal =
            |e: &dyn std::error::Error| AppError::new(ErrorCode::Internal, "").because(e);
        let request = serde_json::to_value(request).map_err(|e| internal(&e))?;
        let (line, owner) = (self.line.clone(), self.owner.clone());
        let ask = Ask::Call { command: C::NAME.to_owned(), request };
        let told = tokio::task::spawn_blocking(move || {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            exchange(&mut line, &ask).map_err(|e| lost(&owner, &e))
        });
        match told.await.map_err(|e| internal(&e))?? {
            Tell::Answer { response } => serde_json::from_value(response).map_err(|e| internal(&e)),
            Tell::Refused { error } => Err(*error),
            other => Err(internal(&io::Error::other(format!("{other:?} is no answer")))),
        }
    }

    /// Watches what changes there from now on.
    ///
    /// # Errors
    /// [`ErrorCode::OwnerLost`].
    pub async fn watch(&self) -> Result<Watch, AppError> {
        let owner = self.owner.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let (mut line, _) = greet(&owner).map_err(|e| lost(&owner, &e))?;
            match exchange(&mut line, &Ask::Watch).map_err(|e| lost(&owner, &e))? {
                Tell::Missed => Ok(line),
                Tell::Refused { error } => Err(*error),
                other => Err(lost(&owner, &io::Error::other(format!("{other:?} is no answer")))),
            }
        });
        let line =
            begun.await.map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))??;
        let (tell, seen) = mpsc::channel(BACKLOG);
        std::thread::spawn(move || pass_on(line, &tell));
        Ok(Watch { seen })
    }
}

fn lost(owner: &Owner, error: &dyn std::error::Error) -> AppError {
    AppError::new(ErrorCode::OwnerLost, owner.name()).because(error).retryable(true)
}

/// Connects and says hello; returns the other side's version.
fn greet(owner: &Owner) -> io::Result<(Line, String)> {
    let mut line = Line::connect(&owner.address)?;
    let hello = Ask::Hello { version: VERSION.to_owned(), token: owner.token.clone() };
    match exchange(&mut line, &hello)? {
        Tell::Hello { version } => Ok((line, version)),
        other => Err(io::Error::other(format!("{other:?} is no greeting"))),
    }
}

/// As [`greet`], for an owner that may be stopped in its tracks.
fn greet_in_time(owner: &Owner) -> io::Result<(Line, String)> {
    let (tell, told) = std::sync::mpsc::channel();
    let owner = owner.clone();
    // It ends with the connection; nobody waits for it longer than this.
    std::thread::Builder::new().spawn(move || drop(tell.send(greet(&owner))))?;
    told.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn exchange(line: &mut Line, ask: &Ask) -> io::Result<Tell> {
    line.send(&serde_json::to_string(ask).map_err(io::Error::other)?)?;
    receive(line)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn receive(line: &mut Line) -> io::Result<Option<Tell>> {
    let Some(text) = line.receive()? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(io::Error::other)
}

/// Passes on what comes until one of both sides is gone.
fn pass_on(mut line: Line, tell: &mpsc::Sender<Seen>) {
    loop {
        let seen = match receive(&mut line) {
            Ok(Some(Tell::Event { event })) => Seen::Event(event),
            Ok(Some(Tell::Missed)) => Seen::Missed,
            Ok(Some(other)) => return tracing::error!(?other, "this is no event"),
            Ok(None) => return,
            Err(error) => return tracing::info!(%error, "the other process does not tell more"),
        };
        if tell.blocking_send(seen).is_err() {
            return;
        }
    }
}
