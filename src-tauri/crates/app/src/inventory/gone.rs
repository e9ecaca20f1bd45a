//! VMs that are no longer on their server but have recovery points.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::files;

/// Since when VMs are missing, by server and VM.
type Missing = BTreeMap<String, BTreeMap<String, DateTime<Utc>>>;

/// Notes which VMs of a server are missing as of one reading and returns since when. One that came
/// back is forgotten. Blocks.
pub(super) fn since(
    app: &App,
    server: &str,
    present: &HashSet<String>,
    missing: &HashSet<String>,
    read_at: DateTime<Utc>,
) -> BTreeMap<String, DateTime<Utc>> {
    let path = app.inner.state.join("gone.json");
    let _alone = app.inner.gone.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = load(&path);
    let mut all = before.clone();
    let servers = app.inner.settings.get().servers;
    all.retain(|id, _| servers.iter().any(|server| server.id == *id));
    let of_server = all.entry(server.to_owned()).or_default();
    of_server.retain(|vm, _| !present.contains(vm));
    for vm in missing {
        of_server.entry(vm.clone()).or_insert(read_at);
    }
    let answer = of_server.clone();
    all.retain(|_, vms| !vms.is_empty());
    if all != before
        && let Err(error) = serde_json::to_vec_pretty(&all)
            .map_err(std::io::Error::other)
            .and_then(|bytes| files::replace(&path, &bytes))
    {
        // The VMs are shown all the same; after a restart they count as gone since then.
        tracing::warn!(%error, path = %path.display(), "since when VMs are gone is not kept");
    }
    answer
}

/// Returns since when VMs are missing on servers that are still known, by VM. Blocks.
pub(super) fn all(app: &App) -> BTreeMap<String, DateTime<Utc>> {
    let servers = app.inner.settings.get().servers;
    let missing = load(&app.inner.state.join("gone.json")).into_iter();
    let known = missing.filter(|(id, _)| servers.iter().any(|server| server.id == *id));
    known.flat_map(|(_, vms)| vms).collect()
}

fn load(path: &PathBuf) -> Missing {
    let bytes = match fs_err::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Missing::new(),
        Err(error) => {
            tracing::warn!(%error, "since when VMs are gone cannot be read");
            return Missing::new();
        }
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %path.display(), "since when VMs are gone is damaged");
        Missing::new()
    })
}
