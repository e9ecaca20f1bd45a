use kuramori_base::CancelToken;
use kuramori_block::ByteLen;

use super::{BOTH, Model, Vcsim};
use crate::{CbtUnusable, ChangeTracking, ChangedSince, PowerState, SnapshotRequest, VsphereError};

pub(super) fn request(name: &str) -> SnapshotRequest {
    SnapshotRequest { name: name.to_owned(), description: "made by a test".into(), quiesce: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inventory_is_complete() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let inventory = vcsim.client().await.inventory().await.unwrap();
        let (vms, datacenter) = match model {
            Model::Esxi => (2, "ha-datacenter"),
            Model::Vcenter => (4, "DC0"),
        };
        assert_eq!(inventory.vms.len(), vms, "{model:?}");
        assert!(inventory.unreadable.is_empty());
        assert_eq!(inventory.datacenters[0].path, datacenter);
        assert!(inventory.datacenters[0].vm_folder.is_some());
        assert!(inventory.hosts.iter().all(|host| !host.datastores.is_empty()));
        assert!(inventory.compute.iter().all(|compute| compute.pool.is_some()));
        assert!(inventory.datastores[0].accessible);
        assert!(!inventory.networks.is_empty() && !inventory.pools.is_empty());
        for vm in &inventory.vms {
            assert_eq!(vm.power, PowerState::On);
            assert_eq!(vm.folder, [datacenter]);
            assert_eq!(vm.disks.len(), 1);
            assert!(vm.instance_uuid.is_some() && vm.host.is_some());
            assert_eq!(vm.disks[0].capacity, ByteLen::from_mib(1));
            assert!(vm.disks[0].obstacle().is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_made_listed_read_and_removed() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let vm = client.inventory().await.unwrap().vms.remove(0).reference;
        let never = CancelToken::new();
        assert!(client.snapshots(&vm).await.unwrap().is_empty());
        assert!(!client.consolidation_needed(&vm).await.unwrap());

        let name = "kuramori 50% / now";
        let made = client.create_snapshot(&vm, &request(name), &|_| {}, &never).await.unwrap();
        let listed = client.snapshots(&vm).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0].reference, listed[0].name.as_str()), (&made, name));
        assert_eq!(listed[0].description, "made by a test");
        assert!(listed[0].created.is_some());

        let config = client.snapshot_config(&made).await.unwrap();
        assert_eq!(config.disks.len(), 1);
        assert_eq!(config.hardware.disks.len(), 1);
        assert!(!config.hardware.guest_id.is_empty());
        let kept = serde_json::to_string(&config.hardware).unwrap();
        assert_eq!(serde_json::from_str::<crate::VmHardware>(&kept).unwrap(), config.hardware);

        client.remove_snapshot(&made, &|_| {}, &never).await.unwrap();
        assert!(client.snapshots(&vm).await.unwrap().is_empty());
        client.remove_snapshot(&made, &|_| {}, &never).await.expect("gone already is fine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_tracking_is_turned_on_and_the_missing_query_is_a_reason() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let vm = client.inventory().await.unwrap().vms.remove(0).reference;
        let never = CancelToken::new();
        assert_eq!(
            client.enable_change_tracking(&vm, &never).await.unwrap(),
            ChangeTracking::TurnedOn
        );
        assert_eq!(
            client.enable_change_tracking(&vm, &never).await.unwrap(),
            ChangeTracking::AlreadyOn
        );
        assert!(client.vm(&vm).await.unwrap().change_tracking);

        let made = client.create_snapshot(&vm, &request("x"), &|_| {}, &never).await.unwrap();
        let disk = client.snapshot_config(&made).await.unwrap().disks.remove(0);
        let asked = client
            .query_changed(&vm, &made, disk.key, &ChangedSince::All, disk.capacity, &never)
            .await;
        assert_eq!(asked.unwrap_err().why_whole(), Some(CbtUnusable::NotSupported));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_says_why() {
    let vcsim = Vcsim::start(Model::Vcenter);
    let client = vcsim.client().await;
    let vm = client.inventory().await.unwrap().vms.remove(0).reference;
    let error = client.destroy_vm(&vm).await.unwrap_err();
    let fault = error.fault().expect("a running VM is not deleted");
    assert!(matches!(error, VsphereError::TaskFailed { .. }) && fault.is("InvalidPowerState"));

    let gone = crate::VmRef::new("vm-999999");
    let error = client.vm(&gone).await.unwrap_err();
    assert!(matches!(error, VsphereError::NotFound { .. }), "{error:?}");
}
