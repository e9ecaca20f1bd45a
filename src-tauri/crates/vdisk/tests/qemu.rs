//! Streams go to and come from an independent implementation, qemu-img.

use std::path::Path;
use std::process::Command;

use kuramori_block::{ByteLen, ByteOffset};
use kuramori_vdisk::stream_optimized::{
    Adapter, GRAIN_BYTES, GrainCompression, StreamReader, StreamWriter, stored_len,
};

fn qemu_img(args: &[&str]) -> String {
    let output = Command::new("qemu-img").args(args).output().expect("qemu-img is installed");
    assert!(
        output.status.success(),
        "qemu-img {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("qemu-img speaks UTF-8")
}

/// A disk of several grain tables with holes, whose last grain is short.
fn disk(capacity: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; capacity];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for grain in [0usize, 1, 5, 511, 512, 700, 1500, capacity / 65536] {
        let start = grain * 65536;
        let end = (start + 65536).min(capacity);
        for (i, byte) in bytes[start..end].iter_mut().enumerate() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte =
                if grain % 2 == 0 { state.to_le_bytes()[3] } else { (i / 600).to_le_bytes()[0] };
        }
    }
    bytes
}

fn grains(disk: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (0u64..).zip(disk.chunks(65536)).filter(|(_, data)| data.iter().any(|byte| *byte != 0))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn qemu_img_reads_what_we_write() {
    let dir = tempfile::tempdir().unwrap();
    let disk = disk(100 * 1024 * 1024 + 512 * 9);
    let capacity = ByteLen::new(disk.len() as u64);
    for how in [GrainCompression::Stored, GrainCompression::Deflate(1)] {
        let vmdk = dir.path().join("ours.vmdk");
        let file = fs_err::File::create(&vmdk).unwrap();
        let mut writer =
            StreamWriter::new(std::io::BufWriter::new(file), (capacity, Adapter::default()), how)
                .unwrap();
        for (grain, data) in grains(&disk) {
            writer.write_grain(ByteOffset::new(grain * GRAIN_BYTES), data).unwrap();
        }
        writer.finish().unwrap();
        if how == GrainCompression::Stored {
            let expected = stored_len(capacity, grains(&disk).map(|(grain, _)| grain)).unwrap();
            assert_eq!(fs_err::metadata(&vmdk).unwrap().len(), expected.get());
        }

        let info = qemu_img(&["info", "--output=json", text(&vmdk)]);
        assert!(info.contains(&format!("\"virtual-size\": {}", disk.len())), "{info}");
        let raw = dir.path().join("ours.raw");
        qemu_img(&["convert", "-f", "vmdk", "-O", "raw", text(&vmdk), text(&raw)]);
        assert!(fs_err::read(&raw).unwrap() == disk, "{how:?}: every byte comes back");
    }
}

#[test]
fn we_read_what_qemu_img_writes() {
    let dir = tempfile::tempdir().unwrap();
    // qemu-img rounds VMDK sizes up to whole grains.
    let disk = disk(100 * 1024 * 1024);
    let (raw, vmdk) = (dir.path().join("theirs.raw"), dir.path().join("theirs.vmdk"));
    fs_err::write(&raw, &disk).unwrap();
    let sub = "subformat=streamOptimized";
    qemu_img(&["convert", "-f", "raw", "-O", "vmdk", "-o", sub, text(&raw), text(&vmdk)]);

    let file = fs_err::File::open(&vmdk).unwrap();
    let mut reader = StreamReader::new(std::io::BufReader::new(file)).unwrap();
    assert_eq!(reader.capacity().get(), disk.len() as u64);
    let (mut got, mut data) = (vec![0u8; disk.len()], Vec::new());
    while let Some(at) = reader.next_grain(&mut data).unwrap() {
        let start = usize::try_from(at.get()).unwrap();
        got[start..start + data.len()].copy_from_slice(&data);
    }
    assert!(got == disk, "every byte comes back");
}
