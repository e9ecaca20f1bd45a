//! Keeping the computer awake while it works.
//!
//! Only sleep for want of a user is held up: closing the lid or choosing “Sleep” still puts the
//! computer to sleep. The display may go dark.

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

/// Why the computer may fall asleep all the same.
#[derive(Debug, thiserror::Error)]
#[error("the system does not let itself be kept awake ({asked})")]
pub struct AwakeError {
    /// What was asked.
    pub asked: &'static str,
    /// What it answered.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl kuramori_base::Hint for AwakeError {
    fn hints(&self) -> Vec<String> {
        vec!["Switch off sleep in the system's power settings while backups run.".to_owned()]
    }
}

/// Keeps the computer awake for as long as it lives.
#[derive(Debug)]
pub struct KeepAwake {
    _held: system::Held,
}

impl KeepAwake {
    /// Keeps the computer awake until the answer is dropped, also when the process dies. `reason`
    /// is shown by the system's own tools. Blocks for as long as the system takes to answer.
    ///
    /// # Errors
    /// What the system refused; work can go on without.
    pub fn while_running(reason: &str) -> Result<Self, AwakeError> {
        system::hold(reason).map(|held| Self { _held: held })
    }
}
