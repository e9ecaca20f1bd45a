//! Tags of a lab, and how it offers them.

/// A tag that some VMs of a vCenter have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabTag {
    /// Name of its category.
    pub category: String,
    /// Name.
    pub name: String,
    /// Names of the VMs.
    pub vms: Vec<String>,
}

/// How a vCenter offers tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagApi {
    /// Under `/api`, as from 7.0 U2 on.
    #[default]
    Api,
    /// Under `/rest` alone, as before.
    Rest,
    /// Not at all.
    Absent,
    /// The user may sign in but not look at tags.
    Forbidden,
}
