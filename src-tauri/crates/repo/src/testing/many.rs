//! For measurements: more recovery points than anybody would wait for.

use std::io;

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::manifest::VmIdentity;
use crate::format::session::Outcome;
use crate::format::{cbor, names};
use crate::ids::{ObjectHash, RecoveryPointId, SessionId};
use crate::repository::Repository;
use crate::store::BlobName;

/// Copies the newest recovery point: for each VM so many, a day apart, the last of them now. `put`
/// stores an object; it may be quicker than a store that people rely on.
///
/// # Errors
/// [`RepoError::Invalid`] when there is none to copy; what the store or `put` says.
pub fn copy_points(
    repository: &Repository,
    vms: &[VmIdentity],
    each: u32,
    now: DateTime<Utc>,
    mut put: impl FnMut(&BlobName, &[u8]) -> io::Result<()>,
) -> Result<(), RepoError> {
    let mut put = |name: &BlobName, bytes: &[u8]| {
        put(name, bytes).map_err(|e| RepoError::invalid(format!("{name} cannot be written: {e}")))
    };
    let inner = &repository.inner;
    let known = inner.committed()?.all.pop();
    let model = known.ok_or_else(|| RepoError::invalid("there is nothing to copy"))?;
    let mut sequence = model.manifest.sequence;
    for day in (0..each).rev() {
        let time = now - TimeDelta::days(i64::from(day));
        let nanos = time.timestamp_nanos_opt().unwrap_or_default();
        for vm in vms {
            sequence += 1;
            let mut manifest = model.manifest.clone();
            (manifest.id, manifest.session) = (RecoveryPointId::random()?, SessionId::random()?);
            (manifest.vm, manifest.sequence) = (vm.clone(), sequence);
            (manifest.snapshot_time, manifest.started, manifest.committed) = (time, time, time);
            let (point, session) = (manifest.id, manifest.session);
            let folder = names::place(&inner.keys.place(&vm.key()));
            let body = cbor::encode(&manifest);
            let bytes = inner.sealing().seal(ObjectType::Manifest, &folder, &body, nanos)?;
            let hash = ObjectHash::of(&bytes);
            put(&names::manifest(&folder, hash), &bytes)?;
            let name = names::session_outcome(session);
            let body = cbor::encode(&Outcome::Committed { manifest: hash, point });
            let object = ObjectType::SessionOutcome;
            put(&name, &inner.sealing().seal(object, name.as_str(), &body, nanos)?)?;
        }
    }
    Ok(())
}
