use chrono::{DateTime, Utc};

use super::ErrorView;

wire! {
    /// Names a folder on this computer.
    pub struct PathRequest {
        /// Full path.
        pub path: String,
    }

    /// A folder a repository could be put in.
    pub struct PlaceView {
        /// Full path.
        pub path: String,
        /// Room left on its volume, where known.
        pub free: Option<u64>,
        /// Size of its volume, where known.
        pub total: Option<u64>,
        /// Whether a repository lies there already.
        pub repository: bool,
    }

    /// Makes a repository.
    pub struct CreateRepositoryRequest {
        /// Name to call it by.
        pub name: String,
        /// Folder: new or empty.
        pub path: String,
        /// Opens the repository. Never comes back.
        pub passphrase: String,
    }

    /// Takes up a repository that exists already.
    pub struct AttachRepositoryRequest {
        /// Name to call it by.
        pub name: String,
        /// Its folder.
        pub path: String,
        /// Passphrase or recovery key. Never comes back.
        pub passphrase: String,
    }

    /// Names a repository by its id.
    pub struct RepositoryRequest {
        /// The repository's id.
        pub repository_id: String,
    }

    /// A repository that is known here.
    pub struct RepositoryView {
        /// Its id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// Its folder.
        pub path: String,
        /// When it was made.
        pub created_at: Option<DateTime<Utc>>,
        /// Recovery points in it.
        pub points: u32,
        /// Room its packs take.
        pub stored: u64,
        /// Room left on its volume, where known.
        pub free: Option<u64>,
        /// Size of its volume, where known.
        pub total: Option<u64>,
        /// Why it cannot be used right now.
        pub error: Option<ErrorView>,
        /// What in it cannot have come about by its own rules, compared with what this computer
        /// saw before.
        pub alarm: Option<ErrorView>,
    }

    /// A repository that was just made.
    pub struct RepositoryCreated {
        /// The repository.
        pub repository: RepositoryView,
        /// Opens the repository when the passphrase is lost. Shown once, stored nowhere.
        pub recovery_key: String,
        /// Which two groups of it to type back, counted from 1.
        pub asked_groups: Vec<u32>,
    }

    /// All repositories.
    pub struct RepositoryList {
        /// In the order they came.
        pub repositories: Vec<RepositoryView>,
    }
}
