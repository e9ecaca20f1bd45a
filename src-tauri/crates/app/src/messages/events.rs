//! Lines of a run's log.

use kuramori_engine::{RunEvent, WholeReason};

use super::{care, cold, hot_add, in_place, jobs, loss, new_vm, reading};
use crate::dto::Language;

/// What a line is about; each part has its sentences in a module of its own.
enum Part {
    Run,
    Care,
    Cold,
    InPlace,
    HotAdd,
    NewVm,
    Reading,
    Loss,
}

/// Says what happened.
pub(crate) fn event(event: &RunEvent, language: Language) -> String {
    if let RunEvent::Job(event) = event {
        return jobs::say(event, language);
    }
    match (part(event), language) {
        (Part::Run, Language::En) => english(event),
        (Part::Run, Language::Ja) => japanese(event),
        (Part::Care, Language::En) => care::english(event),
        (Part::Care, Language::Ja) => care::japanese(event),
        (Part::Cold, Language::En) => cold::english(event),
        (Part::Cold, Language::Ja) => cold::japanese(event),
        (Part::InPlace, Language::En) => in_place::event_english(event),
        (Part::InPlace, Language::Ja) => in_place::event_japanese(event),
        (Part::HotAdd, Language::En) => hot_add::english(event),
        (Part::HotAdd, Language::Ja) => hot_add::japanese(event),
        (Part::NewVm, Language::En) => new_vm::english(event),
        (Part::NewVm, Language::Ja) => new_vm::japanese(event),
        (Part::Loss, _) => loss::say_event(event, language),
        (Part::Reading, _) => reading::say(event, language),
    }
}

/// Lists every event, so that a new one is not forgotten.
fn part(event: &RunEvent) -> Part {
    use RunEvent as E;
    match event {
        E::Checked { .. }
        | E::LeftOut { .. }
        | E::SnapshotMade
        | E::Committed { .. }
        | E::SnapshotRemoved
        | E::Consolidated
        | E::OrphanRemoved
        | E::VmMade { .. }
        | E::FileWritten { .. }
        | E::HistoryBroken { .. }
        | E::NotProtected { .. }
        | E::NotRestored { .. }
        | E::Stopping
        | E::Slept { .. }
        | E::MayFallAsleep { .. }
        | E::SessionEnding
        | E::Job(_) => Part::Run,
        E::NotQuiet { .. }
        | E::SnapshotLeft { .. }
        | E::TrackingOn
        | E::TrackingReset
        | E::TrackingResetForSize
        | E::StaleTrackingFile { .. }
        | E::TrackingFilesUnknown { .. }
        | E::TrackingRefused { .. }
        | E::Audited { .. }
        | E::ChangesMissing { .. }
        | E::WaitingForTask
        | E::QuietAgain { .. }
        | E::ConsolidatedFirst
        | E::NotConsolidated { .. }
        | E::GuestSilent
        | E::HeartbeatUnknown { .. }
        | E::FileLeftOut { .. } => Part::Care,
        E::WasSuspended
        | E::ShuttingDown
        | E::SwitchedOff
        | E::SwitchedOn
        | E::NotSwitchedOn { .. } => Part::Cold,
        E::SafetyPointFirst
        | E::NotReadBack { .. }
        | E::Exchanged { .. }
        | E::OldDiskKept { .. }
        | E::NewDiskAt { .. }
        | E::SentDiskLeft { .. }
        | E::SmallFileLeft { .. }
        | E::DiskUntouched { .. }
        | E::ExchangeLeft { .. }
        | E::ExchangeTakenBack { .. }
        | E::ExchangeEnded { .. } => Part::InPlace,
        E::StillAttached { .. } | E::LeftoverDetached | E::DeviceKept { .. } => Part::HotAdd,
        E::TagsUnknown { .. }
        | E::TagMissing { .. }
        | E::VmNamed { .. }
        | E::HardwareLowered { .. }
        | E::FeatureLost { .. }
        | E::HardwareUnknown { .. }
        | E::DiskMoved { .. } => Part::NewVm,
        E::JobsCameBack { .. }
        | E::RunsCameBack { .. }
        | E::LostSnapshotFound { .. }
        | E::LostSnapshotKept { .. } => Part::Loss,
        E::Reading { .. }
        | E::WayRefused { .. }
        | E::WaitingForSnapshots
        | E::WaitingForTurn { .. }
        | E::WaitingForMemory { .. }
        | E::WaitingForLease { .. }
        | E::DiskRead { .. } => Part::Reading,
    }
}

