use kuramori_base::CancelToken;
use kuramori_block::{ByteLen, ByteOffset, DiskReader};

use super::running::{DISK, Running, first};
use crate::transport::{DatastoreHttp, ExportInstead};

/// Small, since recordings hold it.
fn pattern() -> Vec<u8> {
    (0u32..300).flat_map(u32::to_le_bytes).collect()
}

pub(super) async fn planted_bytes_are_read_over_ranges(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap());
    let pattern = pattern();
    let places = [0, 512 << 10, DISK - pattern.len() as u64];
    peer.plant(&vm, &places.map(|place| (place, pattern.as_slice())));
    let never = CancelToken::new();
    let request = super::snapshots::request("read");
    let made = client.create_snapshot(&vm.reference, &request, &|_| {}, &never).await.unwrap();
    let disk = client.snapshot_config(&made).await.unwrap().disks.remove(0);

    let files = DatastoreHttp::new(&client).await.unwrap();
    let open = files.open(&disk, never.clone()).await.unwrap().base;
    assert_eq!(open.capacity(), disk.capacity);
    let read = move || {
        for place in places {
            let mut got = vec![1; pattern.len()];
            open.read_at(ByteOffset::new(place), &mut got).unwrap();
            assert!(got == pattern, "every byte at {place}");
        }
        let mut hole = [1; 512];
        open.read_at(ByteOffset::new(300 << 10), &mut hole).unwrap();
        assert_eq!(hole, [0; 512]);
        let end = ByteOffset::new(open.capacity().get());
        assert!(open.read_at(end, &mut hole).is_err(), "nothing lies past the end");
        open
    };
    let open = tokio::task::spawn_blocking(read).await.unwrap();
    assert!(open.capacity() > ByteLen::ZERO);
    client.remove_snapshot(&made, &|_| {}, &never).await.unwrap();
}

pub(super) async fn a_strange_descriptor_is_no_disk(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap());
    let disk = vm.disks[0].clone();
    let files = DatastoreHttp::new(&client).await.unwrap();
    let refused = files.open(&disk, CancelToken::new()).await.unwrap_err();
    assert_eq!(refused.export_instead(), Some(ExportInstead::UnknownLayout), "{refused:?}");

    let extent = disk.backing.file.as_ref().unwrap().file().rsplit('/').next().unwrap();
    let extent = extent.replace(".vmdk", "-flat.vmdk");
    let text = format!(
        "# Disk DescriptorFile\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"vmfs\"\n\
         RW {} VMFS \"{extent}\"\n",
        DISK / 512
    );
    peer.describe(&vm, &text);
    let refused = files.open(&disk, CancelToken::new()).await.unwrap_err();
    assert_eq!(refused.export_instead(), Some(ExportInstead::SizeMismatch), "{refused:?}");
}

pub(super) async fn files_of_a_vm_are_read_and_written(peer: &Running) {
    let client = peer.client().await;
    let vm = first(&client.inventory().await.unwrap()).reference;
    client.power_off(&vm).await.unwrap();
    let files = DatastoreHttp::new(&client).await.unwrap();
    let nvram = b"what the firmware keeps".to_vec();
    files.put_nvram(&vm, nvram.clone()).await.unwrap();
    let refused = files.put_nvram(&vm, Vec::new()).await;
    assert!(refused.is_err(), "an empty one is taken for a damaged one");
    let found = files.vm_files(&vm, &CancelToken::new()).await.unwrap();
    assert!(found.vmx.is_some(), "{:?}", found.unread);
    assert_eq!(found.nvram, Some(nvram), "{:?}", found.unread);
}
