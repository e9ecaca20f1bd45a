use chrono::{DateTime, Utc};

use super::ErrorView;

wire! {
    /// Asks which certificate a server shows. No credential is sent.
    pub struct ProbeServerRequest {
        /// Address as typed: host name, `host:port` or `https://host/sdk`.
        pub url: String,
    }

    /// The certificate a server shows.
    pub struct CertificateView {
        /// The address in full form, as it will be stored.
        pub url: String,
        /// SHA-256 of the certificate: upper-case hex pairs joined by `:`.
        pub sha256: String,
        /// Whether the operating system trusts it for this host name.
        pub trusted_by_system: bool,
        /// Whom it was made out to.
        pub subject: String,
        /// End of its validity.
        pub not_after: Option<DateTime<Utc>>,
    }

    /// Adds a server: signs in and stores the password in the keychain.
    pub struct AddServerRequest {
        /// Name to call it by.
        pub name: String,
        /// Address as typed.
        pub url: String,
        /// User name.
        pub user: String,
        /// Password. Never comes back.
        pub password: String,
        /// SHA-256 of the certificate to trust, when the operating system does not.
        pub pin: Option<String>,
    }

    /// Trusts the certificate a server shows now, after it changed.
    pub struct TrustServerRequest {
        /// The server's id.
        pub server_id: String,
        /// SHA-256 of the certificate, as it was seen and compared.
        pub sha256: String,
    }

    /// Names a server by its id.
    pub struct ServerRequest {
        /// The server's id.
        pub server_id: String,
    }

    /// What kind of vSphere endpoint a server is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ServerKind {
        /// A single ESXi host.
        Esxi,
        /// A vCenter.
        Vcenter,
    }

    /// One thing looked at when a server is added or checked, in the order in which they are.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ServerCheckKind {
        /// It answers at its address.
        Reach,
        /// Its certificate is trusted, user name and password are right.
        SignIn,
        /// Its version is supported.
        Version,
        /// Its licence allows backup.
        Licence,
        /// The account has the rights that are needed.
        Rights,
    }

    /// Asks for one of the checks, so that each can be shown as it ends.
    pub struct CheckServerRequest {
        /// The server's id.
        pub server_id: String,
        /// What to look at.
        pub check: ServerCheckKind,
    }

    /// How a check ended.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum CheckState {
        /// All well.
        Good,
        /// Backups work, with something to look at.
        Warning,
        /// Backups cannot work.
        Failed,
    }

    /// What rights are needed for.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum RightsFunction {
        /// Seeing VMs, hosts and datastores.
        Inventory,
        /// Making and removing snapshots.
        Snapshots,
        /// Changed block tracking.
        ChangeTracking,
        /// Reading disks over the datastore.
        ReadDatastore,
        /// Reading disks that are attached to the VM that Kuramori runs in.
        HotAdd,
        /// Reading disks by export.
        Export,
        /// Shutting VMs down for a copy, and switching them on again.
        ShutDown,
        /// Restoring a VM as a new one.
        Restore,
        /// Restoring a VM over the original.
        RestoreInPlace,
        /// Putting tags on a restored VM.
        Tags,
    }

    /// One right an account lacks.
    pub struct RightView {
        /// The server's name for it.
        pub id: String,
        /// Where vSphere's own screens show it.
        pub label: String,
    }

    /// The rights that one function lacks.
    pub struct MissingRightsView {
        /// What they are needed for.
        pub function: RightsFunction,
        /// The function in words.
        pub name: String,
        /// What does not work without them.
        pub effect: String,
        /// The rights.
        pub rights: Vec<RightView>,
    }

    /// How one check ended.
    pub struct ServerCheck {
        /// What was looked at.
        pub check: ServerCheckKind,
        /// How it ended.
        pub state: CheckState,
        /// What was found, in a sentence; empty when it failed.
        pub found: String,
        /// Why it failed and what to do; only then.
        pub error: Option<ErrorView>,
        /// Rights that are missing, by what they are needed for.
        pub missing: Vec<MissingRightsView>,
    }

    /// In which form the role is written.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum RoleFormatView {
        /// A script for VMware PowerCLI.
        Powercli,
        /// A shell script with govc.
        Govc,
        /// A list for people.
        Text,
    }

    /// Asks for the role with the least rights that are needed.
    pub struct RoleRequest {
        /// In which form.
        pub format: RoleFormatView,
    }

    /// The role with the least rights that are needed.
    pub struct RoleView {
        /// What the role is called.
        pub name: String,
        /// The script or list, in the language of the settings.
        pub text: String,
    }

    /// Says where a datastore is mounted on this computer, so that disks are read there instead of
    /// through the host.
    pub struct MountDatastoreRequest {
        /// The server's id.
        pub server_id: String,
        /// Name of the datastore.
        pub datastore: String,
        /// The folder; `null`: nowhere any more.
        pub folder: Option<String>,
    }

    /// Where a datastore is mounted on this computer.
    pub struct MountView {
        /// Name of the datastore.
        pub datastore: String,
        /// The folder.
        pub folder: String,
    }

    /// A server that was added.
    pub struct ServerView {
        /// Its id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// Its address.
        pub url: String,
        /// Signed in as.
        pub user: String,
        /// What it is, as of the last contact.
        pub kind: ServerKind,
        /// Product and version, as of the last contact.
        pub product: String,
        /// SHA-256 of the trusted certificate; `null` when the operating system vouches for it.
        pub pin: Option<String>,
        /// When it last answered.
        pub last_seen: Option<DateTime<Utc>>,
        /// Why it could not be used the last time it was tried.
        pub error: Option<ErrorView>,
        /// Its datastores that are mounted on this computer.
        pub mounts: Vec<MountView>,
    }

    /// All servers.
    pub struct ServerList {
        /// In the order they were added.
        pub servers: Vec<ServerView>,
    }
}
