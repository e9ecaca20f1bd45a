//! What was written comes back, over many sessions, against a model.

use std::collections::BTreeMap;

use kuramori_block::{ByteLen, ByteOffset, DiskReader, ExtentSet};
use kuramori_repo::{ChunkIndex, Manifest, RecoveryPointId, Repository};
use proptest::prelude::*;

use crate::support::{CHUNK, back_up, begin, create, draft, memory, noise, open, restore};

/// A disk as a map of chunks; what is not in it is zeros.
#[derive(Clone, Debug, Default)]
struct Model {
    capacity: u64,
    chunks: BTreeMap<u64, Vec<u8>>,
}

impl Model {
    fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.chunks.retain(|index, bytes| {
            let room = usize::try_from(capacity.saturating_sub(index * CHUNK as u64)).unwrap();
            bytes.truncate(room.min(CHUNK));
            !bytes.is_empty()
        });
    }

    fn place(&self, index: u64) -> usize {
        let room = self.capacity.saturating_sub(index * CHUNK as u64);
        usize::try_from(room.min(CHUNK as u64)).unwrap()
    }
}

/// One session: the new size in chunks and bytes, and what is written where.
#[derive(Clone, Debug)]
struct Step {
    capacity: u64,
    /// Position as a part of the disk, and what to write: 0 zeros, 1.. one of few contents.
    writes: Vec<(u64, u64)>,
    with_parent: bool,
    reopen: bool,
}

fn capacities() -> impl Strategy<Value = u64> {
    // Sizes around the borders of chunks, of one, two and three levels of the map.
    let chunks = prop_oneof![0u64..5, 250u64..260, 500u64..520, 65_530u64..65_545];
    (chunks, 0u64..3).prop_map(|(chunks, odd)| chunks * CHUNK as u64 + odd * 512)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let position = prop_oneof![0u64..6, 250u64..260, 65_530u64..65_545, any::<u64>()];
    let writes = prop::collection::vec((position, 0u64..6), 0..12);
    let step = (capacities(), writes, any::<bool>(), any::<bool>()).prop_map(
        |(capacity, writes, orphan, reopen)| Step {
            capacity,
            writes,
            with_parent: !orphan || !reopen,
            reopen,
        },
    );
    prop::collection::vec(step, 1..6)
}

fn check(repository: &Repository, manifest: &Manifest, model: &Model, touched: &[u64]) {
    let view = repository.disk(manifest, 0).unwrap();
    assert_eq!(view.capacity().get(), model.capacity);
    let last = model.capacity.div_ceil(CHUNK as u64).saturating_sub(1);
    for index in touched.iter().copied().chain([0, last]) {
        let mut read = vec![0xEE; model.place(index)];
        if read.is_empty() {
            continue;
        }
        view.read_at(ByteOffset::new(index * CHUNK as u64), &mut read).unwrap();
        let mut expected = model.chunks.get(&index).cloned().unwrap_or_default();
        expected.resize(read.len(), 0);
        assert!(read == expected, "chunk {index} must come back as it was");
    }
    let set = view.allocated().unwrap().unwrap();
    let used = model.chunks.iter().filter(|(_, bytes)| bytes.iter().any(|b| *b != 0));
    let expected: ExtentSet = used
        .map(|(index, _)| {
            kuramori_block::Extent::new(index * CHUNK as u64, model.place(*index) as u64)
        })
        .collect();
    assert_eq!(set, expected, "exactly the chunks that are not zeros are stored");
    let chunks = expected.total().div_ceil(ByteLen::new(CHUNK as u64));
    assert_eq!(manifest.disks[0].chunks, chunks, "the manifest counts them");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_recovery_point_keeps_its_own_state(steps in steps()) {
        let store = memory();
        let mut repository = create(&store);
        let mut model = Model::default();
        let mut history: Vec<(RecoveryPointId, Model)> = Vec::new();
        let mut touched = Vec::new();
        for step in steps {
            if step.reopen {
                repository = open(&store).unwrap();
            }
            let parent = history.last().map(|(id, _)| repository.point(*id).unwrap());
            let parent = parent.filter(|_| step.with_parent);
            if parent.is_none() {
                model.chunks.clear();
            }
            model.resize(step.capacity);
            let session = begin(&repository).unwrap();
            let writer = session
                .disk_writer(ByteLen::new(step.capacity), parent.as_ref().map(|m| (m, 0)))
                .unwrap();
            let chunks = step.capacity.div_ceil(CHUNK as u64);
            let mut written = std::collections::HashSet::new();
            for (position, content) in step.writes.into_iter().filter(|_| chunks > 0) {
                let index = position % chunks;
                if !written.insert(index) {
                    continue;
                }
                let len = model.place(index);
                let bytes = if content == 0 { vec![0; len] } else { noise(content, len) };
                model.chunks.insert(index, bytes.clone());
                touched.push(index);
                writer.write(ChunkIndex::new(index), bytes).unwrap();
            }
            let saved = writer.finish().unwrap();
            let id = session.commit(draft("vm", vec![saved])).unwrap();
            history.push((id, model.clone()));
            for (id, model) in &history {
                check(&repository, &repository.point(*id).unwrap(), model, &touched);
            }
        }
        let fresh = open(&store).unwrap();
        let listed: Vec<_> = fresh.points().unwrap().points.iter().map(|p| p.id).collect();
        let made: Vec<_> = history.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(listed, made, "all points are listed, newest last");
        for (id, model) in &history {
            check(&fresh, &fresh.point(*id).unwrap(), model, &touched);
        }
    }
}

#[test]
fn whole_disks_come_back_in_any_reads() {
    let store = memory();
    let repository = create(&store);
    let mut image = noise(1, 20 * CHUNK + 512);
    image[3 * CHUNK..9 * CHUNK].fill(0);
    image[12 * CHUNK..14 * CHUNK].fill(7);
    let id = back_up(&repository, "vm", &image).unwrap();
    assert!(restore(&repository, id, 0).unwrap() == image);
    assert!(restore(&open(&store).unwrap(), id, 0).unwrap() == image);
}

#[test]
fn the_same_content_is_stored_once() {
    let store = memory();
    let repository = create(&store);
    let image = noise(1, 600 * CHUNK);
    back_up(&repository, "a", &image).unwrap();
    let before: u64 = store.list("packs/").unwrap().iter().map(|e| e.size).sum();
    back_up(&repository, "b", &image).unwrap();
    back_up(&open(&store).unwrap(), "c", &image).unwrap();
    let after: u64 = store.list("packs/").unwrap().iter().map(|e| e.size).sum();
    assert_eq!(before, after, "a second copy adds no chunk, not even of the map");
}

#[test]
fn a_small_change_adds_little() {
    let repository = create(&memory());
    let mut image = noise(1, 3000 * CHUNK);
    let first = back_up(&repository, "vm", &image).unwrap();
    image[CHUNK..2 * CHUNK].fill(9);
    let parent = repository.point(first).unwrap();
    let session = begin(&repository).unwrap();
    let writer = session.disk_writer(ByteLen::new(image.len() as u64), Some((&parent, 0))).unwrap();
    writer.write(ChunkIndex::new(1), image[CHUNK..2 * CHUNK].to_vec()).unwrap();
    let saved = writer.finish().unwrap();
    assert!(saved.stored_bytes.get() < 24 << 10, "one chunk and two nodes, not {saved:?}");
    let id = session.commit(draft("vm", vec![saved])).unwrap();
    assert!(restore(&repository, id, 0).unwrap() == image);
    assert!(restore(&repository, first, 0).unwrap() != image, "the first point is untouched");
}
