//! What the index holds, behind its lock.

use std::collections::{HashMap, HashSet};
use std::io;

use super::entry::{Entry, Key};
use super::file::{Covered, CoveredPack, IndexFile};
use super::{Location, MERGE_FACTOR};
use crate::ids::ObjectHash;

/// The number of no pack.
const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) packs: Vec<ObjectHash>,
    pub(super) numbers: HashMap<ObjectHash, u32>,
    pub(super) runs: Vec<Vec<Entry>>,
    /// Most of the entries, where there are many.
    file: Option<FilePart>,
    /// Packs that an index object names, with their sizes.
    indexed: HashMap<u32, u64>,
    /// Entries of such packs that are in memory.
    loose: u64,
    /// Frames that are known to be bad: pack and number. No new data refers to them.
    pub(super) bad: HashSet<(u32, u32)>,
    /// Packs that are being replaced, with all their frames.
    pub(super) replaced: HashSet<u32>,
    /// Chunks that are being compressed, or wait in a pack without a name.
    pub(super) pending: HashSet<Key>,
    /// Packs that may be read from but not referred to: a collection wants to remove them.
    pub(super) condemned: HashSet<u32>,
}

/// A file and what its numbers of packs mean here.
#[derive(Debug)]
struct FilePart {
    file: IndexFile,
    packs: Vec<u32>,
}

impl State {
    /// Gives a pack a number; `None` when it has one.
    pub(super) fn number(&mut self, pack: ObjectHash) -> Option<u32> {
        if self.numbers.contains_key(&pack) {
            return None;
        }
        let number = u32::try_from(self.packs.len()).expect("fewer than 2^32 packs");
        self.packs.push(pack);
        self.numbers.insert(pack, number);
        Some(number)
    }

    /// Notes that an index object names a pack that is known.
    pub(super) fn set_indexed(&mut self, pack: &ObjectHash, size: u64, entries: usize) {
        if let Some(number) = self.numbers.get(pack)
            && self.indexed.insert(*number, size).is_none()
        {
            self.loose += entries as u64;
        }
    }

    /// Takes in a file; packs that `is_there` refuses are left out.
    pub(super) fn attach(
        &mut self,
        file: IndexFile,
        packs: &[CoveredPack],
        is_there: impl Fn(&CoveredPack) -> bool,
    ) {
        let mut numbers = Vec::with_capacity(packs.len());
        for pack in packs {
            // One that is known has its entries in memory.
            let number = if is_there(pack) { self.number(pack.name) } else { None };
            if let Some(number) = number {
                self.indexed.insert(number, pack.size);
            }
            numbers.push(number.unwrap_or(NONE));
        }
        self.file = Some(FilePart { file, packs: numbers });
    }

    /// Forgets a file that cannot be believed, with all packs that only it knew.
    pub(super) fn drop_broken(&mut self) -> bool {
        let Some(part) = self.file.take_if(|part| part.file.is_broken()) else { return false };
        let gone: HashSet<u32> = part.packs.into_iter().collect();
        self.remove(&gone);
        part.file.discard();
        true
    }

    /// Whether so much is in memory that a new file is worth its writing: more than `worth`
    /// entries, and a good part of what is in the file.
    pub(super) fn is_heavy(&self, worth: u64) -> bool {
        let filed = self.file.as_ref().map_or(0, |part| part.file.len());
        self.loose > worth.max(filed / 4)
    }

    /// Hands over what a new file is to hold: its packs, and its entries with their numbers there.
    ///
    /// # Errors
    /// What reading the old file or `write` says; nothing has changed then.
    pub(super) fn merged<T>(
        &self,
        write: impl FnOnce(
            Vec<CoveredPack>,
            &mut dyn FnMut() -> io::Result<Option<Entry>>,
        ) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut numbers = vec![NONE; self.packs.len()];
        let mut packs = Vec::with_capacity(self.indexed.len());
        for (number, name) in self.packs.iter().enumerate() {
            let size = u32::try_from(number).ok().and_then(|n| self.indexed.get(&n));
            if let Some(size) = size {
                numbers[number] = u32::try_from(packs.len()).unwrap_or(NONE);
                packs.push(CoveredPack { name: *name, size: *size });
            }
        }
        let mut sources: Vec<Box<dyn FnMut() -> io::Result<Option<Entry>> + '_>> = Vec::new();
        if let Some(part) = &self.file {
            let mut walk = part.file.walk();
            sources.push(Box::new(move || {
                Ok(walk()?.map(|entry| Entry { pack: part.pack(entry.pack), ..entry }))
            }));
        }
        for run in &self.runs {
            let mut run = run.iter().copied();
            sources.push(Box::new(move || Ok(run.next())));
        }
        let mut heads = Vec::with_capacity(sources.len());
        for source in &mut sources {
            heads.push(source()?);
        }
        write(packs, &mut || {
            loop {
                let least = heads.iter().enumerate().filter_map(|(n, head)| Some((n, (*head)?)));
                let Some((source, entry)) = least.min_by_key(|(_, entry)| entry.key) else {
                    return Ok(None);
                };
                heads[source] = sources[source]()?;
                let pack = numbers.get(entry.pack as usize).copied().unwrap_or(NONE);
                if pack != NONE {
                    return Ok(Some(Entry { pack, ..entry }));
                }
            }
        })
    }

