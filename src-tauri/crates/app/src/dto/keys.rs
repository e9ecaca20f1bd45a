use chrono::{DateTime, Utc};

wire! {
    /// What a key of a repository is.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum KeyKind {
        /// A passphrase.
        Passphrase,
        /// A recovery key on paper.
        RecoveryKey,
        /// A key file.
        KeyFile,
        /// The keychain of one computer.
        Device,
    }

    /// A key of a repository. Never the secret itself.
    pub struct KeyView {
        /// Its id.
        pub id: String,
        /// Enough of its id for people.
        pub short_id: String,
        /// What it is.
        pub kind: KeyKind,
        /// When it was added.
        pub created_at: DateTime<Utc>,
        /// Whether it is the one this computer opens the repository with.
        pub this_computer: bool,
    }

    /// The keys of a repository, the oldest first.
    pub struct KeyList {
        /// The keys.
        pub keys: Vec<KeyView>,
    }

    /// A key that was added.
    pub struct KeyAdded {
        /// The key.
        pub key: KeyView,
        /// A new recovery key. Shown once, stored nowhere.
        pub recovery_key: Option<String>,
    }

    /// A key in place of another.
    pub struct KeyChanged {
        /// The new key. It opens the repository.
        pub added: KeyAdded,
        /// Why the old one opens it still, where it does.
        pub old_left: Option<super::ErrorView>,
    }

    /// Asks for a recovery sheet: of the recovery key that was just made and not yet typed back,
    /// else of a new one.
    pub struct RecoverySheetRequest {
        /// The repository's id.
        pub repository_id: String,
    }

    /// A recovery sheet to print. It holds the recovery key.
    pub struct RecoverySheetView {
        /// A page that needs nothing else.
        pub html: String,
        /// The key on it, for the list of keys.
        pub key: KeyView,
        /// Which two groups of the recovery key to type back, counted from 1.
        pub asked_groups: Vec<u32>,
    }

    /// Two groups of a recovery key, as somebody typed them from paper.
    pub struct CheckRecoveryWordsRequest {
        /// The repository's id.
        pub repository_id: String,
        /// The groups that were asked for, in that order.
        pub words: Vec<String>,
    }

    /// Which groups were right.
    pub struct RecoveryWordsChecked {
        /// One for each group that was asked for.
        pub right: Vec<bool>,
    }
}
