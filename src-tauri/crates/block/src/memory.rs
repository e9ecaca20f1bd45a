use crate::{ByteLen, ByteOffset, DiskReader, ReadError};

/// A disk that lies in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    bytes: Vec<u8>,
}

impl MemoryDisk {
    /// Makes a disk of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Returns the bytes of the disk.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes of the disk for writing.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl DiskReader for MemoryDisk {
    fn capacity(&self) -> ByteLen {
        ByteLen::new(self.bytes.len() as u64)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        let start = ByteLen::new(offset.get()).as_usize();
        buf.copy_from_slice(&self.bytes[start..start + buf.len()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stop_at_the_end() {
        let disk = MemoryDisk::new(vec![7; 1024]);
        let mut buf = [0; 512];
        disk.read_at(ByteOffset::new(512), &mut buf).unwrap();
        assert_eq!(buf, [7; 512]);
        assert!(matches!(
            disk.read_at(ByteOffset::new(513), &mut buf),
            Err(ReadError::PastEnd { .. })
        ));
        assert!(disk.read_at(ByteOffset::new(u64::MAX), &mut buf).is_err());
    }
}
