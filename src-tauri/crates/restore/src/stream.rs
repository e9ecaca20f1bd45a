use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kuramori_base::{CancelToken, Counters, Progress};
use kuramori_block::{ByteLen, DiskReader, Extent};
use kuramori_repo::DiskView;
use kuramori_vdisk::stream_optimized::{
    Adapter, GRAIN_BYTES, GrainCompression, StreamWriteError, StreamWriter, stored_len,
};

use kuramori_vsphere::VmHardware;

use crate::vm::VmRestoreError;

/// Bytes of disk turned into stream at once.
const PIECE: ByteLen = ByteLen::from_mib(1);

/// Returns the kind of a controller, which every VM may have without its being listed.
pub(crate) fn adapter_of(hardware: &VmHardware, controller_key: i32) -> Adapter {
    /// Keys of the controllers that every VM has.
    const IDE: [i32; 2] = [200, 201];
    let controller = hardware.controllers.iter().find(|c| c.key == controller_key);
    match controller.map(|c| c.kind.as_str()) {
        Some("VirtualBusLogicController") => Adapter::BusLogic,
        Some("VirtualIDEController") => Adapter::Ide,
        None if IDE.contains(&controller_key) => Adapter::Ide,
        _ => Adapter::LsiLogic,
    }
}

/// A disk of a recovery point as the stream a server takes, made while it is read. Grains are
/// stored, not compressed, so that the length is known before the first byte is sent.
pub(crate) struct DiskStream {
    view: DiskView,
    pieces: std::vec::IntoIter<Extent>,
    writer: Option<StreamWriter<Shared>>,
    ready: Shared,
    taken: usize,
    buffer: Vec<u8>,
    progress: Arc<dyn Progress>,
    cancel: CancelToken,
}

impl DiskStream {
    /// Begins a stream.
    pub(crate) fn new(
        (view, adapter): (DiskView, Adapter),
        progress: Arc<dyn Progress>,
        cancel: CancelToken,
    ) -> Result<(Self, ByteLen), VmRestoreError> {
        let capacity = view.capacity();
        let grain = ByteLen::new(GRAIN_BYTES);
        let data = view.allocated()?.unwrap_or_default().aligned(grain, capacity);
        let grains = data.pieces(grain).map(|g| g.offset.get() / GRAIN_BYTES);
        let length = stored_len(capacity, grains)?;
        let ready = Shared::default();
        let writer =
            StreamWriter::new(ready.clone(), (capacity, adapter), GrainCompression::Stored)?;
        let pieces = data.pieces(PIECE).collect::<Vec<_>>().into_iter();
        let stream = Self {
            view,
            pieces,
            writer: Some(writer),
            ready,
            taken: 0,
            buffer: Vec::new(),
            progress,
            cancel,
        };
        Ok((stream, length))
    }

    /// Makes more of the stream. Returns whether there was more.
    fn make_more(&mut self) -> io::Result<bool> {
        self.cancel.check().map_err(io::Error::other)?;
        self.ready.lock().clear();
        self.taken = 0;
        let Some(piece) = self.pieces.next() else {
            let Some(writer) = self.writer.take() else { return Ok(false) };
            writer.finish().map_err(io::Error::other)?;
            return Ok(true);
        };
        let writer = self.writer.as_mut().ok_or_else(|| io::Error::other("the stream ended"))?;
        self.buffer.resize(piece.len.as_usize(), 0);
        self.view.read_at(piece.offset, &mut self.buffer).map_err(io::Error::other)?;
        let grain = ByteLen::new(GRAIN_BYTES);
        let grains = self.buffer.chunks(grain.as_usize());
        for (extent, bytes) in piece.pieces(grain).zip(grains) {
            writer.write_grain(extent.offset, bytes).map_err(io::Error::other)?;
        }
        let bytes = piece.len.get();
        self.progress.add(Counters { read: bytes, ..Counters::default() });
        Ok(true)
    }
}

impl Read for DiskStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            {
                let ready = self.ready.lock();
                let left = ready.get(self.taken..).unwrap_or_default();
                if !left.is_empty() {
                    let n = left.len().min(buf.len());
                    buf[..n].copy_from_slice(&left[..n]);
                    self.taken += n;
                    return Ok(n);
                }
            }
            if !self.make_more()? {
                return Ok(0);
            }
        }
    }
}

/// Bytes of the stream that were made and not yet taken.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<StreamWriteError> for VmRestoreError {
    fn from(error: StreamWriteError) -> Self {
        Self::Config(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use kuramori_vsphere::Controller;

    use super::*;

    /// Field failure 26: a disk that was written for another controller than it hangs on.
    #[test]
    fn j26_a_disk_is_written_for_its_controller() {
        let controller = |key, kind: &str| Controller { key, kind: kind.to_owned(), bus: 0 };
        let hardware = VmHardware {
            controllers: vec![
                controller(1000, "ParaVirtualSCSIController"),
                controller(1001, "VirtualBusLogicController"),
                controller(15_000, "VirtualAHCIController"),
                controller(200, "VirtualIDEController"),
            ],
            ..VmHardware::default()
        };
        for (controller_key, expected) in [
            (1000, Adapter::LsiLogic),
            (1001, Adapter::BusLogic),
            (15_000, Adapter::LsiLogic),
            (200, Adapter::Ide),
            // Every VM has it, so configurations may leave it out.
            (201, Adapter::Ide),
        ] {
            assert_eq!(adapter_of(&hardware, controller_key), expected, "{controller_key}");
        }
    }
}
