//! The firmware's table of this computer (DMTF DSP0134), as far as it names the system: structure
//! type 1.
//!
//! Whatever the bytes are, reading them ends and never panics.

/// System information.
const SYSTEM: u8 = 1;
/// The end of the table.
const END: u8 = 127;
/// More structures than any table has.
const MOST: usize = 4096;

/// What the firmware says about the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct System {
    pub(super) maker: String,
    pub(super) uuid: [u8; 16],
}

/// Reads the table as Windows gives it: with a header of eight bytes.
pub(super) fn of_windows(raw: &[u8]) -> Option<System> {
    let len = usize::try_from(u32::from_le_bytes(*raw.get(4..)?.first_chunk()?)).ok()?;
    let table = raw.get(8..)?;
    system(table.get(..len).unwrap_or(table))
}

/// Finds the system in a table of structures.
fn system(mut table: &[u8]) -> Option<System> {
    for _ in 0..MOST {
        let &[kind, len, ..] = table.first_chunk::<4>()?;
        let (formatted, after) = table.split_at_checked(usize::from(len).max(4))?;
        // Strings end with a zero each, and all of them with one more; none at all are two zeros.
        let ends = after.windows(2).position(|pair| pair == [0, 0])?;
        let strings = after.get(..ends)?;
        if kind == SYSTEM {
            let number = formatted.get(4).copied().filter(|number| *number > 0)?;
            let maker = strings.split(|byte| *byte == 0).nth(usize::from(number) - 1)?;
            let maker = String::from_utf8_lossy(maker).trim().to_owned();
            let uuid = *formatted.get(8..)?.first_chunk()?;
            return Some(System { maker, uuid });
        }
        if kind == END {
            return None;
        }
        table = after.get(ends + 2..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UUID: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    fn structure(kind: u8, body: &[u8], strings: &[u8]) -> Vec<u8> {
        let len = u8::try_from(4 + body.len()).unwrap();
        [&[kind, len, 0, 0], body, strings, &[0, 0]].concat()
    }

    fn table() -> Vec<u8> {
        let about = [&[2, 1, 0, 0][..], &UUID, &[6]].concat();
        [
            structure(0, &[1, 2], b"Phoenix\0A"),
            structure(SYSTEM, &about, b"VMware7,1\0VMware, Inc."),
            structure(END, &[], b""),
        ]
        .concat()
    }

    fn raw(table: &[u8]) -> Vec<u8> {
        let len = u32::try_from(table.len()).unwrap().to_le_bytes();
        [&[0, 2, 7, 0], &len[..], table].concat()
    }

    #[test]
    fn the_system_is_found() {
        let found = of_windows(&raw(&table())).unwrap();
        assert_eq!(found, System { maker: "VMware, Inc.".to_owned(), uuid: UUID });
        assert_eq!(of_windows(&raw(&structure(END, &[], b""))), None);
        assert_eq!(of_windows(&raw(&structure(SYSTEM, &[1], b"VMware"))), None, "too short");
        assert_eq!(of_windows(b""), None);
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            of_windows(&noise);
            of_windows(&raw(&noise));
        }

        #[test]
        fn a_spoilt_table_never_panics(at in 0usize..90, with: u8, cut in 0usize..90) {
            let mut bytes = raw(&table());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            of_windows(&bytes);
        }
    }
}
