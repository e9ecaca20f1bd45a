use kuramori_base::CancelToken;
use kuramori_block::{ByteLen, ByteOffset};
use kuramori_lab::{LabConfig, Shape};
use kuramori_vsphere::{CbtError, CbtUnusable, ChangeId, ChangedSince, SnapshotRef, VmConfig};

use crate::{Bench, MIB, noise};

const DISK: u64 = 24 * MIB + 512 * 3;

async fn ask(
    bench: &Bench,
    snapshot: &SnapshotRef,
    config: &VmConfig,
    since: &ChangedSince,
) -> Result<kuramori_block::ExtentSet, CbtError> {
    let disk = &config.disks[0];
    let never = CancelToken::new();
    let vm = bench.vm().await;
    bench.client.query_changed(&vm, snapshot, disk.key, since, disk.capacity, &never).await
}

fn id(config: &VmConfig) -> ChangeId {
    config.disks[0].change_id.clone().expect("the disk is tracked")
}

fn write(bench: &Bench, seed: u64) {
    for i in 0..12 {
        let spot = noise(seed * 100 + i, 6);
        let place = u64::from(u32::from_le_bytes([spot[0], spot[1], spot[2], spot[3]])) % DISK;
        let len = (usize::from(spot[4]) * 300 + 1).min(usize::try_from(DISK - place).unwrap());
        bench.lab.write("vm", 0, place, &noise(seed + i, len)).unwrap();
    }
}

/// Small pages and short answers, also empty ones: what real servers may do.
fn pages(config: LabConfig) -> LabConfig {
    config.options(|o| {
        o.cbt_areas = 3;
        o.cbt_window = Some(3 * MIB);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_areas_never_miss_a_write() {
    for page in [false, true] {
        let change = move |config| if page { pages(config) } else { config };
        let bench = Bench::with(Shape::Esxi, &[DISK], change).await;
        write(&bench, 1);
        let (mut last, config) = bench.snapshot("s0").await;
        let mut since = id(&config);
        let mut copy = bench.frozen(0, "s0");
        let all = ask(&bench, &last, &config, &ChangedSince::All).await.unwrap();
        for (at, byte) in copy.iter().enumerate().filter(|(_, byte)| **byte != 0) {
            assert!(all.contains(ByteOffset::new(at as u64)), "{byte} at {at} is in use");
        }
        for round in 1..10 {
            write(&bench, round);
            bench.remove(&last).await;
            write(&bench, round + 100);
            let name = format!("s{round}");
            let (made, config) = bench.snapshot(&name).await;
            write(&bench, round + 200);
            assert!(since.same_epoch(&id(&config)));
            let changed = ask(&bench, &made, &config, &ChangedSince::Id(since)).await.unwrap();
            let now = bench.frozen(0, &name);
            for extent in changed.iter() {
                let (start, end) = (extent.offset.get(), extent.end().get());
                let range = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                copy[range.clone()].copy_from_slice(&now[range]);
            }
            assert!(copy == now, "round {round}: old bytes and changed areas make the new disk");
            assert!(changed.total() < ByteLen::new(DISK / 2), "and few of them were needed");
            (last, since) = (made, id(&config));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_tracking_is_a_reason_to_read_whole() {
    let bench = Bench::start(Shape::Vcenter, &[DISK]).await;
    let (first, config) = bench.snapshot("first").await;
    let since = ChangedSince::Id(id(&config));
    bench.remove(&first).await;
    bench.lab.reset_cbt("vm", 0).unwrap();
    let (made, config) = bench.snapshot("second").await;
    let error = ask(&bench, &made, &config, &since).await.unwrap_err();
    assert!(error.why_whole().is_some(), "{error:?}");
    let foreign = ChangedSince::Id("no such epoch/4".parse().unwrap());
    let error = ask(&bench, &made, &config, &foreign).await.unwrap_err();
    assert!(error.why_whole().is_some(), "{error:?}");
    ask(&bench, &made, &config, &ChangedSince::All).await.expect("the new epoch works");

    bench.remove(&made).await;
    let error = ask(&bench, &made, &config, &ChangedSince::All).await.unwrap_err();
    assert!(matches!(error, CbtError::Call(_)), "a lost snapshot is no reason: {error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_become_reasons() {
    let bench = Bench::start(Shape::Esxi, &[DISK]).await;
    let (made, config) = bench.snapshot("s").await;
    let method = "QueryChangedDiskAreas";
    for (fault, key, expected) in [
        ("FileFault", Some("vim.hostd.vmsvc.cbt.noTrack"), CbtUnusable::NotTracked),
        ("FileFault", Some("vim.hostd.vmsvc.cbt.noEpoch"), CbtUnusable::NoEpoch),
        ("FileFault", Some("vim.hostd.vmsvc.cbt.cannotGetChanges"), CbtUnusable::CannotGetChanges),
        ("FileFault", None, CbtUnusable::RecordUnreadable),
        ("InvalidArgument", Some("changeId"), CbtUnusable::ForeignChangeId),
        ("InvalidArgument", Some("startOffset"), CbtUnusable::SizeChanged),
        ("InvalidArgument", Some("deviceKey"), CbtUnusable::NotTrackable),
        ("SystemError", None, CbtUnusable::ServerFailed),
        ("NoPermission", None, CbtUnusable::NoPermission),
    ] {
        bench.api_fault(method, fault, key, Some(1));
        let error = ask(&bench, &made, &config, &ChangedSince::All).await.unwrap_err();
        assert_eq!(error.why_whole(), Some(expected), "{fault} {key:?}: {error:?}");
    }
    bench.lab.expire_sessions();
    ask(&bench, &made, &config, &ChangedSince::All).await.expect("a lost session is no reason");
    let cancel = CancelToken::new();
    cancel.cancel();
    let (vm, disk) = (bench.vm().await, &config.disks[0]);
    let asked = bench
        .client
        .query_changed(&vm, &made, disk.key, &ChangedSince::All, disk.capacity, &cancel)
        .await;
    assert!(matches!(asked, Err(CbtError::Cancelled(_))));
}
