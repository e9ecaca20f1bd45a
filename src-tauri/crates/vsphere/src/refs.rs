//! Names a server gives to its objects. They mean something to that server only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Type and value of a managed object, as the wire writes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MoRef {
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl MoRef {
    pub(crate) fn new(kind: impl Into<String>, value: impl Into<String>) -> Self {
        Self { kind: kind.into(), value: value.into() }
    }
}

impl fmt::Display for MoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.value)
    }
}

macro_rules! reference {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[allow(dead_code, reason = "not every kind of object is a target of calls")]
            pub(crate) const KIND: &'static str = $kind;

            /// Wraps the value a server gave, such as one stored earlier.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// Returns the value as the server wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            #[allow(dead_code, reason = "not every kind of object is a target of calls")]
            pub(crate) fn mo(&self) -> MoRef {
                MoRef::new($kind, self.0.clone())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

reference! {
    /// A VM on one server. The same VM has another reference on another server.
    VmRef = "VirtualMachine";
    /// A snapshot of a VM.
    SnapshotRef = "VirtualMachineSnapshot";
    /// An ESXi host.
    HostRef = "HostSystem";
    /// A datastore.
    DatastoreRef = "Datastore";
    /// A folder of the inventory.
    FolderRef = "Folder";
    /// A resource pool.
    PoolRef = "ResourcePool";
    /// A datacenter.
    DatacenterRef = "Datacenter";
    /// A cluster or the compute side of a single host.
    ComputeRef = "ComputeResource";
    /// A network or a port group.
    NetworkRef = "Network";
    /// A task that runs on the server.
    TaskRef = "Task";
}

/// The key of a virtual disk inside its VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiskKey(i32);

impl DiskKey {
    /// Wraps a key the server gave.
    pub const fn new(key: i32) -> Self {
        Self(key)
    }

    /// Returns the number.
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for DiskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {}", self.0)
    }
}
