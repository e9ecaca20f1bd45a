//! For tests: stores that misbehave on purpose, and the suite every store must pass.

mod contract;
mod faulty;
mod lying;
mod many;
mod parsers;
mod power;

pub use crate::index::MadeUpIndex;
pub use contract::blob_store_contract;
pub use faulty::{Fault, FaultyStore, When};
pub use lying::{Lie, LyingStore};
pub use many::copy_points;
pub use parsers::parsers;
pub use power::{Forgotten, Image, Recorder, WithoutSyncs};
