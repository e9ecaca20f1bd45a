//! What Linux, macOS and Windows do differently, behind one face.
//!
//! Each area is a module with one twin per system. Where a system cannot do a thing, the answer
//! says so with its reason; nothing is left out in silence.
//!
//! Non-goals: anything that knows VMs, repositories or windows.
//! Invariant guarded: no code outside this crate asks which system it runs on to decide how a
//! file, a volume or the computer's power is handled.

pub mod autostart;
pub mod awake;
pub mod endpoint;
pub mod fs;
pub mod guest;
pub mod identity;
#[cfg(target_os = "linux")]
mod login1;
pub mod paths;
pub mod power;
pub mod private;
pub mod process;
pub mod time_zone;
pub mod volume;
pub mod wake;
#[cfg(windows)]
mod wide;
