//! A sample of what the server shows of a disk, to compare with what is read in another way.

use kuramori_block::{ByteLen, ByteOffset, DiskReader};

use crate::backup::{VmBackup, causes};
use crate::disk::WayError;

/// Bytes compared at each place.
const SAMPLE: u64 = 64 << 10;
/// Places compared besides both ends.
const SAMPLES: usize = 14;

/// What the server shows: the length, and bytes at both ends and at random places.
pub(crate) struct Samples {
    capacity: ByteLen,
    taken: Vec<(ByteOffset, Vec<u8>)>,
}

impl Samples {
    /// Reads them all at once: once another reader holds the files, hosts show them no more.
    pub(crate) fn take(job: &VmBackup<'_>, shown: &dyn DiskReader) -> Result<Self, WayError> {
        let capacity = shown.capacity();
        let mut taken = Vec::new();
        for at in places(capacity) {
            let bytes = read(job, shown, ByteOffset::new(at), capacity)?;
            taken.push((ByteOffset::new(at), bytes));
        }
        Ok(Self { capacity, taken })
    }

    /// Refuses what has another length or other bytes.
    pub(crate) fn compare(
        &self,
        job: &VmBackup<'_>,
        here: &dyn DiskReader,
    ) -> Result<(), WayError> {
        let refused = |why: &str| Err(WayError::Refused(why.to_owned()));
        if here.capacity() != self.capacity {
            return refused("it is not as long as the server shows it");
        }
        for (at, there) in &self.taken {
            if read(job, here, *at, self.capacity)? != *there {
                return refused("it holds other bytes than the server shows");
            }
        }
        Ok(())
    }
}

fn read(
    job: &VmBackup<'_>,
    disk: &dyn DiskReader,
    at: ByteOffset,
    capacity: ByteLen,
) -> Result<Vec<u8>, WayError> {
    job.cancel.check().map_err(|e| WayError::Fatal(e.into()))?;
    let mut bytes = vec![0; ByteLen::new(SAMPLE.min(capacity.get() - at.get())).as_usize()];
    match disk.read_at(at, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            job.cancel.check().map_err(|e| WayError::Fatal(e.into()))?;
            Err(WayError::Refused(causes(&error)))
        }
    }
}

/// Returns where a disk is compared: both ends, and places at random.
fn places(len: ByteLen) -> Vec<u64> {
    let Some(last) = len.get().checked_sub(1) else { return Vec::new() };
    let last = last.saturating_sub(SAMPLE - 1);
    let mut random = fastrand::Rng::new();
    let mut places: Vec<u64> = (0..SAMPLES).map(|_| random.u64(0..=last)).collect();
    places.extend([0, last]);
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_on_the_disk_and_hold_both_ends() {
        assert!(places(ByteLen::ZERO).is_empty());
        assert_eq!(places(ByteLen::new(1)), [0]);
        assert_eq!(places(ByteLen::new(SAMPLE)), [0]);
        let of = places(ByteLen::new(10 * SAMPLE));
        assert_eq!((of.first(), of.last()), (Some(&0), Some(&(9 * SAMPLE))));
    }
}
