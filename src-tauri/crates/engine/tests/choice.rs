//! Disks that somebody chose to leave out.

use kuramori_base::CancelToken;
use kuramori_engine::{DiskChoice, EngineError, JobEvent, RunEvent};
use kuramori_jobs::Level;
use kuramori_lab::LabVm;
use kuramori_repo::ReadMode;
use kuramori_vsphere::VmObstacle;

use crate::bench::{Bench, quiet};
use crate::field::{assert_clean, assert_good};

const MIB: u64 = 1 << 20;

fn bench() -> Bench {
    let vm = LabVm::new("vm").capacity(8 * MIB).capacity(2 * MIB).change_tracking(true);
    let bench = Bench::new(|lab| lab.vm(vm));
    bench.lab.write("vm", 0, MIB, &[3; 1_000_000]).unwrap();
    bench
}

#[test]
fn a_disk_that_somebody_unticked_is_left_out_and_another_in_its_place_is_not() {
    let mut bench = bench();
    let all = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(all.disks.len(), 2);
    let second = &all.disks[1];
    let choice =
        |uuid: Option<String>| DiskChoice { uuid, key: second.key, label: second.label.clone() };
    bench.side.policy.leave_out = vec![choice(second.disk_uuid.clone())];
    let observer = quiet();
    let manifest = bench.side.backup_ok(&bench.vm, &observer);
    assert_eq!(manifest.disks.len(), 1);
    assert_eq!(manifest.not_included, [format!("{}: left out by choice", second.label)]);
    let told = RunEvent::Job(JobEvent::DiskLeftOut { disk: second.label.clone() });
    assert!(observer.events().iter().any(|(level, e)| *level == Level::Info && *e == told));
    assert_eq!(RunEvent::from_record(&manifest.warnings[0]), Some(told), "the point says so");
    assert_good(&bench, &manifest);

    bench.side.policy.leave_out = vec![choice(Some("another disk".to_owned()))];
    let saved = bench.side.backup_ok(&bench.vm, &quiet());
    assert_eq!(saved.disks.len(), 2, "key and label alone do not make it the same disk");
    assert!(matches!(saved.disks[0].read_mode, ReadMode::Changed { .. }), "it went on");

    let first = &all.disks[0];
    let (uuid, key, label) = (first.disk_uuid.clone(), first.key, first.label.clone());
    bench.side.policy.leave_out =
        vec![DiskChoice { uuid, key, label }, choice(second.disk_uuid.clone())];
    let report = bench.side.backup(&bench.vm, &quiet(), &CancelToken::new());
    let Some(EngineError::NotSupported(obstacle)) = report.error else {
        panic!("{:?}", report.error)
    };
    assert_eq!(obstacle, VmObstacle::NoSavedDisk);
    assert_clean(&bench);
}
