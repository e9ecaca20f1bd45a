//! Snapshot deltas with changed bytes, read by us and by qemu-img. What we read without an error
//! is what qemu-img reads, if it reads it at all: never other bytes.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::path::Path;
use std::process::Command;

use kuramori_block::{ByteOffset, DiskReader, Extent, ExtentSet, MemoryDisk};
use kuramori_vdisk::chain::DiskChain;
use kuramori_vdisk::delta::{Delta, DeltaFormat, write_cowd, write_sesparse};

/// Two tables of COWD, and a part of one of seSparse.
const SIZE: usize = 5 << 20;

fn base() -> Vec<u8> {
    (0..SIZE).map(|at| (at / 700).to_le_bytes()[0]).collect()
}

fn delta(format: DeltaFormat) -> Vec<u8> {
    let disk = MemoryDisk::new((0..SIZE).map(|at| (at / 300).to_le_bytes()[0] | 1).collect());
    let changed: ExtentSet = [
        Extent::new(4096, 8192),
        Extent::new(3 << 20, 70_000),
        Extent::new(SIZE as u64 - 512, 512),
    ]
    .into_iter()
    .collect();
    let mut file = Vec::new();
    match format {
        DeltaFormat::Cowd => write_cowd(&mut file, &disk, &changed).unwrap(),
        DeltaFormat::SeSparse => {
            let zeroed = std::iter::once(Extent::new(1 << 20, 40_960)).collect();
            write_sesparse(&mut file, &disk, &changed, &zeroed).unwrap();
        }
    }
    file
}

fn ours(file: &[u8]) -> Option<Vec<u8>> {
    let delta = Delta::open(Box::new(MemoryDisk::new(file.to_vec()))).ok()?;
    let disk = DiskChain::new(MemoryDisk::new(base()), vec![delta]).ok()?;
    let mut bytes = vec![0xEE; SIZE];
    disk.read_at(ByteOffset::ZERO, &mut bytes).ok()?;
    Some(bytes)
}

/// Puts a disk with one delta into a folder.
fn prepare(dir: &Path, word: &str, kind: &str) {
    let sectors = SIZE / 512;
    fs_err::write(dir.join("base-flat.vmdk"), base()).unwrap();
    for (name, ids, kind, extent, hint) in [
        ("base", ("11111111", "ffffffff"), "vmfs", "VMFS \"base-flat.vmdk\"".to_owned(), ""),
        (
            "top",
            ("22222222", "11111111"),
            kind,
            format!("{word} \"top-delta.vmdk\""),
            "parentFileNameHint=\"base.vmdk\"\n",
        ),
    ] {
        let text = format!(
            "# Disk DescriptorFile\nversion=1\nCID={}\nparentCID={}\ncreateType=\"{kind}\"\n\
             {hint}RW {sectors} {extent}\nddb.adapterType = \"lsilogic\"\n",
            ids.0, ids.1
        );
        fs_err::write(dir.join(format!("{name}.vmdk")), text).unwrap();
    }
}

fn theirs(dir: &Path, file: &[u8]) -> Option<Vec<u8>> {
    fs_err::write(dir.join("top-delta.vmdk"), file).unwrap();
    let (from, to) = (dir.join("top.vmdk"), dir.join("got.raw"));
    let mut convert = Command::new("qemu-img");
    convert.args(["convert", "-f", "vmdk", "-O", "raw"]).arg(from).arg(&to);
    let output = convert.output().expect("qemu-img is installed");
    output.status.success().then(|| fs_err::read(to).unwrap())
}

/// A change of some bytes of the tables and headers.
fn changed(file: &[u8], seed: u64, meaningful: &[usize]) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut roll = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % sides
    };
    let mut changed = file.to_vec();
    let at = meaningful[roll(meaningful.len())];
    match roll(4) {
        0 => changed[at] ^= 1 << roll(8),
        1 => changed[at] = [0, 1, 0x7F, 0x80, 0xFF][roll(5)],
        2 => changed.truncate(at.max(1)),
        _ => {
            let from = meaningful[roll(meaningful.len())];
            changed[at] = file[from];
        }
    }
    changed
}

fn compare(format: DeltaFormat, word: &str, kind: &str) {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path(), word, kind);
    let file = delta(format);
    let right = ours(&file).expect("an unchanged delta is read");
    assert!(theirs(dir.path(), &file).as_ref() == Some(&right), "both agree to begin with");
    // Bytes of headers, directories and tables that are not zero, and some beside them.
    let tables = match format {
        DeltaFormat::Cowd => file.len().min(64 << 10),
        DeltaFormat::SeSparse => file.len(),
    };
    let meaningful: Vec<usize> = (0..tables).filter(|at| file[*at] != 0 || at % 97 == 0).collect();
    let (mut both, mut refused, mut differ) = (0, 0, Vec::new());
    for seed in 1..=CASES {
        let changed = changed(&file, seed, &meaningful);
        let Some(read) = ours(&changed) else {
            refused += 1;
            continue;
        };
        let Some(other) = theirs(dir.path(), &changed) else { continue };
        both += 1;
        if read != other {
            differ.push(seed);
        }
    }
    assert!(differ.is_empty(), "{format:?}: other bytes than qemu-img reads: seeds {differ:?}");
    assert!(both >= CASES / 10 && refused >= 3, "{format:?}: {both} compared, {refused} refused");
}

/// Each starts qemu-img once.
const CASES: u64 = 80;

#[test]
fn a_changed_cowd_is_read_as_qemu_img_reads_it() {
    compare(DeltaFormat::Cowd, "VMFSSPARSE", "vmfsSparse");
}

#[test]
fn a_changed_sesparse_is_read_as_qemu_img_reads_it() {
    compare(DeltaFormat::SeSparse, "SESPARSE", "seSparse");
}
