//! What can be typed about settings.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Writes servers, jobs, the list of repositories and what was chosen to a file. Passwords and
    /// keys are not in it.
    Export {
        /// File to write; must not exist.
        file: PathBuf,
    },
    /// Takes over servers, jobs and what was chosen, from a file or from what a computer left in a
    /// repository. What is known here stays as it is; jobs wait for `job resume`.
    Import {
        /// File that `settings export` wrote.
        #[arg(required_unless_present = "from_repository", conflicts_with = "from_repository")]
        file: Option<PathBuf>,
        /// Name of a repository known here.
        #[arg(long, value_name = "R")]
        from_repository: Option<String>,
        /// The computer; without it, the one that left its settings last.
        #[arg(long, value_name = "COMPUTER", requires = "from_repository")]
        from: Option<String>,
        /// Only show what would come.
        #[arg(long)]
        dry_run: bool,
    },
    /// Lets `kuramori serve` start when you log in, or not any more; without a word it says which.
    Autostart {
        /// `on` or `off`.
        #[arg(value_enum)]
        switch: Option<Switch>,
    },
}

/// Whether something is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}
