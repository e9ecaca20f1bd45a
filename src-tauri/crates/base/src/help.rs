use std::time::Duration;

/// What the reader of an error can do about it.
pub trait Hint {
    /// Returns actions in plain words, the most useful first. Empty when there is none.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail the same way.
    Never,
    /// The cause may already be gone.
    Now,
    /// The peer asked for a pause.
    After(Duration),
}
