//! Reads a whole disk as the stream of an export lease.

use std::io::{self, Read};

use kuramori_base::{Cancelled, Counters, WaitedFor};
use kuramori_block::{ByteLen, ByteOffset, ReadError};
use kuramori_jobs::Level;
use kuramori_repo::{ChunkIndex, DiskWriter};
use kuramori_vdisk::stream_optimized::StreamReader;
use kuramori_vsphere::transport::{ExportError, ExportLease, ExportStream};
use kuramori_vsphere::{DiskConfig, SnapshotRef, VmConfig, VsphereError};

use crate::backup::{VmBackup, causes};
use crate::guards::pause;
use crate::observer::Step;
use crate::pipeline::{PipelineError, Watch};
use crate::report::RunEvent;

fn source(
    at: ByteOffset,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PipelineError {
    PipelineError::Read(ReadError::source(at, error))
}

/// Copies a disk of a snapshot. Returns the number of bytes that came. The lease is completed or
/// aborted before this returns.
pub(crate) fn copy(
    job: &VmBackup<'_>,
    (snapshot, config): (&SnapshotRef, &VmConfig),
    disk: &DiskConfig,
    writer: &DiskWriter,
    watch: Watch<'_>,
) -> Result<ByteLen, PipelineError> {
    let lease = begin(job, (snapshot, config), disk, watch)?;
    let copied =
        job.wait(lease.open(disk.key, watch.cancel.clone())).map_err(export_failed).and_then(
            |stream| take(Held { stream, watch }, disk, writer, job.repository.chunk_len(), watch),
        );
    match copied {
        Ok(read) => {
            job.wait(lease.complete()).map_err(|e| source(ByteOffset::ZERO, e))?;
            Ok(read)
        }
        Err(error) => {
            // The first error is the one to tell; an abandoned lease times out on the server.
            if let Err(abort) = job.wait(lease.abort()) {
                tracing::warn!(error = %abort, "an export lease could not be aborted");
            }
            Err(error)
        }
    }
}

/// Opens a lease. A host without memory for one more transfer is waited for: it has some again when
/// another ends. So is a VM of which the server gives one lease at a time.
fn begin(
    job: &VmBackup<'_>,
    (snapshot, config): (&SnapshotRef, &VmConfig),
    disk: &DiskConfig,
    watch: Watch<'_>,
) -> Result<ExportLease, PipelineError> {
    let begun = job.clock.monotonic();
    let failed = |error: VsphereError| export_failed(error.into());
    let (mut told, mut taken_told) = (false, false);
    loop {
        let lease = ExportLease::start_snapshot(job.client, snapshot, config, watch.cancel);
        let error = match job.wait(lease) {
            Ok(lease) => return Ok(lease),
            Err(error) => error,
        };
        let waited = job.clock.monotonic().saturating_sub(begun);
        let taken = error.is_taken();
        // A lease of ours on another disk lasts as long as that disk takes.
        let at_work = taken && job.wait(job.client.has_running_task(job.vm)).map_err(failed)?;
        let late = waited >= job.policy.task_patience && !at_work;
        if late || !(taken || error.is_out_of_memory()) {
            return Err(export_failed(error));
        }
        let said = if taken { &mut taken_told } else { &mut told };
        if !std::mem::replace(said, true) {
            let (disk, reason) = (disk.label.clone(), causes(&error));
            let event = if taken {
                RunEvent::WaitingForLease { disk, reason }
            } else {
                RunEvent::WaitingForMemory { disk, reason }
            };
            watch.observer.event(Level::Info, event);
        }
        pause(job).map_err(|_| PipelineError::Cancelled(Cancelled))?;
    }
}

/// A stream that is held back with everything else that is read.
struct Held<'a> {
    stream: ExportStream,
    watch: Watch<'a>,
}

impl Read for Held<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.watch.timed(WaitedFor::Source, || self.stream.read(buf))?;
        self.watch.pass(got as u64).map_err(io::Error::other)?;
        Ok(got)
    }
}

fn export_failed(error: ExportError) -> PipelineError {
    match error {
        ExportError::Cancelled(e) => e.into(),
        e => source(ByteOffset::ZERO, e),
    }
}

/// Takes grains of the stream, in rising order, together to chunks. What the stream leaves out is
/// zeros, as in a writer without a parent.
fn take(
    stream: impl Read,
    disk: &DiskConfig,
    writer: &DiskWriter,
    chunk: ByteLen,
    watch: Watch<'_>,
) -> Result<ByteLen, PipelineError> {
    let mut reader = StreamReader::new(stream).map_err(|e| source(ByteOffset::ZERO, e))?;
    if reader.capacity() != disk.capacity {
        let said = format!("the stream is of {}, the disk of {}", reader.capacity(), disk.capacity);
        return Err(source(ByteOffset::ZERO, said));
    }
    let (mut read, mut reached) = (0, 0);
    let mut pending: Option<(u64, Vec<u8>)> = None;
    let mut grain = Vec::new();
    while let Some(offset) =
        reader.next_grain(&mut grain).map_err(|e| source(ByteOffset::new(reached), e))?
    {
        watch.cancel.check()?;
        read += grain.len() as u64;
        let mut at = offset.get();
        let mut rest = grain.as_slice();
        while !rest.is_empty() {
            let index = at / chunk.get();
            if pending.as_ref().is_none_or(|(current, _)| *current != index) {
                flush(writer, pending.take())?;
                let bytes = writer.chunk_bytes(ChunkIndex::new(index)).unwrap_or_default();
                let mut fresh = writer.buffer();
                fresh.resize(bytes.as_usize(), 0);
                pending = Some((index, fresh));
            }
            if let Some((_, buffer)) = &mut pending {
                let within = ByteLen::new(at % chunk.get()).as_usize();
                let n = rest.len().min(buffer.len().saturating_sub(within));
                if n == 0 {
                    return Err(source(offset, "the stream holds bytes past the end of the disk"));
                }
                buffer[within..within + n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                at += n as u64;
            }
        }
        watch.progress.add(Counters {
            done: at - reached,
            read: grain.len() as u64,
            ..Counters::default()
        });
        reached = at;
        watch.observer.step(Step::MidRead);
    }
    flush(writer, pending)?;
    let tail = disk.capacity.get() - reached;
    watch.progress.add(Counters { done: tail, ..Counters::default() });
    Ok(ByteLen::new(read))
}

fn flush(writer: &DiskWriter, pending: Option<(u64, Vec<u8>)>) -> Result<(), PipelineError> {
    if let Some((index, data)) = pending {
        writer.write(ChunkIndex::new(index), data)?;
    }
    Ok(())
}
