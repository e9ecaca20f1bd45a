use chrono::{DateTime, Utc};
use kuramori_base::CancelToken;

use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::{CONFIG_PATHS, VmConfig, vm_config};
use crate::inventory::{decode_name, encode_name};
use crate::refs::{SnapshotRef, VmRef};
use crate::task::OnPercent;
use crate::transport::DatastorePath;
use crate::xml::Node;

/// The snapshot to make. Memory is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// Name.
    pub name: String,
    /// Description; the place to say whose it is.
    pub description: String,
    /// Whether the guest is asked to hold its writes. Needs running VMware Tools.
    pub quiesce: bool,
}

/// A snapshot in the tree of a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotNode {
    /// Which snapshot.
    pub reference: SnapshotRef,
    /// The one it was made on.
    pub parent: Option<SnapshotRef>,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// When it was made, by the clock of the server.
    pub created: Option<DateTime<Utc>>,
    /// Whether the guest held its writes.
    pub quiesced: bool,
}

/// Snapshots in a tree; vSphere allows 32 in a chain.
const MAX_SNAPSHOTS: usize = 4096;

impl Client {
    /// Makes a snapshot.
    ///
    /// # Errors
    /// [`VsphereError::RestrictedVersion`] on a free edition, [`VsphereError::TaskFailed`] with the
    /// server's reason, such as `ApplicationQuiesceFault`. When the connection fails the snapshot
    /// may exist nevertheless: look at [`Client::snapshots`].
    ///
    /// # Cancellation
    /// A snapshot that was made in spite of it is returned, and is the caller's to remove.
    pub async fn create_snapshot(
        &self,
        vm: &VmRef,
        request: &SnapshotRequest,
        on_percent: OnPercent<'_>,
        cancel: &CancelToken,
    ) -> Result<SnapshotRef, VsphereError> {
        const ACTION: &str = "make a snapshot";
        let reply = self
            .change(ACTION, "CreateSnapshot_Task", &vm.mo(), |w| {
                w.text("name", encode_name(&request.name));
                w.text("description", &request.description);
                w.text("memory", false);
                w.text("quiesce", request.quiesce);
            })
            .await?;
        let result = self.finish_task(ACTION, &reply, on_percent, cancel).await?;
        let snapshot = result.map(|node| node.text).filter(|text| !text.is_empty());
        snapshot
            .map(SnapshotRef::new)
            .ok_or_else(|| VsphereError::missing(ACTION, "the new snapshot"))
    }

    /// Removes a snapshot and merges its disks. Its children stay. One that is gone already is no
    /// error.
    ///
    /// # Errors
    /// As every call. After a failed merge the VM still runs on deltas: see
    /// [`Client::consolidation_needed`].
    ///
    /// # Cancellation
    /// The merge is asked to stop, and may go on.
    pub async fn remove_snapshot(
        &self,
        snapshot: &SnapshotRef,
        on_percent: OnPercent<'_>,
        cancel: &CancelToken,
    ) -> Result<(), VsphereError> {
        const ACTION: &str = "remove a snapshot";
        let reply = self
            .change(ACTION, "RemoveSnapshot_Task", &snapshot.mo(), |w| {
                w.text("removeChildren", false);
                w.text("consolidate", true);
            })
            .await;
        let ended = match reply {
            Ok(reply) => self.finish_task(ACTION, &reply, on_percent, cancel).await.map(|_| ()),
            Err(error) => Err(error),
        };
        match ended {
            Err(VsphereError::NotFound { .. }) => Ok(()),
            other => other,
        }
    }

    /// Returns all snapshots of a VM, each after its parent.
    ///
    /// # Errors
    /// As every call.
    pub async fn snapshots(&self, vm: &VmRef) -> Result<Vec<SnapshotNode>, VsphereError> {
        let properties = self.properties("list snapshots", &vm.mo(), &["snapshot"]).await?;
        Ok(properties.get("snapshot").map(tree).unwrap_or_default())
    }

