use std::collections::BTreeMap;

use kuramori_block::{ByteLen, ByteOffset};
use proptest::prelude::*;

use super::*;

type Grains = BTreeMap<u64, Vec<u8>>;

fn write(capacity: u64, grains: &Grains, how: GrainCompression) -> Vec<u8> {
    let mut writer =
        StreamWriter::new(Vec::new(), (ByteLen::new(capacity), Adapter::default()), how).unwrap();
    for (grain, data) in grains {
        writer.write_grain(ByteOffset::new(grain * GRAIN_BYTES), data).unwrap();
    }
    writer.finish().unwrap()
}

fn read(stream: &[u8]) -> Result<(u64, Grains), StreamReadError> {
    let mut reader = StreamReader::new(stream)?;
    let (mut grains, mut data) = (Grains::new(), Vec::new());
    while let Some(at) = reader.next_grain(&mut data)? {
        grains.insert(at.get() / GRAIN_BYTES, data.clone());
    }
    Ok((reader.capacity().get(), grains))
}

fn disk() -> impl Strategy<Value = (u64, Grains)> {
    // Up to 160 MiB, so that several grain tables appear.
    (1u64..320_000, prop::collection::vec((any::<u32>(), any::<u8>(), any::<bool>()), 0..12))
        .prop_map(|(sectors, picks)| {
            let capacity = sectors * 512;
            let count = capacity.div_ceil(GRAIN_BYTES);
            let grains = picks.into_iter().map(|(pick, fill, noisy)| {
                let grain = u64::from(pick) % count;
                let len = (capacity - grain * GRAIN_BYTES).min(GRAIN_BYTES);
                let byte = |i: u64| {
                    if noisy {
                        (i.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0] ^ fill
                    } else {
                        fill
                    }
                };
                (grain, (0..len).map(byte).collect())
            });
            (capacity, grains.collect())
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_read((capacity, grains) in disk(), deflate in any::<bool>()) {
        let how = if deflate { GrainCompression::Deflate(1) } else { GrainCompression::Stored };
        let stream = write(capacity, &grains, how);
        prop_assert_eq!(read(&stream).unwrap(), (capacity, grains));
    }

    #[test]
    fn stored_length_is_known_beforehand((capacity, grains) in disk()) {
        let stream = write(capacity, &grains, GrainCompression::Stored);
        let expected = stored_len(ByteLen::new(capacity), grains.keys().copied()).unwrap();
        prop_assert_eq!(expected.get(), stream.len() as u64);
    }

    #[test]
    fn a_cut_stream_is_never_taken_for_whole((capacity, grains) in disk(), cut in any::<prop::sample::Index>()) {
        let mut stream = write(capacity, &grains, GrainCompression::Deflate(1));
        stream.truncate(cut.index(stream.len()));
        prop_assert!(read(&stream).is_err(), "a stream without its end mark must be refused");
    }

    #[test]
    fn damage_yields_an_error_or_bytes_on_the_disk(
        (capacity, grains) in disk(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        in_heads in any::<bool>(),
    ) {
        let mut stream = write(capacity, &grains, GrainCompression::Deflate(1));
        for (place, byte) in hits {
            let at = place.index(stream.len());
            let at = if in_heads { at / 512 * 512 + at % 80 } else { at };
            if let Some(slot) = stream.get_mut(at) {
                *slot = byte;
            }
        }
        if let Ok((capacity, grains)) = read(&stream) {
            for (grain, data) in grains {
                prop_assert!(grain * GRAIN_BYTES + data.len() as u64 <= capacity);
            }
        }
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(read(&noise).is_err());
    }
}

#[test]
fn grains_must_rise_and_lie_on_the_disk() {
    let capacity = ByteLen::new(3 * GRAIN_BYTES - 512);
    let mut writer =
        StreamWriter::new(Vec::new(), (capacity, Adapter::default()), GrainCompression::Deflate(6))
            .unwrap();
    let grain = vec![1; 64 * 1024];
    assert!(writer.write_grain(ByteOffset::new(512), &grain).is_err(), "not on a grain");
    assert!(writer.write_grain(ByteOffset::new(0), &grain[..512]).is_err(), "too short");
    writer.write_grain(ByteOffset::new(GRAIN_BYTES), &grain).unwrap();
    assert!(writer.write_grain(ByteOffset::new(GRAIN_BYTES), &grain).is_err(), "twice");
    assert!(writer.write_grain(ByteOffset::new(0), &grain).is_err(), "goes back");
    let last = ByteOffset::new(2 * GRAIN_BYTES);
    assert!(writer.write_grain(last, &grain).is_err(), "past the end of the disk");
    writer.write_grain(last, &grain[512..]).unwrap();
    assert!(stored_len(capacity, [1, 1]).is_err(), "the length has the same rules");
    assert!(stored_len(capacity, [3]).is_err());
}

#[test]
fn the_smallest_disks_with_data_are_read() {
    // One table, one directory and one footer, however small the disk is.
    for sectors in [1, 7, 128, 4095, 4096, 65_536, 65_537] {
        let len = usize::try_from(sectors * 512).unwrap().min(64 * 1024);
        let grains = Grains::from([(0, vec![9; len])]);
        let stream = write(sectors * 512, &grains, GrainCompression::Stored);
        assert_eq!(read(&stream).unwrap(), (sectors * 512, grains), "{sectors} sectors");
    }
}

#[test]
fn impossible_capacities_are_refused() {
    for bytes in [0, 511, 513, u64::MAX - 511] {
        let made = StreamWriter::new(
            Vec::new(),
            (ByteLen::new(bytes), Adapter::default()),
            GrainCompression::Stored,
        );
        assert!(made.is_err(), "{bytes}");
    }
}

#[test]
fn a_grain_that_unpacks_past_its_size_is_refused() {
    let grains = Grains::from([(0, vec![0; 64 * 1024])]);
    let mut stream = write(GRAIN_BYTES, &grains, GrainCompression::Deflate(9));
    // Make the header claim smaller grains than the data holds.
    stream[20..28].copy_from_slice(&64u64.to_le_bytes());
    assert!(matches!(read(&stream), Err(StreamReadError::Damaged { .. })));
}

#[test]
fn damaged_data_does_not_unpack() {
    let grains = Grains::from([(0, vec![7; 64 * 1024])]);
    let mut stream = write(GRAIN_BYTES, &grains, GrainCompression::Stored);
    stream[64 * 1024 + 5000] ^= 1;
    assert!(
        matches!(read(&stream), Err(StreamReadError::Inflate { .. })),
        "the checksum is checked"
    );
}
