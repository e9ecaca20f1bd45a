//! The one table of commands. Dispatch and the TypeScript client are made from it.

use serde::{Deserialize, Serialize};

use crate::dto;

/// What a caller must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks.
    Read,
    /// Starts and stops work.
    Operate,
    /// Changes what is set up.
    Admin,
}

/// One command of the table.
pub trait Command {
    /// The name callers use.
    const NAME: &'static str;
    /// What a caller must be allowed to do.
    const ACCESS: Access;
    /// What goes in.
    type Request: Serialize + for<'a> Deserialize<'a> + ts_rs::TS + Send + 'static;
    /// What comes out.
    type Response: Serialize + for<'a> Deserialize<'a> + ts_rs::TS + Send + 'static;
}

/// Calls `$callback!` with the whole table.
macro_rules! with_commands {
    ($callback:ident) => {
        $callback! {
            "app.state" AppState Read (Empty) -> AppStateView;
            "settings.get" SettingsGet Read (Empty) -> SettingsView;
            "settings.set" SettingsSet Admin (SettingsView) -> SettingsView;
            "settings.autostart" SettingsAutostart Read (Empty) -> AutostartView;
            "settings.set-autostart" SettingsSetAutostart Admin (AutostartRequest) -> AutostartView;
            "notices.get" NoticesGet Read (Empty) -> NoticesView;
            "notices.set" NoticesSet Admin (SetNoticesRequest) -> NoticesView;
            "notices.test" NoticesTest Operate (TestNoticeRequest) -> NoticeTested;
            "servers.probe" ServersProbe Admin (ProbeServerRequest) -> CertificateView;
            "servers.add" ServersAdd Admin (AddServerRequest) -> ServerView;
            "servers.list" ServersList Read (Empty) -> ServerList;
            "servers.check" ServersCheck Operate (CheckServerRequest) -> ServerCheck;
            "servers.role" ServersRole Read (RoleRequest) -> RoleView;
            "servers.trust" ServersTrust Admin (TrustServerRequest) -> ServerView;
            "servers.mount" ServersMount Admin (MountDatastoreRequest) -> ServerView;
            "servers.remove" ServersRemove Admin (ServerRequest) -> Empty;
            "inventory.get" InventoryGet Read (InventoryRequest) -> InventoryView;
            "repositories.suggest" RepositoriesSuggest Read (Empty) -> PlaceView;
            "repositories.place" RepositoriesPlace Read (PathRequest) -> PlaceView;
            "repositories.create" RepositoriesCreate Admin (CreateRepositoryRequest) -> RepositoryCreated;
            "repositories.attach" RepositoriesAttach Admin (AttachRepositoryRequest) -> RepositoryView;
            "repositories.list" RepositoriesList Read (Empty) -> RepositoryList;
            "repositories.info" RepositoriesInfo Read (RepositoryRequest) -> RepositoryView;
            "repositories.recovery-sheet" RepositoriesRecoverySheet Admin (RecoverySheetRequest) -> RecoverySheetView;
            "repositories.check-recovery-words" RepositoriesCheckRecoveryWords Admin (CheckRecoveryWordsRequest) -> RecoveryWordsChecked;
            "repositories.accept" RepositoriesAccept Admin (RepositoryRequest) -> RepositoryView;
            "repositories.detach" RepositoriesDetach Admin (RepositoryRequest) -> Empty;
            "backup.start" BackupStart Operate (StartBackupRequest) -> RunStarted;
            "jobs.list" JobsList Read (Empty) -> JobList;
            "jobs.get" JobsGet Read (JobRequest) -> JobView;
            "jobs.save" JobsSave Admin (SaveJobRequest) -> JobView;
            "jobs.pause" JobsPause Operate (PauseJobRequest) -> JobView;
            "jobs.delete" JobsDelete Admin (JobRequest) -> Empty;
            "jobs.duplicate" JobsDuplicate Admin (DuplicateJobRequest) -> JobView;
            "jobs.plan" JobsPlan Read (PlanJobRequest) -> JobPlanView;
            "jobs.presets" JobsPresets Read (Empty) -> PresetsView;
            "jobs.run" JobsRun Operate (RunJobRequest) -> RunStarted;
            "schedules.propose" SchedulesPropose Read (ProposeSchedulesRequest) -> SchedulesProposed;
            "schedules.preview" SchedulesPreview Read (PreviewScheduleRequest) -> SchedulePreview;
            "runs.list" RunsList Read (ListRunsRequest) -> RunList;
            "runs.get" RunsGet Read (RunRequest) -> RunView;
            "runs.again" RunsAgain Operate (RunRequest) -> RunStarted;
            "runs.cancel" RunsCancel Operate (RunRequest) -> Empty;
            "points.list" PointsList Read (ListPointsRequest) -> PointList;
            "points.get" PointsGet Read (PointRequest) -> PointView;
            "points.find" PointsFind Read (FindPointsRequest) -> PointList;
            "points.sums" PointsSums Read (SumPointsRequest) -> PointSums;
            "points.deleted" PointsDeleted Read (LedgerRequest) -> DeletedPoints;
            "points.undelete" PointsUndelete Operate (PointsRequest) -> Empty;
            "points.hold" PointsHold Operate (PointsRequest) -> HoldList;
            "retention.what-if" RetentionWhatIf Read (WhatIfRequest) -> RetentionView;
            "retention.ledger" RetentionLedger Read (LedgerRequest) -> LedgerView;
            "protection.list" ProtectionList Read (Empty) -> ProtectionList;
            "protection.set-class" ProtectionSetClass Admin (SetClassRequest) -> VmProtection;
            "classes.get" ClassesGet Read (Empty) -> ClassesView;
            "classes.set" ClassesSet Admin (ClassesView) -> ClassesView;
            "alerts.list" AlertsList Read (Empty) -> AlertList;
            "alerts.release" AlertsRelease Operate (AlertRequest) -> AlertList;
            "restore.targets" RestoreTargets Read (ServerRequest) -> RestoreTargets;
            "restore.plan" RestorePlan Read (RestoreVmRequest) -> RestorePlanView;
            "restore.vm" RestoreVm Operate (RestoreVmRequest) -> RunStarted;
            "restore.in-place-plan" RestoreInPlacePlan Read (RestoreInPlaceRequest) -> InPlacePlanView;
            "restore.in-place" RestoreInPlace Operate (RestoreInPlaceRequest) -> RunStarted;
            "restore.disk" RestoreDisk Operate (RestoreDiskRequest) -> RunStarted;
            "updates.status" UpdatesStatus Read (Empty) -> UpdatesView;
            "updates.check" UpdatesCheck Operate (Empty) -> UpdatesView;
            "updates.open-file" UpdatesOpenFile Admin (UpdateFileRequest) -> UpdatesView;
            "updates.download" UpdatesDownload Admin (Empty) -> UpdatesView;
            "updates.install" UpdatesInstall Admin (Empty) -> UpdatesView;
            "updates.dismiss" UpdatesDismiss Operate (Empty) -> Empty;
        }
    };
}
pub(crate) use with_commands;

