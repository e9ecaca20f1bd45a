//! Disks that hang on a VM to be read: whose they are, and how they go.
//!
//! Ours is what has the file, the UUID and the place that were promised, and keeps no writes. What
//! only resembles it is neither ours nor taken for absent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Seat, is_beside};
use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{DiskConfig, DiskMode};
use crate::reconfigure::DiskSwap;
use crate::refs::{DatastoreRef, VmRef};
use crate::transport::DatastorePath;

/// Between two tries to detach.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Where a disk hangs, at the SCSI controllers of a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the controller's bus.
    pub bus: i32,
    /// The place at the controller.
    pub unit: i32,
}

/// A frozen disk that hangs, or may hang, on a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The link.
    pub file: DatastorePath,
    /// Its datastore, whatever that is called just now.
    pub store: Option<DatastoreRef>,
    /// Identity of the disk.
    pub uuid: String,
    /// Where it was to hang.
    pub place: Option<Place>,
}

/// What is seen of a disk on a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It hangs there. `alone` says that no other disk resembles it.
    Here {
        /// Whether nothing else has its file or its UUID.
        alone: bool,
    },
    /// Nothing like it hangs there, in this version of the configuration.
    NotThere {
        /// The version.
        version: String,
    },
    /// Something hangs there of which this cannot be said: the file.
    Doubtful(String),
}

/// How detaching a disk ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It hung there and does no more. Its file stays.
    Detached,
    /// As [`Sight::NotThere`].
    NotThere {
        /// The version.
        version: String,
    },
    /// As [`Sight::Doubtful`]: nothing was done.
    Doubtful(String),
    /// Somebody asked not to, at the last moment: nothing was done.
    Stopped,
}

impl Visit {
    /// Returns whether this is the disk, wherever it hangs: a VM shows its nonpersistent disks by
    /// the link it was given.
    pub fn is(&self, disk: &DiskConfig) -> bool {
        let link = disk.backing.file.as_ref();
        self.keeps_nothing(disk) && link.is_some_and(|file| self.names(disk, file))
    }

    fn keeps_nothing(&self, disk: &DiskConfig) -> bool {
        disk.mode == DiskMode::IndependentNonpersistent
            && disk.uuid.as_ref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(&self.uuid))
    }

    /// A datastore may have another name by now.
    fn names(&self, disk: &DiskConfig, file: &DatastorePath) -> bool {
        match (&self.store, &disk.backing.datastore) {
            (Some(promised), Some(there)) => promised == there && file.file() == self.file.file(),
            _ => *file == self.file,
        }
    }

    fn is_at(&self, seat: &Seat, disk: &DiskConfig) -> bool {
        // A VM writes to a link of its own, in its own folder, that it throws away.
        let thrown_away = |file: &DatastorePath| {
            is_beside(&seat.home, file) && disk.backing.parents.first() == Some(&self.file)
        };
        let over_it = disk.backing.file.as_ref().is_some_and(thrown_away);
        let place = seat.place_of(disk);
        let there = self.place.is_none_or(|wanted| place == Some(wanted));
        there && (self.is(disk) || self.place.is_some() && self.keeps_nothing(disk) && over_it)
    }

    /// Whether anything about a disk speaks for its being this one.
    fn resembles(&self, disk: &DiskConfig) -> bool {
        let same_uuid = match &disk.uuid {
            Some(uuid) => uuid.eq_ignore_ascii_case(&self.uuid),
            None => disk.mode == DiskMode::IndependentNonpersistent,
        };
        let store = &disk.backing.datastore;
        let may_be = |link: &DatastorePath| {
            let here = store.is_none() || self.store.is_none() || *store == self.store;
            link.file() == self.file.file() && (here || link.datastore() == self.file.datastore())
        };
        let mut links = disk.backing.file.iter().chain(&disk.backing.parents);
        let hidden = disk.backing.file.is_none() && !disk.backing.is_raw_device();
        let keeps_nothing = disk.mode == DiskMode::IndependentNonpersistent;
        same_uuid || keeps_nothing && (hidden || links.any(may_be))
    }

    fn find<'a>(&self, seat: &'a Seat) -> Result<&'a DiskConfig, Sight> {
        let mut ours = seat.disks.iter().filter(|disk| self.is_at(seat, disk));
        if let Some(disk) = ours.next() {
            return Ok(disk);
        }
        match seat.disks.iter().find(|disk| self.resembles(disk)) {
            None => Err(Sight::NotThere { version: seat.version.clone() }),
            Some(other) => {
                let file = other.backing.file.as_ref().map(ToString::to_string);
                Err(Sight::Doubtful(file.unwrap_or_else(|| other.label.clone())))
            }
        }
    }

    fn seen(&self, seat: &Seat) -> Sight {
        match self.find(seat) {
            Ok(_) => {
                let alike = seat.disks.iter().filter(|disk| self.resembles(disk)).count();
                Sight::Here { alone: alike == 1 }
            }
            Err(sight) => sight,
        }
    }
}

