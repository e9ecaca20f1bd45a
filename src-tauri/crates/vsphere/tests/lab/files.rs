use std::sync::Arc;
use std::time::Duration;

use kuramori_base::CancelToken;
use kuramori_block::{ByteOffset, DiskReader, ReadError};
use kuramori_lab::{Deltas, FaultKind, FaultSpec, Shape};
use kuramori_vdisk::chain::DiskChain;
use kuramori_vdisk::delta::{Delta, DeltaFormat};
use kuramori_vsphere::transport::{
    DatastoreFile, DatastoreHttp, DatastoreHttpError, DiskFiles, ExportInstead,
};

use crate::{Bench, MIB, SHAPES, blocking, noise};

const DISK: u64 = 24 * MIB + 512;

async fn frozen_disk(bench: &Bench) -> (Arc<DatastoreFile>, Arc<Vec<u8>>) {
    bench.lab.write("vm", 0, 5 * MIB + 77, &noise(3, 9 << 20)).unwrap();
    let (_, config) = bench.snapshot("s").await;
    bench.lab.write("vm", 0, 6 * MIB, &noise(4, 4 << 20)).unwrap();
    let files = DatastoreHttp::new(&bench.client).await.unwrap();
    let disk = files.open(&config.disks[0], CancelToken::new()).await.unwrap();
    assert!(disk.deltas.is_empty(), "no snapshot was there before");
    (Arc::new(disk.base), Arc::new(bench.frozen(0, "s")))
}

async fn read(disk: &Arc<DatastoreFile>, at: u64, len: usize) -> Result<Vec<u8>, ReadError> {
    let disk = Arc::clone(disk);
    blocking(move || {
        let mut buf = vec![0xee; len];
        disk.read_at(ByteOffset::new(at), &mut buf).map(|()| buf)
    })
    .await
}

fn cause(error: &ReadError) -> &DatastoreHttpError {
    std::error::Error::source(error).unwrap().downcast_ref().expect("the transport's own error")
}

