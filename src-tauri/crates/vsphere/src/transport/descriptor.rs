//! The little of a disk descriptor that reading its file needs.

use kuramori_block::{ByteLen, SECTOR_BYTES};

/// A descriptor is a few hundred bytes. A file of that name that is larger may be a whole disk.
pub(super) const MAX_DESCRIPTOR: usize = 4096;

/// What the file that a descriptor names holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The bytes of the disk.
    Flat,
    /// What was written since a snapshot.
    Delta,
}

/// A link of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// Number of its content, which a link above it names as its parent's.
    pub(super) content: u32,
    /// That of the link below.
    pub(super) parent: u32,
    pub(super) layout: Layout,
    /// The file beside the descriptor.
    pub(super) file: String,
    /// The size of the disk.
    pub(super) capacity: ByteLen,
}

/// No parent.
const NONE: u32 = u32::MAX;

/// Reads a descriptor, or returns `None` when it is none, or of a link that is not one file of a
/// known kind.
pub(super) fn parse(bytes: &[u8]) -> Option<Descriptor> {
    let text = std::str::from_utf8(bytes.get(..MAX_DESCRIPTOR).unwrap_or(bytes)).ok()?;
    if !text.contains("createType") {
        return None;
    }
    let lines = || text.lines().map(str::trim);
    let number = |key| lines().find_map(|line| u32::from_str_radix(value(line, key)?, 16).ok());
    let mut extents = lines().filter_map(Extent::parse);
    let Extent::File { layout, file, capacity } = extents.next()? else { return None };
    let (content, parent) = (number("CID")?, number("parentCID").unwrap_or(NONE));
    let fits = (layout == Layout::Flat) == (parent == NONE);
    let alone = extents.next().is_none();
    (fits && alone).then_some(Descriptor { content, parent, layout, file, capacity })
}

enum Extent {
    File {
        layout: Layout,
        file: String,
        capacity: ByteLen,
    },
    /// No file, or one of an unknown kind.
    Other,
}

impl Extent {
    /// Reads a line such as `RW 20971520 VMFS "web01-flat.vmdk"`.
    fn parse(line: &str) -> Option<Self> {
        let rest =
            ["RW ", "RDONLY ", "NOACCESS "].iter().find_map(|access| line.strip_prefix(access))?;
        let (sectors, rest) = rest.trim_start().split_once(' ')?;
        let sectors: u64 = sectors.parse().ok()?;
        let (kind, rest) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
        let mut quoted = rest.split('"');
        let (file, after) = (quoted.nth(1), quoted.next().unwrap_or_default().trim());
        let whole_file = after.is_empty() || after == "0";
        let layout = match kind {
            "VMFS" | "FLAT" => Layout::Flat,
            "VMFSSPARSE" | "SESPARSE" => Layout::Delta,
            _ => return Some(Self::Other),
        };
        let capacity = sectors.checked_mul(SECTOR_BYTES).map(ByteLen::new);
        Some(match (file, capacity) {
            (Some(file), Some(capacity)) if whole_file => {
                Self::File { layout, file: file.to_owned(), capacity }
            }
            _ => Self::Other,
        })
    }
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
        let expected = Descriptor {
            content: 0x1b2c_3d4e,
            parent: NONE,
            layout: Layout::Flat,
            file: "web 01-flat.vmdk".to_owned(),
            capacity: ByteLen::new(20_971_520 * 512),
        };
        assert_eq!(parse(FLAT.as_bytes()), Some(expected.clone()));
        let hosted = FLAT.replace("VMFS \"web 01-flat.vmdk\"", "FLAT \"web 01-flat.vmdk\" 0");
        assert_eq!(parse(hosted.as_bytes()), Some(expected));
    }

    #[test]
    fn a_delta_names_its_parent() {
        for kind in ["VMFSSPARSE", "SESPARSE"] {
            let text = FLAT.replace("parentCID=ffffffff", "parentCID=0badcafe");
            let found = parse(text.replace("VMFS ", &format!("{kind} ")).as_bytes()).unwrap();
            assert_eq!((found.layout, found.parent), (Layout::Delta, 0x0bad_cafe));
        }
    }

    #[test]
    fn everything_else_goes_another_way() {
        for (why, text) in [
            ("a base with a parent", FLAT.replace("parentCID=ffffffff", "parentCID=1b2c3d4e")),
            ("a delta without", FLAT.replace("VMFS ", "SESPARSE ")),
            ("object", FLAT.replace("VMFS \"web 01-flat.vmdk\"", "VMFS \"vsan://5c1\" 7")),
            ("two files", FLAT.replace("\n\nddb", "\nRW 8 VMFS \"b-flat.vmdk\"\n\nddb")),
            ("raw device", FLAT.replace("VMFS ", "VMFSRDM ")),
            ("no number", FLAT.replace("CID=1b2c3d4e", "CID=zebra")),
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{why}");
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
