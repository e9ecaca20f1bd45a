use std::sync::Arc;

use kuramori_base::{CancelToken, Progress, Tally};
use kuramori_block::ByteLen;

use super::{BOTH, Vcsim};
use crate::transport::{ExportError, ExportLease, ImportDisk, ImportRequest, import_vm};
use crate::{HardwareVersion, PowerState, VsphereError};

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_through_its_lease() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let inventory = client.inventory().await.unwrap();
        let config = client.vm_config(&inventory.vms[0].reference).await.unwrap();
        let key = config.hardware.disks[0].key;
        let request = ImportRequest {
            hardware: config.hardware,
            name: "restored".into(),
            other_names: Vec::new(),
            elsewhere: Vec::new(),
            or_together: false,
            datastore: inventory.datastores[0].reference.clone(),
            folder: None,
            pool: None,
            host: None,
            identity: crate::transport::Identity::New,
        };
        let tally = Arc::new(Tally::new());
        let body = vec![7u8; 3 << 20];
        let disk = ImportDisk {
            key,
            content_length: ByteLen::new(body.len() as u64),
            body: Box::new(std::io::Cursor::new(body)),
        };
        let progress: Arc<dyn Progress> = Arc::<Tally>::clone(&tally);
        let never = CancelToken::new();
        let made = import_vm(&client, request, vec![disk], progress, &never).await.unwrap();
        let vm = client.vm(&made.reference).await.unwrap();
        assert_eq!((vm.name.as_str(), vm.power), ("restored", PowerState::Off));
        assert_eq!(tally.counters().done, 3 << 20);
        assert_eq!(client.find_vm(None, "restored").await.unwrap(), Some(made.reference.clone()));
        client.destroy_vm(&made.reference).await.unwrap();
        assert_eq!(client.find_vm(None, "restored").await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_say_which_hardware_they_have() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let never = CancelToken::new();
        for host in client.inventory().await.unwrap().hosts {
            let highest = client.highest_hardware(&host.reference, &never).await.unwrap();
            assert!(highest >= HardwareVersion::parse("vmx-13"), "{model:?}: {highest:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_go_once_no_vm_has_them() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let vm = client.inventory().await.unwrap().vms.remove(0);
        if vm.power == PowerState::On {
            client.power_off(&vm.reference).await.unwrap();
        }
        let small = client.small_files(&vm.reference).await.unwrap();
        assert!(!client.delete_small_files(&small).await.unwrap(), "{model:?}: a VM has them");
        client.unregister_vm(&vm.reference).await.unwrap();
        assert!(client.delete_small_files(&small).await.unwrap(), "{model:?}");
        assert!(client.delete_small_files(&small).await.unwrap(), "{model:?}: nothing to do");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_export_says_so() {
    let vcsim = Vcsim::start(super::Model::Esxi);
    let client = vcsim.client().await;
    let vm = client.inventory().await.unwrap().vms.remove(0).reference;
    let config = client.vm_config(&vm).await.unwrap();
    let never = CancelToken::new();
    match ExportLease::start_vm(&client, &vm, &config, &never).await.unwrap_err() {
        ExportError::Call(VsphereError::Fault { fault, .. }) => {
            assert!(fault.is("MethodNotFound"), "{fault}");
        }
        other => panic!("{other:?}"),
    }
}
