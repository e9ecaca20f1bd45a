//! The little of a disk descriptor that reading a flat file needs.

use kuramori_block::{ByteLen, SECTOR_BYTES};

/// A descriptor is a few hundred bytes. A file of that name that is larger may be a whole disk.
pub(super) const MAX_DESCRIPTOR: usize = 4096;

/// Where a descriptor says the bytes of the disk lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// In one plain file beside the descriptor.
    Flat { file: String, capacity: ByteLen },
    /// In a delta, an object, a device or several files.
    Other,
}

/// Reads a descriptor, or returns `None` when it is none.
pub(super) fn parse(bytes: &[u8]) -> Option<Layout> {
    let text = std::str::from_utf8(bytes.get(..MAX_DESCRIPTOR).unwrap_or(bytes)).ok()?;
    if !text.contains("createType") {
        return None;
    }
    let mut flat = None;
    for line in text.lines().map(str::trim) {
        if let Some(parent) = value(line, "parentCID")
            && !parent.eq_ignore_ascii_case("ffffffff")
        {
            return Some(Layout::Other);
        }
        if let Some(extent) = extent(line) {
            match (extent, &flat) {
                (Extent::Flat(layout), None) => flat = Some(layout),
                _ => return Some(Layout::Other),
            }
        }
    }
    flat
}

enum Extent {
    Flat(Layout),
    Other,
}

/// Reads a line such as `RW 20971520 VMFS "web01-flat.vmdk"`.
fn extent(line: &str) -> Option<Extent> {
    let rest =
        ["RW ", "RDONLY ", "NOACCESS "].iter().find_map(|access| line.strip_prefix(access))?;
    let (sectors, rest) = rest.trim_start().split_once(' ')?;
    let sectors: u64 = sectors.parse().ok()?;
    let (kind, rest) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    let mut quoted = rest.split('"');
    let (file, after) = (quoted.nth(1), quoted.next().unwrap_or_default().trim());
    let whole_file = after.is_empty() || after == "0";
    let capacity = sectors.checked_mul(SECTOR_BYTES).map(ByteLen::new);
    Some(match (kind, file, capacity) {
        ("VMFS" | "FLAT", Some(file), Some(capacity)) if whole_file => {
            Extent::Flat(Layout::Flat { file: file.to_owned(), capacity })
        }
        _ => Extent::Other,
    })
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FLAT: &str = "# Disk DescriptorFile\nversion=1\nCID=1b2c3d4e\nparentCID=ffffffff\n\
        createType=\"vmfs\"\n\n# Extent description\nRW 20971520 VMFS \"web 01-flat.vmdk\"\n\n\
        ddb.adapterType = \"lsilogic\"\n";

    #[test]
    fn a_plain_disk_names_its_file() {
        let expected = Layout::Flat {
            file: "web 01-flat.vmdk".to_owned(),
            capacity: ByteLen::new(20_971_520 * 512),
        };
        assert_eq!(parse(FLAT.as_bytes()), Some(expected.clone()));
        let hosted = FLAT.replace("VMFS \"web 01-flat.vmdk\"", "FLAT \"web 01-flat.vmdk\" 0");
        assert_eq!(parse(hosted.as_bytes()), Some(expected));
    }

    #[test]
    fn everything_else_goes_another_way() {
        for (why, text) in [
            ("delta", FLAT.replace("parentCID=ffffffff", "parentCID=1b2c3d4e")),
            ("sparse", FLAT.replace("VMFS ", "SESPARSE ")),
            ("object", FLAT.replace("VMFS \"web 01-flat.vmdk\"", "VMFS \"vsan://5c1\" 7")),
            ("two files", FLAT.replace("\n\nddb", "\nRW 8 VMFS \"b-flat.vmdk\"\n\nddb")),
            ("raw device", FLAT.replace("VMFS ", "VMFSRDM ")),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(Layout::Other), "{why}");
        }
        assert_eq!(parse(b"\x00\x01\x02"), None);
        assert_eq!(parse(&FLAT.as_bytes()[..60]), None, "cut before its type");
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in "(createType|RW |[0-9]{1,25}|VMFS|\"|=|\n| |[a-z]){0,40}") {
            parse(noise.as_bytes());
        }
    }
}
