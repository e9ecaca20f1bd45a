//! The process that owns the state folder, and others that ask it to do their work: the commands of
//! the one table, as lines of JSON over an endpoint that only programs of this user reach.
//!
//! A connection begins with a greeting. Then each request is answered in its turn, or the
//! connection becomes a stream of events. Who connects must know what lies in the private state
//! folder, and be of the same version: commands differ between versions.

mod client;
mod serve;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use client::{Client, Remote, Seen, Watch};
pub use serve::Answering;

use crate::dto::{ErrorCode, Event};
use crate::error::AppError;
use crate::files;

/// Version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The file that says who owns the folder and where to reach it.
const FILE: &str = "owner.json";

/// Who owns a state folder, as written there.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Owner {
    /// The process.
    pid: u32,
    /// What it is, such as `kuramori serve`.
    program: String,
    version: String,
    /// Where it listens.
    address: PathBuf,
    /// What a program must know to be heard.
    token: String,
}

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
enum Ask {
    Hello { version: String, token: String },
    Call { command: String, request: Value },
    Watch,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
enum Tell {
    Hello { version: String },
    Answer { response: Value },
    Refused { error: Box<AppError> },
    Event { event: Box<Event> },
    /// Events were left out: everything is to be asked for again.
    Missed,
}

impl Owner {
    /// Reads who owns a folder; `None` when nobody has said so.
    fn read(state: &Path) -> Option<Self> {
        let bytes = fs_err::read(state.join(FILE)).ok()?;
        serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::warn!(%error, "what says who owns the folder is damaged"))
            .ok()
    }

    fn write(&self, state: &Path) -> std::io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        files::replace(&state.join(FILE), &bytes)
    }

    /// Says who it is, for people.
    fn name(&self) -> String {
        format!("{} {} (process {})", self.program, self.version, self.pid)
    }
}

/// Adds to an error that a folder is owned by another process which one that is.
pub(crate) fn named(error: AppError, state: &Path) -> AppError {
    match Owner::read(state) {
        Some(owner) if error.code == ErrorCode::StateInUse => {
            error.detail(format!("it belongs to {}", owner.name()))
        }
        _ => error,
    }
}
