//! The application: everything a person can ask of Kuramori, as commands and events.
//!
//! Non-goals: windows, command lines, sockets; those are adapters.
//! Invariant guarded: every command answers with data or with an error a person can act on.

mod access;
mod app;
mod catalog;
mod commands;
mod convert;
mod deletion;
mod device_key;
pub mod dto;
mod error;
mod events;
mod exported;
mod files;
mod guardian;
mod history;
mod inventory;
mod jobs;
mod keys;
mod load;
mod loss;
mod messages;
mod notices;
mod opened;
mod owner;
mod place;
mod power;
mod retention;
mod runs;
pub mod schema;
mod secrets;
mod settings;
mod sheet;
mod tls;
pub mod updates;
pub mod upkeep;
mod volume;

pub use app::{App, AppOptions};
pub use commands::NewVmChoice;
pub use deletion::{Forget, ForgetHow};
pub use error::AppError;
pub use kuramori_base::{
    CancelToken, Clock, Counters, NoProgress, Progress, Secret, SystemClock, Tally,
};
/// What the shell asks the system itself.
pub mod platform {
    pub use kuramori_platform::guest::Roots;
    pub use kuramori_platform::{paths, power};
}

pub use keys::AddKey;
pub use kuramori_jobs::retention::Spans;
pub use notices::announce;
pub use owner::{Answering, Client, Remote, Seen, Watch};
pub use place::{ImageRequest, OpenPoint, Place, PointRef, RepositoryKey, Writer};
pub use retention::{Asked, OfJob};
pub use secrets::SecretsChoice;
