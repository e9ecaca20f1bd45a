use std::io::{Seek, SeekFrom, Write};

use kuramori_base::CancelToken;
use kuramori_block::{ByteLen, ByteOffset, DiskReader};

use super::{BOTH, Vcsim};
use crate::transport::{DatastoreHttp, ExportInstead};

#[tokio::test(flavor = "multi_thread")]
async fn planted_bytes_are_read_over_ranges() {
    for model in BOTH {
        let vcsim = Vcsim::start(model);
        let client = vcsim.client().await;
        let vm = client.inventory().await.unwrap().vms.remove(0);
        let disk = vm.disks[0].clone();
        let files = DatastoreHttp::new(&client).await.unwrap();

        // The simulator's disks are empty files whatever their size, descriptors included.
        let refused = files.open(&disk, CancelToken::new()).await.unwrap_err();
        assert_eq!(refused.export_instead(), Some(ExportInstead::UnknownLayout), "{refused:?}");

        let name = disk.backing.file.as_ref().unwrap().file().to_owned();
        let flat = name.replace(".vmdk", "-flat.vmdk");
        let extent = flat.rsplit('/').next().unwrap();
        let sectors = disk.capacity.get() / 512;
        let descriptor = format!(
            "# Disk DescriptorFile\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"vmfs\"\n\
             RW {sectors} VMFS \"{extent}\"\n"
        );
        fs_err::write(vcsim.datastore.join(&name), descriptor).unwrap();
        let refused = files.open(&disk, CancelToken::new()).await.unwrap_err();
        assert_eq!(refused.export_instead(), Some(ExportInstead::SizeMismatch), "{refused:?}");

        let pattern: Vec<u8> = (0u32..40_000).flat_map(u32::to_le_bytes).collect();
        let places = [0, 512 << 10, disk.capacity.get() - pattern.len() as u64];
        let flat = vcsim.datastore.join(flat);
        let mut file = fs_err::OpenOptions::new().write(true).open(flat).unwrap();
        file.set_len(disk.capacity.get()).unwrap();
        for place in places {
            file.seek(SeekFrom::Start(place)).unwrap();
            file.write_all(&pattern).unwrap();
        }

        let open = files.open(&disk, CancelToken::new()).await.unwrap().base;
        assert_eq!(open.capacity(), disk.capacity);
        let read = move || {
            for place in places {
                let mut got = vec![1; pattern.len()];
                open.read_at(ByteOffset::new(place), &mut got).unwrap();
                assert!(got == pattern, "every byte at {place}");
            }
            let mut hole = [1; 4096];
            open.read_at(ByteOffset::new(300 << 10), &mut hole).unwrap();
            assert_eq!(hole, [0; 4096]);
            let end = ByteOffset::new(open.capacity().get());
            assert!(open.read_at(end, &mut hole).is_err(), "nothing lies past the end");
            open
        };
        let open = tokio::task::spawn_blocking(read).await.unwrap();
        assert!(open.capacity() > ByteLen::ZERO);
    }
}
