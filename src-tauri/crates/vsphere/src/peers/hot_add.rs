use std::time::Duration;

use super::running::Running;
use crate::{Departure, DiskMode, Visit};

pub(super) async fn a_disk_of_another_vm_comes_and_goes(peer: &Running) {
    let client = peer.client().await;
    let vms = client.inventory().await.unwrap().vms;
    let (own, other) = (&vms[0], &vms[1]);
    // Nothing writes to what is attached.
    client.power_off(&other.reference).await.unwrap();
    let disk = &other.disks[0];
    let berth = client.seat(&own.reference).await.unwrap().berth().unwrap();
    client.attach_frozen(&own.reference, disk, &berth).await.unwrap();
    let visitors = client.visitors(&own.reference).await.unwrap();
    assert_eq!(visitors.len(), 1);
    assert_eq!(visitors[0].backing.file, disk.backing.file);
    assert_eq!(visitors[0].mode, DiskMode::IndependentNonpersistent);
    assert_ne!(visitors[0].unit, own.disks[0].unit);
    let visit = Visit {
        file: disk.backing.file.clone().unwrap(),
        store: disk.backing.datastore.clone(),
        uuid: disk.uuid.clone().unwrap(),
        place: Some(berth.place()),
    };
    let gone = client.detach(&own.reference, &visit, || true, Duration::ZERO).await.unwrap();
    assert_eq!(gone, Departure::Detached);
    assert!(client.visitors(&own.reference).await.unwrap().is_empty());
    let other = client.vm(&other.reference).await.unwrap();
    assert_eq!(other.disks[0].backing.file, disk.backing.file, "the other VM keeps its disk");
}