/// Says why a disk was not read by its changed areas.
pub(crate) fn whole_reason(reason: WholeReason, language: Language) -> &'static str {
    use WholeReason as R;
    match (language, reason) {
        (Language::En, R::First) => "first recovery point of this disk",
        (Language::En, R::NotTracked) => "changed block tracking is off",
        (Language::En, R::ParentNotTracked) => {
            "the recovery point before was made without tracking"
        }
        (Language::En, R::TrackingReset) => "tracking was started over since the last time",
        (Language::En, R::Resized) => "the disk has another size than before",
        (Language::En, R::ParentDamaged) => {
            "the recovery point before has lost data of this disk, which this one makes good"
        }
        (Language::En, R::QueryFailed) => "the server could not say what changed",
        (Language::En, R::QueryInconsistent) => {
            "the server's answer about changes contradicts itself"
        }
        (Language::En, R::WholeTransport) => "this way of reading delivers the whole disk",
        (Language::En, R::Periodic) => "everything is read anew every few weeks",
        (Language::En, R::ChangesMissing) => "the server's record of changes had left some out",
        (Language::En, R::TrackingDoubted) => {
            "the server's record of changes left some out earlier and could not be begun anew"
        }
        (Language::En, R::KnownBug) => {
            "this version of ESXi is known to leave changes out of its record; update the host"
        }
        (Language::Ja, R::KnownBug) => {
            "この ESXi のバージョンには変更記録に漏れが出る既知の不具合があります。ホストを更新してください"
        }
        (Language::Ja, R::First) => "このディスクの最初の復旧ポイントです",
        (Language::Ja, R::NotTracked) => "変更ブロック追跡が無効です",
        (Language::Ja, R::ParentNotTracked) => "前の復旧ポイントは追跡なしで作成されました",
        (Language::Ja, R::TrackingReset) => "前回から追跡がやり直されました",
        (Language::Ja, R::Resized) => "ディスクのサイズが前回と異なります",
        (Language::Ja, R::ParentDamaged) => {
            "前の復旧ポイントでこのディスクのデータが失われているため、全体を読み取って補います"
        }
        (Language::Ja, R::QueryFailed) => "サーバーが変更箇所を答えられませんでした",
        (Language::Ja, R::QueryInconsistent) => "変更箇所についてのサーバーの答えに矛盾があります",
        (Language::Ja, R::WholeTransport) => "この読み取り方法ではディスク全体が送られます",
        (Language::Ja, R::Periodic) => "数週間ごとに全体を読み直します",
        (Language::Ja, R::ChangesMissing) => "サーバーの変更記録に漏れがありました",
        (Language::Ja, R::TrackingDoubted) => {
            "サーバーの変更記録に以前漏れがあり、記録をやり直せませんでした"
        }
    }
}

/// Says that a recovery point may miss changes of a disk.
pub(crate) fn unproven(disk: &str, language: Language) -> String {
    match language {
        Language::En => format!(
            "{disk} is unproven: the server's record of changes that it was read by was caught \
             leaving some out later. Restore it only where no newer recovery point serves, and look \
             at the data first."
        ),
        Language::Ja => format!(
            "{disk} は未証明です。読み取りに使ったサーバーの変更記録に、後から漏れが見つかりました。\
             新しい復旧ポイントで代えられないときだけ復元し、先にデータを確認してください。"
        ),
    }
}

/// Says why the computer is kept awake, in the system's own lists.
pub(crate) fn working(language: Language) -> &'static str {
    match language {
        Language::En => "A backup or restore runs.",
        Language::Ja => "バックアップまたは復元を実行しています。",
    }
}

