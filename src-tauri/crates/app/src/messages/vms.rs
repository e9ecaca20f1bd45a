//! Why VMs and disks cannot be saved, and what is special about those that can.

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_vsphere::{
    DiskConfig, DiskObstacle, PowerState, SnapshotNode, ToolsState, VmObstacle, VmSummary,
};

use crate::dto::Language;

/// Snapshots are for hours; an older one was forgotten.
const SNAPSHOT_MAY_STAY: TimeDelta = TimeDelta::hours(24);

/// Says why a VM cannot be backed up as it is.
pub(crate) fn vm_obstacle(obstacle: VmObstacle, language: Language) -> &'static str {
    use VmObstacle as O;
    match (language, obstacle) {
        (Language::En, O::Template) => {
            "A template has no snapshots. Deploy a VM from it to save it."
        }
        (Language::En, O::System) => "vSphere made this VM for itself and makes it anew.",
        (Language::En, O::FaultTolerant) => {
            "Fault tolerance is on, and such VMs have no snapshots. Turn it off to save the VM."
        }
        (Language::En, O::Inaccessible) => "Its files cannot be reached. Look at its datastore.",
        (Language::En, O::Orphaned) => "It is on no host any more. Register it again.",
        (Language::En, O::Invalid) => "The server calls its configuration invalid.",
        (Language::En, O::Unavailable) => "Its host is not connected to the server.",
        (Language::En, O::Unreadable) => "The server does not show its configuration.",
        (Language::En, O::NoDisk) => "It has no disk.",
        (Language::En, O::NoSavedDisk) => "It has no disk that can be saved.",
        (Language::Ja, O::Template) => {
            "テンプレートにはスナップショットがありません。保存するには、VM を展開してください。"
        }
        (Language::Ja, O::System) => {
            "vSphere が自身のために作った VM です。なくても作り直されます。"
        }
        (Language::Ja, O::FaultTolerant) => {
            "Fault Tolerance が有効で、スナップショットがありません。保存するには、無効にしてください。"
        }
        (Language::Ja, O::Inaccessible) => {
            "ファイルにアクセスできません。データストアを確認してください。"
        }
        (Language::Ja, O::Orphaned) => "どのホストにもありません。登録し直してください。",
        (Language::Ja, O::Invalid) => "構成が無効だとサーバーが報告しています。",
        (Language::Ja, O::Unavailable) => "ホストがサーバーに接続されていません。",
        (Language::Ja, O::Unreadable) => "サーバーが構成を表示しません。",
        (Language::Ja, O::NoDisk) => "ディスクがありません。",
        (Language::Ja, O::NoSavedDisk) => "保存できるディスクがありません。",
    }
}

/// Says that only recovery points are left of a VM.
pub(crate) fn vm_gone(language: Language) -> &'static str {
    match language {
        Language::En => "It is no longer on the server. Its recovery points are kept.",
        Language::Ja => "サーバーにはもうありません。復旧ポイントは残っています。",
    }
}

/// Says why a disk is left out of backups.
pub(crate) fn disk_obstacle(obstacle: DiskObstacle, language: Language) -> &'static str {
    use DiskObstacle as O;
    match (language, obstacle) {
        (Language::En, O::Independent) => "Left out: an independent disk is not part of snapshots.",
        (Language::En, O::Nonpersistent) => "Left out: its changes do not stay.",
        (Language::En, O::PhysicalRawDevice) => {
            "Left out: a raw device (RDM) in physical mode has no snapshots."
        }
        (Language::En, O::UnsupportedBacking) => "Left out: its kind of storage has no snapshots.",
        (Language::En, O::MultiWriter) => "Left out: several VMs write to it (multi-writer).",
        (Language::En, O::SharedBus) => "Left out: it hangs on a bus that several VMs share.",
        (Language::En, O::FirstClass) => {
            "Left out: a volume of its own (FCD, such as a container platform's) that only visits \
             this VM."
        }
        (Language::Ja, O::Independent) => {
            "対象外: 独立型ディスクはスナップショットに含まれません。"
        }
        (Language::Ja, O::Nonpersistent) => "対象外: 変更が残らないディスクです。",
        (Language::Ja, O::PhysicalRawDevice) => {
            "対象外: 物理モードの RDM にはスナップショットがありません。"
        }
        (Language::Ja, O::UnsupportedBacking) => {
            "対象外: スナップショットのない種類のストレージです。"
        }
        (Language::Ja, O::MultiWriter) => {
            "対象外: 複数の VM が書き込むディスク（マルチライター）です。"
        }
        (Language::Ja, O::FirstClass) => {
            "対象外: この VM に一時的に接続されている独立したボリューム（FCD、コンテナー基盤のものなど）です。"
        }
        (Language::Ja, O::SharedBus) => "対象外: 複数の VM が共有するバスに接続されています。",
    }
}

