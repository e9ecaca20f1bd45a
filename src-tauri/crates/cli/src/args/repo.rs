//! What can be typed about repositories.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::upkeep::{self, NamedRepo};

/// What opens a repository.
#[derive(Debug, ClapArgs)]
#[group(multiple = false)]
pub(crate) struct KeyArgs {
    /// Read the passphrase or the recovery key from standard input.
    #[arg(long)]
    pub(crate) passphrase_stdin: bool,
    /// Read the recovery key from standard input.
    #[arg(long)]
    pub(crate) recovery_key_stdin: bool,
    /// Take the key from a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Which repository: a known one, or a folder without any state.
#[derive(Debug, ClapArgs)]
pub(crate) struct RepoArgs {
    /// Name of a repository known here.
    #[arg(long, value_name = "R", conflicts_with = "repo_path")]
    pub(crate) repo: Option<String>,
    /// Folder of a repository; needs no state folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) repo_path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RepoCommand {
    /// Makes a repository.
    Create {
        /// Folder: new or empty.
        path: PathBuf,
        /// Name to call it by.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        key: NewRepositoryKeyArgs,
    },
    /// Takes up a repository that exists.
    Attach {
        /// Its folder.
        path: PathBuf,
        /// Name to call it by.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Looks whether a repository is whole, and what is hit where it is not.
    Check {
        #[command(flatten)]
        repo: NamedRepo,
        /// Read the data too, all of it unless told otherwise.
        #[arg(long)]
        read_data: bool,
        /// Read this part of the data, what was not read for the longest time first.
        #[arg(long, value_name = "PERCENT", value_parser = upkeep::percent, requires = "read_data")]
        budget: Option<u8>,
        /// Read what was not read for this long, such as `30d`.
        #[arg(long, value_name = "AGE", value_parser = upkeep::age, requires = "read_data",
              conflicts_with = "budget")]
        max_age: Option<Duration>,
    },
    /// Repairs what a check finds. Nothing is removed that is not replaced and kept aside.
    Repair {
        #[command(flatten)]
        repo: NamedRepo,
        /// Name of another repository known here that has the same VMs.
        #[arg(long, value_name = "R")]
        from: Option<String>,
        /// Only show what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes the index anew from the packs.
    RebuildIndex(NamedRepo),
    /// Shows what is stored, what that saves, and what each VM alone takes.
    Stats(NamedRepo),
    /// Takes a repository for right as it is now, after an alarm about its history.
    Accept {
        /// Its name.
        name: String,
    },
    /// The settings that computers left in a repository, without passwords.
    #[command(subcommand)]
    Settings(LeftCommand),
    /// Shows all repositories known here.
    List,
    /// Removes what no recovery point needs any more; backups may run meanwhile.
    Prune {
        #[command(flatten)]
        repo: NamedRepo,
        /// Only show what would be removed.
        #[arg(long)]
        dry_run: bool,
        /// Also when it removes a large share.
        #[arg(long)]
        confirm: bool,
        /// End also what stays in the recycle bin because the VM changed unusually.
        #[arg(long)]
        despite_alarm: bool,
    },
    /// Shows one repository.
    Info(NamedRepo),
    /// The keys that open a repository.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Makes a new recovery key and a page to print with it, for the drawer or the safe.
    RecoverySheet {
        #[command(flatten)]
        repo: NamedRepo,
        /// HTML file to write; must not exist. It holds the key: print it, then delete it.
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: PathBuf,
        /// Language of the sheet; without it, that of the settings or the system.
        #[arg(long, value_enum)]
        language: Option<SheetLanguage>,
    },
    /// Reads a recovery key from standard input and says whether it opens the repository.
    RecoveryCheck {
        /// Name of a repository known here.
        #[arg(conflicts_with = "repo_path", required_unless_present = "repo_path")]
        name: Option<String>,
        /// Folder of a repository; needs no state folder.
        #[arg(long, value_name = "DIR")]
        repo_path: Option<PathBuf>,
    },
}

/// What is to open a new repository. Its recovery key is made with it.
#[derive(Debug, ClapArgs)]
#[group(multiple = false, required = true)]
pub(crate) struct NewRepositoryKeyArgs {
    /// Read the passphrase from standard input.
    #[arg(long)]
    pub(crate) passphrase_stdin: bool,
    /// Take the key from a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// The key that is added. Where the key that opens the repository comes from standard input too,
/// that one is the first line and this one the second.
#[derive(Debug, ClapArgs)]
#[group(multiple = false, required = true)]
pub(crate) struct NewKeyArgs {
    /// Read the new passphrase from standard input.
    #[arg(long)]
    pub(crate) new_passphrase_stdin: bool,
    /// Take the new key from a file of 32 bytes to 1 MiB.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key_file: Option<PathBuf>,
    /// Make a new recovery key and show it this once.
    #[arg(long)]
    pub(crate) new_recovery_key: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeftCommand {
    /// Shows them.
    Show {
        #[command(flatten)]
        repo: NamedRepo,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Shows the keys: what they are, not the secrets.
    List {
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Adds a key.
    Add {
        #[command(flatten)]
        repo: RepoArgs,
        #[command(flatten)]
        new: NewKeyArgs,
    },
    /// Adds a key and removes the one it replaces.
    Change {
        /// The key to replace, as the list shows it; without it, the only one of the new key's
        /// kind.
        key: Option<String>,
        #[command(flatten)]
        repo: RepoArgs,
        #[command(flatten)]
        new: NewKeyArgs,
    },
    /// Takes a key out of use; never the last one that a person can hold.
    ///
    /// This does not help when the key became known to somebody who can read the repository:
    /// what it opened once can be kept. Make a new repository then.
    Remove {
        /// The key, as the list shows it.
        key: String,
        #[command(flatten)]
        repo: RepoArgs,
    },
}

/// Language of a sheet.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SheetLanguage {
    /// English.
    En,
    /// Japanese.
    Ja,
}