/// Says what a shutdown waits for, on the system's own screen.
pub(crate) fn stopping(language: Language) -> &'static str {
    match language {
        Language::En => "Backups are being stopped cleanly.",
        Language::Ja => "バックアップを安全に停止しています。",
    }
}

/// Writes a number of bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Writes a time as people say it, in its two largest units.
fn duration(seconds: u64, language: Language) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (language, hours, minutes) {
        (Language::En, 0, 0) => format!("{seconds} s"),
        (Language::En, 0, _) => format!("{minutes} min"),
        (Language::En, ..) => format!("{hours} h {minutes} min"),
        (Language::Ja, 0, 0) => format!("{seconds} 秒間"),
        (Language::Ja, 0, _) => format!("{minutes} 分間"),
        (Language::Ja, ..) => format!("{hours} 時間 {minutes} 分間"),
    }
}

fn english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::Checked { disks: 1, capacity } => format!("One disk of {} to save", size(*capacity)),
        E::Checked { disks, capacity } => format!("{disks} disks of {} to save", size(*capacity)),
        E::LeftOut { disk, reason } => format!("{disk} is left out: {reason}"),
        E::SnapshotMade => "Snapshot made".to_owned(),
        E::Committed { point, new, stored } => {
            let (new, stored) = (size(*new), size(*stored));
            format!("Recovery point {point} is complete: {new} new, {stored} stored")
        }
        E::SnapshotRemoved => "Snapshot removed".to_owned(),
        E::Consolidated => "The server merged what the snapshot left behind".to_owned(),
        E::OrphanRemoved => "A snapshot left by an earlier run was removed".to_owned(),
        E::VmMade { name } => format!("The VM {name} is complete"),
        E::FileWritten { path } => format!("{path} is complete"),
        E::HistoryBroken { reason } => format!("Look at the repository: {reason}"),
        E::NotProtected { reason } => format!(
            "The repository could not be told that this recovery point is being read, so do not \
             clean it up meanwhile: {reason}"
        ),
        E::NotRestored { what } => format!("Not in the new VM: {what}"),
        E::Stopping => "Stopping, everything begun is taken back".to_owned(),
        E::Slept { seconds } => {
            format!("The computer slept for {}", duration(*seconds, Language::En))
        }
        E::MayFallAsleep { reason } => {
            format!("The computer may fall asleep meanwhile: {reason}")
        }
        E::SessionEnding => "The session ends or the computer shuts down".to_owned(),
        other => other.record(),
    }
}

fn japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::Checked { disks, capacity } => {
            format!("保存するディスクは {disks} 台、計 {} です", size(*capacity))
        }
        E::LeftOut { disk, reason } => format!("{disk} は対象外です: {reason}"),
        E::SnapshotMade => "スナップショットを作成しました".to_owned(),
        E::Committed { point, new, stored } => format!(
            "復旧ポイント {point} が完成しました: 新規 {}、保存 {}",
            size(*new),
            size(*stored)
        ),
        E::SnapshotRemoved => "スナップショットを削除しました".to_owned(),
        E::Consolidated => "スナップショットの残りをサーバーが統合しました".to_owned(),
        E::OrphanRemoved => "以前の実行が残したスナップショットを削除しました".to_owned(),
        E::VmMade { name } => format!("VM「{name}」が完成しました"),
        E::FileWritten { path } => format!("{path} が完成しました"),
        E::HistoryBroken { reason } => format!("リポジトリを確認してください: {reason}"),
        E::NotProtected { reason } => format!(
            "この復旧ポイントを読み取り中であることをリポジトリに記録できません。終わるまでリポジトリを整理しないでください: {reason}"
        ),
        E::NotRestored { what } => format!("新しい VM に含まれないもの: {what}"),
        E::Stopping => "停止しています。始めた処理は取り消します".to_owned(),
        E::Slept { seconds } => {
            format!("コンピューターが {}スリープしていました", duration(*seconds, Language::Ja))
        }
        E::MayFallAsleep { reason } => {
            format!("途中でコンピューターがスリープする可能性があります: {reason}")
        }
        E::SessionEnding => "サインアウトまたはシャットダウンが始まりました".to_owned(),
        other => other.record(),
    }
}
