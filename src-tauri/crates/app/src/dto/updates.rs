use chrono::{DateTime, Utc};

use super::ErrorView;

wire! {
    /// What is being done about updates right now.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum UpdateStep {
        /// Nothing.
        Idle,
        /// The server is asked, or a file is read.
        Checking,
        /// The package is on its way.
        Downloading,
        /// The new files are laid beside the old ones.
        Preparing,
        /// The program is about to end; the new version starts by itself.
        Restarting,
    }

    /// Who keeps the program's files up to date.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum InstallationView {
        /// The program itself.
        Itself,
        /// The system's package manager.
        SystemPackage,
        /// Nobody: the program was not installed.
        Nobody,
    }

    /// A newer version.
    pub struct OfferView {
        /// Its version.
        pub version: String,
        /// When it was published.
        pub published: DateTime<Utc>,
        /// What changed, as plain text in the language of the settings.
        pub notes: String,
        /// Size of its package, in bytes.
        pub size: u64,
        /// Whether the package is here and only has to be put in place.
        pub downloaded: bool,
        /// Where people read more or get an installer.
        pub page: Option<String>,
    }

    /// How an update ended.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum UpdateOutcomeView {
        /// The new version works.
        Installed,
        /// The new version did not start; the old one is back.
        RolledBack,
        /// It ended before anything changed.
        GivenUp,
    }

    /// The last update that was tried.
    pub struct UpdateResultView {
        /// How it ended.
        pub outcome: UpdateOutcomeView,
        /// Version before.
        pub from: String,
        /// Version that was to come.
        pub to: String,
        /// When it ended.
        pub at: DateTime<Utc>,
        /// Why it is not in place; `null` when it is.
        pub error: Option<ErrorView>,
        /// What was done, line by line. Always English.
        pub log: String,
        /// Whether somebody has seen it.
        pub seen: bool,
    }

    /// Everything about updates of the program.
    pub struct UpdatesView {
        /// Version that is running.
        pub version: String,
        /// Whether this build has a key to check updates with.
        pub enabled: bool,
        /// Who keeps the files up to date.
        pub installation: InstallationView,
        /// What is being done.
        pub step: UpdateStep,
        /// Bytes downloaded, in step `downloading`.
        pub done: u64,
        /// When the server last answered.
        pub checked_at: Option<DateTime<Utc>>,
        /// Why the last check brought nothing.
        pub check_error: Option<ErrorView>,
        /// The newer version, where there is one.
        pub offer: Option<OfferView>,
        /// Why the last download or installation failed.
        pub error: Option<ErrorView>,
        /// How the last update ended.
        pub last: Option<UpdateResultView>,
    }

    /// An update file to take.
    pub struct UpdateFileRequest {
        /// Path of a `.kupdate` file.
        pub path: String,
    }
}
