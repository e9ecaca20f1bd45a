//! When the computer sleeps, wakes and is about to end the session.

mod gap;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::error::Error;

pub use gap::{GapDetector, slept};

/// What happens to the computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerEvent {
    /// It is about to sleep. There are a few seconds at most.
    Suspending,
    /// It is awake again.
    Resumed,
    /// The user logs out, or the computer shuts down. The end of the session is held up until the
    /// listener returns, as far as the system allows:
    ///
    /// | system | how long |
    /// |---|---|
    /// | Windows | until the user chooses to go on, who reads [`PowerListener::busy`] |
    /// | macOS | until the system's own patience ends, after which it calls the log-out off |
    /// | Linux | as long as the login manager is set up to wait (5 s, usually); shutting down only |
    SessionEnding,
}

/// Hears of the computer's power, on a thread of its own.
pub trait PowerListener: Send + 'static {
    /// Returns what must be finished first, for the user who ends the session; `None` when
    /// nothing must.
    fn busy(&self) -> Option<String>;

    /// Acts on an event. What follows in the computer waits until it returns.
    fn hear(&mut self, event: PowerEvent);
}

/// Why the system's events are not heard. [`GapDetector`] still notices sleep afterwards.
#[derive(Debug, thiserror::Error)]
#[error("the system does not tell of sleep and shutdown ({asked})")]
pub struct PowerError {
    /// What was asked.
    pub asked: &'static str,
    /// What it answered.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl kuramori_base::Hint for PowerError {}

/// Listens for as long as it lives.
pub struct PowerWatch {
    _watch: system::Watch,
}

impl PowerWatch {
    /// Begins to listen. Blocks for as long as the system takes to answer.
    ///
    /// # Errors
    /// What the system refused.
    pub fn start(listener: impl PowerListener) -> Result<Self, PowerError> {
        system::Watch::start(Box::new(listener)).map(|watch| Self { _watch: watch })
    }
}
