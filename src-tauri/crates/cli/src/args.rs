//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use kuramori_app::SecretsChoice;

mod job;
mod load;
mod notices;
mod repo;
mod restore;
mod retention;
mod runs;
mod upkeep;
mod when;

pub(crate) use job::{DraftArgs, JobCommand, Named, ScheduleCommand};
pub(crate) use load::LoadArgs;
pub(crate) use notices::{CommonArgs, DigestWay, MailArgs, NoticesCommand};
pub(crate) use repo::{
    KeyArgs, KeyCommand, NewKeyArgs, NewRepositoryKeyArgs, RepoArgs, RepoCommand, SettingsCommand,
    SheetLanguage,
};
pub(crate) use restore::{IdentityChoice, RestoreVmArgs};
pub(crate) use retention::{RetentionCommand, RuleArgs, SpanArgs};
pub(crate) use runs::RunsCommand;

/// Backs up the VMs of VMware hosts into an encrypted repository, and gets them back.
#[derive(Debug, Parser)]
#[command(name = "kuramori", version, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Folder of everything this installation knows.
    #[arg(long, global = true, value_name = "DIR", env = "KURAMORI_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// Where passwords are kept: `keychain`, or `sealed:KEYFILE` on a machine without one.
    #[arg(long, global = true, value_name = "WHERE", default_value = "keychain")]
    pub(crate) secrets: SecretsChoice,
    /// Folder with the `sys` and `dev` of this computer, in place of its own.
    #[arg(long, global = true, value_name = "DIR", env = "KURAMORI_HARDWARE", hide = true)]
    pub(crate) hardware: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// ESXi hosts and vCenters.
    #[command(subcommand)]
    Server(ServerCommand),
    /// Shows the VMs of a server.
    Inventory {
        /// Name of the server.
        server: String,
        /// Show the VMs as a tree instead of a table.
        #[arg(long)]
        view: Option<View>,
    },
    /// Repositories.
    #[command(subcommand)]
    Repo(RepoCommand),
    /// Backs VMs up.
    Backup(BackupArgs),
    /// Jobs: what to save, where to, when, and how long to keep it.
    #[command(subcommand)]
    Job(JobCommand),
    /// Schedules.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// What was run, and how it went.
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Keeps jobs without a window, and does what other `kuramori` commands ask: until Ctrl-C, or
    /// until whatever keeps services ends it.
    Serve,
    /// Recovery points.
    #[command(subcommand)]
    Points(PointsCommand),
    /// Rules by which recovery points are kept.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Gets a disk or a VM back.
    #[command(subcommand)]
    Restore(RestoreCommand),
    /// VMs and disks in files of this computer as source, raw images as target.
    #[command(subcommand)]
    Image(ImageCommand),
    /// Shows or sets how much of the network reading VMs may take, for all runs together.
    Load(LoadArgs),
    /// Who is told of what: the desktop, mail, a webhook, pings, a weekly digest.
    #[command(subcommand)]
    Notices(NoticesCommand),
    /// Newer versions of this program.
    #[command(subcommand)]
    Update(UpdateCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum UpdateCommand {
    /// Asks the update server for a newer version and shows what changed.
    Check,
    /// Shows what is known about updates and how the last one ended.
    Status,
    /// Installs the newer version.
    Install {
        /// Take it from an update file instead of the server.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Puts an update in place once standard input ends. Started by the program itself.
    #[command(hide = true)]
    Apply {
        /// What to do.
        #[arg(long)]
        journal: PathBuf,
    },
    /// Says that this version works. Started by an update.
    #[command(hide = true)]
    Confirm {
        /// From the update.
        token: String,
    },
}

/// Form of the role.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleFormat {
    /// A script for VMware PowerCLI.
    Powercli,
    /// A shell script with govc.
    Govc,
    /// A list for people.
    Text,
}

/// An order of the VMs of a server.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum View {
    /// By datacenter, cluster and host.
    Hosts,
    /// By datacenter and folder.
    Folders,
    /// By datacenter and datastore.
    Storage,
    /// By category and tag; only a vCenter has any.
    Tags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Adds an ESXi host or a vCenter.
    Add {
        /// Name to call it by.
        name: String,
        /// Its address.
        url: String,
        /// User name.
        #[arg(long)]
        user: String,
        /// Read the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Trust the certificate with this SHA-256.
        #[arg(long, value_name = "SHA256", conflicts_with = "accept_new_pin")]
        pin: Option<String>,
        /// Trust the certificate the server shows now.
        #[arg(long)]
        accept_new_pin: bool,
    },
    /// Shows all servers.
    List,
    /// Looks at what a backup needs: whether the server is reachable, signs in, its version, its
    /// licence and the account's rights. Ends with 1 when backups cannot work.
    Check {
        /// Name of the server.
        name: String,
    },
    /// Writes the role with just the rights that backup and restore need.
    Role {
        /// In which form.
        #[arg(long, value_enum, default_value_t = RoleFormat::Text)]
        format: RoleFormat,
    },
    /// Says where a datastore, such as the NFS export of a NAS, is mounted on this computer: its
    /// disks are then read there instead of through the host.
    Mount {
        /// Name of the server.
        name: String,
        /// Name of the datastore.
        datastore: String,
        /// Full path of the folder.
        folder: PathBuf,
    },
    /// Reads the disks of a datastore through the host again.
    Unmount {
        /// Name of the server.
        name: String,
        /// Name of the datastore.
        datastore: String,
    },
    /// Trusts a server's new certificate.
    Trust {
        /// Name of the server.
        name: String,
        /// Its SHA-256, as compared.
        sha256: String,
    },
    /// Forgets a server and its password.
    Remove {
        /// Name of the server.
        name: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BackupArgs {
    /// Name of the server.
    #[arg(long)]
    pub(crate) server: String,
    /// Names or references of VMs.
    #[arg(long = "vm", required = true, num_args = 1.., value_name = "VM")]
    pub(crate) vms: Vec<String>,
    /// Name of the repository.
    #[arg(long)]
    pub(crate) repo: String,
    /// Mebibytes a second this run may read; `load` limits all runs together.
    #[arg(long, value_name = "MIB")]
    pub(crate) limit: Option<u32>,
    /// Copy VMs that are off, without a snapshot: for a free ESXi, and for templates.
    #[arg(long)]
    pub(crate) cold: bool,
    /// Shut running guests down first, and switch their VMs on again afterwards.
    #[arg(long, requires = "cold")]
    pub(crate) shut_down: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PointsCommand {
    /// Shows recovery points, newest first.
    List {
        #[command(flatten)]
        repo: RepoArgs,
        /// Only of this VM.
        #[arg(long)]
        vm: Option<String>,
    },
    /// Shows the configuration of the VM in a recovery point, as JSON: hardware, vmx, NVRAM.
    Config {
        /// Recovery point: id, unique prefix, `VM@latest` or `VM@first`.
        point: String,
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Deletes recovery points: those named, or all that a rule does not keep.
    Forget {
        #[command(flatten)]
        repo: RepoArgs,
        #[command(flatten)]
        args: ForgetArgs,
    },
    /// Shows the recycle bin.
    Deleted {
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Takes a recovery point out of the recycle bin.
    Undelete {
        /// Recovery point: id or unique prefix.
        point: String,
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Protects a recovery point from every deletion.
    Hold {
        /// Recovery point: id, unique prefix, `VM@latest` or `VM@first`.
        point: String,
        #[command(flatten)]
        repo: RepoArgs,
        /// Why; whoever wants to release it reads this.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Shows all holds.
    Holds {
        #[command(flatten)]
        repo: RepoArgs,
    },
    /// Releases a hold.
    Release {
        /// Id of the hold.
        hold: String,
        #[command(flatten)]
        repo: RepoArgs,
    },
}

/// Which recovery points go, and how.
#[derive(Debug, ClapArgs)]
pub(crate) struct ForgetArgs {
    /// Recovery points: id, unique prefix, `VM@latest` or `VM@first`.
    #[arg(group = "what", conflicts_with_all = ["keep_last", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly", "zone"])]
    pub(crate) points: Vec<String>,
    #[command(flatten)]
    pub(crate) rule: RuleArgs,
    /// Skip the recycle bin: nothing brings them back.
    #[arg(long)]
    pub(crate) now: bool,
    /// Only show which.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Format of a disk image.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImageFormat {
    /// Bytes as the guest sees them; zeros stay holes.
    Raw,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RestoreCommand {
    /// Writes a disk to an image file.
    Disk {
        /// Recovery point: id, unique prefix, `VM@latest` or `VM@first`.
        point: String,
        #[command(flatten)]
        repo: RepoArgs,
        /// Position of the disk, from 0.
        #[arg(long, default_value_t = 0)]
        disk: u32,
        /// Format of the file.
        #[arg(long, value_enum, default_value_t = ImageFormat::Raw)]
        format: ImageFormat,
        /// File to write; must not exist.
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: PathBuf,
    },
    /// Makes a new VM, off and with its network adapters disconnected; or, with `--in-place`, puts
    /// the disks back into the VM they were of.
    Vm(RestoreVmArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Saves a VM or a disk in files as a recovery point: a folder of Workstation or Fusion, an
    /// export, a disk, a raw image.
    Backup {
        /// The folder of a VM or its .vmx, powered off or suspended; an .ovf or .ova; a .vmdk with
        /// what lies below it. Anything else is read as a raw image.
        file: PathBuf,
        #[command(flatten)]
        repo: RepoArgs,
        /// Name of its recovery points, instead of the VM's or the file's.
        #[arg(long)]
        name: Option<String>,
        /// Text file of areas changed since the newest recovery point of this name: one
        /// `offset length` in bytes a line.
        #[arg(long, value_name = "AREAS")]
        changed: Option<PathBuf>,
    },
    /// Writes a recovery point to a raw disk image.
    Restore {
        /// Recovery point: id, unique prefix, `NAME@latest` or `NAME@first`.
        point: String,
        #[command(flatten)]
        repo: RepoArgs,
        /// File to write; must not exist.
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: PathBuf,
    },
}
