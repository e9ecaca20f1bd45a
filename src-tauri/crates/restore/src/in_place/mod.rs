//! A restore over the original: its disks are exchanged for those of a recovery point.
//!
//! The disks are first sent into VMs of their own beside the original (helpers), read back, and
//! then put into the original in one task of the server, which does all of it or nothing. The
//! disks that were there stay as files. What a crash leaves is told by one look at the original:
//! it has its own disks, and the helpers go; or it has the new ones, and the helpers' shells go.

mod error;
mod helper;
mod off;
mod promise;
mod recover;
mod run;
mod survey;
mod tidy;
mod verify;

pub use error::{InPlaceError, SafetyPointFailed};
pub use promise::{OpenExchange, open_exchanges};
pub use recover::{Settled, settle_exchange};
pub use run::{InPlace, InPlaceHost, InPlaceStep, RestoredInPlace, restore_in_place};
pub use survey::{Consent, InPlacePlan, plan_in_place};
pub use tidy::SmallLeft;
