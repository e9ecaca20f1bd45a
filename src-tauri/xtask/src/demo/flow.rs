//! The steps of the demo, each measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{
    cli::{Kuramori, Point},
    compare,
    disks::Guest,
    lab::{DATASTORE, Lab},
    table::{Row, size},
};
use crate::{paths::Paths, proc};

/// Of the demo's repository; a real one is chosen by its owner.
pub(super) const PASSPHRASE: &str = "a storehouse for the demo only";

const SERVER: &str = "lab";
const REPOSITORY: &str = "demo";
const NEW_VM: &str = "debian-restored";

/// Where the demo's repository lies.
pub(super) fn repository(dir: &Path) -> PathBuf {
    dir.join("repository")
}

/// Runs every step and returns what to print. Fails at the first byte that differs.
pub(super) fn run(
    paths: &Paths,
    dir: &Path,
    lab: &Lab,
    kuramori: &Kuramori,
    guests: &[Guest],
) -> Result<Vec<Row>> {
    connect(dir, lab, kuramori)?;
    let mut rows = vec![backup(kuramori, guests, "first backup")?];

    eprintln!("\n=== the guests write ===");
    let first_disk = dir.join("debian-first.raw");
    proc::run(proc::cmd("cp", &["--sparse=always"]).arg(&guests[0].disk).arg(&first_disk))?;
    for guest in guests {
        let written = guest_writes(paths, dir, lab, guest)?;
        eprintln!("{} wrote {}", guest.name, size(written));
    }
    rows.push(backup(kuramori, guests, "incremental backup")?);
    for point in newest(kuramori, guests)? {
        let modes: Vec<_> = point.disks.iter().map(|disk| disk.read_mode.as_str()).collect();
        ensure!(modes == ["changed"], "{} was read by {modes:?}, not by change", point.vm_name);
    }

    eprintln!("\n=== restoring ===");
    for (guest, point, expected) in [
        (&guests[0], "debian@first", &first_disk),
        (&guests[0], "debian@latest", &guests[0].disk),
        (&guests[1], "windows@latest", &guests[1].disk),
    ] {
        rows.push(restore_disk(paths, dir, kuramori, (guest, point, expected))?);
    }
    rows.push(restore_vm(lab, kuramori, &guests[0])?);
    Ok(rows)
}

fn connect(dir: &Path, lab: &Lab, kuramori: &Kuramori) -> Result<()> {
    eprintln!("\n=== connecting ===");
    let address = &lab.address;
    let pin = &address.certificate_sha256;
    let add = ["server", "add", SERVER, &address.url, "--user", &address.user];
    let add = [&add[..], &["--password-stdin", "--pin", pin]].concat();
    kuramori.run(&add, &address.password)?;
    let place = kuramori.path(&repository(dir));
    kuramori
        .run(&["repo", "create", &place, "--name", REPOSITORY, "--passphrase-stdin"], PASSPHRASE)?;
    Ok(())
}

/// Backs all guests up in one run.
fn backup(kuramori: &Kuramori, guests: &[Guest], what: &str) -> Result<Row> {
    eprintln!("\n=== {what} ===");
    let mut args = vec!["backup", "--server", SERVER, "--repo", REPOSITORY];
    for guest in guests {
        args.extend(["--vm", guest.name]);
    }
    let (done, took) = proc::timed(|| kuramori.sums(&args));
    let sums = done?;
    let what = format!("{what}, {} VMs", guests.len());
    Ok(Row { what, read: sums.read, grown: Some((sums.new, sums.stored)), took })
}

/// Returns the newest recovery point of each guest.
fn newest(kuramori: &Kuramori, guests: &[Guest]) -> Result<Vec<Point>> {
    let points = kuramori.points()?;
    guests
        .iter()
        .map(|guest| {
            let point = points.iter().rfind(|point| point.vm_name == guest.name);
            point.cloned().with_context(|| format!("no recovery point of {}", guest.name))
        })
        .collect()
}

/// Changes files in the guest and plays what that did to its blocks to the lab.
fn guest_writes(paths: &Paths, dir: &Path, lab: &Lab, guest: &Guest) -> Result<u64> {
    guest.work(paths, dir)?;
    let mut written = 0;
    guest.changed_runs(|run| {
        written += run.bytes.len() as u64;
        lab.control.write(guest.name, 0, run.offset, &run.bytes)
    })?;
    Ok(written)
}

fn restore_disk(
    paths: &Paths,
    dir: &Path,
    kuramori: &Kuramori,
    (guest, point, expected): (&Guest, &str, &Path),
) -> Result<Row> {
    let file = dir.join(format!("{}.restored.raw", point.replace('@', "-")));
    let out = kuramori.path(&file);
    let args = ["restore", "disk", point, "--disk", "0", "--format", "raw", "-o", &out];
    let (done, took) = proc::timed(|| kuramori.sums(&args));
    let read = done?.read;
    let bytes = compare::same(&file, expected)?;
    guest.check_restored(paths, &file)?;
    eprintln!("{point}: {} equal, file system sound", size(bytes));
    Ok(Row { what: format!("{point} as a raw file"), read, grown: None, took })
}

/// Restores a guest as a new VM and compares the disk that the lab now has for it.
fn restore_vm(lab: &Lab, kuramori: &Kuramori, guest: &Guest) -> Result<Row> {
    let point = format!("{}@latest", guest.name);
    let to = ["--to", SERVER, "--datastore", DATASTORE, "--name", NEW_VM];
    let args = [&["restore", "vm", &point][..], &to].concat();
    let (done, took) = proc::timed(|| kuramori.sums(&args));
    let read = done?.read;
    let bytes = compare::same(&lab.disk_of(NEW_VM)?, &guest.disk)?;
    eprintln!("new VM {NEW_VM}: {} equal", size(bytes));
    Ok(Row { what: format!("{point} as a new VM"), read, grown: None, took })
}
