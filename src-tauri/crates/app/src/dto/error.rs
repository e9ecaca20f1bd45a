wire! {
    /// What went wrong, as the window and the command line act on it. A code exists only if
    /// somebody acts on it or its sentence differs from every other.
    #[derive(Copy, Eq, Hash)]
    #[serde(rename_all = "kebab-case")]
    pub enum ErrorCode {
        /// The server's certificate is signed by nobody we know and was not trusted yet.
        CertificateUnknown,
        /// The server shows another certificate than the trusted one.
        CertificateChanged,
        /// User name or password was refused.
        LoginRefused,
        /// Nothing answers at the address.
        HostUnreachable,
        /// Something answers, but it is no vSphere endpoint.
        NotVsphere,
        /// The server is older than any version backups work with.
        VersionTooOld,
        /// The host's licence forbids backup (free ESXi).
        LicenceRestricted,
        /// The account lacks rights.
        RightsMissing,
        /// The server refused or broke off an operation.
        ServerFault,
        /// The VM does not exist on the server.
        VmNotFound,
        /// No server is known by this name or id.
        ServerNotFound,
        /// The snapshot could not be made.
        SnapshotFailed,
        /// A snapshot of ours could not be removed.
        SnapshotLeft,
        /// The VM can't be backed up as it is (template, shared disks, no disks).
        VmNotSupported,
        /// A snapshot of the VM would do harm now.
        SnapshotRisky,
        /// A datastore has too little room for a snapshot.
        DatastoreLow,
        /// The guest could not be made quiet, and the backup insists on it.
        GuestNotQuiet,
        /// A VM runs or is suspended, and has to be off for what was wanted.
        VmRunning,
        /// A VM was switched on or changed while it was copied, so nothing was kept.
        VmChanged,
        /// A guest could not be shut down.
        ShutDownFailed,
        /// A VM that was shut down for a copy could not be switched on again.
        SwitchOnFailed,
        /// A disk could not be read from the server.
        DiskUnreadable,
        /// The repository's place has no room left.
        StoreFull,
        /// The repository's place is write-protected, or the account may not write there.
        StoreReadOnly,
        /// The repository's place does not keep what repositories rest on.
        StoreUnsuitable,
        /// Recovery points that this computer saw are gone, or an older state came back.
        HistoryLost,
        /// Two histories of one installation are in a repository.
        HistoryForked,
        /// What this computer remembered of a repository cannot be read.
        HistoryForgotten,
        /// The repository's place cannot be reached.
        RepositoryVanished,
        /// Passphrase, recovery key or key file do not open the repository.
        PassphraseWrong,
        /// The recovery key has a typing error.
        RecoveryKeyMistyped,
        /// No key of the repository matches, or more than one.
        KeyNotFound,
        /// The last key of a repository that a person can hold cannot be removed.
        LastKey,
        /// There is already a repository at the place.
        RepositoryExists,
        /// There is no repository at the place.
        NotARepository,
        /// Another program writes to the repository.
        RepositoryInUse,
        /// The repository was written by a newer version.
        RepositoryNewer,
        /// Something in the repository is damaged.
        RepositoryDamaged,
        /// No repository is known by this name or id.
        RepositoryNotFound,
        /// No job is known by this name or id.
        JobNotFound,
        /// A container of VMs that a job saves is not there any more.
        GroupNotFound,
        /// There is no VM that a job would save.
        NothingToSave,
        /// A job was due while nobody was there, too long ago to be caught up.
        SlotMissed,
        /// No recovery point matches.
        PointNotFound,
        /// More than one recovery point matches.
        PointAmbiguous,
        /// Another computer took the reader of a recovery point for dead.
        ReadingEnded,
        /// A hold protects the recovery point.
        PointHeld,
        /// Cleaning up would remove a large share of a repository.
        LargePrune,
        /// The name is taken by something we manage.
        NameTaken,
        /// The server already has a VM of this name.
        VmNameTaken,
        /// The VM a recovery point was made of is not on the server any more.
        OriginalGone,
        /// The name that was typed is not that of the VM whose disks would be exchanged.
        NameNotConfirmed,
        /// Snapshots of somebody else rest on the disks that would be exchanged.
        VmHasSnapshots,
        /// A disk has no place in the VM as it is now.
        DiskHasNoPlace,
        /// The VM as it is now could not be saved before its disks are exchanged.
        SafetyPointFailed,
        /// What was sent could not be found again on the server.
        WrittenWrong,
        /// The datastore does not exist on the server.
        DatastoreNotFound,
        /// The datastore has not enough room.
        DatastoreFull,
        /// What was typed makes no sense here.
        InvalidInput,
        /// The operating system's keychain cannot be used.
        KeychainUnavailable,
        /// A password or passphrase is longer than the keychain takes.
        SecretTooLong,
        /// A stored password or passphrase is gone.
        SecretMissing,
        /// Another Kuramori works with the same state folder.
        StateInUse,
        /// The state folder cannot be used.
        StateDamaged,
        /// The process that owns the state folder is of another version.
        OwnerDiffers,
        /// The process that owns the state folder ended before it answered.
        OwnerLost,
        /// What this installation knows was written by a newer version.
        StateNewer,
        /// A file of what this installation knows was damaged or gone, and was made anew.
        StateRebuilt,
        /// The file to write exists or cannot be written.
        FileUnwritable,
        /// The file to read is missing or cannot be read.
        FileUnreadable,
        /// A VM or disk in files is used by somebody, or was while it was read.
        FilesInUse,
        /// Files of a VM or disk are damaged, incomplete or of an unknown kind.
        FilesUnusable,
        /// The run ended because somebody stopped it.
        Cancelled,
        /// The run was cut off: the program or the machine stopped.
        Interrupted,
        /// The VM is in another run right now.
        Busy,
        /// The system's list of programs that start by themselves cannot be used.
        AutostartRefused,
        /// The system has not what shows our pages.
        WebviewMissing,
        /// The window could not be opened for another reason.
        WindowFailed,
        /// A server that notices go to does not answer.
        NoticeUnreachable,
        /// A server that notices go to shows a certificate that nobody vouches for.
        NoticeUntrusted,
        /// A server that notices go to cannot be spoken to in secret.
        NoticeNotEncrypted,
        /// The mail server refused user name or password.
        MailLoginRefused,
        /// The mail server takes no mail for somebody.
        MailRecipientRefused,
        /// A server took no notice.
        NoticeRefused,
        /// The desktop shows no notices.
        DesktopSilent,
        /// This build cannot check updates: it carries no key.
        UpdatesOff,
        /// The update server does not answer as it should.
        UpdateUnreachable,
        /// The update server shows a certificate that nobody vouches for.
        UpdateServerUntrusted,
        /// An update is not signed by us, or not what was signed.
        UpdateNotGenuine,
        /// An update is signed but does not fit this installation.
        UpdateUnsuitable,
        /// An update is signed but older than what is known.
        UpdateOlder,
        /// There is nothing newer.
        UpdateNone,
        /// The system's package manager updates this installation.
        UpdateBySystem,
        /// The program was not installed, so it cannot replace itself.
        UpdateNotInstalled,
        /// No update is installed while a run is live.
        UpdateDuringRun,
        /// An update is being put in place.
        UpdateApplying,
        /// An update could not be put in place.
        UpdateFailed,
        /// A new version did not start and was taken back.
        UpdateRolledBack,
        /// A fault of ours.
        Internal,
    }
}

wire! {
    /// An error as people see it.
    pub struct ErrorView {
        /// What happened, for programs.
        pub code: ErrorCode,
        /// What happened, in a plain sentence.
        pub title: String,
        /// Whether data is at risk, in a plain sentence.
        pub risk: String,
        /// Why it happens, where more is known than the title says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pub why: Option<String>,
        /// What to do, the best action first.
        pub hints: Vec<String>,
        /// The technical cause, one line a level. Always English.
        pub detail: String,
        /// Whether trying again unchanged can help.
        pub retry: bool,
        /// For certificate errors: the certificate's SHA-256 that was seen.
        pub seen_sha256: Option<String>,
    }
}
