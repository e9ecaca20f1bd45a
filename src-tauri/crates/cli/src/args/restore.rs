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
    /// Datastore for a new VM. Disks that lay on several datastores go back to those, where they
    /// are there, have room and are in reach.
    #[arg(long, required_unless_present = "in_place")]
    pub(crate) datastore: Option<String>,
    /// Datastore for one disk of a new VM, by the disk's key in `points config`, such as
    /// `2001=fast`. May be given for each disk.
    #[arg(long, value_name = "KEY=NAME", value_parser = disk_place, conflicts_with = "in_place")]
    pub(crate) disk_datastore: Vec<(i32, String)>,
    /// Name of the new VM; without it that of the original, with a number behind it where another
    /// VM has that.
    #[arg(long)]
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

/// Reads `2001=fast`.
fn disk_place(text: &str) -> Result<(i32, String), String> {
    let (key, name) = text.split_once('=').ok_or("it is not KEY=NAME")?;
    let key = key.trim().parse().map_err(|_| "the key of a disk is a number")?;
    if name.is_empty() { Err("the name is empty".to_owned()) } else { Ok((key, name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_and_its_datastore() {
        assert_eq!(disk_place("2001=fast =1"), Ok((2001, "fast =1".to_owned())));
        for odd in ["", "2001", "x=fast", "2001=", "99999999999=a"] {
            assert!(disk_place(odd).is_err(), "{odd}");
        }
    }
}
