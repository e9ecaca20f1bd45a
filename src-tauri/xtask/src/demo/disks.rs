//! Guest disks with real file systems, made without mounting anything and without root.
//!
//! Each disk is a raw image with one partition. Its file system lies beside it as a file of its
//! own, where the tools can change it; [`Guest::changed_runs`] tells what a change did to blocks.

use std::{
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use fs_err::{File, OpenOptions};

use super::noise::Noise;
use crate::{
    paths::Paths,
    proc::{self, cmd},
};

/// Bytes before the partition, where partitioning tools put it.
const PARTITION_START: u64 = 1 << 20;
/// Bytes of one comparison; a guest writes pages of this size.
const PAGE: usize = 4096;
/// Longest run handed out at once: the body of one write request.
const LONGEST_RUN: usize = 1 << 20;

/// One VM's only disk.
pub(super) struct Guest {
    /// The VM's name.
    pub(super) name: &'static str,
    /// What the disk holds now: what a right restore must equal.
    pub(super) disk: PathBuf,
    kind: Kind,
    /// The file system alone.
    volume: PathBuf,
}

#[derive(Clone, Copy)]
enum Kind {
    Ext4,
    Ntfs,
}

/// A stretch of the disk with its new content.
pub(super) struct Run {
    /// Bytes from the start of the disk.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// Makes the Debian guest: ext4 with a tree of this system's documents, programs and settings.
pub(super) fn debian(paths: &Paths, dir: &Path) -> Result<Guest> {
    let tree = dir.join("debian-tree");
    stage_tree(&tree)?;
    Noise::new(1).write_file(&tree.join("var-lib-database.bin"), 96 << 20)?;
    let guest = Guest::new("debian", Kind::Ext4, dir);
    let mut make = tool(paths, "mke2fs");
    make.args(["-q", "-t", "ext4", "-L", "debian", "-d"]).arg(&tree).arg(&guest.volume).arg("2G");
    proc::run(&mut make)?;
    fs_err::remove_dir_all(&tree)?;
    guest.assemble(0x83)
}

/// Makes the Windows guest: NTFS with documents and generated files.
pub(super) fn windows(paths: &Paths, dir: &Path) -> Result<Guest> {
    let guest = Guest::new("windows", Kind::Ntfs, dir);
    File::create(&guest.volume)?.set_len(1 << 30)?;
    let mut make = tool(paths, "mkntfs");
    make.args(["--quick", "--force", "--quiet", "--label", "Windows"]).arg(&guest.volume);
    proc::capture(&mut make)?;
    let staged = dir.join("staged.bin");
    for (index, mebibytes) in [64_u64, 24, 8, 8, 4, 2, 1, 1].into_iter().enumerate() {
        Noise::new(100 + index as u64).write_file(&staged, mebibytes << 20)?;
        guest.put_file(paths, &staged, &format!("archive-{index}.bin"))?;
    }
    for (index, document) in documents()?.iter().enumerate() {
        guest.put_file(paths, document, &format!("document-{index}"))?;
    }
    fs_err::remove_file(staged)?;
    guest.assemble(0x07)
}

impl Guest {
    fn new(name: &'static str, kind: Kind, dir: &Path) -> Self {
        let file = |kind: &str| dir.join(format!("{name}.{kind}"));
        Self { name, disk: file("raw"), kind, volume: file("volume") }
    }

    /// Lets the guest work: new files, one removed.
    pub(super) fn work(&self, paths: &Paths, dir: &Path) -> Result<()> {
        let staged = dir.join("staged.bin");
        for (index, mebibytes) in [12_u64, 6, 3, 1, 1].into_iter().enumerate() {
            Noise::new(200 + index as u64).write_file(&staged, mebibytes << 20)?;
            self.put_file(paths, &staged, &format!("written-later-{index}.bin"))?;
        }
        if matches!(self.kind, Kind::Ext4) {
            self.debugfs(paths, "rm /var-lib-database.bin")?;
        }
        Ok(fs_err::remove_file(staged)?)
    }

    /// Compares the file system with its partition on [`Self::disk`], hands every changed run to
    /// `write` and brings the disk up to date.
    pub(super) fn changed_runs(&self, mut write: impl FnMut(Run) -> Result<()>) -> Result<()> {
        let mut volume = File::open(&self.volume)?;
        let mut disk = OpenOptions::new().read(true).write(true).open(&self.disk)?;
        disk.seek(SeekFrom::Start(PARTITION_START))?;
        let length = volume.metadata()?.len();
        let (mut new, mut old) = (vec![0; LONGEST_RUN], vec![0; LONGEST_RUN]);
        let mut at = 0;
        while at < length {
            let take = usize::try_from(length - at)?.min(LONGEST_RUN);
            volume.read_exact(&mut new[..take])?;
            disk.read_exact(&mut old[..take])?;
            let runs = if new[..take] == old[..take] {
                Vec::new() // most of a disk; one comparison of memory
            } else {
                differing_pages(&new[..take], &old[..take])
            };
            for (from, to) in runs {
                let offset = PARTITION_START + at + from as u64;
                let bytes = new[from..to].to_vec();
                disk.seek(SeekFrom::Start(offset))?;
                disk.write_all(&bytes)?;
                write(Run { offset, bytes })?;
            }
            at += take as u64;
            disk.seek(SeekFrom::Start(PARTITION_START + at))?;
        }
        Ok(())
    }

    /// Lets the file system's own checker look at a restored disk.
    pub(super) fn check_restored(&self, paths: &Paths, disk: &Path) -> Result<()> {
        let volume = disk.with_extension("restored-volume");
        let mut from = File::open(disk)?;
        from.seek(SeekFrom::Start(PARTITION_START))?;
        copy_sparse(&mut from, &volume, 0)?;
        let mut check = match self.kind {
            Kind::Ext4 => tool(paths, "e2fsck"),
            Kind::Ntfs => tool(paths, "ntfsresize"), // its --info walks the whole file system
        };
        check.args(match self.kind {
            Kind::Ext4 => ["-f", "-n"],
            Kind::Ntfs => ["--info", "--force"],
        });
        let line = proc::capture(check.arg(&volume)).with_context(|| {
            format!("the file system restored to {} is not sound", disk.display())
        });
        fs_err::remove_file(&volume)?;
        line.map(drop)
    }

    fn put_file(&self, paths: &Paths, file: &Path, name: &str) -> Result<()> {
        match self.kind {
            Kind::Ext4 => self.debugfs(paths, &format!("write {} {name}", file.display())),
            Kind::Ntfs => {
                let mut copy = tool(paths, "ntfscp");
                copy.args(["--quiet", "--force"]).arg(&self.volume).arg(file).arg(name);
                proc::capture(&mut copy).map(drop)
            }
        }
    }

    fn debugfs(&self, paths: &Paths, request: &str) -> Result<()> {
        let mut debugfs = tool(paths, "debugfs");
        debugfs.args(["-w", "-R", request]).arg(&self.volume);
        proc::capture(&mut debugfs).map(drop)
    }

    /// Writes the raw disk: a partition table and the file system behind it.
    fn assemble(self, system: u8) -> Result<Self> {
        let mut volume = File::open(&self.volume)?;
        let length = volume.metadata()?.len();
        copy_sparse(&mut volume, &self.disk, PARTITION_START)?;
        let mut disk = OpenOptions::new().write(true).open(&self.disk)?;
        disk.write_all(&partition_table(system, PARTITION_START, length)?)?;
        Ok(self)
    }
}

/// A master boot record with one partition.
fn partition_table(system: u8, start: u64, length: u64) -> Result<[u8; 512]> {
    let mut sector = [0; 512];
    let entry = &mut sector[446..462];
    entry[1..4].copy_from_slice(&[0xfe, 0xff, 0xff]); // the old geometry cannot express it
    entry[4] = system;
    entry[5..8].copy_from_slice(&[0xfe, 0xff, 0xff]);
    entry[8..12].copy_from_slice(&u32::try_from(start / 512)?.to_le_bytes());
    entry[12..16].copy_from_slice(&u32::try_from(length / 512)?.to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    Ok(sector)
}

/// Returns the ranges of whole pages in which two equally long buffers differ, merged.
fn differing_pages(new: &[u8], old: &[u8]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, (a, b)) in new.chunks(PAGE).zip(old.chunks(PAGE)).enumerate() {
        if a != b {
            let from = index * PAGE;
            match runs.last_mut() {
                Some(last) if last.1 == from => last.1 = from + a.len(),
                _ => runs.push((from, from + a.len())),
            }
        }
    }
    runs
}

/// Copies the rest of `from` to the new file `to`, at `offset`, leaving zeros as holes.
fn copy_sparse(from: &mut File, to: &Path, offset: u64) -> Result<()> {
    let mut out = File::create(to)?;
    let length = from.metadata()?.len() - from.stream_position()?;
    out.set_len(offset + length)?;
    let (mut buffer, zeros) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut at = 0;
    while at < length {
        let take = usize::try_from(length - at)?.min(buffer.len());
        from.read_exact(&mut buffer[..take])?;
        if buffer[..take] != zeros[..take] {
            out.seek(SeekFrom::Start(offset + at))?;
            out.write_all(&buffer[..take])?;
        }
        at += take as u64;
    }
    Ok(())
}

/// Copies parts of this system that hold nothing private.
fn stage_tree(tree: &Path) -> Result<()> {
    const PARTS: &[&str] = &[
        "usr/share/doc",
        "usr/share/perl",
        "usr/share/zoneinfo",
        "usr/lib/python3",
        "usr/sbin",
        "var/lib/dpkg/info",
    ];
    if tree.exists() {
        fs_err::remove_dir_all(tree)?;
    }
    fs_err::create_dir_all(tree)?;
    let parts: Vec<_> = PARTS.iter().filter(|part| Path::new("/").join(part).is_dir()).collect();
    ensure!(!parts.is_empty(), "none of {PARTS:?} is here to make a guest disk from");
    proc::run(cmd("cp", &["-a", "--parents"]).args(parts).arg(tree).current_dir("/"))
}

/// Some files of this system, as documents of the Windows guest.
fn documents() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir("/usr/bin")? {
        let entry = entry?;
        let size = fs_err::metadata(entry.path()).map_or(0, |data| data.len());
        if entry.file_type()?.is_file() && (64 << 10..1 << 20).contains(&size) {
            found.push(entry.path());
        }
    }
    found.sort();
    found.truncate(60);
    Ok(found)
}

/// A file system tool; they live where a user's search path may not reach.
fn tool(paths: &Paths, name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).current_dir(&paths.root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_pages_become_one_run() {
        let old = vec![0; 5 * PAGE];
        let mut new = old.clone();
        new[PAGE] = 1;
        new[2 * PAGE] = 1;
        new[5 * PAGE - 1] = 1;
        assert_eq!(differing_pages(&new, &old), [(PAGE, 3 * PAGE), (4 * PAGE, 5 * PAGE)]);
    }

    #[test]
    fn the_partition_table_names_sectors() {
        let table = partition_table(0x83, 1 << 20, 2 << 20).unwrap();
        assert_eq!(table[450], 0x83);
        assert_eq!(table[454..462], [0, 8, 0, 0, 0, 16, 0, 0]);
        assert_eq!(table[510..], [0x55, 0xaa]);
    }
}
