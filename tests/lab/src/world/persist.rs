//! The state file: everything that must survive a restart, replaced as a whole.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::vm::VmState;
use crate::LabError;
use crate::disk::DiskMeta;

/// What is remembered between runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) shape: String,
    pub(crate) instance_uuid: String,
    pub(crate) next: u64,
    pub(crate) token: String,
    pub(crate) vms: Vec<VmState>,
    #[serde(default)]
    pub(crate) loose: Vec<DiskMeta>,
}

/// Returns where the state lies.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("state.json")
}

/// Reads the state; `None` in a new folder.
pub(crate) fn load(dir: &Path) -> Result<Option<State>, LabError> {
    let path = path(dir);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LabError::io(path)(e)),
    };
    serde_json::from_slice(&text).map(Some).map_err(|source| LabError::State { path, source })
}

/// Replaces the state. A kill leaves the old or the new one.
pub(crate) fn save(dir: &Path, state: &State) -> Result<(), LabError> {
    let path = path(dir);
    let part = dir.join("state.json.part");
    let text = serde_json::to_vec_pretty(state)
        .map_err(|source| LabError::State { path: path.clone(), source })?;
    fs::write(&part, text).map_err(LabError::io(&part))?;
    fs::rename(&part, &path).map_err(LabError::io(path))
}
