wire! {
    /// What a container of VMs is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum GroupKindView {
        /// The server itself: the top of every tree.
        Server,
        /// A datacenter.
        Datacenter,
        /// A folder.
        Folder,
        /// A cluster.
        Cluster,
        /// A host.
        Host,
        /// A vApp.
        Vapp,
        /// A datastore.
        Datastore,
        /// A category of tags.
        Category,
        /// A tag.
        Tag,
    }

    /// A container of VMs.
    pub struct GroupView {
        /// Names it within the server, the same in all trees; empty for the server itself.
        pub id: String,
        /// What it is.
        pub kind: GroupKindView,
        /// Its name.
        pub name: String,
        /// Place of the container above in the same list; only the first has none.
        pub parent: Option<u32>,
        /// References of the VMs right in it, by name.
        pub vms: Vec<String>,
    }

    /// One order of a server's VMs.
    pub struct TreeView {
        /// Containers, each after the one above it. The first is the server; VMs that lie in
        /// nothing else lie in it.
        pub groups: Vec<GroupView>,
        /// Why there is less to see than expected; `null` when all is well.
        pub note: Option<String>,
    }

    /// The VMs of a server in four orders. Each of them has every VM.
    pub struct TreesView {
        /// By datacenter, folder, cluster and host.
        pub hosts: TreeView,
        /// By datacenter and folder.
        pub folders: TreeView,
        /// By datacenter and datastore; a VM lies in each datastore it uses.
        pub storage: TreeView,
        /// By category and tag.
        pub tags: TreeView,
    }

    /// Where VMs are listed that a host shows too.
    pub struct UnderView {
        /// Id of the vCenter.
        pub server_id: String,
        /// Its name.
        pub server_name: String,
        /// How many.
        pub vms: u32,
    }
}
