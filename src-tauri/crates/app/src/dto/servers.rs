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

    /// Adds a server: signs in, checks licence and rights, stores the password in the keychain.
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

    /// One thing looked at when a server is added or tested.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum ServerCheckKind {
        /// It answers at its address.
        Reach,
        /// Its certificate is trusted.
        Certificate,
        /// User name and password are right.
        SignIn,
        /// Its licence allows backup.
        Licence,
        /// The account has the rights a backup needs.
        Rights,
        /// The inventory can be read.
        Inventory,
    }

    /// How one check ended.
    pub struct ServerCheck {
        /// What was looked at.
        pub check: ServerCheckKind,
        /// Whether it passed.
        pub passed: bool,
        /// What was found, in a few words (product, number of VMs …).
        pub found: Option<String>,
        /// Why it did not pass.
        pub error: Option<ErrorView>,
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
    }

    /// A server with the checks that were just made.
    pub struct ServerChecked {
        /// The server.
        pub server: ServerView,
        /// All checks in the order they were made; those after a failed one are left out.
        pub checks: Vec<ServerCheck>,
    }

    /// All servers.
    pub struct ServerList {
        /// In the order they were added.
        pub servers: Vec<ServerView>,
    }
}