    /// Returns the file that the host made for a snapshot alone. Its name is never given out again,
    /// unlike those of links. `None` when the server does not say.
    ///
    /// # Errors
    /// As every call.
    pub async fn snapshot_file(
        &self,
        vm: &VmRef,
        snapshot: &SnapshotRef,
    ) -> Result<Option<DatastorePath>, VsphereError> {
        const PATHS: &[&str] = &["layoutEx"];
        let properties = self.properties("find the file of a snapshot", &vm.mo(), PATHS).await?;
        let Some(layout) = properties.get("layoutEx") else { return Ok(None) };
        let ours = |node: &&Node| node.text_at("key") == Some(snapshot.as_str());
        let data = layout.all("snapshot").find(ours).and_then(|node| node.text_at("dataKey"));
        let is_it = |file: &&Node| data.is_some() && file.text_at("key") == data;
        let name = layout.all("file").find(is_it).and_then(|file| file.text_at("name"));
        Ok(name.and_then(|name| name.parse().ok()))
    }

    /// Returns whether the VM runs on deltas that no snapshot needs any more.
    ///
    /// # Errors
    /// As every call.
    pub async fn consolidation_needed(&self, vm: &VmRef) -> Result<bool, VsphereError> {
        const PATH: &str = "runtime.consolidationNeeded";
        let properties =
            self.properties("look whether disks need merging", &vm.mo(), &[PATH]).await?;
        Ok(properties.bool(PATH).unwrap_or(false))
    }

    /// Merges deltas that no snapshot needs.
    ///
    /// # Errors
    /// As every call; `FileLocked` says that somebody still reads a disk.
    pub async fn consolidate(
        &self,
        vm: &VmRef,
        on_percent: OnPercent<'_>,
        cancel: &CancelToken,
    ) -> Result<(), VsphereError> {
        const ACTION: &str = "merge the disks of the VM";
        let reply = self.change(ACTION, "ConsolidateVMDisks_Task", &vm.mo(), |_| {}).await?;
        self.finish_task(ACTION, &reply, on_percent, cancel).await?;
        Ok(())
    }

    /// Returns the configuration a snapshot froze: the disks' links, change ids and keys to read,
    /// and the hardware to keep.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when the snapshot is gone.
    pub async fn snapshot_config(&self, snapshot: &SnapshotRef) -> Result<VmConfig, VsphereError> {
        const ACTION: &str = "read the configuration of a snapshot";
        let properties = self.properties(ACTION, &snapshot.mo(), CONFIG_PATHS).await?;
        vm_config(ACTION, &properties)
    }

    /// Returns the present configuration of a VM.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when the VM is gone.
    pub async fn vm_config(&self, vm: &VmRef) -> Result<VmConfig, VsphereError> {
        const ACTION: &str = "read the configuration of a VM";
        let properties = self.properties(ACTION, &vm.mo(), CONFIG_PATHS).await?;
        vm_config(ACTION, &properties)
    }
}

/// Flattens the `snapshot` property of a VM.
pub(crate) fn tree(info: &Node) -> Vec<SnapshotNode> {
    let mut found = Vec::new();
    let mut open: Vec<(Option<SnapshotRef>, &Node)> =
        info.all("rootSnapshotList").map(|node| (None, node)).collect();
    open.reverse();
    while let Some((parent, node)) = open.pop() {
        let Some(reference) = node.string_at("snapshot").map(SnapshotRef::new) else { continue };
        if found.len() >= MAX_SNAPSHOTS {
            break;
        }
        let children = node.all("childSnapshotList");
        open.extend(children.map(|child| (Some(reference.clone()), child)));
        found.push(SnapshotNode {
            reference,
            parent,
            name: decode_name(node.text_at("name").unwrap_or_default()),
            description: node.string_at("description").unwrap_or_default(),
            created: node.text_at("createTime").and_then(|time| time.parse().ok()),
            quiesced: node.bool_at("quiesced").unwrap_or(false),
        });
    }
    found
}
