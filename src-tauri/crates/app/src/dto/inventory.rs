use chrono::{DateTime, Utc};

use super::{ServerKind, TreesView, UnderView};

wire! {
    /// Asks for a server's inventory.
    pub struct InventoryRequest {
        /// The server's id.
        pub server_id: String,
        /// Read it again; otherwise the last one read is good enough, if there is one.
        pub refresh: bool,
    }

    /// Whether a VM runs.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum PowerView {
        /// Running.
        On,
        /// Off.
        Off,
        /// Suspended.
        Suspended,
        /// The server does not say.
        Unknown,
    }

    /// Whether changed block tracking helps with a VM.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum TrackingView {
        /// On: the next backup reads only what changed.
        On,
        /// Off: the next backup turns it on.
        Off,
        /// The VM cannot have it: each backup reads everything.
        Unsupported,
    }

    /// One disk of a VM.
    pub struct VmDiskView {
        /// Key on the server.
        pub key: i32,
        /// Identity that stays when it moves; not all have one.
        pub uuid: Option<String>,
        /// Name on the server, such as `Hard disk 1`.
        pub label: String,
        /// Size as the guest sees it.
        pub capacity: u64,
        /// Whether it takes room only for what was written.
        pub thin: bool,
        /// Why it is left out of backups; `null` when it is not.
        pub left_out: Option<String>,
        /// What is special about how it is saved, where something is.
        pub note: Option<String>,
    }

    /// The newest recovery point of a VM.
    pub struct LastPoint {
        /// Its id.
        pub id: String,
        /// When its data was frozen.
        pub taken_at: DateTime<Utc>,
        /// Where it lies.
        pub repository_id: String,
    }

    /// One VM on a server.
    pub struct VmView {
        /// Reference on this server, such as `vm-42`.
        pub reference: String,
        /// Identity across servers and renames.
        pub instance_uuid: Option<String>,
        /// Name.
        pub name: String,
        /// Folders from the root to the VM.
        pub path: Vec<String>,
        /// Host it lies on.
        pub host: Option<String>,
        /// Power.
        pub power: PowerView,
        /// Guest operating system.
        pub guest: Option<String>,
        /// Whether VMware Tools run in it.
        pub tools_running: bool,
        /// Whether it is a template.
        pub template: bool,
        /// Whether it is not meant to be saved: a template, or one that vSphere made for itself.
        pub of_system: bool,
        /// Changed block tracking.
        pub tracking: TrackingView,
        /// Number of snapshots it has.
        pub snapshots: u32,
        /// Its disks.
        pub disks: Vec<VmDiskView>,
        /// Sum of the disks' sizes.
        pub capacity: u64,
        /// Room taken on datastores, where known.
        pub used: Option<u64>,
        /// Newest recovery point, where there is one.
        pub last_point: Option<LastPoint>,
        /// Why it cannot be backed up as it is; `null` when it can.
        pub problem: Option<String>,
        /// Whether it can be copied without a snapshot now, since it does not run.
        pub cold: bool,
        /// Names of other servers that show it too. It is listed here alone.
        pub also_through: Vec<String>,
        /// Since when it is no longer on the server; only its recovery points are left.
        pub gone_since: Option<DateTime<Utc>>,
        /// What is special about it although it can be backed up, a sentence each.
        pub notes: Vec<String>,
    }

    /// A place for VM files on a server.
    pub struct DatastoreView {
        /// Name.
        pub name: String,
        /// VMFS, NFS …
        pub kind: String,
        /// Size.
        pub capacity: u64,
        /// Room left.
        pub free: u64,
        /// Whether it can be used right now.
        pub accessible: bool,
    }

    /// What a server holds.
    pub struct InventoryView {
        /// The server's id.
        pub server_id: String,
        /// The server's name.
        pub server_name: String,
        /// What the server is.
        pub kind: ServerKind,
        /// When it was read.
        pub read_at: DateTime<Utc>,
        /// VMs by name.
        pub vms: Vec<VmView>,
        /// Datastores by name.
        pub datastores: Vec<DatastoreView>,
        /// The VMs in four orders.
        pub trees: TreesView,
        /// Where VMs that this host shows too are listed instead.
        pub under: Vec<UnderView>,
    }
}
