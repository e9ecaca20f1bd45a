//! For tests: the parsers of this crate.

use kuramori_base::testing::Parser;
use kuramori_block::{ByteLen, ByteOffset, Extent, ExtentSet, MemoryDisk};

use crate::delta::{Delta, DeltaError, Place, write_cowd, write_sesparse};
use crate::stream_optimized::{
    GRAIN_BYTES, GrainCompression, StreamReadError, StreamReader, StreamWriteError, StreamWriter,
};

/// Two grain tables and a little.
const CAPACITY: u64 = 70 << 20;

/// Returns the parsers, each with bytes that it takes.
pub fn parsers() -> Vec<Parser> {
    let samples = [GrainCompression::Deflate(1), GrainCompression::Stored]
        .map(|how| sample(how).expect("writing to memory cannot fail"));
    vec![
        Parser::new("stream-optimized-vmdk", samples, |bytes| read(bytes).is_ok()),
        Parser::new("snapshot-delta", deltas(), |bytes| read_delta(bytes).is_ok()),
    ]
}

/// One delta of each format, of a disk of two tables.
fn deltas() -> Vec<Vec<u8>> {
    let disk = MemoryDisk::new(vec![7; 18 << 20]);
    let changed: ExtentSet =
        [Extent::new(512, 1024), Extent::new(17 << 20, 8192)].into_iter().collect();
    let zeroed: ExtentSet = [Extent::new(4096, 8192)].into_iter().collect();
    let (mut cowd, mut sesparse) = (Vec::new(), Vec::new());
    write_cowd(&mut cowd, &disk, &changed).expect("writing to memory cannot fail");
    write_sesparse(&mut sesparse, &disk, &changed, &zeroed).expect("nor can this");
    vec![cowd, sesparse]
}

/// Maps the beginning and the end of what the bytes say is a disk. Segments cover it without a
/// gap, and data lies in the file.
fn read_delta(bytes: &[u8]) -> Result<(), DeltaError> {
    let delta = Delta::open(Box::new(MemoryDisk::new(bytes.to_vec())))?;
    let capacity = delta.capacity().get();
    let most = capacity.min(40 << 20);
    for from in [0, capacity - most] {
        let mut at = from;
        for segment in delta.map(Extent::new(from, most))? {
            assert_eq!(segment.disk.offset.get(), at, "no gap");
            at = segment.disk.end().get();
            if let Place::File(file) = segment.place {
                assert!(file.saturating_add(segment.disk.len).get() <= bytes.len() as u64);
            }
        }
        assert_eq!(at, from + most, "all of it");
    }
    Ok(())
}

fn sample(how: GrainCompression) -> Result<Vec<u8>, StreamWriteError> {
    let mut writer = StreamWriter::new(Vec::new(), ByteLen::new(CAPACITY), how)?;
    let grain: Vec<u8> = (0..GRAIN_BYTES).map(|i| (i >> 11).to_le_bytes()[0]).collect();
    for at in [0, 3, 512, 1100] {
        writer.write_grain(ByteOffset::new(at * GRAIN_BYTES), &grain)?;
    }
    writer.finish()
}

/// Reads to the end. What comes out lies on the disk, whatever the bytes say.
fn read(bytes: &[u8]) -> Result<(), StreamReadError> {
    let mut reader = StreamReader::new(bytes)?;
    let (capacity, mut data) = (reader.capacity().get(), Vec::new());
    while let Some(at) = reader.next_grain(&mut data)? {
        assert!(data.len() as u64 <= GRAIN_BYTES, "a grain is no longer than a grain");
        assert!(at.get() + data.len() as u64 <= capacity, "a grain lies on the disk");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_bytes_do_no_harm() {
        kuramori_base::testing::torment(super::parsers());
    }
}
