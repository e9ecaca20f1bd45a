use kuramori_lab::{FaultKind, FaultSpec, LabConfig, LabVm, Shape, Special};
use kuramori_vsphere::{
    ConnectionState, DiskObstacle, Function, LicenceVerdict, PowerState, RightsVerdict,
    VersionVerdict, VmObstacle,
};

use crate::{Bench, MIB, SHAPES};

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_missing_by_function() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &[MIB]).await;
        let rights = bench.client.rights().await.unwrap();
        assert_eq!((rights.verdict(), rights.missing.len()), (RightsVerdict::Complete, 0));
        assert_eq!(bench.client.about().version_verdict(), VersionVerdict::Supported);
        let licence = bench.client.licence().await.unwrap();
        assert!(matches!(licence, LicenceVerdict::Allows { .. }), "{licence:?}");

        for id in ["VApp.Export", "VApp.Import"] {
            bench.fault(FaultSpec {
                kind: FaultKind::NoPermission,
                key: Some(id.to_owned()),
                ..FaultSpec::default()
            });
        }
        let rights = bench.client.rights().await.unwrap();
        let functions: Vec<Function> = rights.missing.iter().map(|m| m.function).collect();
        assert_eq!(functions, [Function::Export, Function::Restore]);
        assert_eq!(rights.verdict(), RightsVerdict::Limited, "the datastore can still be read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_free_host_is_known_by_its_licence() {
    let bench = Bench::start(Shape::Esxi, &[MIB]).await;
    bench.fault(FaultSpec { kind: FaultKind::RestrictedLicense, ..FaultSpec::default() });
    let licence = bench.client.licence().await.unwrap();
    assert!(matches!(licence, LicenceVerdict::Free { .. }), "{licence:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn special_vms_are_recognised() {
    let special = |name: &str, special| LabVm::new(name).capacity(MIB).special(special);
    let change = |config: LabConfig| {
        config
            .vm(special("agent", Special::Agent))
            .vm(special("away", Special::Inaccessible))
            .vm(special("lost", Special::Orphaned))
            .vm(special("member", Special::InVapp))
            .vm(special("model", Special::Template))
            .vm(special("paired", Special::FaultTolerant))
            .vm(special("resting", Special::Suspended))
            .vm(LabVm::new("vCLS-1"))
            .vm(LabVm::new("left").capacity(MIB).independent())
    };
    let bench = Bench::with(Shape::Vcenter, &[MIB], change).await;
    let inventory = bench.client.inventory().await.unwrap();
    let vm = |name: &str| inventory.vms.iter().find(|vm| vm.name == name).unwrap();
    for (name, expected) in [
        ("vm", None),
        ("agent", Some(VmObstacle::System)),
        ("vCLS-1", Some(VmObstacle::System)),
        ("lost", Some(VmObstacle::Orphaned)),
        ("member", None),
        ("model", Some(VmObstacle::Template)),
        ("paired", Some(VmObstacle::FaultTolerant)),
        ("resting", None),
        ("left", Some(VmObstacle::NoSavedDisk)),
    ] {
        assert_eq!(vm(name).obstacle(), expected, "{name}");
    }
    assert_eq!(vm("left").disks[0].obstacle(), Some(DiskObstacle::Independent));
    assert_eq!(vm("resting").power, PowerState::Suspended);
    assert_eq!(vm("member").vapp.as_deref(), Some("resgroup-v1"));
    assert_eq!(vm("vm").vapp, None);
    let [away] = inventory.unreadable.as_slice() else { panic!("{:?}", inventory.unreadable) };
    assert_eq!((away.name.as_str(), away.connection), ("away", ConnectionState::Inaccessible));
    assert_eq!(away.obstacle(), VmObstacle::Inaccessible);
}
