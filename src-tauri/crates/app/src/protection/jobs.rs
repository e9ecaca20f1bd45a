//! Which jobs save which VMs, as far as that is known without asking a server, and when.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_jobs::JobId;
use kuramori_jobs::job::{Job, When};
use kuramori_repo::VmIdentity;

use crate::dto::{InventoryView, PickView, VmView};
use crate::jobs::{JobWork, Seen, saved};

/// Most jobs in a chain that is followed.
const CHAIN: usize = 16;

/// The jobs, with the moments of late at which each was due.
pub(super) struct Plans<'a> {
    jobs: BTreeMap<JobId, &'a Job>,
    by_vm: HashMap<String, Vec<JobId>>,
    slots: BTreeMap<JobId, Vec<DateTime<Utc>>>,
}

/// Returns what names a VM of an inventory across servers.
pub(super) fn key_of(inventory: &InventoryView, vm: &VmView) -> String {
    identity(&inventory.server_id, vm.instance_uuid.clone(), &vm.reference).key()
}

fn identity(server: &str, instance_uuid: Option<String>, reference: &str) -> VmIdentity {
    let (server_id, moref) = (Some(server.to_owned()), Some(reference.to_owned()));
    VmIdentity { instance_uuid, server_id, moref, ..VmIdentity::default() }
}

impl<'a> Plans<'a> {
    /// `made` are the VMs with the job that made their newest recovery point: members of a container
    /// on a server that nobody has read yet are known by it alone.
    pub(super) fn of(
        jobs: &'a [Job],
        inventories: &[InventoryView],
        made: &[(String, String, String)],
        (from, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        let as_read =
            |inventory: &InventoryView| Seen { inventory: inventory.clone(), tags: Ok(()) };
        let seen: Vec<Seen> = inventories.iter().map(as_read).collect();
        let mut by_vm: HashMap<String, Vec<JobId>> = HashMap::new();
        for job in jobs {
            let Ok(work) = JobWork::of(job) else { continue };
            let mut keys = HashSet::new();
            for one in &seen {
                let vms = saved(one, &work).into_iter();
                keys.extend(vms.map(|vm| key_of(&one.inventory, vm)));
            }
            // One that was picked by itself is known without its server.
            keys.extend(work.sources.iter().filter_map(|source| match &source.pick {
                PickView::Vm { instance_uuid, reference, .. } => {
                    Some(identity(&source.server_id, instance_uuid.clone(), reference).key())
                }
                PickView::Group { .. } | PickView::Rule { .. } | PickView::All => None,
            }));
            let unread = |server: &String| inventories.iter().all(|i| i.server_id != *server);
            if work.sources.iter().any(|source| unread(&source.server_id)) {
                let id = job.id.to_string();
                let of_job = made.iter().filter(|(_, of, _)| *of == id);
                let wanted = of_job.filter(|(_, _, name)| !work.leave_out.contains(name));
                keys.extend(wanted.map(|(key, ..)| key.clone()));
            }
            for key in keys {
                by_vm.entry(key).or_default().push(job.id);
            }
        }
        let mut plans =
            Self { jobs: jobs.iter().map(|j| (j.id, j)).collect(), by_vm, slots: BTreeMap::new() };
        let slots = jobs.iter().map(|job| (job.id, plans.slots_of(job, from, now)));
        plans.slots = slots.collect();
        plans
    }

    /// Returns the VMs that jobs save.
    pub(super) fn vms(&self) -> impl Iterator<Item = &String> {
        self.by_vm.keys()
    }

    /// Returns the jobs that save a VM.
    pub(super) fn jobs_of(&self, vm: &str) -> Vec<&'a Job> {
        let ids = self.by_vm.get(vm).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.jobs.get(id).copied()).collect()
    }

    /// Returns the first moment after another at which a job saves a VM.
    pub(super) fn next(&self, vm: &str, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.jobs_of(vm).into_iter().filter_map(|job| self.next_of(job, after, CHAIN)).min()
    }

    /// One that runs after another is due when that is.
    fn next_of(&self, job: &Job, after: DateTime<Utc>, depth: usize) -> Option<DateTime<Utc>> {
        let resumes = match job.paused {
            Some(paused) => paused.until?,
            None => after,
        };
        let after = after.max(resumes);
        let depth = depth.checked_sub(1)?;
        let next = job.schedules.iter().filter_map(|schedule| match &schedule.when {
            When::Time(time) => time.next_slot(after),
            When::After { job, .. } => self.next_of(self.jobs.get(job)?, after, depth),
            // Nobody knows when.
            When::Plugged { .. } => None,
        });
        next.min()
    }

    /// Returns the moments of late at which a VM was to be saved, and for how long a job makes good
    /// for one that it missed.
    pub(super) fn past(&self, vm: &str) -> (Vec<DateTime<Utc>>, TimeDelta) {
        let jobs = self.jobs_of(vm);
        let slots = jobs.iter().filter_map(|job| self.slots.get(&job.id)).flatten();
        let hours = jobs.iter().map(|job| job.catch_up_hours).max().unwrap_or(0);
        let mut slots: Vec<_> = slots.copied().collect();
        slots.sort_unstable();
        slots.dedup();
        (slots, TimeDelta::hours(i64::from(hours.min(24))))
    }

    fn slots_of(&self, job: &Job, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        if job.paused.is_some() {
            return Vec::new();
        }
        let mut slots = Vec::new();
        let mut at = from;
        // In steps, since one that follows another has no rhythm of its own.
        while let Some(next) = self.next_of(job, at, CHAIN).filter(|next| *next <= to) {
            slots.push(next);
            at = next;
        }
        slots
    }
}
