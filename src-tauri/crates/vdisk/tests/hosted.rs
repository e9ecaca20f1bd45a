//! Disks of desktop products and exports read as an independent implementation, qemu-img, reads
//! them, in each form and with snapshots; what cannot be read rightly is refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use kuramori_block::{ByteLen, ByteOffset, DiskReader, MemoryDisk};
use kuramori_vdisk::hosted::{FileSet, FileSetError, HostedDisk, HostedError, SetFile};
use kuramori_vdisk::stream_optimized::{Adapter, GrainCompression, StreamWriter};

/// The files of a folder, by plain names.
struct Folder(PathBuf);

impl FileSet for Folder {
    fn open(&self, _: &str, name: &str) -> Result<SetFile, FileSetError> {
        if name.contains(['/', '\\']) {
            return Err(FileSetError::Outside { name: name.to_owned() });
        }
        let bytes = fs_err::read(self.0.join(name))
            .map_err(|_| FileSetError::Missing { name: name.to_owned() })?;
        Ok(SetFile { name: name.to_owned(), bytes: Box::new(MemoryDisk::new(bytes)) })
    }
}

fn tool(dir: &Path, name: &str, args: &[&str]) {
    let output = Command::new(name).current_dir(dir).args(args).output().expect("it is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name} {args:?}: {said}");
}

/// A disk of several tables with holes.
fn content(len: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; len];
    for (start, size) in [(0, 1000), (3 << 20, 700_000), (32 << 20, 1 << 20), (len - 512, 512)] {
        for (i, byte) in bytes[start..start + size].iter_mut().enumerate() {
            *byte = (i / 300).to_le_bytes()[0] | 1;
        }
    }
    bytes
}

fn assert_same_bytes(disk: &HostedDisk, want: &[u8]) {
    assert_eq!(disk.capacity().get(), want.len() as u64);
    let mut got = vec![0xEE; want.len()];
    disk.read_at(ByteOffset::ZERO, &mut got).unwrap();
    assert!(got == want, "the disk as a whole");
}

fn assert_same(disk: &HostedDisk, want: &[u8]) {
    assert_same_bytes(disk, want);
    let mut dice = fastrand(want.len());
    for _ in 0..200 {
        let start = dice() % want.len();
        let len = (dice() % 300_000).min(want.len() - start);
        let mut got = vec![0xEE; len];
        disk.read_at(ByteOffset::new(start as u64), &mut got).unwrap();
        assert!(got == want[start..start + len], "{len} bytes at {start}");
    }
    let held = disk.allocated().unwrap().expect("its files tell");
    for (sector, bytes) in (0u64..).zip(want.chunks(512)) {
        let at = ByteOffset::new(sector * 512);
        assert!(held.contains(at) || bytes.iter().all(|b| *b == 0), "data at {at} is told of");
    }
}

fn fastrand(seed: usize) -> impl FnMut() -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ seed as u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ByteLen::new(state >> 20).as_usize()
    }
}

const FORMS: [&str; 5] = [
    "monolithicSparse",
    "monolithicFlat",
    "twoGbMaxExtentSparse",
    "twoGbMaxExtentFlat",
    "streamOptimized",
];

#[test]
fn every_form_reads_as_qemu_img_wrote_it() {
    for form in FORMS {
        let dir = tempfile::tempdir().unwrap();
        let want = content(70 << 20);
        fs_err::write(dir.path().join("raw"), &want).unwrap();
        let sub = format!("subformat={form}");
        let convert = ["convert", "-f", "raw", "-O", "vmdk", "-o", &sub, "raw", "disk.vmdk"];
        tool(dir.path(), "qemu-img", &convert);
        let disk = HostedDisk::open(&Folder(dir.path().to_owned()), "disk.vmdk").unwrap();
        assert_same(&disk, &want);
        let split = form.starts_with("two") || form == "monolithicFlat";
        assert_eq!(disk.files().len(), 1 + usize::from(split), "{form}: {:?}", disk.files());
    }
}

