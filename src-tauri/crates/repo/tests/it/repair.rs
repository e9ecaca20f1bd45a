//! What a repair brings back, and what it leaves alone.

use std::sync::Arc;

use kuramori_repo::{
    BlobName, BlobStore, CheckOptions, CheckReport, DataCheck, Manifest, MemoryStore, PruneOptions,
    RecoveryPointId, RepairOptions, RepairReport, RepairedHow, Repository, SessionOptions,
};

use crate::support::{
    CHUNK, back_up, begin, clock, create, draft, noise, open, restore, save, writer,
};

fn check(store: &Arc<dyn BlobStore>, data: DataCheck) -> CheckReport {
    open(store).unwrap().check(&CheckOptions::new(data), clock().as_ref()).unwrap()
}

fn repair(store: &Arc<dyn BlobStore>, from: Option<Repository>, dry_run: bool) -> RepairReport {
    let session = SessionOptions::new(writer());
    let options = RepairOptions { from, dry_run, session };
    open(store).unwrap().repair(&options, &clock()).unwrap()
}

fn names(store: &dyn BlobStore, prefix: &str) -> Vec<BlobName> {
    store.list(prefix).unwrap().into_iter().map(|entry| entry.name).collect()
}

struct Scene {
    memory: Arc<MemoryStore>,
    store: Arc<dyn BlobStore>,
    points: Vec<(RecoveryPointId, Vec<u8>)>,
}

/// Two recovery points of one VM, on a disk whose map has two heights.
fn scene() -> Scene {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = create(&store);
    let first = noise(1, 300 * CHUNK);
    let mut second = first.clone();
    second[..40 * CHUNK].copy_from_slice(&noise(2, 40 * CHUNK));
    let points = [first, second].map(|image| (back_up(&repository, "vm", &image).unwrap(), image));
    Scene { memory, store, points: points.into() }
}

impl Scene {
    fn flip(&self, name: &BlobName, at: usize) {
        let mut bytes = self.memory.get(name, u64::MAX).unwrap();
        bytes[at] ^= 1;
        self.memory.overwrite(name, bytes);
    }

    fn assert_whole(&self) {
        let repository = open(&self.store).unwrap();
        for (point, image) in &self.points {
            assert!(restore(&repository, *point, 0).unwrap() == *image);
        }
        let report = check(&self.store, DataCheck::All);
        assert!(report.is_sound(), "{:?}", report.damaged);
    }
}

#[test]
fn copies_and_indexes_come_back() {
    let scene = scene();
    let before = names(scene.store.as_ref(), "");
    for name in before.iter().filter(|name| {
        let name = name.as_str();
        name.starts_with("format") || name.starts_with("keys/") || name.starts_with("index/")
    }) {
        let old = scene.memory.get(name, u64::MAX).unwrap();
        scene.flip(name, 70);
        let dry = repair(&scene.store, None, true);
        let [done] = dry.repaired.as_slice() else { panic!("{name}: {dry:?}") };
        assert_eq!(done.object, name.as_str());
        assert!(!check(&scene.store, DataCheck::Structure).is_sound(), "a dry run does nothing");
        let report = repair(&scene.store, None, false);
        assert_eq!(report.repaired, dry.repaired, "{name}");
        assert!(report.after.is_sound(), "{name}: {:?}", report.after.damaged);
        if done.how == RepairedHow::FromCopy {
            assert_eq!(scene.memory.get(name, u64::MAX).unwrap(), old);
        }
        let kept = names(scene.store.as_ref(), "quarantine/");
        let flat = name.as_str().replace('/', "-");
        let of_it = kept.iter().any(|kept| kept.as_str().contains(&flat));
        assert!(of_it || name.as_str().starts_with("keys/"), "{name}: {kept:?}");
    }
    scene.assert_whole();
    assert!(!names(scene.store.as_ref(), "index/").is_empty(), "the packs are indexed anew");
}

#[test]
fn a_damaged_footer_costs_nothing_while_an_index_knows_the_pack() {
    let scene = scene();
    for name in names(scene.store.as_ref(), "packs/").into_iter().step_by(8) {
        let len = scene.memory.get(&name, u64::MAX).unwrap().len();
        scene.flip(&name, len - 3);
        let found = check(&scene.store, DataCheck::Structure);
        assert_eq!(found.damaged[0].object, name.as_str());
        assert_eq!(found.lost_points(), [], "all frames are there");
        let report = repair(&scene.store, None, false);
        let how: Vec<_> = report.repaired.iter().map(|done| done.how).collect();
        assert_eq!(how, [RepairedHow::Salvaged, RepairedHow::SetAside]);
        assert!(report.after.is_sound(), "{:?}", report.after.damaged);
    }
    scene.assert_whole();
}

#[test]
fn lost_chunks_and_map_nodes_come_from_another_repository() {
    let other: Arc<dyn BlobStore> = Arc::new(MemoryStore::new());
    let other = create(&other);
    for (_, image) in scene().points {
        back_up(&other, "vm", &image).unwrap();
    }
    for number in (0..).step_by(5) {
        let scene = scene();
        let Some(pack) = names(scene.store.as_ref(), "packs/").into_iter().nth(number) else {
            break;
        };
        if number % 2 == 0 {
            scene.memory.delete(&pack).unwrap();
        } else {
            scene.flip(&pack, 40);
        }
        let lost = check(&scene.store, DataCheck::Structure).lost_points().len();
        let alone = repair(&scene.store, None, false);
        assert_eq!(alone.after.lost_points().len(), lost, "nothing can be done alone");
        assert_eq!(alone.healed, 0);
        let dry = repair(&scene.store, Some(other.clone()), true);
        assert!((dry.healed > 0) == (lost > 0) && dry.after.lost_points().len() == lost);
        let report = repair(&scene.store, Some(other.clone()), false);
        assert!(report.after.is_sound(), "pack {number}: {:?}", report.after.damaged);
        assert!((report.healed > 0) == (lost > 0), "{report:?}");
        scene.assert_whole();
    }
}

