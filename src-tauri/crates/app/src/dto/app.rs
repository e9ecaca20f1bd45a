use super::RunSummary;

wire! {
    /// A request or response without content.
    #[derive(Copy, Default)]
    pub struct Empty {}

    /// Language of the window, the notices and the error sentences.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum Language {
        /// English.
        En,
        /// Japanese.
        Ja,
    }

    /// Colours of the window.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum Theme {
        /// As the operating system says.
        System,
        /// Light.
        Light,
        /// Dark.
        Dark,
    }

    /// How much reading VMs may take of the network, hosts and datastores, for all runs together.
    #[derive(Copy, Eq)]
    #[serde(default)]
    pub struct LoadView {
        /// Mebibytes a second; `null`: no limit.
        pub limit: Option<u32>,
        /// Hour of the day, 0 to 23, local time, from which the limit holds.
        pub from: u8,
        /// Hour of the day at which it ends. The same as `from`: it holds all day.
        pub to: u8,
        /// Disks read at once from one host, 1 to 8.
        pub per_host: u8,
        /// Disks read at once from one datastore, 1 to 8.
        pub per_datastore: u8,
    }

    /// What the user chose for this installation.
    #[derive(Copy)]
    pub struct SettingsView {
        /// `null`: as the operating system says.
        pub language: Option<Language>,
        /// Colours.
        pub theme: Theme,
        /// Whether a newer version is looked for once a day.
        pub check_updates: bool,
        /// How much of the network reading may take.
        pub load: LoadView,
    }

    /// Whether the window opens when the user signs in to the computer.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum Autostart {
        /// It does not.
        Off,
        /// It does.
        On,
        /// Another copy of the program does, or this one from where it lay before.
        OtherCopy,
    }

    /// Whether the program starts by itself.
    #[derive(Copy)]
    pub struct AutostartView {
        /// As the system's list says.
        pub autostart: Autostart,
    }

    /// Lets the program start by itself, or not any more.
    #[derive(Copy)]
    pub struct AutostartRequest {
        /// Whether it should.
        pub on: bool,
    }

    /// Where passwords and passphrases are kept.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum SecretStoreKind {
        /// The operating system's keychain.
        Keychain,
        /// A file sealed with a key file, asked for explicitly.
        SealedFile,
    }

    /// What the window needs first.
    pub struct AppStateView {
        /// Version of the program.
        pub version: String,
        /// Whether nothing is set up yet: no server or no repository.
        pub first_start: bool,
        /// Settings in force.
        pub settings: SettingsView,
        /// Where secrets are kept.
        pub secrets: SecretStoreKind,
        /// Servers known.
        pub servers: u32,
        /// Repositories known.
        pub repositories: u32,
        /// Runs that have not ended, newest first.
        pub running: Vec<RunSummary>,
        /// Whether the start-up clean-up after a crash is still going on.
        pub recovering: bool,
    }

    /// What an event is about.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum Topic {
        /// The run with the given id changed.
        Run,
        /// The list of servers, or one of them, changed.
        Servers,
        /// An inventory was read again.
        Inventory,
        /// The list of repositories, or one of them, changed.
        Repositories,
        /// Recovery points came or went.
        Points,
        /// The list of jobs, or one of them, changed.
        Jobs,
        /// Settings changed.
        Settings,
        /// A notice was written or sent, or who is told of what changed.
        Notices,
        /// A newer version is there, or what is done about one changed.
        Updates,
    }

    /// Something changed. Runs report at most five times a second.
    pub struct Event {
        /// Rises by one with each event; a gap means: ask for everything again.
        pub seq: u64,
        /// What changed.
        pub topic: Topic,
        /// Id of the thing that changed, where there is one.
        pub id: Option<String>,
        /// The run as it is now, for topic `run`.
        pub run: Option<Box<super::RunView>>,
    }
}

impl Default for LoadView {
    /// No limit, two disks at once.
    fn default() -> Self {
        Self { limit: None, from: 0, to: 0, per_host: 2, per_datastore: 2 }
    }
}