/// Several files, as desktop products split a disk: qemu-img begins a new one after 2 GiB.
#[test]
fn a_disk_in_several_files_is_one_disk() {
    for form in ["twoGbMaxExtentSparse", "twoGbMaxExtentFlat"] {
        let dir = tempfile::tempdir().unwrap();
        let sub = format!("subformat={form}");
        tool(dir.path(), "qemu-img", &["create", "-f", "vmdk", "-o", &sub, "disk.vmdk", "5G"]);
        let write = |at: &str, fill: &str| {
            let command = format!("write -P {fill} {at} 64k");
            tool(dir.path(), "qemu-io", &["-f", "vmdk", "-c", &command, "disk.vmdk"]);
        };
        write("2147450880", "7");
        write("4999M", "9");
        let set = Mapped(dir.path().to_owned());
        let disk = HostedDisk::open(&set, "disk.vmdk").unwrap();
        assert_eq!((disk.capacity(), disk.files().len()), (ByteLen::from_gib(5), 4), "{form}");
        let mut got = vec![0; 128 << 10];
        disk.read_at(ByteOffset::new(2_147_450_880 - 4096), &mut got).unwrap();
        let mut want = vec![0; 128 << 10];
        want[4096..4096 + (64 << 10)].fill(7);
        assert!(got == want, "{form}: across the end of a file");
        disk.read_at(ByteOffset::new(4999 << 20), &mut got).unwrap();
        assert_eq!((got[0], got[65_535], got[65_536]), (9, 9, 0), "{form}");
        if form.ends_with("Sparse") {
            let held = disk.allocated().unwrap().unwrap().total().get();
            assert!(held <= 256 << 10, "{held} bytes are to be read of what was written");
        }
    }
}

/// The files of a folder without reading them whole.
struct Mapped(PathBuf);

struct OnDisk(std::fs::File, u64);

impl DiskReader for OnDisk {
    fn capacity(&self) -> ByteLen {
        ByteLen::new(self.1)
    }

    fn read_at(&self, at: ByteOffset, buf: &mut [u8]) -> Result<(), kuramori_block::ReadError> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = &self.0;
        file.seek(SeekFrom::Start(at.get()))
            .and_then(|_| file.read_exact(buf))
            .map_err(|e| kuramori_block::ReadError::source(at, e))
    }
}

impl FileSet for Mapped {
    fn open(&self, _: &str, name: &str) -> Result<SetFile, FileSetError> {
        let file = std::fs::File::open(self.0.join(name)).unwrap();
        let len = file.metadata().unwrap().len();
        Ok(SetFile { name: name.to_owned(), bytes: Box::new(OnDisk(file, len)) })
    }
}

/// Three links of different forms, as snapshots of a desktop product make them.
fn chain(dir: &Path) -> Vec<u8> {
    let mut want = content(40 << 20);
    fs_err::write(dir.join("raw"), &want).unwrap();
    let sub = ["-o", "subformat=monolithicFlat", "raw", "disk.vmdk"];
    let convert = [&["convert", "-f", "raw", "-O", "vmdk"][..], &sub].concat();
    tool(dir, "qemu-img", &convert);
    for (name, below, fill, at) in [
        ("disk-000001.vmdk", "disk.vmdk", 5u8, 3 << 20),
        ("disk-000002.vmdk", "disk-000001.vmdk", 6, (3 << 20) + 100_352),
    ] {
        let create = ["create", "-f", "vmdk", "-F", "vmdk", "-b", below, name];
        tool(dir, "qemu-img", &create);
        let command = format!("write -P {fill} {at} 200k");
        tool(dir, "qemu-io", &["-f", "vmdk", "-c", &command, name]);
        want[at..at + (200 << 10)].fill(fill);
    }
    want
}

#[test]
fn snapshots_read_as_one_disk() {
    let dir = tempfile::tempdir().unwrap();
    let want = chain(dir.path());
    let disk = HostedDisk::open(&Folder(dir.path().to_owned()), "disk-000002.vmdk").unwrap();
    assert_same(&disk, &want);
    assert_eq!(
        disk.files(),
        ["disk-000002.vmdk", "disk-000001.vmdk", "disk.vmdk", "disk-flat.vmdk"]
    );
}

#[test]
fn a_chain_that_does_not_hold_together_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    chain(dir.path());
    let open = || HostedDisk::open(&Folder(dir.path().to_owned()), "disk-000002.vmdk");
    let base = dir.path().join("disk.vmdk");
    let text = fs_err::read_to_string(&base).unwrap();
    let number = text.lines().find(|line| line.starts_with("CID=")).unwrap();
    fs_err::write(&base, text.replace(number, "CID=0badcafe")).unwrap();
    let broken = open().unwrap_err();
    assert!(
        matches!(&broken, HostedError::BrokenChain { parent, .. } if parent == "disk.vmdk"),
        "{broken}"
    );
    fs_err::write(&base, text.replace("disk-flat.vmdk", "../disk-flat.vmdk")).unwrap();
    let outside = open().unwrap_err();
    let refused = HostedError::File(FileSetError::Outside { name: "../disk-flat.vmdk".to_owned() });
    assert_eq!(outside.to_string(), refused.to_string());
    fs_err::remove_file(&base).unwrap();
    let missing = open().unwrap_err();
    assert!(matches!(missing, HostedError::File(FileSetError::Missing { .. })), "{missing}");
    // A disk that lies below itself never ends.
    fs_err::copy(dir.path().join("disk-000001.vmdk"), dir.path().join("disk-000002.vmdk")).unwrap();
    fs_err::copy(dir.path().join("disk-000001.vmdk"), &base).unwrap();
    assert!(open().is_err());
}

