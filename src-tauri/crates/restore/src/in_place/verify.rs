//! Reading back what was sent, before anything depends on it.

use kuramori_base::{CancelToken, Counters, Progress};
use kuramori_block::{ByteLen, ByteOffset, DiskReader};
use kuramori_repo::DiskView;
use kuramori_vsphere::transport::{DatastoreHttp, DatastoreHttpError};
use kuramori_vsphere::{Client, DiskConfig};

use super::error::InPlaceError;
use crate::vm::VmRestoreError;

/// Bytes compared at once.
const PIECE: ByteLen = ByteLen::from_mib(2);

/// Whether what was sent could be read back.
pub(super) enum ReadBack {
    /// It is the same.
    Same,
    /// The server does not let this disk be read as a file.
    Refused(String),
}

/// Compares the data of a disk of a recovery point with what lies on the datastore.
pub(super) fn read_back(
    client: &Client,
    view: &DiskView,
    disk: &DiskConfig,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<ReadBack, InPlaceError> {
    let opened = client
        .handle()
        .block_on(async { DatastoreHttp::new(client).await?.open(disk, cancel.clone()).await });
    let files = match opened {
        Ok(files) => files,
        Err(error) => match error.export_instead() {
            Some(reason) => return Ok(ReadBack::Refused(reason.to_string())),
            None => return Err(failed(error)),
        },
    };
    let data = view.allocated().map_err(VmRestoreError::from)?.unwrap_or_default();
    let (mut wanted, mut found) = (Vec::new(), Vec::new());
    for piece in data.pieces(PIECE) {
        cancel.check().map_err(VmRestoreError::from)?;
        wanted.resize(piece.len.as_usize(), 0);
        found.resize(piece.len.as_usize(), 0);
        view.read_at(piece.offset, &mut wanted).map_err(VmRestoreError::from)?;
        files.base.read_at(piece.offset, &mut found).map_err(VmRestoreError::from)?;
        if let Some(at) = wanted.iter().zip(&found).position(|(a, b)| a != b) {
            let at = ByteOffset::get(piece.offset) + at as u64;
            return Err(InPlaceError::NotWritten { disk: disk.label.clone(), at });
        }
        progress.add(Counters { read: piece.len.get(), ..Counters::default() });
    }
    Ok(ReadBack::Same)
}

fn failed(error: DatastoreHttpError) -> InPlaceError {
    match error {
        DatastoreHttpError::Call(e) => e.into(),
        DatastoreHttpError::Cancelled(e) => VmRestoreError::Cancelled(e).into(),
        other => {
            VmRestoreError::Read(kuramori_block::ReadError::source(ByteOffset::ZERO, other)).into()
        }
    }
}
