//! Memory of the program while it backs up a large disk.

use std::process::Stdio;

use kuramori_lab::LabVm;

use crate::bench::Bench;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// What the product promises.
const MOST: u64 = 300 * MIB;

/// Peak resident memory of a process so far, in bytes.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn a_disk_of_100_gib_takes_less_than_300_mib_of_memory() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(100 * GIB)));
    let mut x = 1u64;
    let mut block = vec![0u8; (4 * MIB) as usize];
    for n in 0..192 {
        for word in block.chunks_exact_mut(8) {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            word.copy_from_slice(&x.to_le_bytes());
        }
        lab.write("vm", 0, n * 500 * MIB, &block).unwrap();
    }
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let mut child = bench
        .program()
        .args(["backup", "--server", "lab", "--repo", "place", "--vm", "vm"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut highest = 0;
    let status = loop {
        highest = peak(child.id()).unwrap_or(0).max(highest);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(status.success());
    println!("peak memory: {} MiB", highest / MIB);
    assert!(highest > 0 && highest < MOST, "{} MiB were taken", highest / MIB);
}
