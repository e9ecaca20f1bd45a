//! The text at the beginning of a disk.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use kuramori_block::SECTOR_BYTES;

use super::error::Wrong;

/// A disk of 64 TiB in files of 2 GiB needs that much.
pub(super) const MAX_DESCRIPTOR: u64 = 4 << 20;
/// Files one disk may consist of.
const MAX_EXTENTS: usize = 1 << 16;
/// No disk below.
const NONE: u32 = u32::MAX;
/// Kinds of disks whose bytes lie in files. All others pass a device through, or are unknown.
const IN_FILES: &[&str] = &[
    "monolithicsparse",
    "monolithicflat",
    "twogbmaxextentsparse",
    "twogbmaxextentflat",
    "streamoptimized",
    "vmfs",
    "vmfspreallocated",
    "vmfseagerzeroedthick",
    "vmfsthin",
    "vmfssparse",
    "sesparse",
    "custom",
];

/// How the file of an extent holds its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExtentKind {
    /// As they are, from a place of the file on.
    Flat { offset: u64 },
    /// In grains behind tables.
    Sparse,
    /// As a delta of a host.
    Delta,
    /// Not at all: zeros.
    Zero,
}

/// A part of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExtentLine {
    /// Bytes of the disk in it.
    pub(super) len: u64,
    pub(super) kind: ExtentKind,
    /// Empty for zeros.
    pub(super) file: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) content: u32,
    /// Number and descriptor of the disk below.
    pub(super) parent: Option<(u32, String)>,
    pub(super) extents: Vec<ExtentLine>,
}

/// Reads a descriptor, which may be filled up with zeros.
pub(super) fn parse(bytes: &[u8]) -> Result<Descriptor, Wrong> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = decode(bytes.get(..end).unwrap_or_default());
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let find = |key: &str| lines().find_map(|line| value(line, key));
    let refuse = |why| Err(Wrong::NotADisk(why));
    let Some(kind) = find("createType") else { return refuse("it has no descriptor") };
    if lines().any(|line| line.to_ascii_lowercase().starts_with("encryption")) {
        return refuse("it is encrypted");
    }
    if !IN_FILES.contains(&kind.to_ascii_lowercase().as_str()) {
        return refuse("its bytes lie on a device, or in a way nobody here knows");
    }
    let number = |key| find(key).and_then(|text| u32::from_str_radix(text, 16).ok());
    let Some(content) = number("CID") else { return refuse("its content has no number") };
    let parent = match (number("parentCID").unwrap_or(NONE), find("parentFileNameHint")) {
        (NONE, _) => None,
        (parent, Some(name)) => Some((parent, name.to_owned())),
        (_, None) => return refuse("it does not name the disk below it"),
    };
    let mut extents = Vec::new();
    for line in lines() {
        if let Some(extent) = extent(line)? {
            extents.push(extent);
        }
        if extents.len() > MAX_EXTENTS {
            return refuse("it consists of too many files");
        }
    }
    Ok(Descriptor { content, parent, extents })
}

/// Desktop products write the text in the encoding of their system, and say which.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let plain = String::from_utf8_lossy(bytes);
    let label = plain.lines().find_map(|line| value(line.trim(), "encoding"));
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    encoding.unwrap_or(UTF_8).decode_without_bom_handling(bytes).0
}

/// Reads a line such as `RW 4192256 FLAT "disk-f001.vmdk" 0`, or `None` when it is another one.
fn extent(line: &str) -> Result<Option<ExtentLine>, Wrong> {
    let access = ["RW ", "RDONLY ", "NOACCESS "];
    let Some(rest) = access.iter().find_map(|access| line.strip_prefix(access)) else {
        return Ok(None);
    };
    let wrong = || Wrong::NotADisk("a part of it is described in a way nobody here knows");
    let (sectors, rest) = rest.trim_start().split_once(' ').ok_or_else(wrong)?;
    let (kind, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    let len = sectors.parse::<u64>().ok().and_then(|n| n.checked_mul(SECTOR_BYTES));
    let len = len.filter(|len| *len > 0).ok_or_else(wrong)?;
    let rest = rest.trim_start();
    let (file, after) = match rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((file, after)) => (file, after.trim()),
        None => ("", ""),
    };
    let offset = match after.split_whitespace().next() {
        Some(text) => text.parse::<u64>().ok().and_then(|n| n.checked_mul(SECTOR_BYTES)),
        None => Some(0),
    };
    let kind = match (kind, offset) {
        ("ZERO", _) => ExtentKind::Zero,
        ("FLAT" | "VMFS", Some(offset)) => ExtentKind::Flat { offset },
        ("SPARSE", _) => ExtentKind::Sparse,
        ("VMFSSPARSE" | "SESPARSE", _) => ExtentKind::Delta,
        _ => return Err(wrong()),
    };
    if file.is_empty() && kind != ExtentKind::Zero {
        return Err(wrong());
    }
    Ok(Some(ExtentLine { len, kind, file: file.to_owned() }))
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    name.trim().eq_ignore_ascii_case(key).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPLIT: &str = "# Disk DescriptorFile\nversion=1\nCID=1b2c3d4e\nparentCID=ffffffff\n\
        createType=\"twoGbMaxExtentFlat\"\nRW 4192256 FLAT \"a b-f001.vmdk\" 0\n\
        RW 128 ZERO\nRDONLY 63 SPARSE \"c.vmdk\"\nddb.adapterType = \"lsilogic\"\n\0\0\0";

    #[test]
    fn every_part_is_read() {
        let found = parse(SPLIT.as_bytes()).unwrap();
        let line = |len, kind, file: &str| ExtentLine { len, kind, file: file.to_owned() };
        let extents = [
            line(4_192_256 * 512, ExtentKind::Flat { offset: 0 }, "a b-f001.vmdk"),
            line(128 * 512, ExtentKind::Zero, ""),
            line(63 * 512, ExtentKind::Sparse, "c.vmdk"),
        ];
        assert_eq!((found.content, found.parent), (0x1b2c_3d4e, None));
        assert_eq!(found.extents, extents);
        let child =
            SPLIT.replace("parentCID=ffffffff", "parentCID=7\nparentFileNameHint=\"b.vmdk\"");
        assert_eq!(parse(child.as_bytes()).unwrap().parent, Some((7, "b.vmdk".to_owned())));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for (why, text) in [
            ("a device", SPLIT.replace("twoGbMaxExtentFlat", "fullDevice")),
            ("a partition", SPLIT.replace("twoGbMaxExtentFlat", "partitionedDevice")),
            ("a raw mapping", SPLIT.replace("twoGbMaxExtentFlat", "vmfsRDM")),
            ("an unknown part", SPLIT.replace("RW 128 ZERO", "RW 128 VMFSRDM \"x\"")),
            ("a part without a file", SPLIT.replace("SPARSE \"c.vmdk\"", "SPARSE")),
            ("a part without a size", SPLIT.replace("RW 128", "RW zebra")),
            ("a parent without a name", SPLIT.replace("parentCID=ffffffff", "parentCID=7")),
            ("no number", SPLIT.replace("CID=1b2c3d4e", "CID=zebra")),
            ("encrypted", SPLIT.replace("version=1", "encryptionKeySafe=\"vmware:key\"")),
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(Wrong::NotADisk(_))), "{why}");
        }
    }

    proptest! {
        #[test]
        fn noise_never_panics(
            noise in "(createType=\"custom\"|CID=|RW |[0-9]{1,25}|FLAT|\"|=|\n| |[a-z]){0,40}"
        ) {
            drop(parse(noise.as_bytes()));
        }
    }
}
