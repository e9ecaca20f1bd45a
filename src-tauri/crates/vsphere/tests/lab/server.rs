use kuramori_base::{CancelToken, Retry, Secret};
use kuramori_lab::{FaultKind, FaultSpec, Shape};
use kuramori_vsphere::{
    ChangeTracking, Client, ConnectOptions, NetworkKind, PowerState, ServerKind, SnapshotRequest,
    ToolsState, VsphereError, probe_certificate,
};

use crate::{Bench, MIB, SHAPES, options};

#[tokio::test(flavor = "multi_thread")]
async fn login_and_inventory_in_both_shapes() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &[8 * MIB, 3 * MIB]).await;
        let inventory = bench.client.inventory().await.unwrap();
        let expected = match shape {
            Shape::Esxi => ServerKind::Esxi,
            Shape::Vcenter => ServerKind::Vcenter,
        };
        assert_eq!(inventory.about.kind, expected);
        let vm = inventory.vms.iter().find(|vm| vm.name == "vm").unwrap();
        let truth = bench.lab.vm("vm").unwrap();
        assert_eq!(vm.instance_uuid.as_deref(), Some(truth.instance_uuid.as_str()));
        assert_eq!((vm.power, vm.tools), (PowerState::On, ToolsState::Running));
        assert!(vm.change_tracking && vm.change_tracking_supported == Some(true));
        assert_eq!(vm.disks.len(), 2);
        for (disk, truth) in vm.disks.iter().zip(&truth.disks) {
            assert_eq!(disk.capacity.get(), truth.capacity);
            assert_eq!(disk.uuid.as_deref(), Some(truth.uuid.as_str()));
            assert_eq!(disk.key.get(), truth.key);
            assert!(disk.obstacle().is_none());
        }
        assert!(!vm.folder.is_empty() && vm.host.is_some());
        assert!(inventory.datastores.iter().any(|d| d.free.get() > 0 && d.accessible));
        assert!(inventory.datacenters.iter().all(|d| d.vm_folder.is_some() && !d.path.is_empty()));
        assert!(!inventory.networks.is_empty());
        assert!(inventory.networks.iter().all(|n| n.kind != NetworkKind::Opaque));
        assert!(inventory.unreadable.is_empty());

        assert_eq!(bench.lab.sessions(), 1);
        bench.client.logout().await.unwrap();
        assert_eq!(bench.lab.sessions(), 0, "no session is left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pages() {
    let many = (0..130).fold(LabConfigChange::default(), |c, i| c.vm(format!("many-{i:03}")));
    let bench = Bench::with(Shape::Vcenter, &[MIB], |config| many.apply(config)).await;
    bench.lab.reset_stats();
    let inventory = bench.client.inventory().await.unwrap();
    assert_eq!(inventory.vms.len(), 131);
    assert!(inventory.vms.is_sorted_by(|a, b| a.name <= b.name));
    let calls = bench.lab.stats().calls;
    assert!(calls.get("ContinueRetrievePropertiesEx").is_some_and(|n| *n >= 1), "{calls:?}");
    assert_eq!(calls.get("CreateContainerView"), calls.get("DestroyView"), "no view is left");
}

#[derive(Default)]
struct LabConfigChange(Vec<kuramori_lab::LabVm>);

impl LabConfigChange {
    fn vm(mut self, name: String) -> Self {
        self.0.push(kuramori_lab::LabVm::new(name));
        self
    }

