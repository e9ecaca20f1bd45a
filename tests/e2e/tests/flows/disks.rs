//! Small guest disks whose every byte is known.

use std::path::{Path, PathBuf};

use anyhow::Result;

const MIB: usize = 1 << 20;

/// A disk: an image for the lab, and what it holds.
pub(crate) struct Disk {
    pub(crate) image: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

impl Disk {
    /// Makes a disk of `mebibytes`, every third of them empty, the rest noise by `seed`.
    pub(crate) fn make(dir: &Path, name: &str, mebibytes: usize, seed: u64) -> Result<Self> {
        let mut bytes = vec![0; mebibytes * MIB];
        let mut state = seed | 1;
        for (index, block) in bytes.chunks_exact_mut(MIB).enumerate() {
            if index % 3 == 2 {
                continue;
            }
            for word in block.chunks_exact_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                word.copy_from_slice(&state.to_le_bytes());
            }
        }
        let image = dir.join(format!("{name}.raw"));
        fs_err::write(&image, &bytes)?;
        Ok(Self { image, bytes })
    }
}

/// Fails at the first byte that differs.
pub(crate) fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what} has another size");
    let differing = found.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!(differing, None, "{what} differs at this byte");
}
