//! Deltas and chains of them agree with a model, and with an independent reader, qemu-img.

use std::path::Path;
use std::process::Command;

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, MemoryDisk};
use kuramori_vdisk::chain::DiskChain;
use kuramori_vdisk::delta::{Delta, DeltaError, DeltaFormat, write_cowd, write_sesparse};
use proptest::prelude::*;

/// What one snapshot holds above the one before.
#[derive(Clone, Debug)]
struct Layer {
    format: DeltaFormat,
    changed: Vec<(u64, u64, u8)>,
    zeroed: Option<(u64, u64)>,
}

fn layer(capacity: u64) -> impl Strategy<Value = Layer> {
    let change = (0..capacity, 1..200_000u64, any::<u8>());
    let format = prop_oneof![Just(DeltaFormat::Cowd), Just(DeltaFormat::SeSparse)];
    let zeroed = prop::option::of((0..capacity, 1..300_000u64));
    (format, prop::collection::vec(change, 0..6), zeroed)
        .prop_map(|(format, changed, zeroed)| Layer { format, changed, zeroed })
}

fn clip(start: u64, len: u64, capacity: usize) -> std::ops::Range<usize> {
    let start = ByteLen::new(start).as_usize().min(capacity);
    start..start.saturating_add(ByteLen::new(len).as_usize()).min(capacity)
}

/// Changes the model as a guest would, and returns the file that a host would hold.
fn write(layer: &Layer, model: &mut [u8]) -> Vec<u8> {
    let mut changed = ExtentSet::new();
    for (start, len, fill) in &layer.changed {
        let range = clip(*start, *len, model.len());
        changed.insert(Extent::new(range.start as u64, range.len() as u64));
        for (i, byte) in range.clone().zip(&mut model[range]) {
            *byte = fill.wrapping_add((i / 512).to_le_bytes()[0]);
        }
    }
    let mut zeroed = ExtentSet::new();
    if let (DeltaFormat::SeSparse, Some((start, len))) = (layer.format, layer.zeroed) {
        // A host marks whole grains only.
        let range = clip(start.next_multiple_of(4096), len / 4096 * 4096, model.len());
        zeroed.insert(Extent::new(range.start as u64, range.len() as u64));
        model[range].fill(0);
    }
    let (disk, mut file) = (MemoryDisk::new(model.to_owned()), Vec::new());
    match layer.format {
        DeltaFormat::Cowd => write_cowd(&mut file, &disk, &changed),
        DeltaFormat::SeSparse => write_sesparse(&mut file, &disk, &changed, &zeroed),
    }
    .expect("writing to memory cannot fail");
    file
}

fn open(file: Vec<u8>) -> Delta {
    Delta::open(Box::new(MemoryDisk::new(file))).expect("what was written is read")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_chain_reads_as_what_the_guest_wrote(
        sectors in 40_000u64..80_000,
        layers in prop::collection::vec(layer(80_000 * 512), 0..4),
        reads in prop::collection::vec((0..80_000u64 * 512, 1..3_000_000u64), 1..8),
    ) {
        let base: Vec<u8> = (0..sectors * 512).map(|i| (i / 700).to_le_bytes()[0]).collect();
        let mut model = base.clone();
        let deltas: Vec<_> = layers.iter().map(|layer| open(write(layer, &mut model))).collect();
        for (delta, layer) in deltas.iter().zip(&layers) {
            prop_assert_eq!(delta.format(), layer.format);
        }
        let chain = DiskChain::new(MemoryDisk::new(base), deltas).unwrap();
        for (start, len) in reads {
            let range = clip(start, len, model.len());
            let mut bytes = vec![0xEE; range.len()];
            chain.read_at(ByteOffset::new(range.start as u64), &mut bytes).unwrap();
            prop_assert!(bytes == model[range], "a read at {start} of {len}");
        }
    }
}