fn slice(disk: &[u8], at: u64, len: usize) -> &[u8] {
    &disk[usize::try_from(at).unwrap()..][..len]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_disk_is_read_whatever_the_guest_writes() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &[DISK]).await;
        let (disk, truth) = frozen_disk(&bench).await;
        assert_eq!(disk.capacity().get(), DISK);
        let all = read(&disk, 0, truth.len()).await.unwrap();
        assert!(all == *truth, "every byte is the snapshot's");
        assert!(read(&disk, DISK - 100, 101).await.is_err(), "nothing lies past the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_threads_share_four_requests() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (disk, truth) = frozen_disk(&bench).await;
    bench.lab.reset_stats();
    let readers: Vec<_> = (0..12u64)
        .map(|i| {
            let (disk, truth) = (Arc::clone(&disk), Arc::clone(&truth));
            blocking(move || {
                for at in (i * 4096..DISK - 65_536).step_by(3 << 20) {
                    let mut buf = vec![0; 65_536];
                    disk.read_at(ByteOffset::new(at), &mut buf).unwrap();
                    assert!(buf == slice(&truth, at, 65_536), "bytes at {at}");
                }
            })
        })
        .collect();
    for reader in readers {
        reader.await;
    }
    let stats = bench.lab.stats();
    assert!(stats.folder_peak <= 4, "{}", stats.folder_peak);
    assert_eq!(stats.folder_refused, 0, "the host never had to say no");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_goes_on_at_the_byte() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (disk, truth) = frozen_disk(&bench).await;
    bench.lab.reset_stats();
    bench.fault(FaultSpec {
        kind: FaultKind::Cut,
        point: "folder".into(),
        after_bytes: 3_000_001,
        times: Some(3),
        ..FaultSpec::default()
    });
    let got = read(&disk, 100, 16 << 20).await.unwrap();
    assert!(got == slice(&truth, 100, 16 << 20));
    let wire: u64 = bench.lab.stats().folder.values().map(|served| served.wire_bytes).sum();
    // What was on its way when a connection broke is lost; beginning again would take 25 MB.
    assert!(wire < 22 << 20, "hardly a byte came twice: {wire}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_is_sat_out() {
    for (status, times) in [(503, 3), (502, 2), (504, 1), (500, 2), (401, 1), (403, 1)] {
        let bench = Bench::start(Shape::Esxi, &[DISK]).await;
        let (disk, truth) = frozen_disk(&bench).await;
        bench.fault(FaultSpec {
            kind: FaultKind::Status,
            point: "folder".into(),
            status: Some(status),
            times: Some(times),
            ..FaultSpec::default()
        });
        let got = read(&disk, 5 * MIB, 1 << 20).await;
        assert!(got.unwrap() == slice(&truth, 5 * MIB, 1 << 20), "{status}");
    }
    let bench = Bench::start(Shape::Vcenter, &[DISK]).await;
    let (disk, truth) = frozen_disk(&bench).await;
    bench.lab.expire_sessions();
    let got = read(&disk, 5 * MIB, 1 << 20).await.unwrap();
    assert!(got == slice(&truth, 5 * MIB, 1 << 20), "a lost session");
}

#[tokio::test(flavor = "multi_thread")]
async fn lasting_trouble_is_told_apart() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (disk, _) = frozen_disk(&bench).await;
    let status = |status| FaultSpec {
        kind: FaultKind::Status,
        point: "folder".into(),
        status: Some(status),
        ..FaultSpec::default()
    };
    for (code, expected) in
        [(500, Some(ExportInstead::Locked)), (404, Some(ExportInstead::Missing)), (403, None)]
    {
        bench.fault(status(code));
        let error = read(&disk, 0, 4096).await.unwrap_err();
        assert_eq!(cause(&error).export_instead(), expected, "{code}: {error:?}");
        bench.lab.remove_faults(None);
    }
    bench.fault(FaultSpec {
        kind: FaultKind::IgnoreRange,
        point: "folder".into(),
        ..FaultSpec::default()
    });
    let error = read(&disk, 4096, 4096).await.unwrap_err();
    assert!(matches!(cause(&error), DatastoreHttpError::WrongBytes { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plain_file_is_exported_instead() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (_, base) = bench.snapshot("ours").await;
    let files = DatastoreHttp::new(&bench.client).await.unwrap();
    files.open(&base.disks[0], CancelToken::new()).await.expect("the base is a plain file");

    let live = bench.client.vm_config(&bench.vm().await).await.unwrap();
    let error = files.open(&live.disks[0], CancelToken::new()).await.unwrap_err();
    assert!(error.export_instead().is_some(), "the running link: {error:?}");

    for (change, expected) in [
        (|d: &mut kuramori_vsphere::DiskConfig| d.encrypted = true, ExportInstead::Encrypted),
        (|d| d.backing.object_id = Some("vsan:1".into()), ExportInstead::ObjectStorage),
        (
            |d| d.backing.kind = "VirtualDiskRawDiskMappingVer1BackingInfo".into(),
            ExportInstead::RawDevice,
        ),
        (|d| d.capacity = kuramori_block::ByteLen::from_gib(1), ExportInstead::SizeMismatch),
    ] as [(fn(&mut kuramori_vsphere::DiskConfig), _); 4]
    {
        let mut disk = base.disks[0].clone();
        change(&mut disk);
        let error = files.open(&disk, CancelToken::new()).await.unwrap_err();
        assert_eq!(error.export_instead(), Some(expected));
    }
}

/// Two snapshots of somebody else under ours, with data, zeros and the end of the disk in them.
async fn chain(deltas: Deltas) -> (Bench, DiskFiles) {
    let bench =
        Bench::with(Shape::Esxi, &[DISK], |c| c.options(|options| options.deltas = deltas)).await;
    bench.lab.write("vm", 0, MIB, &noise(3, 9 << 20)).unwrap();
    bench.snapshot("theirs").await;
    bench.lab.write("vm", 0, 5 * MIB + 77, &noise(4, 3 << 20)).unwrap();
    bench.lab.write("vm", 0, 2 * MIB, &vec![0; 1 << 20]).unwrap();
    bench.snapshot("theirs too").await;
    bench.lab.write("vm", 0, DISK - 512, &noise(5, 512)).unwrap();
    let (_, config) = bench.snapshot("ours").await;
    bench.lab.write("vm", 0, 6 * MIB, &noise(6, 1 << 20)).unwrap();
    let files = DatastoreHttp::new(&bench.client).await.unwrap();
    let files = files.open(&config.disks[0], CancelToken::new()).await.unwrap();
    (bench, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_older_snapshots_are_those_a_host_holds() {
    for (deltas, format) in
        [(Deltas::VmfsSparse, DeltaFormat::Cowd), (Deltas::SeSparse, DeltaFormat::SeSparse)]
    {
        let (bench, files) = chain(deltas).await;
        let got = blocking(move || {
            let links = files.deltas.into_iter().map(|file| Delta::open(Box::new(file)).unwrap());
            let links: Vec<_> = links.collect();
            assert!(links.iter().all(|link| link.format() == format));
            let disk = DiskChain::new(files.base, links).unwrap();
            assert_eq!(disk.depth(), 2);
            let mut bytes = vec![0xee; disk.capacity().as_usize()];
            disk.read_at(ByteOffset::ZERO, &mut bytes).unwrap();
            bytes
        })
        .await;
        assert!(got == bench.frozen(0, "ours"), "{deltas:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_belongs_elsewhere_is_noticed() {
    let (bench, _) = chain(Deltas::SeSparse).await;
    let (_, config) = bench.snapshot("again").await;
    let disk = &config.disks[0];
    let files = DatastoreHttp::new(&bench.client).await.unwrap();
    let mut other = disk.clone();
    other.backing.parents.swap(0, 1);
    let error = files.open(&other, CancelToken::new()).await.unwrap_err();
    assert_eq!(error.export_instead(), Some(ExportInstead::BrokenChain));
    other.backing.parents.clear();
    let error = files.open(&other, CancelToken::new()).await.unwrap_err();
    assert_eq!(error.export_instead(), Some(ExportInstead::BrokenChain));
    files.open(disk, CancelToken::new()).await.expect("as the server tells it");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_a_slow_read() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (_, config) = bench.snapshot("s").await;
    let cancel = CancelToken::new();
    let files = DatastoreHttp::new(&bench.client).await.unwrap();
    let disk = Arc::new(files.open(&config.disks[0], cancel.clone()).await.unwrap().base);
    bench.fault(FaultSpec {
        kind: FaultKind::Slow,
        point: "folder".into(),
        bytes_per_second: Some(20_000),
        ..FaultSpec::default()
    });
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    let ended = tokio::time::timeout(Duration::from_secs(5), read(&disk, 0, 20 << 20)).await;
    let error = ended.expect("it ends at once").unwrap_err();
    assert!(matches!(cause(&error), DatastoreHttpError::Cancelled(_)), "{error:?}");
}
