use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Duration;

use kuramori_base::{CancelToken, NoProgress, Progress, Tally};
use kuramori_block::{ByteLen, ByteOffset};
use kuramori_lab::{FaultKind, FaultSpec, Shape};
use kuramori_vdisk::stream_optimized::{
    Adapter, GRAIN_BYTES, GrainCompression, StreamWriter, stored_len,
};
use kuramori_vsphere::transport::{
    Identity, ImportDisk, ImportError, ImportRequest, ImportedVm, import_vm,
};
use kuramori_vsphere::{DiskKey, PowerState, VmHardware};

use crate::{Bench, MIB, SHAPES, blocking, noise};

const DISKS: [u64; 2] = [70 * MIB, 5 * MIB + 512];

fn stream(disk: &[u8]) -> Vec<u8> {
    let capacity = ByteLen::new(disk.len() as u64);
    let used = || (0u64..).zip(disk.chunks(65_536)).filter(|(_, g)| g.iter().any(|b| *b != 0));
    let mut out =
        StreamWriter::new(Vec::new(), (capacity, Adapter::default()), GrainCompression::Stored)
            .unwrap();
    for (grain, data) in used() {
        out.write_grain(ByteOffset::new(grain * GRAIN_BYTES), data).unwrap();
    }
    let bytes = out.finish().unwrap();
    let expected = stored_len(capacity, used().map(|(grain, _)| grain)).unwrap();
    assert_eq!(expected.get(), bytes.len() as u64);
    bytes
}

fn body(key: DiskKey, stream: Vec<u8>) -> ImportDisk {
    let content_length = ByteLen::new(stream.len() as u64);
    ImportDisk { key, content_length, body: Box::new(Cursor::new(stream)) }
}

/// The hardware and contents of the VM `vm`, as a recovery point would hold them.
async fn saved(bench: &Bench) -> (VmHardware, Vec<Vec<u8>>) {
    bench.lab.write("vm", 0, 40 * MIB + 7, &noise(3, 3 << 20)).unwrap();
    bench.lab.write("vm", 1, 4 * MIB, &noise(9, 1 << 20)).unwrap();
    let (made, config) = bench.snapshot("s").await;
    let disks = vec![bench.frozen(0, "s"), bench.frozen(1, "s")];
    bench.remove(&made).await;
    (config.hardware, disks)
}

async fn request(bench: &Bench, hardware: &VmHardware) -> ImportRequest {
    let stores = bench.client.datastores().await.unwrap();
    ImportRequest {
        hardware: hardware.clone(),
        name: "restored / 1".into(),
        other_names: Vec::new(),
        datastore: stores[0].reference.clone(),
        elsewhere: Vec::new(),
        or_together: false,
        folder: None,
        pool: None,
        host: None,
        identity: Identity::New,
    }
}

async fn import(
    bench: &Bench,
    disks: Vec<ImportDisk>,
    hardware: &VmHardware,
    cancel: &CancelToken,
) -> Result<ImportedVm, ImportError> {
    let progress: Arc<dyn Progress> = Arc::new(NoProgress);
    import_vm(&bench.client, request(bench, hardware).await, disks, progress, cancel).await
}

fn bodies(hardware: &VmHardware, disks: &[Vec<u8>]) -> Vec<ImportDisk> {
    hardware.disks.iter().zip(disks).map(|(shape, disk)| body(shape.key, stream(disk))).collect()
}

