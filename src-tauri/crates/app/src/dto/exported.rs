use chrono::{DateTime, Utc};

wire! {
    /// A server in the settings of an installation. Its password is not there.
    pub struct ExportedServerView {
        /// Its name.
        pub name: String,
        /// Its address.
        pub url: String,
        /// The user to sign in as.
        pub user: String,
        /// Whether a server of this name or address is known here.
        pub known: bool,
    }

    /// A repository in the settings of an installation.
    pub struct ExportedRepositoryView {
        /// Its name there.
        pub name: String,
        /// Its folder, as that computer sees it.
        pub path: String,
    }

    /// The settings an installation left in a repository.
    pub struct ExportedSettingsView {
        /// What its computer is called; may be empty.
        pub computer: String,
        /// Names the installation.
        pub installation: String,
        /// When it left them.
        pub exported_at: DateTime<Utc>,
        /// Whether they are those of this installation.
        pub ours: bool,
        /// Its servers.
        pub servers: Vec<ExportedServerView>,
        /// Its repositories.
        pub repositories: Vec<ExportedRepositoryView>,
        /// Names of its jobs.
        pub jobs: Vec<String>,
        /// Whether it says who is told of what.
        pub notices: bool,
    }

    /// All settings in a repository, the newest first.
    pub struct ExportedSettingsList {
        /// One entry for each installation.
        pub installations: Vec<ExportedSettingsView>,
    }

    /// What was taken over.
    pub struct SettingsImported {
        /// Servers that are known now. Their passwords are still to be typed.
        pub servers: Vec<String>,
        /// Jobs that are kept now. They wait until somebody lets them go on.
        pub jobs: Vec<String>,
        /// Whether it was taken over who is told of what. Passwords are still to be typed.
        pub notices: bool,
    }
}
