//! The lab from its owner's side: frozen bytes, merging, growth and restarts, against a model.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::BTreeMap;

use kuramori_lab::{Lab, LabConfig, LabHandle, LabVm};
use proptest::prelude::*;

const BLOCK: u64 = 64 * 1024;
const CAPACITY: u64 = 40 * BLOCK + 512;

fn start(dir: &std::path::Path) -> LabHandle {
    let vm = LabVm::new("vm").capacity(CAPACITY).change_tracking(true);
    Lab::start(LabConfig::new(dir).vm(vm)).unwrap()
}

fn whole(lab: &LabHandle) -> Vec<u8> {
    lab.read("vm", 0, 0, lab.vm("vm").unwrap().disks[0].capacity).unwrap()
}

#[test]
fn a_restarted_lab_has_the_same_everything() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path());
    lab.write("vm", 0, 100, b"before").unwrap();
    let snapshot = lab.create_snapshot("vm", "frozen").unwrap();
    lab.write("vm", 0, 100, b"after!").unwrap();
    let before = (lab.vms(), lab.certificate_sha256.clone(), lab.token.clone(), whole(&lab));
    // Not `stop`: a lab that is killed has written everything already.
    drop(lab);
    let lab = start(dir.path());
    assert_eq!((lab.vms(), lab.certificate_sha256.clone(), lab.token.clone(), whole(&lab)), before);
    let frozen = lab.read_snapshot("vm", 0, &snapshot, 100..106).unwrap();
    assert_eq!(frozen, b"before");
    lab.write("vm", 0, BLOCK, b"more").unwrap();
    let areas = lab.changed_since("vm", 0, "frozen").unwrap();
    assert_eq!(areas, [(0, 2 * BLOCK)], "writes before and after the restart are both tracked");
    lab.remove_snapshot("vm", &snapshot).unwrap();
    assert_eq!(lab.vm("vm").unwrap().disks[0].chain.len(), 1);
    assert_eq!(lab.read("vm", 0, 100, 6).unwrap(), b"after!");
}

#[test]
fn the_image_a_vm_was_made_from_never_changes() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("image.raw");
    let content = vec![7u8; 3 * 64 * 1024 + 512];
    fs_err::write(&image, &content).unwrap();
    let vm = LabVm::new("vm").image(&image);
    let lab = Lab::start(LabConfig::new(dir.path().join("lab")).vm(vm)).unwrap();
    assert_eq!(whole(&lab), content);
    lab.write("vm", 0, 0, b"changed").unwrap();
    assert_eq!(fs_err::read(&image).unwrap(), content);
}

#[test]
fn what_lies_off_the_disk_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path());
    assert!(lab.write("vm", 0, CAPACITY - 1, b"ab").is_err());
    assert!(lab.write("vm", 0, u64::MAX, b"ab").is_err());
    assert!(lab.write("vm", 1, 0, b"ab").is_err());
    assert!(lab.read("nobody", 0, 0, 1).is_err());
    assert!(lab.grow("vm", 0, CAPACITY - 512).is_err(), "disks do not shrink");
    assert!(whole(&lab).iter().all(|b| *b == 0));
}

#[derive(Clone, Debug)]
enum Step {
    Write {
        at: u64,
        len: u64,
        with: u8,
    },
    Snapshot,
    /// Removes the n-th of the snapshots there are.
    Remove(usize),
    Revert(usize),
    Grow(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..CAPACITY, 1..3 * BLOCK, any::<u8>())
            .prop_map(|(at, len, with)| Step::Write { at, len, with }),
        3 => Just(Step::Snapshot),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => any::<usize>().prop_map(Step::Revert),
        1 => (1..4u64).prop_map(Step::Grow),
        1 => Just(Step::Restart),
    ]
}

/// What each snapshot must hold, and what must be reported as changed since it.
#[derive(Default)]
struct Model {
    live: Vec<u8>,
    snapshots: BTreeMap<String, (Vec<u8>, Option<Vec<bool>>)>,
}

impl Model {
    fn write(&mut self, at: u64, data: &[u8]) {
        let from = usize::try_from(at).unwrap();
        self.live[from..from + data.len()].copy_from_slice(data);
        let last = (at + data.len() as u64 - 1) / BLOCK;
        for changed in self.snapshots.values_mut().filter_map(|s| s.1.as_mut()) {
            for block in at / BLOCK..=last {
                changed[usize::try_from(block).unwrap()] = true;
            }
        }
    }
}

fn areas(changed: &[bool], capacity: u64) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (block, _) in changed.iter().enumerate().filter(|(_, c)| **c) {
        let start = block as u64 * BLOCK;
        let end = (start + BLOCK).min(capacity);
        match out.last_mut() {
            Some((s, l)) if *s + *l == start => *l = end - *s,
            _ => out.push((start, end - start)),
        }
    }
    out
}

fn apply(
    lab: LabHandle,
    dir: &std::path::Path,
    model: &mut Model,
    step: Step,
    number: usize,
) -> LabHandle {
    let names: Vec<String> = model.snapshots.keys().cloned().collect();
    match step {
        Step::Write { at, len, with } => {
            let len = len.min(model.live.len() as u64 - at);
            let data = vec![with; usize::try_from(len).unwrap()];
            lab.write("vm", 0, at, &data).unwrap();
            model.write(at, &data);
        }
        Step::Snapshot if names.len() < 6 => {
            let id = lab.create_snapshot("vm", &format!("s{number}")).unwrap();
            let blocks = model.live.len().div_ceil(usize::try_from(BLOCK).unwrap());
            model.snapshots.insert(id, (model.live.clone(), Some(vec![false; blocks])));
        }
        Step::Remove(n) if !names.is_empty() => {
            let id = &names[n % names.len()];
            lab.remove_snapshot("vm", id).unwrap();
            model.snapshots.remove(id);
        }
        Step::Revert(n) if !names.is_empty() => {
            let id = &names[n % names.len()];
            lab.revert("vm", id).unwrap();
            model.live = model.snapshots[id].0.clone();
            // A new epoch: nothing can be said about older snapshots.
            for (_, changed) in model.snapshots.values_mut() {
                *changed = None;
            }
        }
        Step::Grow(blocks) if names.is_empty() => {
            let capacity = model.live.len() as u64 + blocks * BLOCK;
            lab.grow("vm", 0, capacity).unwrap();
            model.live.resize(usize::try_from(capacity).unwrap(), 0);
        }
        Step::Restart => {
            drop(lab);
            return start(dir);
        }
        _ => {}
    }
    lab
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn disks_agree_with_a_model(steps in prop::collection::vec(step(), 1..24)) {
        let dir = tempfile::tempdir().unwrap();
        let mut lab = start(dir.path());
        let mut model = Model {
            live: vec![0; usize::try_from(CAPACITY).unwrap()],
            ..Model::default()
        };
        for (number, step) in steps.into_iter().enumerate() {
            lab = apply(lab, dir.path(), &mut model, step, number);
            prop_assert!(whole(&lab) == model.live, "the running disk differs");
            for (id, (bytes, changed)) in &model.snapshots {
                let frozen = lab.read_snapshot("vm", 0, id, 0..bytes.len() as u64).unwrap();
                prop_assert!(&frozen == bytes, "snapshot {} differs", id);
                let told = lab.changed_since("vm", 0, id);
                match changed {
                    None => prop_assert!(told.is_err(), "no answer for an older epoch"),
                    Some(c) => prop_assert_eq!(told.unwrap(), areas(c, model.live.len() as u64)),
                }
            }
        }
    }
}
