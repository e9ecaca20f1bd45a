use std::time::Duration;

use super::{BOTH, Vcsim};
use crate::DiskMode;

/// What we send is understood by a server that others wrote. (It does not look for VMs by UUID.)
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_of_another_vm_comes_and_goes() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let vms = client.inventory().await.unwrap().vms;
        let (own, other) = (&vms[0], &vms[1]);
        let disk = &other.disks[0];
        client.attach_frozen(&own.reference, disk).await.unwrap();
        let visitors = client.visitors(&own.reference).await.unwrap();
        assert_eq!(visitors.len(), 1, "{model:?}");
        assert_eq!(visitors[0].backing.file, disk.backing.file);
        assert_eq!(visitors[0].mode, DiskMode::IndependentNonpersistent);
        assert_ne!(visitors[0].unit, own.disks[0].unit);
        assert_eq!(client.detach(&own.reference, |_| true, Duration::ZERO).await.unwrap(), 1);
        assert!(client.visitors(&own.reference).await.unwrap().is_empty());
        let file = disk.backing.file.as_ref().unwrap().file();
        assert!(vcsim.datastore.join(file).exists(), "the file stays");
    }
}
