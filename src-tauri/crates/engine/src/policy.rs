//! What a backup of a VM insists on.

use std::time::Duration;

use chrono::TimeDelta;
use kuramori_repo::Consistency;
use kuramori_vsphere::{DiskConfig, DiskObstacle};

use crate::job_event::JobEvent;
use crate::report::RunEvent;

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

/// A disk that somebody chose to leave out. It is known by its UUID, which stays when it moves; one
/// without by key and label together, so that another disk in its place is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskChoice {
    /// Its UUID, where the server told one.
    pub uuid: Option<String>,
    /// Its key inside the VM.
    pub key: i32,
    /// Its label, such as `Hard disk 1`.
    pub label: String,
}

impl DiskChoice {
    /// Returns whether a disk is the one.
    pub fn is(&self, disk: &DiskConfig) -> bool {
        match (&self.uuid, &disk.uuid) {
            (Some(chosen), Some(uuid)) => chosen.eq_ignore_ascii_case(uuid),
            _ => self.key == disk.key.get() && self.label == disk.label,
        }
    }
}

/// Why a disk is not part of a recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// It cannot be.
    Obstacle(DiskObstacle),
    /// Somebody chose so.
    Choice,
}

impl LeftOut {
    /// Says so of a disk, as its recovery point does.
    pub(crate) fn record(self, disk: &DiskConfig) -> String {
        match self {
            Self::Obstacle(obstacle) => format!("{}: {obstacle}", disk.label),
            Self::Choice => format!("{}: left out by choice", disk.label),
        }
    }

    pub(crate) fn event(self, disk: &DiskConfig) -> RunEvent {
        let label = disk.label.clone();
        match self {
            Self::Obstacle(obstacle) => {
                RunEvent::LeftOut { disk: label, reason: obstacle.to_string() }
            }
            Self::Choice => RunEvent::Job(JobEvent::DiskLeftOut { disk: label }),
        }
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
    /// Disks that are not to be saved.
    pub leave_out: Vec<DiskChoice>,
}

impl Policy {
    /// Returns why a disk is not saved, or `None` when it is. What cannot be saved is told as such,
    /// whatever was chosen.
    pub(crate) fn leaves_out(&self, disk: &DiskConfig) -> Option<LeftOut> {
        let obstacle = if self.cold.is_some() { disk.cold_obstacle() } else { disk.obstacle() };
        let chosen = || self.leave_out.iter().any(|choice| choice.is(disk));
        obstacle.map(LeftOut::Obstacle).or_else(|| chosen().then_some(LeftOut::Choice))
    }
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
            leave_out: Vec::new(),
        }
    }
}
