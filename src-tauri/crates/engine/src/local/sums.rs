//! The list of checksums beside an OVF.

use kuramori_base::{CancelToken, Counters, Progress};
use kuramori_block::{ByteLen, ByteOffset, Extent};
use kuramori_vdisk::hosted::FileSet;
use ring::digest;

use super::LocalError;
use crate::pipeline::PipelineError;

/// Bytes read at once.
const PIECE: ByteLen = ByteLen::from_mib(4);

/// A file and the checksum it has to have.
pub(super) struct Sum {
    file: String,
    algorithm: &'static digest::Algorithm,
    wanted: Vec<u8>,
}

/// Reads lines such as `SHA256(web-disk1.vmdk)= 8d0c…`.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Sum>, LocalError> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let sum = |(line, text): (usize, &str)| {
        one(text).ok_or_else(|| LocalError::Manifest { file: file.to_owned(), line })
    };
    lines.map(sum).collect()
}

fn one(line: &str) -> Option<Sum> {
    let (kind, rest) = line.trim().split_once('(')?;
    let (file, value) = rest.rsplit_once(')')?;
    let algorithm = match kind.trim().to_ascii_uppercase().as_str() {
        // What older exports carry; it finds accidents, and nobody signs with it here.
        "SHA1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "SHA256" => &digest::SHA256,
        "SHA512" => &digest::SHA512,
        _ => return None,
    };
    let value = value.trim().strip_prefix('=')?.trim().to_ascii_lowercase();
    let wanted = data_encoding::HEXLOWER.decode(value.as_bytes()).ok()?;
    let fits = wanted.len() == algorithm.output_len() && !file.trim().is_empty();
    fits.then(|| Sum { file: file.trim().to_owned(), algorithm, wanted })
}

/// Returns how many bytes [`check`] reads, to tell of its progress.
pub(super) fn bytes(set: &dyn FileSet, sums: &[Sum]) -> Result<u64, LocalError> {
    sums.iter().try_fold(0, |total: u64, sum| {
        Ok(total.saturating_add(set.open("", &sum.file)?.bytes.capacity().get()))
    })
}

/// Reads every file of the list and compares.
pub(super) fn check(
    set: &dyn FileSet,
    sums: &[Sum],
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(), crate::ImageError> {
    let mut buffer = Vec::new();
    for sum in sums {
        let bytes = set.open("", &sum.file).map_err(LocalError::from)?.bytes;
        let mut context = digest::Context::new(sum.algorithm);
        let whole = Extent { offset: ByteOffset::ZERO, len: bytes.capacity() };
        for piece in whole.pieces(PIECE) {
            cancel.check().map_err(PipelineError::from)?;
            buffer.resize(piece.len.as_usize(), 0);
            bytes.read_at(piece.offset, &mut buffer).map_err(PipelineError::from)?;
            context.update(&buffer);
            let done = piece.len.get();
            progress.add(Counters { done, read: done, ..Counters::default() });
        }
        if context.finish().as_ref() != sum.wanted {
            return Err(LocalError::Checksum { file: sum.file.clone() }.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_bad_lines_named() {
        let sha1 = "0".repeat(40);
        let text = format!("SHA1(web.ovf)= {sha1}\n\nsha256 (a (1).vmdk) = {}\n", "A1".repeat(32));
        let sums = parse("web.mf", &text).unwrap();
        let files: Vec<_> = sums.iter().map(|sum| sum.file.as_str()).collect();
        assert_eq!(files, ["web.ovf", "a (1).vmdk"]);
        for bad in ["SHA1(web.ovf)= 12", "MD5(web.ovf)= 00", "SHA1()= x", "hello", "SHA256(x) 00"] {
            let refused = parse("web.mf", &format!("{text}{bad}\n"));
            assert!(matches!(refused, Err(LocalError::Manifest { line: 4, .. })), "{bad}");
        }
    }
}