    /// Takes a file in place of what it holds.
    pub(super) fn settle(&mut self, file: IndexFile, covered: &Covered) {
        for run in &mut self.runs {
            run.retain(|entry| !self.indexed.contains_key(&entry.pack));
            run.shrink_to_fit();
        }
        self.runs.retain(|run| !run.is_empty());
        self.loose = 0;
        let number = |pack: &CoveredPack| self.numbers.get(&pack.name).copied().unwrap_or(NONE);
        let packs = covered.packs.iter().map(number).collect();
        if let Some(before) = self.file.replace(FilePart { file, packs }) {
            before.file.discard();
        }
    }

    /// Forgets packs and all their entries.
    pub(super) fn remove(&mut self, gone: &HashSet<u32>) {
        self.numbers.retain(|_, number| !gone.contains(number));
        self.condemned.retain(|number| !gone.contains(number));
        self.indexed.retain(|number, _| !gone.contains(number));
        for run in &mut self.runs {
            run.retain(|entry| !gone.contains(&entry.pack));
        }
        if let Some(part) = &mut self.file {
            for number in part.packs.iter_mut().filter(|number| gone.contains(number)) {
                *number = NONE;
            }
        }
    }

    /// Whether there is a place of a chunk that a new recovery point may refer to.
    pub(super) fn offers(&self, key: &Key) -> bool {
        self.entries(key).any(|entry| !self.condemned.contains(&entry.pack) && !self.is_bad(&entry))
    }

    fn entries<'a>(&'a self, key: &Key) -> impl Iterator<Item = Entry> + use<'a> {
        let key = *key;
        let in_memory = self.runs.iter().flat_map(move |run| {
            let at = run.partition_point(|entry| entry.key < key);
            run.iter().skip(at).take_while(move |entry| entry.key == key).copied()
        });
        let filed = self.file.iter().flat_map(move |part| {
            let found = part.file.find(&key).into_iter();
            let found = found.map(|entry| Entry { pack: part.pack(entry.pack), ..entry });
            found.filter(|entry| entry.pack != NONE)
        });
        in_memory.chain(filed)
    }

    pub(super) fn location(&self, entry: &Entry) -> Option<Location> {
        Some(Location {
            pack: *self.packs.get(entry.pack as usize)?,
            offset: u64::from(entry.offset),
            len: entry.len as usize,
            number: entry.number,
        })
    }

    pub(super) fn is_bad(&self, entry: &Entry) -> bool {
        self.bad.contains(&(entry.pack, entry.number)) || self.replaced.contains(&entry.pack)
    }

    pub(super) fn holds(&self, key: &Key) -> bool {
        self.entries(key).any(|entry| !self.is_bad(&entry))
    }

    pub(super) fn locate(&self, key: &Key) -> Vec<Location> {
        let mut entries: Vec<_> = self.entries(key).collect();
        entries.sort_by_key(|entry| self.is_bad(entry));
        entries.iter().filter_map(|entry| self.location(entry)).collect()
    }

    /// Runs shrink by a factor from first to last, so there are few and each entry moves rarely.
    pub(super) fn add_run(&mut self, mut run: Vec<Entry>) {
        if run.is_empty() {
            return;
        }
        run.sort_by_key(|entry| entry.key);
        while let Some(last) = self.runs.pop() {
            if last.len() > run.len().saturating_mul(MERGE_FACTOR) {
                self.runs.push(last);
                break;
            }
            let mut joined = last;
            joined.reserve_exact(run.len());
            joined.append(&mut run);
            // A stable sort finds the two sorted halves and merges them in one pass.
            joined.sort_by_key(|entry| entry.key);
            run = joined;
        }
        self.runs.push(run);
    }
}

impl FilePart {
    /// The number here of a pack of the file.
    fn pack(&self, number: u32) -> u32 {
        self.packs.get(number as usize).copied().unwrap_or(NONE)
    }
}