fn assert_alone(bench: &Bench) {
    let names: Vec<_> = bench.lab.vms().into_iter().map(|vm| vm.name).collect();
    assert_eq!(names, ["vm"], "nothing half-made is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_comes_back_with_every_byte() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &DISKS).await;
        let (hardware, disks) = saved(&bench).await;
        let tally = Arc::new(Tally::new());
        let progress: Arc<dyn Progress> = Arc::<Tally>::clone(&tally);
        let never = CancelToken::new();
        let request = request(&bench, &hardware).await;
        let bodies = bodies(&hardware, &disks);
        let made = import_vm(&bench.client, request, bodies, progress, &never).await.unwrap();
        assert_eq!(tally.counters().done, tally.announced());

        let vm = bench.client.vm(&made.reference).await.unwrap();
        assert_eq!((vm.name.as_str(), vm.power), ("restored / 1", PowerState::Off));
        let truth = bench.lab.vms().into_iter().find(|v| v.id == made.reference.as_str()).unwrap();
        let original = bench.lab.vm("vm").unwrap();
        assert_eq!((&truth.guest_id, &truth.firmware), (&original.guest_id, &original.firmware));
        assert_eq!((truth.cpus, truth.memory_mb), (original.cpus, original.memory_mb));
        assert_ne!(truth.instance_uuid, original.instance_uuid, "the original still exists");
        assert_eq!(truth.nics.len(), original.nics.len(), "{:?}", made.warnings);
        assert!(truth.nics.iter().all(|nic| !nic.connected && !nic.start_connected));
        for (number, disk) in disks.iter().enumerate() {
            let got = bench.lab.read(&truth.name, number, 0, disk.len() as u64).unwrap();
            assert!(got == *disk, "disk {number} of {shape:?}");
        }
        bench.client.destroy_vm(&made.reference).await.unwrap();
        assert_alone(&bench);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_imports_leave_nothing() {
    let bench = Bench::start(Shape::Esxi, &DISKS).await;
    let (hardware, disks) = saved(&bench).await;
    let never = CancelToken::new();
    let keys: Vec<DiskKey> = hardware.disks.iter().map(|d| d.key).collect();

    let error = import(&bench, Vec::new(), &hardware, &never).await.unwrap_err();
    assert!(matches!(error, ImportError::NoBytes { .. }), "{error:?}");

    let mut short = stream(&disks[0]);
    let announced = ByteLen::new(short.len() as u64);
    short.truncate(short.len() - 1000);
    let disk =
        ImportDisk { key: keys[0], content_length: announced, body: Box::new(Cursor::new(short)) };
    let both = vec![disk, body(keys[1], stream(&disks[1]))];
    let error = import(&bench, both, &hardware, &never).await.unwrap_err();
    assert!(matches!(error, ImportError::Body { .. }), "too short: {error:?}");
    assert_alone(&bench);

    let garbage = vec![body(keys[0], noise(1, 100_000)), body(keys[1], stream(&disks[1]))];
    let error = import(&bench, garbage, &hardware, &never).await.unwrap_err();
    assert!(matches!(error, ImportError::Transfer { .. } | ImportError::Call(_)), "{error:?}");
    assert_alone(&bench);

    bench.fault(FaultSpec {
        kind: FaultKind::Cut,
        point: "import".into(),
        after_bytes: 200_000,
        times: Some(1),
        ..FaultSpec::default()
    });
    let error = import(&bench, bodies(&hardware, &disks), &hardware, &never).await.unwrap_err();
    assert!(matches!(error, ImportError::Transfer { .. }), "cut: {error:?}");
    assert_alone(&bench);

    bench.api_fault("ImportVApp", "NoDiskSpace", None, Some(1));
    let error = import(&bench, bodies(&hardware, &disks), &hardware, &never).await.unwrap_err();
    assert!(matches!(&error, ImportError::Call(e) if e.fault().is_some()), "{error:?}");
    assert_alone(&bench);
}

/// Gives a few bytes and then waits until it is cancelled.
struct Stuck(CancelToken);

impl Read for Stuck {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        std::thread::sleep(Duration::from_millis(20));
        if self.0.is_cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        buf[0] = b'K';
        Ok(1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_leaves_nothing() {
    let bench = Bench::start(Shape::Vcenter, &DISKS).await;
    let (hardware, disks) = saved(&bench).await;
    let cancel = CancelToken::new();
    let mut bodies = bodies(&hardware, &disks);
    bodies[1].body = Box::new(Stuck(cancel.clone()));
    let later = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(800)).await;
        later.cancel();
    });
    let ended = import(&bench, bodies, &hardware, &cancel);
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends soon");
    assert!(matches!(ended, Err(ImportError::Cancelled(_))), "{ended:?}");
    assert_alone(&bench);
    blocking(|| ()).await;
}

/// Field failure 19, on the way back: the second disk arrives while the first is held.
#[tokio::test(flavor = "multi_thread")]
async fn j19_two_disks_are_sent_at_once() {
    let bench = Bench::start(Shape::Esxi, &DISKS).await;
    let (hardware, disks) = saved(&bench).await;
    bench.fault(FaultSpec {
        kind: FaultKind::Hold,
        point: "import".into(),
        key: Some("disk-0.vmdk".into()),
        ..FaultSpec::default()
    });
    let never = CancelToken::new();
    let sending = import(&bench, bodies(&hardware, &disks), &hardware, &never);
    let watched = async {
        for _ in 0..600 {
            let held: u32 = bench.lab.faults().iter().map(|fault| fault.holding).sum();
            let imports = bench.lab.stats().imports;
            let second = imports.iter().find(|(name, _)| name.ends_with("/disk-1.vmdk"));
            let arrived = second.map_or(0, |(_, served)| served.disk_bytes);
            if held == 1 && arrived >= MIB {
                bench.lab.remove_faults(None);
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("they are sent one after the other");
    };
    let (made, ()) = tokio::join!(sending, watched);
    let made = made.unwrap();
    let vm = bench.lab.vms().into_iter().find(|v| v.id == made.reference.as_str()).unwrap();
    for (number, disk) in disks.iter().enumerate() {
        let got = bench.lab.read(&vm.name, number, 0, disk.len() as u64).unwrap();
        assert!(got == *disk, "disk {number}");
    }
}
