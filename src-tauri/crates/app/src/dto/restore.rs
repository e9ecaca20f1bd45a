use super::{DatastoreView, ErrorView};

wire! {
    /// What a server offers to a restored VM.
    pub struct RestoreTargets {
        /// Datastores by name.
        pub datastores: Vec<DatastoreView>,
        /// Networks by name.
        pub networks: Vec<String>,
        /// Names of the VMs it has.
        pub vm_names: Vec<String>,
    }

    /// Restores a recovery point as a new VM.
    pub struct RestoreVmRequest {
        /// Where the recovery point lies.
        pub repository_id: String,
        /// The recovery point.
        pub point_id: String,
        /// The server to put the VM on.
        pub server_id: String,
        /// The datastore to put its disks on.
        pub datastore: String,
        /// Name of the new VM.
        pub name: String,
    }

    /// What a restore would do. Nothing is moved to find out.
    pub struct RestorePlanView {
        /// Name of the VM in the recovery point.
        pub vm_name: String,
        /// Bytes that will be sent to the server.
        pub bytes: u64,
        /// Room the disks may take at most.
        pub capacity: u64,
        /// Number of disks.
        pub disks: u32,
        /// Networks the VM's adapters belong to; they start disconnected.
        pub networks: Vec<String>,
        /// Room left on the datastore afterwards, where known.
        pub free_after: Option<u64>,
        /// What stands in the way; empty when it can start.
        pub problems: Vec<ErrorView>,
    }

    /// Writes one disk of a recovery point to a file.
    pub struct RestoreDiskRequest {
        /// Where the recovery point lies.
        pub repository_id: String,
        /// The recovery point.
        pub point_id: String,
        /// Position of the disk, from 0.
        pub disk: u32,
        /// File to write; must not exist.
        pub path: String,
    }
}