macro_rules! declare {
    ($($name:literal $type:ident $access:ident ($request:ident) -> $response:ident;)*) => {
        /// The commands as types.
        pub mod command {
            use super::{Access, Command, dto};
            $(
                #[doc = concat!("`", $name, "`")]
                #[derive(Clone, Copy, Debug)]
                pub struct $type;
                impl Command for $type {
                    const NAME: &'static str = $name;
                    const ACCESS: Access = Access::$access;
                    type Request = dto::$request;
                    type Response = dto::$response;
                }
            )*
        }

        /// Renders the map from command to request and response that the TypeScript client is
        /// typed by.
        pub fn typescript() -> String {
            use ts_rs::{Config, TS};
            let config = Config::from_env();
            let mut types = std::collections::BTreeSet::new();
            let mut lines = String::new();
            $(
                let (request, response) =
                    (dto::$request::name(&config), dto::$response::name(&config));
                lines.push_str(&format!(
                    "  {:?}: {{ request: {request}; response: {response} }};\n", $name));
                types.extend([request, response]);
            )*
            let imports: String = types
                .iter()
                .map(|t| format!("import type {{ {t} }} from \"./{t}\";\n"))
                .collect();
            format!("// Made by `cargo xtask gen-bindings`.\n{imports}\nexport interface Commands {{\n{lines}}}\n")
        }
    };
}
with_commands!(declare);

#[cfg(test)]
mod tests {
    /// Writes `Commands.ts` beside the types; `cargo xtask gen-bindings` runs it.
    #[test]
    fn export_bindings_commands() {
        let config = ts_rs::Config::from_env();
        fs_err::create_dir_all(config.out_dir()).unwrap();
        fs_err::write(config.out_dir().join("Commands.ts"), super::typescript()).unwrap();
        <crate::dto::Event as ts_rs::TS>::export_all(&config).unwrap();
        <crate::dto::ErrorView as ts_rs::TS>::export_all(&config).unwrap();
    }
}