#[test]
fn another_disk_of_the_same_name_heals_nothing() {
    let other: Arc<dyn BlobStore> = Arc::new(MemoryStore::new());
    let other = create(&other);
    back_up(&other, "vm", &noise(77, 300 * CHUNK)).unwrap();
    let scene = scene();
    let pack = names(scene.store.as_ref(), "packs/").remove(0);
    scene.memory.delete(&pack).unwrap();
    let report = repair(&scene.store, Some(other), false);
    assert_eq!((report.healed, report.repaired.len()), (0, 0));
    assert!(!report.after.is_sound());
}

#[test]
fn the_next_backup_that_has_the_data_heals() {
    let scene = scene();
    let repository = open(&scene.store).unwrap();
    let packs = names(scene.store.as_ref(), "packs/");
    for name in packs.iter().take(20) {
        scene.flip(name, 100);
    }
    let found = check(&scene.store, DataCheck::All);
    assert!(!found.lost_points().is_empty());
    let first = repository.point(scene.points[0].0).unwrap();
    assert_eq!(repository.lost_disks(first.id).unwrap(), [0]);
    // Another process, with no memory of the check.
    let again = open(&scene.store).unwrap();
    for (_, image) in &scene.points {
        let session = begin(&again).unwrap();
        let saved = save(&session, image, None).unwrap();
        session.commit(draft("vm", vec![saved])).unwrap();
    }
    for (point, image) in &scene.points {
        assert!(restore(&open(&scene.store).unwrap(), *point, 0).unwrap() == *image);
    }
    let prune = PruneOptions { confirmed: true, ..PruneOptions::new(writer()) };
    again.prune(&prune, clock().as_ref()).unwrap();
    for (point, image) in &scene.points {
        let restored = restore(&open(&scene.store).unwrap(), *point, 0).unwrap();
        assert!(restored == *image, "a collection keeps the good places");
    }
    let report = repair(&scene.store, None, false);
    assert!(report.after.is_sound(), "the bad packs are not needed: {:?}", report.after.damaged);
    assert_eq!(again.lost_disks(first.id).unwrap(), [], "and the disk counts as whole");
    scene.assert_whole();
}

#[test]
fn what_cannot_be_healed_stays_where_it_is() {
    let scene = scene();
    let manifest: Manifest = open(&scene.store).unwrap().point(scene.points[0].0).unwrap();
    let damaged: Vec<_> = names(scene.store.as_ref(), "points/")
        .into_iter()
        .chain(names(scene.store.as_ref(), "sessions/"))
        .filter(|name| !name.as_str().contains(".open"))
        .take(1)
        .collect();
    for name in &damaged {
        scene.flip(name, 80);
    }
    let before = names(scene.store.as_ref(), "points/");
    let report = repair(&scene.store, None, false);
    assert_eq!(report.repaired, []);
    assert!(!report.after.is_sound(), "{} has a damaged description", manifest.id);
    assert_eq!(names(scene.store.as_ref(), "points/"), before);
    assert!(names(scene.store.as_ref(), "quarantine/").is_empty());
}

#[test]
fn the_index_is_rebuilt_from_the_packs() {
    let scene = scene();
    let old = names(scene.store.as_ref(), "index/");
    scene.flip(&old[0], 90);
    let options = SessionOptions::new(writer());
    let repository = open(&scene.store).unwrap();
    let report = repository.rebuild_index(&options, &clock()).unwrap();
    let packs = names(scene.store.as_ref(), "packs/").len() as u64;
    assert_eq!((report.packs, report.kept), (packs, 0));
    assert!(report.removed >= old.len() as u64 - 1 && report.written >= 1, "{report:?}");
    assert_eq!(report.damaged.len(), 1, "{:?}", report.damaged);
    let now = names(scene.store.as_ref(), "index/");
    assert!(old.iter().all(|name| !now.contains(name)), "{now:?}");
    scene.assert_whole();
    let lost = names(scene.store.as_ref(), "packs/").remove(0);
    scene.memory.delete(&lost).unwrap();
    let report = repository.rebuild_index(&options, &clock()).unwrap();
    assert_eq!(report.packs, packs - 1);
    assert!(report.kept > 0, "an index that tells of a lost pack stays: {report:?}");
    let found = check(&scene.store, DataCheck::Structure);
    assert_eq!(found.damaged[0].object, lost.as_str(), "so that its name is known");
}

#[test]
fn stats_tell_what_each_vm_alone_takes() {
    let scene = scene();
    let repository = open(&scene.store).unwrap();
    back_up(&repository, "copy", &scene.points[0].1).unwrap();
    let stats =
        repository.stats(&CheckOptions::new(DataCheck::Structure), clock().as_ref()).unwrap();
    let vm = |name: &str| stats.vms.iter().find(|vm| vm.name == name).unwrap();
    assert_eq!((stats.points, vm("vm").points, vm("copy").points), (3, 2, 1));
    assert_eq!(stats.logical.get(), 3 * 300 * CHUNK as u64);
    assert_eq!(vm("copy").alone.get(), 0, "all of it is shared");
    let alone = vm("vm").alone.get() / CHUNK as u64;
    assert!((40..60).contains(&alone), "forty changed chunks and two nodes: {alone}");
    assert_eq!(stats.spare.get(), 0);
    assert_eq!(stats.used, stats.compressed);
    let chunks = 340 * CHUNK as u64;
    assert!(stats.raw.get() >= chunks && stats.raw.get() < chunks + 5 * 8192, "{stats:?}");
}
