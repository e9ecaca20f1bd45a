use std::io::Read;

use kuramori_base::CancelToken;
use kuramori_lab::{FaultKind, FaultSpec, Shape};
use kuramori_vdisk::stream_optimized::StreamReader;
use kuramori_vsphere::transport::{ExportError, ExportLease, ExportStream};
use kuramori_vsphere::{VmConfig, VsphereError};

use crate::{Bench, MIB, SHAPES, blocking, noise};

const DISKS: [u64; 2] = [70 * MIB, 5 * MIB + 512];

async fn export(bench: &Bench) -> (ExportLease, VmConfig) {
    bench.lab.write("vm", 0, 40 * MIB + 7, &noise(3, 3 << 20)).unwrap();
    bench.lab.write("vm", 1, 4 * MIB, &noise(9, 1 << 20)).unwrap();
    let (made, config) = bench.snapshot("s").await;
    bench.lab.write("vm", 0, 41 * MIB, &noise(4, 1 << 20)).unwrap();
    let never = CancelToken::new();
    let lease = ExportLease::start_snapshot(&bench.client, &made, &config, &never).await.unwrap();
    (lease, config)
}

/// Unpacks a whole stream into a disk.
fn unpack(stream: ExportStream) -> Result<Vec<u8>, String> {
    let mut reader = StreamReader::new(stream).map_err(|e| format!("{e:?}"))?;
    let mut disk = vec![0; usize::try_from(reader.capacity().get()).unwrap()];
    let mut grain = Vec::new();
    while let Some(at) = reader.next_grain(&mut grain).map_err(|e| format!("{e:?}"))? {
        let start = usize::try_from(at.get()).unwrap();
        disk[start..start + grain.len()].copy_from_slice(&grain);
    }
    Ok(disk)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_disk_of_a_snapshot_is_exported() {
    for shape in SHAPES {
        let bench = Bench::start(shape, &DISKS).await;
        let (lease, config) = export(&bench).await;
        for (number, disk) in config.disks.iter().enumerate() {
            let stream = lease.open(disk.key, CancelToken::new()).await.unwrap();
            let got = blocking(move || unpack(stream)).await.unwrap();
            assert!(got == bench.frozen(number, "s"), "disk {number} of {shape:?}");
            lease.set_percent(50);
        }
        lease.complete().await.unwrap();
        let (again, _) = export_again(&bench).await;
        again.abort().await.unwrap();
    }
}

/// A second export shows that the first one let go of the VM.
async fn export_again(bench: &Bench) -> (ExportLease, VmConfig) {
    let vm = bench.vm().await;
    let snapshot = bench.client.snapshots(&vm).await.unwrap().remove(0).reference;
    let config = bench.client.snapshot_config(&snapshot).await.unwrap();
    let never = CancelToken::new();
    let lease = ExportLease::start_snapshot(&bench.client, &snapshot, &config, &never).await;
    (lease.unwrap(), config)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_export_is_an_error_and_can_be_done_again() {
    let bench = Bench::start(Shape::Esxi, &DISKS).await;
    let (lease, config) = export(&bench).await;
    bench.fault(FaultSpec {
        kind: FaultKind::Cut,
        point: "export".into(),
        after_bytes: 500_000,
        times: Some(1),
        ..FaultSpec::default()
    });
    let key = config.disks[0].key;
    let stream = lease.open(key, CancelToken::new()).await.unwrap();
    let broken = blocking(move || unpack(stream)).await;
    assert!(broken.is_err(), "half a disk is no disk");
    let stream = lease.open(key, CancelToken::new()).await.unwrap();
    let got = blocking(move || unpack(stream)).await.unwrap();
    assert!(got == bench.frozen(0, "s"));
    lease.complete().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_export_says_why() {
    let bench = Bench::start(Shape::Esxi, &[MIB]).await;
    let vm = bench.vm().await;
    let config = bench.client.vm_config(&vm).await.unwrap();
    let never = CancelToken::new();
    let error = ExportLease::start_vm(&bench.client, &vm, &config, &never).await.unwrap_err();
    match error {
        ExportError::Call(error) => {
            assert!(error.fault().is_some_and(|f| f.is("InvalidPowerState")), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_stream() {
    let bench = Bench::start(Shape::Esxi, &DISKS).await;
    let (lease, config) = export(&bench).await;
    bench.fault(FaultSpec {
        kind: FaultKind::Slow,
        point: "export".into(),
        bytes_per_second: Some(10_000),
        ..FaultSpec::default()
    });
    let cancel = CancelToken::new();
    let mut stream = lease.open(config.disks[0].key, cancel.clone()).await.unwrap();
    cancel.cancel();
    let error = blocking(move || std::io::copy(&mut stream.by_ref(), &mut std::io::sink())).await;
    let error = error.expect_err("the stream ends with an error, not quietly");
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<VsphereError>());
    assert!(matches!(inner, Some(VsphereError::Cancelled(_))), "{error:?}");
    drop(lease);
}