#[test]
fn what_cannot_be_read_rightly_is_refused() {
    let disk = MemoryDisk::new(vec![3; 20 << 20]);
    let changed = [Extent::new(8192, 4096)].into_iter().collect();
    let mut file = Vec::new();
    write_sesparse(&mut file, &disk, &changed, &ExtentSet::new()).unwrap();
    let delta = open(file.clone());
    assert_eq!(delta.capacity(), ByteLen::from_mib(20));

    let mut written_to = file.clone();
    written_to[512 + 24] = 1;
    let opened = Delta::open(Box::new(MemoryDisk::new(written_to)));
    assert!(matches!(opened, Err(DeltaError::InUse)));

    // The entry of the one grain: the first of the file whose top four bits are 3.
    let entry = file.chunks(8).position(|word| word[7] >> 4 == 3).unwrap() * 8;
    let mut unmapped = file.clone();
    unmapped[entry + 7] = 0x10;
    let refused = open(unmapped).map(Extent::new(0, 1 << 20));
    let at = ByteOffset::new(8192);
    assert!(matches!(refused, Err(DeltaError::Unmapped { disk }) if disk == at), "{refused:?}");

    let other = MemoryDisk::new(vec![0; 21 << 20]);
    assert!(DiskChain::new(other, vec![open(file)]).is_err(), "of another disk");
}

fn qemu_img(args: &[&str]) {
    let output = Command::new("qemu-img").args(args).output().expect("qemu-img is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "qemu-img {args:?}: {said}");
}

fn descriptor(dir: &Path, name: &str, ids: (&str, &str), extent: &str, below: Option<&str>) {
    let (id, parent) = ids;
    let hint = below.map_or(String::new(), |below| format!("parentFileNameHint=\"{below}\"\n"));
    let kind = match extent.split(' ').nth(2) {
        Some("VMFSSPARSE") => "vmfsSparse",
        Some("SESPARSE") => "seSparse",
        _ => "vmfs",
    };
    let text = format!(
        "# Disk DescriptorFile\nversion=1\nCID={id}\nparentCID={parent}\ncreateType=\"{kind}\"\n\
         {hint}{extent}\nddb.adapterType = \"lsilogic\"\nddb.virtualHWVersion = \"13\"\n"
    );
    fs_err::write(dir.join(name), text).expect("the folder can be written");
}

#[test]
fn qemu_img_reads_what_we_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let sectors = 70 << 11;
    let mut model: Vec<u8> = (0..sectors * 512u64).map(|i| (i / 900).to_le_bytes()[0]).collect();
    fs_err::write(path("base-flat.vmdk"), &model).unwrap();
    let flat = format!("RW {sectors} VMFS \"base-flat.vmdk\"");
    descriptor(dir.path(), "base.vmdk", ("11111111", "ffffffff"), &flat, None);
    let layers = [
        (DeltaFormat::Cowd, "VMFSSPARSE", None),
        (DeltaFormat::SeSparse, "SESPARSE", Some((20 << 20, 3 << 20))),
    ];
    let mut below = ("base.vmdk".to_owned(), "11111111".to_owned());
    for (number, (format, word, zeroed)) in layers.into_iter().enumerate() {
        let changed = vec![
            (5 << 20, 70_000, 1),
            ((2 << 20) + 512, 512, 2),
            ((33 << 20) + 5120 * number as u64, 1 << 20, 3),
            ((70 << 20) - 512, 512, 4),
        ];
        let file = write(&Layer { format, changed, zeroed }, &mut model);
        let (name, id) = (format!("disk-{number}"), format!("{0}{0}{0}{0}", number + 22));
        fs_err::write(path(&format!("{name}-delta.vmdk")), file).unwrap();
        let extent = format!("RW {sectors} {word} \"{name}-delta.vmdk\"");
        let ids = (id.as_str(), below.1.as_str());
        descriptor(dir.path(), &format!("{name}.vmdk"), ids, &extent, Some(&below.0));
        below = (format!("{name}.vmdk"), id);
        fs_err::write(path("want.raw"), &model).unwrap();
        qemu_img(&["convert", "-f", "vmdk", "-O", "raw", &path(&below.0), &path("got.raw")]);
        assert!(fs_err::read(path("got.raw")).unwrap() == model, "{format:?}");
    }
}
