//! The identity of a disk as SCSI tells it (SPC-4, 7.8.6: page 0x83), and as Windows passes it on.
//!
//! Bytes of a device: whatever they are, reading them ends and never panics.

/// Network address authority: the kind of name that VMware gives its disks.
const NAA: u8 = 3;
/// The name is in bytes, not in text.
const BINARY: u8 = 1;
/// The page.
#[cfg(any(target_os = "linux", test))]
const PAGE: u8 = 0x83;
/// More names than any device has.
const MOST: usize = 256;

/// Identity of a disk: 16 bytes, which a VM shows as its own when it may show UUIDs at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id([u8; 16]);

impl Id {
    /// Reads it from the words of a server.
    pub(super) fn parse(text: &str) -> Option<Self> {
        super::uuid::parse(text).map(Self)
    }

    /// Returns the digits, in lower case.
    #[cfg(target_os = "linux")]
    pub(super) fn digits(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// Returns whether a page 0x83 of vital product data names the disk.
    #[cfg(any(target_os = "linux", test))]
    pub(super) fn is_in_page(&self, page: &[u8]) -> bool {
        let Some(&[_, PAGE, high, low]) = page.first_chunk() else { return false };
        let len = usize::from(u16::from_be_bytes([high, low]));
        let mut rest = page.get(4..).unwrap_or_default();
        rest = rest.get(..len).unwrap_or(rest);
        for _ in 0..MOST {
            let Some((&[set, kind, _, len], after)) = rest.split_first_chunk() else {
                return false;
            };
            let Some((name, next)) = after.split_at_checked(usize::from(len)) else {
                return false;
            };
            // The association is with the device itself (0), not with a port.
            if set & 0x0f == BINARY && kind & 0x0f == NAA && kind & 0x30 == 0 && name == self.0 {
                return true;
            }
            rest = next;
        }
        false
    }

    /// Returns whether a `STORAGE_DEVICE_ID_DESCRIPTOR` names the disk.
    #[cfg(any(windows, test))]
    pub(super) fn is_in_descriptor(&self, bytes: &[u8]) -> bool {
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let Some(count) = number(8) else { return false };
        let mut at = 12usize;
        for _ in 0..(count as usize).min(MOST) {
            let fields =
                (number(at), number(at + 4), short(at + 8), short(at + 10), number(at + 12));
            let (Some(set), Some(kind), Some(len), Some(next), Some(association)) = fields else {
                return false;
            };
            let name = bytes.get(at + 16..).and_then(|rest| rest.get(..usize::from(len)));
            let is_naa = set == u32::from(BINARY) && kind == u32::from(NAA) && association == 0;
            if is_naa && name == Some(self.0.as_slice()) {
                return true;
            }
            if next == 0 {
                return false;
            }
            at += usize::from(next);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UUID: &str = "6000C293-4a5b-1c2d-8e9f-0011223344aa";

    fn id() -> Id {
        Id::parse(UUID).unwrap()
    }

    fn name(set: u8, kind: u8, bytes: &[u8]) -> Vec<u8> {
        [&[set, kind, 0, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn page(names: &[Vec<u8>]) -> Vec<u8> {
        let body = names.concat();
        let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
        [vec![0, PAGE, high, low], body].concat()
    }

    fn descriptor(names: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (n, (set, kind, association, bytes)) in names.iter().enumerate() {
            let len = u16::try_from(bytes.len()).unwrap();
            let next = if n + 1 == names.len() { 0 } else { 16 + len };
            out.extend([set.to_le_bytes(), kind.to_le_bytes()].concat());
            out.extend([len.to_le_bytes(), next.to_le_bytes()].concat());
            out.extend(association.to_le_bytes());
            out.extend(*bytes);
        }
        let size = u32::try_from(out.len() + 12).unwrap();
        let count = u32::try_from(names.len()).unwrap();
        [[12u32, size, count].map(u32::to_le_bytes).concat(), out].concat()
    }

    #[test]
    fn a_page_names_the_disk_or_does_not() {
        let (other, ours) = (name(2, 1, b"VMware  Virtual disk"), name(1, 3, &id().0));
        assert!(id().is_in_page(&page(&[other.clone(), ours.clone()])));
        assert!(!id().is_in_page(&page(&[other])));
        for (why, names) in [
            ("text", name(2, 3, &id().0)),
            ("of another kind", name(1, 2, &id().0)),
            ("of a port", name(1, 0x13, &id().0)),
            ("longer", name(1, 3, &[&id().0[..], &[0]].concat())),
        ] {
            assert!(!id().is_in_page(&page(&[names])), "{why}");
        }
        let mut wrong = page(&[ours]);
        wrong[1] = 0x80;
        assert!(!id().is_in_page(&wrong), "another page");
    }

    #[test]
    fn a_descriptor_names_the_disk_or_does_not() {
        let ours = id().0;
        let found = |names: &[_]| id().is_in_descriptor(&descriptor(names));
        assert!(found(&[(2, 1, 0, b"VMware  "), (1, 3, 0, &ours)]));
        assert!(!found(&[(2, 1, 0, b"VMware  ")]));
        assert!(!found(&[(1, 3, 1, &ours)]), "of a port");
        assert!(!found(&[(1, 2, 0, &ours)]), "of another kind");
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..300)) {
            id().is_in_page(&noise);
            id().is_in_descriptor(&noise);
        }

        #[test]
        fn a_spoilt_answer_never_panics(at in 0usize..80, with: u8, cut in 0usize..80) {
            let ours = id().0;
            for mut bytes in [
                page(&[name(2, 1, b"VMware"), name(1, 3, &ours)]),
                descriptor(&[(2, 1, 0, b"VMware"), (1, 3, 0, &ours)]),
            ] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = with;
                }
                bytes.truncate(bytes.len().saturating_sub(cut));
                id().is_in_page(&bytes);
                id().is_in_descriptor(&bytes);
            }
        }
    }
}
