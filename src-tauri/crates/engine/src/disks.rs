//! The disks of one VM, several at once.
//!
//! How many is up to the budgets of its host and datastores, which all runs share. Reading goes on
//! side by side; the repository's session takes chunks from all of them, and the recovery point is
//! committed once, after the last. Memory is bounded: a disk takes two requests of 2 MiB (or of a
//! chunk, if that is more) while its files are read, or 32 pieces of what a connection brings while
//! it is exported; what the repository holds back stays within its own byte budget, whatever the
//! number of disks.
//!
//! Progress counts addresses of the disks, not bytes that came: a thin or compressed disk does not
//! look done when it is not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use kuramori_base::CancelToken;
use kuramori_repo::{DiskDraft, Session};
use kuramori_vsphere::DiskConfig;

use crate::backup::{Told, VmBackup, Warnings, panic_text};
use crate::disk::{DiskSource, Frozen, save_disk};
use crate::error::EngineError;
use crate::plan::Parent;

/// A disk that is done: its place, and what was told meanwhile.
type Done = (usize, DiskDraft, Told);

/// Reads all disks into the session. The first failure ends the others, and all are waited for.
pub(crate) fn read_disks(
    job: &VmBackup<'_>,
    session: &Session,
    frozen: Frozen<'_>,
    parent: Option<Parent<'_>>,
    warnings: &mut Warnings<'_>,
) -> Result<Vec<DiskDraft>, EngineError> {
    let Frozen { snapshot, config, .. } = frozen;
    let wanted = config.disks.iter().filter(|disk| job.policy.leaves_out(disk).is_none());
    let wanted: Vec<&DiskConfig> = wanted.collect();
    let sources: Vec<DiskSource<'_>> = wanted
        .into_iter()
        .map(|disk| DiskSource::plan(job, snapshot, disk, parent))
        .collect::<Result<_, _>>()?;
    job.progress.total(sources.iter().map(|s| s.bytes(job.repository.chunk_len())).sum());
    let parent = parent.map(|parent| parent.manifest);
    let stop = job.cancel.part();
    let part = part_of(job, &stop);
    let disks = sources.len();
    let at_once = job.budgets.widest().min(disks);
    let queue = Mutex::new(sources.into_iter().enumerate());
    let work = || -> Result<Vec<Done>, EngineError> {
        let mut done = Vec::new();
        loop {
            stop.check()?;
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, source)) = next else { return Ok(done) };
            let mut told = Warnings::part(&part);
            let draft = save_disk(&part, session, frozen, source, parent, &mut told)?;
            done.push((place, draft, told.told()));
        }
    };
    let first_failure = Mutex::new(None::<EngineError>);
    let reader = || {
        let ended = catch_unwind(AssertUnwindSafe(work));
        let ended = ended.unwrap_or_else(|p| Err(EngineError::Panicked(panic_text(&*p))));
        ended.unwrap_or_else(|error| {
            give_up(&first_failure, &stop, error);
            Vec::new()
        })
    };
    let mut done: Vec<Done> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..at_once).map(|_| scope.spawn(reader)).collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap_or_default()).collect()
    });
    if let Some(error) = first_failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        // A wish to stop shows itself in many ways.
        job.cancel.check()?;
        return Err(error);
    }
    done.sort_by_key(|(place, ..)| *place);
    let mut drafts = Vec::with_capacity(done.len());
    for (_, draft, told) in done {
        warnings.join(told);
        drafts.push(draft);
    }
    if drafts.len() != disks {
        let said = format!("{} of {disks} disks were read", drafts.len());
        return Err(EngineError::Panicked(said));
    }
    Ok(drafts)
}

/// Notes why all are to stop, before any of them hears of it: what they then fail with is no
/// reason.
fn give_up(first: &Mutex<Option<EngineError>>, stop: &CancelToken, error: EngineError) {
    first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    stop.cancel();
}

/// The same job, stopped by another token too.
fn part_of<'a>(job: &VmBackup<'a>, stop: &'a CancelToken) -> VmBackup<'a> {
    VmBackup { clock: job.clock.clone(), progress: job.progress.clone(), cancel: stop, ..*job }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_hears_of_the_stop_finds_its_reason() {
        for _ in 0..200 {
            let (first, stop) = (Mutex::new(None), CancelToken::new());
            let heard = std::thread::scope(|scope| {
                let other = scope.spawn(|| {
                    while !stop.is_cancelled() {
                        std::hint::spin_loop();
                    }
                    first.lock().unwrap().is_some()
                });
                give_up(&first, &stop, EngineError::Runs);
                other.join().unwrap()
            });
            assert!(heard, "another's answer to the stop would be told as the reason");
        }
    }
}
