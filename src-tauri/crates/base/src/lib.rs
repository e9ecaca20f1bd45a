//! What every crate of Kuramori shares: the clock, secrets, cancellation, progress, and what an
//! error owes the person who reads it.
//!
//! Non-goals: anything that knows VMs, repositories, sockets or files.
//! Invariant guarded: time comes from a [`Clock`] and a [`Secret`] cannot be printed.

mod cancel;
mod clock;
mod help;
mod progress;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;

pub use cancel::{CancelToken, Cancelled};
pub use clock::{Clock, ManualClock, SystemClock};
pub use help::{Hint, Retry};
pub use progress::{Counters, NoProgress, Progress, Tally, WaitedFor, Waits};
pub use secret::Secret;
