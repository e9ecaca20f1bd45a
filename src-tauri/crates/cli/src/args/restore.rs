//! What can be typed to get a VM back.

use clap::{Args as ClapArgs, ValueEnum};

use super::RepoArgs;

/// By what a new VM is known.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum IdentityChoice {
    /// All new.
    New,
    /// As the original.
    Keep,
}

/// Which recovery point, and as what it comes back.
#[derive(Debug, ClapArgs)]
pub(crate) struct RestoreVmArgs {
    /// Recovery point: id, unique prefix, `VM@latest` or `VM@first`.
    pub(crate) point: String,
    #[command(flatten)]
    pub(crate) repo: RepoArgs,
    /// Name of the server.
    #[arg(long = "to", value_name = "S")]
    pub(crate) server: String,
    /// Datastore for the disks of a new VM.
    #[arg(long, required_unless_present = "in_place")]
    pub(crate) datastore: Option<String>,
    /// Name of the new VM.
    #[arg(long, required_unless_present = "in_place")]
    pub(crate) name: Option<String>,
    /// By what the new VM is known, its UUIDs and card addresses: `new`, or `keep` those of the
    /// original where no other VM has them.
    #[arg(long, value_enum, default_value_t = IdentityChoice::New, conflicts_with = "in_place")]
    pub(crate) identity: IdentityChoice,
    /// Put the disks back into the VM they were of. It is saved first, and the disks it has stay
    /// as files.
    #[arg(long, conflicts_with_all = ["datastore", "name", "repo_path"])]
    pub(crate) in_place: bool,
    /// Name of the VM whose disks are exchanged; asked for where it is not given.
    #[arg(long, value_name = "NAME", requires = "in_place")]
    pub(crate) confirm: Option<String>,
    /// If the VM runs, ask its guest to shut down.
    #[arg(long, requires = "in_place", conflicts_with = "power_off")]
    pub(crate) shut_down: bool,
    /// If the VM runs, switch it off, as by a pulled plug.
    #[arg(long, requires = "in_place")]
    pub(crate) power_off: bool,
    /// Turn the VM on at the end, if it ran.
    #[arg(long, requires = "in_place")]
    pub(crate) power_on: bool,
}
