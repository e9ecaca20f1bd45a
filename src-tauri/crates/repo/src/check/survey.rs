//! Opens everything but packs and index objects.

use std::collections::HashSet;

use super::report::MissingPoint;
use super::{Check, SMALL};
use crate::error::RepoError;
use crate::format::config::{FormatFile, MAX_FORMAT};
use crate::format::envelope::ObjectType;
use crate::format::session::{Beat, SessionOpen};
use crate::format::slot::{MAX_SLOT, Slot, SlotRemoval};
use crate::format::tomb::{Hold, Tomb, TombEnd};
use crate::format::{FormatError, names};
use crate::ids::ObjectHash;
use crate::key_ring::KeyRing;
use crate::points::Committed;
use crate::store::BlobName;

/// Files of other names that are told by name.
const STRANGERS: usize = 100;

impl Check<'_> {
    /// Looks at format files, slots, sessions, recovery points and earlier check records.
    pub(super) fn survey(&mut self) -> Result<(), RepoError> {
        let files = self.inner.store.list("")?;
        self.report.files = files.len() as u64;
        self.look_for_strangers(files.iter().map(|file| &file.name));
        let slots = self.check_formats()?;
        self.check_slots(&slots)?;
        // Points before packs: see the head of the module.
        let committed = self.inner.committed()?;
        self.check_sessions()?;
        self.check_records()?;
        let mut accounted = self.check_manifests(&committed)?;
        // What was deleted is accounted for, and what is damaged is named already.
        let records = committed.gone.iter().chain(&committed.unreadable);
        accounted.extend(records.map(|record| record.manifest).chain(self.retired()?));
        self.points = committed.all;
        self.check_chains(&accounted);
        let (state, damaged) = self.inner.read_check_state()?;
        self.state = state;
        for object in damaged {
            self.damages.add(&object.object, object.reason);
        }
        Ok(())
    }

    fn look_for_strangers<'n>(&mut self, all: impl Iterator<Item = &'n BlobName>) {
        for name in all.filter(|name| !names::is_known(name)) {
            if self.report.spare.strangers.len() < STRANGERS {
                self.report.spare.strangers.push(name.to_string());
            }
        }
    }

    /// Both copies of the format file must be there, equal, and written with our key.
    fn check_formats(&mut self) -> Result<Vec<Slot>, RepoError> {
        let mut first: Option<Vec<u8>> = None;
        let mut slots = Vec::new();
        for name in [names::format(), names::format_copy()] {
            let read = self.inner.judge(|| {
                let bytes = self.inner.store.get(&name, MAX_FORMAT)?;
                let file = FormatFile::read(&bytes).and_then(|file| {
                    file.authenticate(&self.inner.keys)?;
                    if file.repository == self.inner.id {
                        Ok(file)
                    } else {
                        Err(FormatError::Repository)
                    }
                });
                let file = file.map_err(|e| self.inner.damaged(name.as_str(), e))?;
                Ok((bytes, file))
            })?;
            match read {
                Ok((bytes, _)) if first.as_ref().is_some_and(|first| *first != bytes) => {
                    let reason = FormatError::Structure("it differs from its copy".to_owned());
                    self.damages.add(name.as_str(), reason);
                }
                Ok((bytes, file)) => {
                    first.get_or_insert(bytes);
                    slots = file.config.slots;
                }
                Err(reason) => self.damages.add(name.as_str(), reason),
            }
            self.looked_at(SMALL)?;
        }
        Ok(slots)
    }

    /// Every key in use must lie whole under each of its names, and every removal must open.
    fn check_slots(&mut self, copies: &[Slot]) -> Result<(), RepoError> {
        let inner = self.inner;
        let read = || KeyRing::read(inner.store.as_ref(), inner.id, copies).complete();
        let ring = match inner.judge(read)? {
            Ok(ring) => ring,
            Err(reason) => {
                self.damages.add(names::KEYS, reason);
                return Ok(());
            }
        };
        let removed = ring.removed(&inner.keys);
        let listed = inner.store.list(names::KEYS)?;
        for entry in &listed {
            let name = &entry.name;
            let read = match names::slot_of(name) {
                Some((_, true)) => {
                    let read = || inner.record::<SlotRemoval>(name, ObjectType::SlotRemoval);
                    inner.judge(read)?.map(drop)
                }
                Some((id, false)) if !removed.contains(&id) => {
                    let read = || {
                        let bytes = inner.store.get(name, MAX_SLOT)?;
                        Slot::read(&bytes, inner.id, id)
                            .map_err(|e| inner.damaged(name.as_str(), e))
                    };
                    let content = FormatError::Content;
                    let whole = |_| if ring.is_broken(name) { Err(content) } else { Ok(()) };
                    inner.judge(read)?.and_then(whole)
                }
                _ => continue,
            };
            self.passing(name, read);
            self.looked_at(SMALL)?;
        }
        let wanted = ring.in_use(&inner.keys).into_iter().flat_map(|s| inner.slot_names(s.id));
        for name in wanted {
            if !listed.iter().any(|entry| entry.name == name) {
                self.damages.add(name.as_str(), FormatError::Missing);
            }
        }
        Ok(())
    }

    /// Open records and signs of life; outcomes are read with the recovery points.
    fn check_sessions(&mut self) -> Result<(), RepoError> {
        for entry in self.inner.store.list(names::SESSIONS)? {
            let name = &entry.name;
            let read = if let Some(session) = names::open_session(name) {
                let read = || self.inner.record::<SessionOpen>(name, ObjectType::SessionOpen);
                let same = |record: SessionOpen| {
                    if record.session == session { Ok(()) } else { Err(FormatError::Type) }
                };
                self.inner.judge(read)?.and_then(same)
            } else if names::beat_of(name).is_some() {
                let read = || self.inner.record::<Beat>(name, ObjectType::SessionBeat);
                self.inner.judge(read)?.map(drop)
            } else {
                continue;
            };
            self.passing(name, read);
            self.looked_at(SMALL)?;
        }
        Ok(())
    }

    /// Notes damage of an object that may be removed at any time: being gone is none.
    fn passing(&mut self, name: &BlobName, read: Result<(), FormatError>) {
        match read {
            Ok(()) | Err(FormatError::Missing) => {}
            Err(reason) => self.damages.add(name.as_str(), reason),
        }
    }

    /// Deletions, holds, what computers left for each other, and records of collections.
    fn check_records(&mut self) -> Result<(), RepoError> {
        for entry in self.inner.store.list(names::TOMBS)? {
            let name = &entry.name;
            let read = match names::tomb_of(name) {
                Some((.., false)) => self
                    .inner
                    .judge(|| self.inner.record::<Tomb>(name, ObjectType::Tomb))?
                    .map(drop),
                Some((.., true)) => self
                    .inner
                    .judge(|| self.inner.record::<TombEnd>(name, ObjectType::TombEnd))?
                    .map(drop),
                None => continue,
            };
            self.passing(name, read);
            self.looked_at(SMALL)?;
        }
        for entry in self.inner.store.list(names::HOLDS)? {
            let name = &entry.name;
            let read = self.inner.judge(|| self.inner.record::<Hold>(name, ObjectType::Hold))?;
            self.passing(name, read.map(drop));
            self.looked_at(SMALL)?;
        }
        for entry in self.inner.store.list(names::META)? {
            if names::hash_of(&entry.name).is_some() {
                let read = self.inner.judge(|| self.inner.meta(&entry.name))?;
                self.passing(&entry.name, read.map(drop));
                self.looked_at(SMALL)?;
            }
        }
        for entry in self.inner.store.list(names::GC)? {
            let Some((number, step)) = names::collection_of(&entry.name) else { continue };
            let read = self.inner.judge(|| self.inner.open_collection(number, step))?;
            self.passing(&entry.name, read);
            self.looked_at(SMALL)?;
        }
        Ok(())
    }

    /// Manifests that collections removed. Where their records cannot be read, that is named as
    /// damage already.
    fn retired(&self) -> Result<HashSet<ObjectHash>, RepoError> {
        Ok(self.inner.judge(|| self.inner.retired())?.unwrap_or_default().manifests)
    }

    /// Takes over what the listing found, and opens the manifests it did not need. Returns those of
    /// sessions whose outcome is damaged.
    fn check_manifests(&mut self, committed: &Committed) -> Result<HashSet<ObjectHash>, RepoError> {
        let mut undecided = HashSet::new();
        for damaged in &committed.damaged {
            self.damages.add(&damaged.object, damaged.reason.clone());
            for lost in &committed.unreadable {
                if damaged.object.contains(&lost.manifest.to_hex()) {
                    self.damages.hit_point(&damaged.object, lost.point, None);
                }
            }
        }
        let read: HashSet<_> = committed.all.iter().map(|known| &known.name).collect();
        let gone: HashSet<_> = committed.gone.iter().map(|gone| gone.manifest).collect();
        for entry in self.inner.store.list(names::POINTS)? {
            let deleted = names::hash_of(&entry.name).is_some_and(|hash| gone.contains(&hash));
            if !read.contains(&entry.name) && !deleted {
                match self.inner.judge(|| self.inner.read_manifest(&entry.name))? {
                    Ok(manifest) if committed.undecided.contains(&manifest.session) => {
                        let object = names::session_outcome(manifest.session);
                        undecided.extend(names::hash_of(&entry.name));
                        self.damages.hit_point(object.as_str(), manifest.id, Some(&manifest));
                    }
                    Ok(_) => self.report.spare.manifests += 1,
                    Err(FormatError::Missing) => {}
                    Err(reason) => self.damages.add(entry.name.as_str(), reason),
                }
            }
            self.looked_at(SMALL)?;
        }
        Ok(undecided)
    }

    /// Each manifest names its writer's one before; one that is not there was deleted, and says so,
    /// or is missing.
    fn check_chains(&mut self, accounted: &HashSet<ObjectHash>) {
        let mut there: HashSet<ObjectHash> = self.points.iter().map(|known| known.hash).collect();
        there.extend(accounted);
        for known in &self.points {
            let manifest = &known.manifest;
            if let Some(previous) = manifest.previous.filter(|hash| !there.contains(hash)) {
                self.report.missing.push(MissingPoint {
                    manifest: previous,
                    follower: manifest.id,
                    vm: manifest.vm.name.clone(),
                    time: manifest.snapshot_time,
                });
            }
        }
    }
}
