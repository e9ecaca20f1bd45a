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
        /// The datastore to put it on, with its disks unless they go elsewhere.
        pub datastore: String,
        /// Datastores that were chosen for single disks. The others of a VM whose disks lay on
        /// several datastores go back to where they lay, if they can.
        pub disks: Vec<DiskPlaceChoice>,
        /// Name of the new VM; without one it is that of the original, with a number behind it
        /// where another VM has that.
        pub name: Option<String>,
        /// Whether it is the original again.
        pub identity: VmIdentityChoice,
    }

    /// Where one disk of a new VM goes.
    #[derive(Eq)]
    pub struct DiskPlaceChoice {
        /// The disk, by its key in the recovery point.
        pub key: i32,
        /// Name of the datastore.
        pub datastore: String,
    }

    /// One disk of a new VM, as a restore would make it.
    #[derive(Eq)]
    pub struct PlannedDisk {
        /// Its key in the recovery point.
        pub key: i32,
        /// Its name on the server, such as `Hard disk 1`.
        pub label: String,
        /// Size as the guest sees it.
        pub capacity: u64,
        /// Bytes that will be sent.
        pub bytes: u64,
        /// Name of the datastore it lay on, where known.
        pub lay: Option<String>,
        /// Name of the datastore it goes to.
        pub datastore: String,
    }

    /// By what a restored VM is known: UUIDs and the addresses of its network cards.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum VmIdentityChoice {
        /// All new: the original may still run.
        New,
        /// Those of the original, as far as no other VM of the server has them.
        Keep,
    }

    /// What a restore would do. Nothing is moved to find out.
    pub struct RestorePlanView {
        /// Name of the VM in the recovery point.
        pub vm_name: String,
        /// Name the new VM will have.
        pub name: String,
        /// Bytes that will be sent to the server.
        pub bytes: u64,
        /// Room the disks may take at most.
        pub capacity: u64,
        /// Its disks, and where each goes.
        pub disks: Vec<PlannedDisk>,
        /// What will not be as in the original, in sentences.
        pub notes: Vec<String>,
        /// Networks the VM's adapters belong to; they start disconnected.
        pub networks: Vec<String>,
        /// Room left on the datastore afterwards, where known.
        pub free_after: Option<u64>,
        /// What stands in the way; empty when it can start.
        pub problems: Vec<ErrorView>,
    }

    /// What may be done to a VM that runs, so that its disks can be exchanged.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum StopVm {
        /// Nothing.
        No,
        /// Its guest may be asked to shut down.
        ShutDown,
        /// It may be switched off, as by a pulled plug.
        PowerOff,
    }

    /// Puts the disks of a recovery point into the VM it was made of.
    pub struct RestoreInPlaceRequest {
        /// Where the recovery point lies.
        pub repository_id: String,
        /// The recovery point.
        pub point_id: String,
        /// The server the VM is on.
        pub server_id: String,
        /// The name of the VM, typed by a person. A plan does not look at it.
        pub confirm: String,
        /// What may be done to the VM if it runs.
        pub stop: StopVm,
        /// Whether it is switched on at the end, if it ran.
        pub turn_on: bool,
    }

    /// What a restore over the original would do. Nothing is touched to find out.
    pub struct InPlacePlanView {
        /// Name of the VM now.
        pub vm_name: String,
        /// Whether it runs.
        pub running: bool,
        /// Bytes that will be sent to the server.
        pub bytes: u64,
        /// Sizes of the disks together.
        pub capacity: u64,
        /// Number of disks.
        pub disks: u32,
        /// Files of the disks it has now and that are exchanged; they stay.
        pub old_files: Vec<String>,
        /// Disks of the VM that the recovery point does not have; they stay in it.
        pub untouched: Vec<String>,
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
