//! Byte by byte, with no tolerance.

use std::{io::Read, path::Path};

use anyhow::{Result, bail, ensure};
use fs_err::File;

/// Fails at the first byte in which `restored` differs from `expected`; returns how many bytes
/// were compared.
pub(super) fn same(restored: &Path, expected: &Path) -> Result<u64> {
    let (mut a, mut b) = (File::open(restored)?, File::open(expected)?);
    let (length, wanted) = (a.metadata()?.len(), b.metadata()?.len());
    ensure!(
        length == wanted,
        "{} has {length} bytes, {} has {wanted}",
        restored.display(),
        expected.display()
    );
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut at = 0;
    while at < length {
        let take = usize::try_from(length - at)?.min(left.len());
        a.read_exact(&mut left[..take])?;
        b.read_exact(&mut right[..take])?;
        if left[..take] != right[..take] {
            let index = left.iter().zip(&right).position(|(x, y)| x != y).unwrap_or_default();
            bail!(
                "{} differs from {} at byte {}",
                restored.display(),
                expected.display(),
                at + index as u64
            );
        }
        at += take as u64;
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_differing_byte_is_found_and_named() {
        let dir = std::env::temp_dir().join(format!("kuramori-compare-{}", std::process::id()));
        fs_err::create_dir_all(&dir).unwrap();
        let (a, b) = (dir.join("a"), dir.join("b"));
        let mut bytes = vec![7; 3 << 20];
        fs_err::write(&a, &bytes).unwrap();
        fs_err::write(&b, &bytes).unwrap();
        assert_eq!(same(&a, &b).unwrap(), 3 << 20);
        bytes[(2 << 20) + 5] = 8;
        fs_err::write(&b, &bytes).unwrap();
        let error = same(&a, &b).unwrap_err().to_string();
        assert!(error.ends_with("at byte 2097157"), "{error}");
        bytes.pop();
        fs_err::write(&b, &bytes).unwrap();
        assert!(same(&a, &b).is_err());
        fs_err::remove_dir_all(dir).unwrap();
    }
}