/// A file of a split disk knows nothing of the others: all they hold would read as zeros.
#[test]
fn a_part_of_a_split_disk_is_no_disk() {
    let dir = tempfile::tempdir().unwrap();
    let want = content(40 << 20);
    fs_err::write(dir.path().join("raw"), &want).unwrap();
    let sub = ["-o", "subformat=twoGbMaxExtentSparse", "raw", "disk.vmdk"];
    tool(dir.path(), "qemu-img", &[&["convert", "-f", "raw", "-O", "vmdk"][..], &sub].concat());
    let open = |name: &str| HostedDisk::open(&Folder(dir.path().to_owned()), name);
    assert_same_bytes(&open("disk.vmdk").unwrap(), &want);
    let refused = |what: &str| {
        let part = open("disk-s001.vmdk").unwrap_err();
        let said = matches!(&part, HostedError::NotADisk { why, .. } if why.contains("one part"));
        assert!(said, "{what}: {part}");
    };
    refused("without a descriptor");
    // Some writers leave room for one, and nothing in it.
    let mut bytes = fs_err::read(dir.path().join("disk-s001.vmdk")).unwrap();
    let end = u64::try_from(bytes.len().div_ceil(512)).unwrap();
    bytes.resize((bytes.len().div_ceil(512) + 20) * 512, 0);
    bytes[28..36].copy_from_slice(&end.to_le_bytes());
    bytes[36..44].copy_from_slice(&20u64.to_le_bytes());
    fs_err::write(dir.path().join("disk-s001.vmdk"), bytes).unwrap();
    refused("with an empty descriptor");
}

#[test]
fn what_is_no_whole_disk_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let want = content(40 << 20);
    fs_err::write(dir.path().join("raw"), &want).unwrap();
    let open = |name: &str| HostedDisk::open(&Folder(dir.path().to_owned()), name);
    for form in ["monolithicSparse", "streamOptimized", "monolithicFlat"] {
        let (sub, name) = (format!("subformat={form}"), format!("{form}.vmdk"));
        let convert = ["convert", "-f", "raw", "-O", "vmdk", "-o", &sub, "raw", &name];
        tool(dir.path(), "qemu-img", &convert);
    }
    // As hosts send it, with its directory at the end.
    let capacity = ByteLen::from_mib(1);
    let mut stream =
        StreamWriter::new(Vec::new(), (capacity, Adapter::default()), GrainCompression::Stored)
            .unwrap();
    stream.write_grain(ByteOffset::new(65_536), &vec![7; 65_536]).unwrap();
    let stream = stream.finish().unwrap();
    fs_err::write(dir.path().join("sent.vmdk"), &stream).unwrap();
    let mut sent = vec![0; 1 << 20];
    sent[65_536..131_072].fill(7);
    assert_same_bytes(&open("sent.vmdk").unwrap(), &sent);
    for less in [512, 1024, 4096, 60_000] {
        fs_err::write(dir.path().join("cut.vmdk"), &stream[..stream.len() - less]).unwrap();
        let cut = open("cut.vmdk").unwrap_err();
        assert!(matches!(cut, HostedError::Damaged { .. }), "{less} bytes less: {cut}");
    }
    let mut open_still = fs_err::read(dir.path().join("monolithicSparse.vmdk")).unwrap();
    open_still[72] = 1;
    fs_err::write(dir.path().join("running.vmdk"), open_still).unwrap();
    assert!(matches!(open("running.vmdk").unwrap_err(), HostedError::InUse { .. }));
    let flat = open("monolithicFlat-flat.vmdk").unwrap_err();
    assert!(matches!(flat, HostedError::NotADisk { .. }), "{flat}");
    let data = dir.path().join("monolithicFlat-flat.vmdk");
    fs_err::OpenOptions::new().write(true).open(data).unwrap().set_len(1 << 20).unwrap();
    let short = open("monolithicFlat.vmdk").unwrap_err();
    assert!(matches!(short, HostedError::NotADisk { .. }), "{short}");
}
