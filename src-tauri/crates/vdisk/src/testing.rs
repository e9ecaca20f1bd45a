//! For tests: the parsers of this crate.

use kuramori_base::testing::Parser;
use kuramori_block::{ByteLen, ByteOffset};

use crate::stream_optimized::{
    GRAIN_BYTES, GrainCompression, StreamReadError, StreamReader, StreamWriteError, StreamWriter,
};

/// Two grain tables and a little.
const CAPACITY: u64 = 70 << 20;

/// Returns the parsers, each with bytes that it takes.
pub fn parsers() -> Vec<Parser> {
    let samples = [GrainCompression::Deflate(1), GrainCompression::Stored]
        .map(|how| sample(how).expect("writing to memory cannot fail"));
    vec![Parser::new("stream-optimized-vmdk", samples, |bytes| read(bytes).is_ok())]
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
        for mut parser in super::parsers() {
            parser.torment(1);
        }
    }
}
