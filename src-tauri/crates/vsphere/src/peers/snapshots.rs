use kuramori_base::CancelToken;

use super::running::{Running, first};
use crate::{CbtUnusable, ChangeTracking, ChangedSince, PowerState, SnapshotRequest, VsphereError};

pub(super) fn request(name: &str) -> SnapshotRequest {
    SnapshotRequest { name: name.to_owned(), description: "made by a test".into(), quiesce: false }
}

pub(super) async fn a_snapshot_is_made_listed_read_and_removed(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
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

pub(super) async fn change_tracking_is_turned_on(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
    let never = CancelToken::new();
    let turned = client.enable_change_tracking(&vm, &never).await.unwrap();
    assert_eq!(turned, ChangeTracking::TurnedOn);
    let turned = client.enable_change_tracking(&vm, &never).await.unwrap();
    assert_eq!(turned, ChangeTracking::AlreadyOn);
    assert!(client.vm(&vm).await.unwrap().change_tracking);
    // Some servers give a disk its change ID only with the first snapshot after that.
    client.stun(&vm, &request("stun"), &never).await.unwrap();

    let made = client.create_snapshot(&vm, &request("x"), &|_| {}, &never).await.unwrap();
    let disk = client.snapshot_config(&made).await.unwrap().disks.remove(0);
    let asked =
        client.query_changed(&vm, &made, disk.key, &ChangedSince::All, disk.capacity, &never).await;
    if peer.facts.asks_changes {
        assert!(disk.change_id.is_some());
        let areas = asked.unwrap();
        assert!(areas.is_empty(), "nothing was ever written: {areas:?}");
    } else {
        assert_eq!(asked.unwrap_err().why_whole(), Some(CbtUnusable::NotSupported));
    }
}

pub(super) async fn a_failed_task_says_why(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
    let error = client.destroy_vm(&vm).await.unwrap_err();
    let fault = error.fault().expect("a running VM is not deleted");
    assert!(fault.is("InvalidPowerState"), "{error:?}");
    let error = client.power_on(&vm).await.unwrap_err();
    assert!(error.fault().is_some_and(|fault| fault.is("InvalidPowerState")), "{error:?}");
    let gone = crate::SnapshotRef::new("snapshot-999999");
    let removed = client.remove_snapshot(&gone, &|_| {}, &CancelToken::new()).await;
    removed.expect("what is not there is removed");
    let missing = client.snapshot_config(&gone).await;
    assert!(matches!(missing, Err(VsphereError::NotFound { .. })), "{missing:?}");
}

pub(super) async fn a_vm_is_switched_off_and_on(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
    assert_eq!(client.power(&vm).await.unwrap().power, PowerState::On);
    client.power_off(&vm).await.unwrap();
    assert_eq!(client.power(&vm).await.unwrap().power, PowerState::Off);
    assert!(!client.has_running_task(&vm).await.unwrap());
    client.power_on(&vm).await.unwrap();
    assert_eq!(client.power(&vm).await.unwrap().power, PowerState::On);
}
