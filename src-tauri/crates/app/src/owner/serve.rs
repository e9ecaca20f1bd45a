//! The side that owns the folder.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kuramori_platform::endpoint::{Line, Listener};
use tokio::runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::{Ask, FILE, Owner, Tell, VERSION};
use crate::app::App;
use crate::dto::ErrorCode;
use crate::error::AppError;

/// Ends when it is dropped: others find nobody then.
pub struct Answering {
    state: PathBuf,
    pid: u32,
}

impl Drop for Answering {
    fn drop(&mut self) {
        // What another process wrote meanwhile is its own.
        if Owner::read(&self.state).is_some_and(|owner| owner.pid == self.pid)
            && let Err(error) = fs_err::remove_file(self.state.join(FILE))
        {
            tracing::warn!(%error, "others will look for us in vain");
        }
    }
}

/// After a connection that came to nothing.
const PAUSE: Duration = Duration::from_millis(200);

impl App {
    /// Lets other programs of this user ask this one, for as long as the answer lives. `program`
    /// is what they are told this one is. To be called within a runtime.
    ///
    /// # Errors
    /// [`ErrorCode::StateDamaged`] when the system allows no endpoint; everything else works without.
    pub fn answer_others(&self, program: &str) -> Result<Answering, AppError> {
        let failed = |e: &dyn std::error::Error| {
            let state = self.inner.state.display().to_string();
            AppError::new(ErrorCode::StateDamaged, state).because(e)
        };
        let listener = Listener::bind(&self.inner.state).map_err(|e| failed(&e))?;
        let owner = Owner {
            pid: std::process::id(),
            program: program.to_owned(),
            version: VERSION.to_owned(),
            address: listener.address().to_owned(),
            token: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        };
        owner.write(&self.inner.state).map_err(|e| failed(&e))?;
        let answering = Answering { state: self.inner.state.clone(), pid: owner.pid };
        let (app, runtime, owner) = (self.clone(), Handle::current(), Arc::new(owner));
        std::thread::spawn(move || {
            loop {
                match listener.accept() {
                    Ok(line) => {
                        let (app, runtime) = (app.clone(), runtime.clone());
                        let owner = owner.clone();
                        let answers = move || {
                            if let Err(error) = answer(&app, &runtime, &owner, line) {
                                tracing::info!(%error, "a program that asked is gone");
                            }
                        };
                        if let Err(error) = std::thread::Builder::new().spawn(answers) {
                            tracing::warn!(%error, "a program that asked has to try again");
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                        tracing::warn!(%error, "turned away");
                    }
                    // Of one that is gone already, or of a want that passes.
                    Err(error) => {
                        tracing::warn!(%error, "a program that asked was not heard");
                        std::thread::sleep(PAUSE);
                    }
                }
            }
        });
        Ok(answering)
    }
}

fn tell(line: &mut Line, tell: &Tell) -> io::Result<()> {
    line.send(&serde_json::to_string(tell).map_err(io::Error::other)?)
}

fn refuse(line: &mut Line, error: AppError) -> io::Result<()> {
    tell(line, &Tell::Refused { error: Box::new(error) })
}

/// Answers one program until it is gone.
fn answer(app: &App, runtime: &Handle, owner: &Owner, mut line: Line) -> io::Result<()> {
    let mut heard = false;
    while let Some(text) = line.receive()? {
        let ask = match serde_json::from_str::<Ask>(&text) {
            Ok(ask) => ask,
            Err(error) => {
                let what = AppError::new(ErrorCode::InvalidInput, "what was asked");
                return refuse(&mut line, what.because(&error));
            }
        };
        match ask {
            Ask::Hello { version, token } => {
                if !same(&token, &owner.token) {
                    return refuse(&mut line, AppError::new(ErrorCode::StateInUse, owner.name()));
                }
                heard = version == VERSION;
                // The other side says so to people.
                tell(&mut line, &Tell::Hello { version: VERSION.to_owned() })?;
            }
            _ if !heard => {
                let error = AppError::new(ErrorCode::OwnerDiffers, owner.name());
                return refuse(&mut line, error);
            }
            Ask::Call { command, request } => {
                match runtime.block_on(app.answer_by_name(&command, request)) {
                    Ok(response) => tell(&mut line, &Tell::Answer { response })?,
                    Err(error) => refuse(&mut line, error)?,
                }
            }
            Ask::Watch => return watch(app, runtime, line),
        }
    }
    Ok(())
}

/// Sends events until the other side is gone.
fn watch(app: &App, runtime: &Handle, mut line: Line) -> io::Result<()> {
    let mut events = app.subscribe();
    // Nothing is missed from here on: what is asked for after this is followed.
    tell(&mut line, &Tell::Missed)?;
    loop {
        match runtime.block_on(events.recv()) {
            Ok(event) => tell(&mut line, &Tell::Event { event: Box::new(event) })?,
            Err(RecvError::Lagged(_)) => tell(&mut line, &Tell::Missed)?,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Compares without telling by its time how much was right.
fn same(a: &str, b: &str) -> bool {
    let differ = a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    a.len() == b.len() && differ == 0
}