/// Says what is special about a disk that is saved.
pub(crate) fn disk_note(disk: &DiskConfig, language: Language) -> Option<&'static str> {
    Some(match (language, disk.encrypted, disk.backing.is_raw_device()) {
        (Language::En, true, _) => {
            "Encrypted by vSphere: it is read by export only, and the server may refuse that."
        }
        (Language::En, false, true) => {
            "A raw device (RDM) in virtual mode: it is restored as an ordinary disk."
        }
        (Language::Ja, true, _) => {
            "vSphere で暗号化されています。読み取りはエクスポートだけで、サーバーに拒否されることがあります。"
        }
        (Language::Ja, false, true) => {
            "仮想モードの RDM です。復元すると通常のディスクになります。"
        }
        (_, false, false) => return None,
    })
}

/// Says what is special about a VM that can be backed up.
pub(crate) fn vm_notes(vm: &VmSummary, now: DateTime<Utc>, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    if vm.power == PowerState::Suspended {
        notes.push(match language {
            Language::En => "It is suspended: its disks are saved, its memory is not.".to_owned(),
            Language::Ja => {
                "サスペンド中です。ディスクは保存されますが、メモリは保存されません。".to_owned()
            }
        });
    }
    if let Some(vapp) = &vm.vapp {
        notes.push(match language {
            Language::En => {
                format!("It is part of the vApp {vapp}, whose own settings are not saved.")
            }
            Language::Ja => {
                format!("vApp「{vapp}」の一部です。vApp 自体の設定は保存されません。")
            }
        });
    }
    if vm.power == PowerState::On && vm.tools != ToolsState::Running {
        notes.push(match language {
            Language::En => "VMware Tools do not run in it, so its recovery points are as after a \
                             power cut. Install or start them for quiet file systems."
                .to_owned(),
            Language::Ja => {
                "VMware Tools が動いていないため、復旧ポイントは電源断の直後と同じ状態になります。\
                             静止した状態で保存するには、インストールまたは起動してください。"
                    .to_owned()
            }
        });
    }
    if vm.consolidation_needed {
        notes.push(match language {
            Language::En => {
                "Its disks wait to be merged. That is tried before its next backup.".to_owned()
            }
            Language::Ja => {
                "ディスクの統合が必要です。次のバックアップの前に統合を試みます。".to_owned()
            }
        });
    }
    notes.extend(old_snapshot(&vm.snapshots, now, language));
    notes
}

/// Returns the oldest snapshot that is older than a day.
pub(crate) fn oldest_snapshot(
    snapshots: &[SnapshotNode],
    now: DateTime<Utc>,
) -> Option<&SnapshotNode> {
    let old = |s: &&SnapshotNode| s.created.is_some_and(|made| now - made > SNAPSHOT_MAY_STAY);
    snapshots.iter().filter(old).min_by_key(|snapshot| snapshot.created)
}

/// Names the oldest snapshot that has been there for longer than a day. It makes the VM slower and
/// its datastore fuller, whoever forgot it.
fn old_snapshot(
    snapshots: &[SnapshotNode],
    now: DateTime<Utc>,
    language: Language,
) -> Option<String> {
    let oldest = oldest_snapshot(snapshots, now)?;
    let days = oldest.created.map_or(0, |made| (now - made).num_days());
    let (name, ours) = (&oldest.name, kuramori_engine::is_a_backup_snapshot(oldest));
    Some(match (language, ours) {
        (Language::En, false) => format!(
            "The snapshot “{name}” is {days} days old. It makes the VM slower and grows: remove it \
             on the server if nobody needs it. Kuramori never touches it."
        ),
        (Language::En, true) => format!(
            "A snapshot that a backup by Kuramori left behind is {days} days old. The computer that \
             made it removes it within the hour; if that computer is gone, remove it on the server."
        ),
        (Language::Ja, false) => format!(
            "スナップショット「{name}」は {days} 日前のものです。VM が遅くなり、容量も増え続けます。\
             不要であればサーバーで削除してください。Kuramori が削除することはありません。"
        ),
        (Language::Ja, true) => format!(
            "Kuramori のバックアップが残したスナップショットがあります（{days} 日前）。作成した\
             コンピューターが 1 時間以内に削除します。そのコンピューターがもうない場合は、サーバーで削除してください。"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(hours: i64, name: &str, description: &str) -> SnapshotNode {
        SnapshotNode {
            reference: kuramori_vsphere::SnapshotRef::new(name),
            parent: None,
            name: name.to_owned(),
            description: description.to_owned(),
            created: Some(DateTime::UNIX_EPOCH - TimeDelta::hours(hours)),
            quiesced: false,
        }
    }

    fn of(snapshots: &[SnapshotNode]) -> Option<String> {
        old_snapshot(snapshots, DateTime::UNIX_EPOCH, Language::En)
    }

    #[test]
    fn snapshots_older_than_a_day_are_named_and_ours_told_apart() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[snapshot(23, "new", "")]), None);
        let foreign = of(&[snapshot(60, "before the upgrade", ""), snapshot(30, "x", "")]);
        let foreign = foreign.unwrap();
        assert!(foreign.contains("“before the upgrade” is 2 days old"), "{foreign}");
        let ours = "Made by Kuramori for a backup and removed when it ends. Intent 00";
        let ours = of(&[snapshot(50, "Kuramori", ours)]).unwrap();
        assert!(ours.contains("left behind"), "{ours}");
    }
}
