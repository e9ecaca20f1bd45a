use std::sync::Arc;

use kuramori_base::{CancelToken, Progress, Tally};
use kuramori_block::{ByteLen, ByteOffset};
use kuramori_vdisk::stream_optimized::{Adapter, GrainCompression, StreamReader, StreamWriter};

use super::running::{DISK, Running, first};
use crate::transport::{ExportError, ExportLease, ImportDisk, ImportRequest, import_vm};
use crate::{HardwareVersion, PowerState, SmallFilesEnd, VsphereError};

const GRAIN: usize = 64 << 10;

/// A disk with one grain of sevens.
fn stream() -> Vec<u8> {
    let place = (ByteLen::new(DISK), Adapter::default());
    let mut out = StreamWriter::new(Vec::new(), place, GrainCompression::Stored).unwrap();
    out.write_grain(ByteOffset::ZERO, &vec![7; GRAIN]).unwrap();
    out.finish().unwrap()
}

pub(super) async fn an_import_goes_through_its_lease(peer: &Running) {
    let client = peer.client().await;
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
    let body = stream();
    let length = body.len() as u64;
    let disk = ImportDisk {
        key,
        content_length: ByteLen::new(length),
        body: Box::new(std::io::Cursor::new(body)),
    };
    let progress: Arc<dyn Progress> = Arc::<Tally>::clone(&tally);
    let never = CancelToken::new();
    let made = import_vm(&client, request, vec![disk], progress, &never).await.unwrap();
    let vm = client.vm(&made.reference).await.unwrap();
    assert_eq!((vm.name.as_str(), vm.power), ("restored", PowerState::Off));
    assert_eq!(tally.counters().done, length);
    assert_eq!(client.find_vm(None, "restored").await.unwrap(), Some(made.reference.clone()));
    client.destroy_vm(&made.reference).await.unwrap();
    assert_eq!(client.find_vm(None, "restored").await.unwrap(), None);
}

pub(super) async fn a_vm_is_exported(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap());
    peer.plant(&vm, &[(300 << 10, &vec![5; GRAIN])]);
    client.power_off(&vm.reference).await.unwrap();
    let config = client.vm_config(&vm.reference).await.unwrap();
    let never = CancelToken::new();
    let lease = ExportLease::start_vm(&client, &vm.reference, &config, &never).await.unwrap();
    let stream = lease.open(config.disks[0].key, never).await.unwrap();
    let unpack = move || {
        let mut reader = StreamReader::new(stream).unwrap();
        let mut disk = vec![0; usize::try_from(reader.capacity().get()).unwrap()];
        let mut grain = Vec::new();
        while let Some(at) = reader.next_grain(&mut grain).unwrap() {
            let start = usize::try_from(at.get()).unwrap();
            disk[start..start + grain.len()].copy_from_slice(&grain);
        }
        disk
    };
    let disk = tokio::task::spawn_blocking(unpack).await.unwrap();
    let start = 300 << 10;
    assert!(disk[start..start + GRAIN].iter().all(|byte| *byte == 5));
    assert_eq!(disk.iter().filter(|byte| **byte != 0).count(), GRAIN);
    lease.complete().await.unwrap();
}

pub(super) async fn hosts_say_which_hardware_they_have(peer: &Running) {
    let client = peer.client().await;
    let never = CancelToken::new();
    for host in client.inventory().await.unwrap().hosts {
        let highest = client.highest_hardware(&host.reference, &never).await.unwrap();
        assert!(highest >= HardwareVersion::parse("vmx-13"), "{highest:?}");
    }
}

pub(super) async fn small_files_go_once_no_vm_has_them(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap());
    if vm.power == PowerState::On {
        client.power_off(&vm.reference).await.unwrap();
    }
    let small = client.small_files(&vm.reference).await.unwrap();
    let held = client.delete_small_files(&small).await.unwrap();
    assert!(matches!(held, SmallFilesEnd::Held), "a VM has them: {held:?}");
    client.unregister_vm(&vm.reference).await.unwrap();
    for about in ["all go", "nothing to do"] {
        match client.delete_small_files(&small).await.unwrap() {
            SmallFilesEnd::Gone { except } => assert!(except.is_empty(), "{about}: {except:?}"),
            SmallFilesEnd::Held => panic!("{about}: no VM has them"),
        }
    }
}

pub(super) async fn a_server_without_export_says_so(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
    let config = client.vm_config(&vm).await.unwrap();
    let never = CancelToken::new();
    match ExportLease::start_vm(&client, &vm, &config, &never).await.unwrap_err() {
        ExportError::Call(VsphereError::Fault { fault, .. }) => {
            assert!(fault.is("MethodNotFound"), "{fault}");
        }
        other => panic!("{other:?}"),
    }
}
