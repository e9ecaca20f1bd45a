//! What a backup of a VM insists on.

use std::time::Duration;

use chrono::TimeDelta;
use kuramori_repo::Consistency;

/// What to do when a guest cannot be made as quiet as wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// Go on, and say in the recovery point what was reached.
    Proceed,
    /// End the backup.
    Fail,
}

/// How a VM is copied that is off, without a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cold {
    /// Whether a running guest is asked to shut down, and the VM switched on again afterwards.
    /// Without it a VM that runs is refused. It is never switched off the hard way.
    pub shut_down: bool,
    /// How long a guest may take to shut down.
    pub patience: Duration,
}

impl Cold {
    /// A guest may take ten minutes.
    pub fn new(shut_down: bool) -> Self {
        Self { shut_down, patience: Duration::from_mins(10) }
    }
}

/// What a backup insists on, whatever the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How quiet the guest is to be. What is reached may be less: see [`Policy::unmet`].
    pub consistency: Consistency,
    /// What to do when it is less.
    pub unmet: Unmet,
    /// How many thousandths of the places that did not change are read again and compared, each
    /// time a disk is read by changed areas. 0 turns that off.
    pub audit_per_mille: u32,
    /// After this long without it, a disk is read anew instead of by changed areas. `None`: never.
    pub read_anew_after: Option<TimeDelta>,
    /// How long another task on the VM is waited for, when it stands in the way of a snapshot.
    pub task_patience: Duration,
    /// Pause between two tries to make a guest quiet, or to get past another task.
    pub pause: Duration,
    /// Copies the VM while it is off instead of making a snapshot.
    pub cold: Option<Cold>,
    /// How long a guest may take to show a sign of life again after its writes were held.
    pub thaw_patience: Duration,
}

impl Default for Policy {
    /// As quiet as possible, a hundredth of the places, everything every four weeks.
    fn default() -> Self {
        Self {
            consistency: Consistency::Application,
            unmet: Unmet::Proceed,
            audit_per_mille: 10,
            read_anew_after: Some(TimeDelta::weeks(4)),
            task_patience: Duration::from_mins(10),
            pause: Duration::from_secs(5),
            cold: None,
            thaw_patience: Duration::from_mins(1),
        }
    }
}
