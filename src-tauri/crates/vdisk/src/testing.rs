//! For tests: the parsers of this crate.

use kuramori_base::testing::Parser;
use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, MemoryDisk};

use crate::delta::{Delta, DeltaError, Place, write_cowd, write_sesparse};
use crate::hosted::{FileSet, FileSetError, HostedDisk, SetFile};
use crate::stream_optimized::{
    Adapter, GRAIN_BYTES, GrainCompression, StreamReadError, StreamReader, StreamWriteError,
    StreamWriter,
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
        Parser::new("hosted-vmdk", hosted(), |bytes| read_hosted(bytes).is_ok()),
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

/// A packed and a plain sparse file, and a descriptor of a disk in two files.
fn hosted() -> Vec<Vec<u8>> {
    let capacity = ByteLen::new(3 * GRAIN_BYTES);
    let mut packed =
        StreamWriter::new(Vec::new(), (capacity, Adapter::default()), GrainCompression::Deflate(1))
            .expect("writing to memory cannot fail");
    packed.write_grain(ByteOffset::new(GRAIN_BYTES), &[7; 4096].repeat(16)).expect("nor can this");
    let packed = packed.finish().expect("nor this");
    // One directory, one table, three grains of a sector.
    let mut plain = vec![0; 12 * 512];
    let mut put = |at: usize, bytes: &[u8]| {
        let place = plain.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.expect("the sample is long enough").copy_from_slice(bytes);
    };
    put(0, b"KDMV\x01\0\0\0\x05\0\0\0");
    for (at, field) in [(12, 64u64), (20, 1), (28, 1), (36, 1), (44, 512), (56, 2), (64, 8)] {
        put(at, &field.to_le_bytes());
    }
    put(512, TEXT.replace("FLAT \"flat\" 0", "SPARSE \"self\"").as_bytes());
    put(2 * 512, &3u32.to_le_bytes());
    for (entry, sector) in [(0, 8u32), (1, 9), (5, 10), (6, 1)] {
        put(3 * 512 + entry * 4, &sector.to_le_bytes());
    }
    put(8 * 512, &[9; 3 * 512]);
    vec![packed, plain, TEXT.as_bytes().to_vec()]
}

const TEXT: &str = "# Disk DescriptorFile\nversion=1\nCID=1b2c3d4e\nparentCID=ffffffff\n\
    createType=\"custom\"\nRW 64 FLAT \"flat\" 0\n";

/// Whatever a disk calls them: itself, and a file of 64 KiB.
struct Named(Vec<u8>);

impl FileSet for Named {
    fn open(&self, by: &str, name: &str) -> Result<SetFile, FileSetError> {
        let bytes = if by.is_empty() { self.0.clone() } else { vec![5; 64 << 10] };
        Ok(SetFile { name: name.to_owned(), bytes: Box::new(MemoryDisk::new(bytes)) })
    }
}

/// Opens a disk and reads the beginning of every part that may hold anything.
fn read_hosted(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let disk = HostedDisk::open(&Named(bytes.to_vec()), "disk.vmdk")?;
    let mut buf = Vec::new();
    for part in disk.allocated()?.into_iter().flat_map(|held| held.iter().collect::<Vec<_>>()) {
        assert!(part.end().get() <= disk.capacity().get(), "a part lies on the disk");
        buf.resize(part.len.get().min(256 << 10).try_into()?, 0);
        disk.read_at(part.offset, &mut buf)?;
    }
    Ok(())
}

fn sample(how: GrainCompression) -> Result<Vec<u8>, StreamWriteError> {
    let mut writer =
        StreamWriter::new(Vec::new(), (ByteLen::new(CAPACITY), Adapter::default()), how)?;
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
