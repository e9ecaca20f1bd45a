//! What a backup of a VM insists on.

use chrono::TimeDelta;

/// What a backup insists on, whatever the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many thousandths of the places that did not change are read again and compared, each
    /// time a disk is read by changed areas. 0 turns that off.
    pub audit_per_mille: u32,
    /// After this long without it, a disk is read anew instead of by changed areas. `None`: never.
    pub read_anew_after: Option<TimeDelta>,
}

impl Default for Policy {
    /// A hundredth of the places, and everything every four weeks.
    fn default() -> Self {
        Self { audit_per_mille: 10, read_anew_after: Some(TimeDelta::weeks(4)) }
    }
}
