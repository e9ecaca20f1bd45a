//! Collects what is damaged, within bounds: a repository may be lost altogether.

use std::collections::BTreeMap;

use kuramori_block::{ByteLen, Extent};

use super::report::{Damage, Hit};
use crate::format::FormatError;
use crate::format::manifest::Manifest;
use crate::ids::RecoveryPointId;

/// Areas named for one disk and one object.
const RANGES: usize = 64;
/// Disks named for all objects together.
const HITS: usize = 100_000;

/// Damage by object.
#[derive(Debug, Default)]
pub(super) struct Damages {
    objects: BTreeMap<String, Entry>,
    hits: usize,
}

#[derive(Debug)]
struct Entry {
    reason: FormatError,
    hits: BTreeMap<(RecoveryPointId, Option<usize>), Hit>,
}

impl Damages {
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Notes a damaged object. The first reason counts.
    pub(super) fn add(&mut self, object: &str, reason: FormatError) {
        if !self.objects.contains_key(object) {
            tracing::warn!(object, %reason, "damage was found");
            let entry = Entry { reason, hits: BTreeMap::new() };
            self.objects.insert(object.to_owned(), entry);
        }
    }

    /// Notes that a whole recovery point cannot be restored because of an object.
    pub(super) fn hit_point(
        &mut self,
        object: &str,
        point: RecoveryPointId,
        manifest: Option<&Manifest>,
    ) {
        let hit = Hit {
            point,
            vm: manifest.map(|m| m.vm.name.clone()).unwrap_or_default(),
            time: manifest.map(|m| m.snapshot_time),
            disk: None,
            label: String::new(),
            ranges: Vec::new(),
            bytes: ByteLen::new(0),
            more: false,
        };
        if let Some(entry) = self.objects.get_mut(object) {
            entry.hits.insert((point, None), hit);
        }
    }

    /// Notes that an area of a disk is lost because of an object that was added before.
    pub(super) fn hit(&mut self, object: &str, manifest: &Manifest, disk: usize, area: Extent) {
        let Some(entry) = self.objects.get_mut(object) else { return };
        let key = (manifest.id, Some(disk));
        if !entry.hits.contains_key(&key) {
            if self.hits >= HITS {
                return;
            }
            self.hits += 1;
        }
        let hit = entry.hits.entry(key).or_insert_with(|| Hit {
            point: manifest.id,
            vm: manifest.vm.name.clone(),
            time: Some(manifest.snapshot_time),
            disk: Some(disk),
            label: manifest.disks.get(disk).map(|d| d.label.clone()).unwrap_or_default(),
            ranges: Vec::new(),
            bytes: ByteLen::new(0),
            more: false,
        });
        hit.bytes = ByteLen::new(hit.bytes.get().saturating_add(area.len.get()));
        let room = hit.ranges.len() < RANGES;
        match hit.ranges.last_mut() {
            Some(last) if last.end() == area.offset && !hit.more => {
                last.len = ByteLen::new(last.len.get().saturating_add(area.len.get()));
            }
            _ if room => hit.ranges.push(area),
            _ => hit.more = true,
        }
    }

    /// Returns all damage, by name of the object.
    pub(super) fn into_list(self) -> Vec<Damage> {
        let damage = |(object, entry): (String, Entry)| Damage {
            object,
            reason: entry.reason,
            hits: entry.hits.into_values().collect(),
        };
        self.objects.into_iter().map(damage).collect()
    }
}