    fn apply(self, config: kuramori_lab::LabConfig) -> kuramori_lab::LabConfig {
        self.0.into_iter().fold(config, kuramori_lab::LabConfig::vm)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_goes_to_another_certificate() {
    let bench = Bench::start(Shape::Esxi, &[MIB]).await;
    let wrong = ConnectOptions { password: Secret::from("wrong"), ..options(&bench.lab) };
    let error = Client::connect(wrong).await.unwrap_err();
    assert!(matches!(error, VsphereError::WrongPassword { .. }), "{error:?}");

    let pinned = options(&bench.lab).pin.unwrap();
    bench.fault(FaultSpec { kind: FaultKind::WrongCertificate, ..FaultSpec::default() });
    bench.lab.reset_stats();
    match Client::connect(options(&bench.lab)).await.unwrap_err() {
        VsphereError::ChangedCertificate { pinned: shown, seen, .. } => {
            assert_eq!(shown, pinned.to_string());
            assert_ne!(seen, pinned);
            assert_eq!(probe_certificate(&bench.lab.url).await.unwrap().sha256, seen);
        }
        other => panic!("{other:?}"),
    }
    let stats = bench.lab.stats();
    assert!(stats.calls.is_empty() && stats.logins == 0, "nothing was sent: {stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_sessions_are_renewed_once() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &[MIB]).await;
        let vm = bench.vm().await;
        for _ in 0..2 {
            bench.lab.expire_sessions();
            assert_eq!(bench.client.inventory().await.unwrap().vms.len(), 1);
            bench.lab.expire_sessions();
            assert_eq!(bench.client.vm(&vm).await.unwrap().name, "vm");
            bench.lab.expire_sessions();
            let (made, _) = bench.snapshot("after expiry").await;
            bench.lab.expire_sessions();
            bench.remove(&made).await;
        }
        assert!(bench.client.snapshots(&vm).await.unwrap().is_empty());
        assert_eq!(bench.lab.sessions(), 1, "each login replaced a dead session");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_apart() {
    let bench = Bench::start(Shape::Esxi, &[MIB]).await;
    let vm = bench.vm().await;
    let request = SnapshotRequest { name: "x".into(), description: String::new(), quiesce: false };
    let never = CancelToken::new();
    let tried = || bench.client.create_snapshot(&vm, &request, &|_| {}, &never);

    bench.fault(FaultSpec { kind: FaultKind::RestrictedLicense, ..FaultSpec::default() });
    let error = tried().await.unwrap_err();
    assert!(matches!(error, VsphereError::RestrictedVersion { .. }), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
    bench.lab.remove_faults(None);

    bench.fault(FaultSpec { kind: FaultKind::NoPermission, ..FaultSpec::default() });
    let error = tried().await.unwrap_err();
    assert!(matches!(error, VsphereError::NoPermission { .. }), "{error:?}");
    bench.lab.remove_faults(None);

    for fault in ["ApplicationQuiesceFault", "TaskInProgress", "NoDiskSpace"] {
        bench.api_fault("CreateSnapshot_Task", fault, None, Some(1));
        let error = tried().await.unwrap_err();
        assert!(error.fault().is_some_and(|f| f.is(fault)), "{error:?}");
    }
    tried().await.expect("nothing is in the way any more");
    assert_eq!(bench.lab.vm("vm").unwrap().snapshots.len(), 1, "no refused call was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_form_a_tree_and_consolidation_is_noticed() {
    let bench = Bench::start(Shape::Vcenter, &[MIB]).await;
    let vm = bench.vm().await;
    let (first, _) = bench.snapshot("first").await;
    let (second, config) = bench.snapshot("second").await;
    assert_eq!(config.disks[0].backing.parents.len(), 1, "the second froze a delta");
    let tree = bench.client.snapshots(&vm).await.unwrap();
    let links: Vec<_> = tree.iter().map(|s| (s.name.as_str(), s.parent.clone())).collect();
    assert_eq!(links, [("first", None), ("second", Some(first.clone()))]);

    bench.fault(FaultSpec { kind: FaultKind::NoConsolidation, ..FaultSpec::default() });
    bench.remove(&second).await;
    assert!(bench.client.consolidation_needed(&vm).await.unwrap());
    bench.lab.remove_faults(None);
    bench.client.consolidate(&vm, &|_| {}, &CancelToken::new()).await.unwrap();
    assert!(!bench.client.consolidation_needed(&vm).await.unwrap());
    bench.remove(&first).await;
    assert!(bench.client.snapshots(&vm).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn change_tracking_begins_with_a_stun() {
    let untracked = |config: kuramori_lab::LabConfig| {
        config.vm(kuramori_lab::LabVm::new("plain").capacity(MIB))
    };
    let bench = Bench::with(Shape::Esxi, &[MIB], untracked).await;
    let vm = bench.client.find_vm(None, "plain").await.unwrap().unwrap();
    let never = CancelToken::new();
    let turned = bench.client.enable_change_tracking(&vm, &never).await.unwrap();
    assert_eq!(turned, ChangeTracking::TurnedOn);
    let request =
        SnapshotRequest { name: "stun".into(), description: String::new(), quiesce: false };
    bench.client.stun(&vm, &request, &never).await.unwrap();
    assert!(bench.client.snapshots(&vm).await.unwrap().is_empty());
    let made = bench.client.create_snapshot(&vm, &request, &|_| {}, &never).await.unwrap();
    let config = bench.client.snapshot_config(&made).await.unwrap();
    assert!(config.disks[0].change_id.is_some(), "the first real snapshot is tracked");
    let again = bench.client.enable_change_tracking(&vm, &never).await.unwrap();
    assert_eq!(again, ChangeTracking::AlreadyOn);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_task_leaves_or_returns_its_snapshot() {
    let slow = |config: kuramori_lab::LabConfig| {
        config.options(|o| o.task_step = std::time::Duration::from_millis(400))
    };
    let bench = Bench::with(Shape::Esxi, &[MIB], slow).await;
    let vm = bench.vm().await;
    let cancel = CancelToken::new();
    let request = SnapshotRequest { name: "x".into(), description: String::new(), quiesce: false };
    let later = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        later.cancel();
    });
    let made = bench.client.create_snapshot(&vm, &request, &|_| {}, &cancel).await;
    let left = bench.client.snapshots(&vm).await.unwrap();
    match made {
        Ok(reference) => assert_eq!(left[0].reference, reference, "the caller can remove it"),
        Err(VsphereError::Cancelled(_)) => assert!(left.is_empty(), "nothing is left"),
        Err(other) => panic!("{other:?}"),
    }
}