impl Seat {
    fn place_of(&self, disk: &DiskConfig) -> Option<Place> {
        let mut buses = self.buses.iter().filter(|(key, _)| *key == disk.controller_key);
        buses.next().map(|(_, bus)| Place { bus: *bus, unit: disk.unit })
    }

    fn visitors(&self) -> impl Iterator<Item = &DiskConfig> {
        self.disks.iter().filter(|disk| {
            let mut links = disk.backing.file.iter().chain(&disk.backing.parents);
            let outside = links.all(|link| !is_beside(&self.home, link));
            disk.mode == DiskMode::IndependentNonpersistent && outside
        })
    }
}

impl Client {
    /// Returns the disks of a VM that keep no writes and lie outside its own folder: those that
    /// were attached to be read.
    ///
    /// # Errors
    /// As every call; [`VsphereError::NotFound`] when the VM is gone.
    pub async fn visitors(&self, of: &VmRef) -> Result<Vec<DiskConfig>, VsphereError> {
        Ok(self.seat(of).await?.visitors().cloned().collect())
    }

    /// Looks whether a disk hangs on a VM.
    ///
    /// # Errors
    /// As [`Client::visitors`].
    pub async fn look_for(&self, on: &VmRef, visit: &Visit) -> Result<Sight, VsphereError> {
        Ok(visit.seen(&self.seat(on).await?))
    }

    /// Detaches a disk, and no other. Others who change the VM at the same moment are waited for.
    /// `may` is asked right before.
    ///
    /// # Errors
    /// As [`Client::visitors`]; the fault `ConcurrentAccess` or `TaskInProgress` when others were
    /// at it for longer than `patience`, and then nothing was done.
    pub async fn detach(
        &self,
        from: &VmRef,
        visit: &Visit,
        may: impl Fn() -> bool,
        patience: Duration,
    ) -> Result<Departure, VsphereError> {
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        loop {
            match self.detach_once(from, visit, &may).await {
                Err(error) if is_taken(&error) && waited < patience => {
                    tokio::time::sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                other => return other,
            }
        }
    }

    async fn detach_once(
        &self,
        from: &VmRef,
        visit: &Visit,
        may: &impl Fn() -> bool,
    ) -> Result<Departure, VsphereError> {
        const ACTION: &str = "detach a disk from the VM of this computer";
        let seat = self.seat(from).await?;
        let disk = match visit.find(&seat) {
            Ok(disk) => disk.clone(),
            Err(Sight::NotThere { version }) => return Ok(Departure::NotThere { version }),
            Err(Sight::Doubtful(file)) => return Ok(Departure::Doubtful(file)),
            Err(Sight::Here { .. }) => return Ok(Departure::Doubtful(visit.file.to_string())),
        };
        if !may() {
            return Ok(Departure::Stopped);
        }
        // Keys are given out again: the version says that it is still the same disk's.
        let version = Some(seat.version);
        let swap = DiskSwap { out: vec![disk], version, ..DiskSwap::default() };
        self.reconfigure_disks(ACTION, from, &swap).await?;
        Ok(Departure::Detached)
    }

    /// Returns where a VM is now that was known by another reference, by the UUID of its own.
    ///
    /// # Errors
    /// As every call.
    pub async fn moved_vm(&self, instance_uuid: &str) -> Result<Vec<VmRef>, VsphereError> {
        self.vms_of_uuid(instance_uuid, true).await
    }
}

/// Returns whether somebody else was changing the VM.
fn is_taken(error: &VsphereError) -> bool {
    error.fault().is_some_and(|f| f.is("ConcurrentAccess") || f.is("TaskInProgress"))
}

#[cfg(test)]
mod tests;
