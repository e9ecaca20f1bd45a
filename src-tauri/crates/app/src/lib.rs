//! The application: everything a person can ask of Kuramori, as commands and events.
//!
//! Non-goals: windows, command lines, sockets; those are adapters.
//! Invariant guarded: every command answers with data or with an error a person can act on.

pub mod dto;
mod error;
mod files;
mod messages;
pub mod schema;
mod secrets;

pub use error::AppError;
pub use secrets::SecretsChoice;
