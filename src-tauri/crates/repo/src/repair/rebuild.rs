//! Writes all index objects anew from the footers of the packs.

use std::collections::HashSet;
use std::sync::Arc;

use kuramori_base::{Clock, Counters};

use crate::error::RepoError;
use crate::format::index::{IndexObject, IndexPack};
use crate::format::names;
use crate::options::SessionOptions;
use crate::point::DamagedObject;
use crate::repository::Repository;

/// Chunks one index object lists: about 4 MiB.
const CHUNKS_PER_INDEX: usize = 100_000;
/// What a look at a footer counts in the progress.
const SMALL: u64 = 4096;

/// What a rebuilding of the index did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Packs that are indexed now.
    pub packs: u64,
    /// Their chunks.
    pub chunks: u64,
    /// Index objects that were written.
    pub written: u64,
    /// Index objects that were removed, since the new ones say all they said.
    pub removed: u64,
    /// Index objects that stay, since they tell of packs that are gone or have no footer.
    pub kept: u64,
    /// Damaged objects: packs without a footer, and index objects, which were set aside.
    pub damaged: Vec<DamagedObject>,
}

impl Repository {
    /// Writes the index anew from the packs. The old index objects go when the new ones are
    /// durable and say all of it. Never needed for reading: it makes opening quick again.
    ///
    /// # Errors
    /// As [`Repository::begin`]; what the store says. The old index is whole then.
    ///
    /// # Cancellation
    /// Between packs.
    pub fn rebuild_index(
        &self,
        options: &SessionOptions,
        clock: &Arc<dyn Clock>,
    ) -> Result<RebuildReport, RepoError> {
        let inner = &self.inner;
        let session = self.begin(options.clone(), Arc::clone(clock))?;
        // What the session itself has still to write is there before the list is made.
        session.flush()?;
        let old = inner.store.list(names::INDEX)?;
        let nanos = clock.now().timestamp_nanos_opt().unwrap_or_default();
        let mut report = RebuildReport::default();
        let mut covered = HashSet::new();
        let mut next = IndexObject::default();
        let packs = inner.store.list(names::PACKS)?;
        options.progress.total(SMALL.saturating_mul(packs.len() as u64));
        for entry in packs {
            options.cancel.check()?;
            let hash = names::hash_of(&entry.name).filter(|hash| names::pack(*hash) == entry.name);
            let Some(pack) = hash else { continue };
            match inner.judge(|| inner.read_footer(pack, entry.size))? {
                Ok(footer) => {
                    covered.insert(pack);
                    report.chunks += footer.entries.len() as u64;
                    let entries = footer.entries;
                    next.packs.push(IndexPack { pack, size: entry.size, entries });
                }
                Err(reason) => {
                    report.damaged.push(DamagedObject { object: entry.name.to_string(), reason });
                }
            }
            if next.packs.iter().map(|pack| pack.entries.len()).sum::<usize>() >= CHUNKS_PER_INDEX {
                inner.put_index(&std::mem::take(&mut next), nanos)?;
                report.written += 1;
            }
            options.progress.add(Counters { done: SMALL, read: SMALL, ..Counters::default() });
        }
        if !next.packs.is_empty() {
            inner.put_index(&next, nanos)?;
            report.written += 1;
        }
        report.packs = covered.len() as u64;
        inner.check_identity()?;
        for entry in old {
            match inner.judge(|| inner.read_index(&entry.name))? {
                Ok(index) if index.packs.iter().all(|pack| covered.contains(&pack.pack)) => {
                    inner.store.delete(&entry.name)?;
                    report.removed += 1;
                }
                Ok(_) => report.kept += 1,
                Err(reason) => {
                    report.damaged.push(DamagedObject { object: entry.name.to_string(), reason });
                    inner.set_aside(&entry.name)?;
                }
            }
        }
        session.abandon()?;
        Ok(report)
    }
}
