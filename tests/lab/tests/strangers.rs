//! Strangers check the lab: pyVmomi and qemu-img, in both shapes. They must be there; a check that
//! cannot run is a failure.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use kuramori_lab::{Lab, LabConfig, LabVm, Shape};
use serde_json::json;

const MIB: u64 = 1 << 20;

/// Bytes that repeat nowhere near.
fn noise(seed: u64, len: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

fn image(dir: &Path, name: &str, size: u64, parts: &[(u64, u64)]) -> PathBuf {
    use std::io::{Seek, SeekFrom, Write};
    let path = dir.join(name);
    let mut file = fs_err::File::create(&path).unwrap();
    file.set_len(size).unwrap();
    for (offset, len) in parts {
        file.seek(SeekFrom::Start(*offset)).unwrap();
        file.write_all(&noise(offset + size, *len)).unwrap();
    }
    path
}

fn run(script: &str, shape: Shape) {
    let dir = tempfile::tempdir().unwrap();
    let one = image(
        dir.path(),
        "one.raw",
        264 * MIB,
        &[(0, 3 * MIB + 5), (60 * MIB, MIB), (200 * MIB + 99, 7 * MIB), (263 * MIB, MIB)],
    );
    let first = image(dir.path(), "two-0.raw", 32 * MIB, &[(0, MIB), (9 * MIB, 200)]);
    let second = image(dir.path(), "two-1.raw", 16 * MIB, &[(5 * MIB, MIB)]);
    let lab = Lab::start(
        LabConfig::new(dir.path().join("lab"))
            .shape(shape)
            .vm(LabVm::new("one").image(&one))
            .vm(LabVm::new("two").image(&first).image(&second)),
    )
    .unwrap();
    let info = dir.path().join("info.json");
    let text = json!({
        "url": lab.url,
        "user": lab.user,
        "password": lab.password,
        "certificate_sha256": lab.certificate_sha256,
        "control_url": lab.control_url,
        "token": lab.token,
        "shape": if shape == Shape::Esxi { "esxi" } else { "vcenter" },
        "images": { "one": [one], "two": [first, second] },
    });
    fs_err::write(&info, text.to_string()).unwrap();
    let python = std::env::var_os("KURAMORI_PYTHON").unwrap_or_else(|| "python3".into());
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks");
    let output = Command::new(&python)
        .arg(checks.join(script))
        .arg(&info)
        // A proxy has nothing to do on loopback, and the sources stay clean.
        .env("no_proxy", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|e| panic!("cannot run {}: {e}", python.display()));
    assert!(
        output.status.success(),
        "{script} against {shape:?} failed (KURAMORI_PYTHON must have what {} lists):\n{}{}",
        checks.join("requirements.txt").display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

#[test]
fn session_and_inventory_on_a_host() {
    run("session.py", Shape::Esxi);
}

#[test]
fn session_and_inventory_on_a_vcenter() {
    run("session.py", Shape::Vcenter);
}

#[test]
fn snapshots_and_tracking_on_a_host() {
    run("tracking.py", Shape::Esxi);
}

#[test]
fn snapshots_and_tracking_on_a_vcenter() {
    run("tracking.py", Shape::Vcenter);
}

#[test]
fn export_and_import_on_a_host() {
    run("transfer.py", Shape::Esxi);
}

#[test]
fn export_and_import_on_a_vcenter() {
    run("transfer.py", Shape::Vcenter);
}

#[test]
fn disks_attached_to_another_vm_on_a_host() {
    run("attach.py", Shape::Esxi);
}

#[test]
fn disks_attached_to_another_vm_on_a_vcenter() {
    run("attach.py", Shape::Vcenter);
}

#[test]
fn faults_and_limits_on_a_host() {
    run("faults.py", Shape::Esxi);
}

#[test]
fn faults_and_limits_on_a_vcenter() {
    run("faults.py", Shape::Vcenter);
}
