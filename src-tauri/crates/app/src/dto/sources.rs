use super::PowerView;

wire! {
    /// Which VMs of a server a job saves, or leaves out.
    pub struct SourceView {
        /// The server's id.
        pub server_id: String,
        /// Which of its VMs.
        pub pick: PickView,
    }

    /// A choice of VMs. Containers, rules and the server as a whole have the members they have when
    /// the job runs.
    #[serde(tag = "by", rename_all = "kebab-case")]
    pub enum PickView {
        /// One VM.
        Vm {
            /// Its instance UUID, by which it is found after it moved or was registered anew.
            instance_uuid: Option<String>,
            /// Its reference on the server, by which it is found if it has no UUID.
            reference: String,
            /// Its name, for people.
            name: String,
        },
        /// All VMs in a container, and in those below it.
        Group {
            /// Its id, as in the trees of the inventory.
            id: String,
            /// Its name, for people.
            name: String,
        },
        /// All VMs of which every condition holds.
        Rule {
            /// The conditions; at least one.
            conditions: Vec<ConditionView>,
        },
        /// All VMs that can be saved.
        All,
    }

    /// What must hold of a VM. In patterns `*` stands for anything and `?` for one character; small
    /// and capital letters are the same.
    #[serde(tag = "on", rename_all = "kebab-case")]
    pub enum ConditionView {
        /// Its name.
        Name {
            /// A pattern for all of it.
            pattern: String,
        },
        /// A tag on it.
        Tag {
            /// Name of the tag's category; any when left out.
            #[serde(default)]
            category: Option<String>,
            /// Name of the tag.
            tag: String,
        },
        /// A container that it lies in, or below.
        Place {
            /// Its id, as in the trees of the inventory.
            id: String,
            /// Its name, for people.
            name: String,
        },
        /// A datastore that it uses.
        Datastore {
            /// A pattern for the name.
            pattern: String,
        },
        /// Whether it runs.
        Power {
            /// How it must be.
            is: PowerView,
        },
        /// Its operating system.
        System {
            /// A pattern for the whole name, such as `*Windows*`.
            pattern: String,
        },
    }

    /// A disk of a VM that a job leaves out.
    pub struct DiskChoiceView {
        /// The server's id.
        pub server_id: String,
        /// The VM's instance UUID.
        pub instance_uuid: Option<String>,
        /// The VM's reference on the server.
        pub reference: String,
        /// The VM's name, for people.
        pub vm_name: String,
        /// The disk's UUID, by which it is known where it has one.
        pub uuid: Option<String>,
        /// The disk's key; counts only together with the label.
        pub key: i32,
        /// The disk's name on the server, such as `Hard disk 2`.
        pub label: String,
    }
}
