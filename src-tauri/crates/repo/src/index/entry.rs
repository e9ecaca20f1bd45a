//! One line of the index.

/// What stands for a chunk in tables: the first bytes of its id, and its kind.
pub(crate) type Key = [u8; 16];

/// Length of an entry in bytes, in memory and in a file.
pub(super) const ENTRY: usize = 32;

/// One place of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// Number of the pack.
    pub(super) pack: u32,
    pub(super) offset: u32,
    pub(super) len: u32,
    /// Number of the frame in its pack.
    pub(super) number: u32,
}

impl Entry {
    pub(super) fn to_bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..16].copy_from_slice(&self.key);
        let rest = [self.pack, self.offset, self.len, self.number].map(u32::to_le_bytes);
        bytes[16..].copy_from_slice(rest.as_flattened());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; ENTRY]) -> Self {
        let (key, rest) = bytes.split_first_chunk().expect("an entry is longer than its key");
        let mut numbers = rest
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes(*b.first_chunk().expect("four bytes are four bytes")));
        let mut next = || numbers.next().expect("four numbers follow the key");
        Self { key: *key, pack: next(), offset: next(), len: next(), number: next() }
    }
}
