//! What is said about a restore over the original.

use kuramori_engine::RunEvent;

use super::{Sentences, say};
use crate::dto::ErrorCode;

pub(super) fn english(code: ErrorCode) -> Sentences {
    use ErrorCode as E;
    match code {
        E::OriginalGone => say(
            "The server has no VM, or more than one, with the identity of {0}, which this recovery \
             point was made of.",
            "Nothing was changed. The recovery point is complete.",
            &["Restore it as a new VM."],
        ),
        E::NameNotConfirmed => say(
            "The name that was typed is not {0}.",
            "Nothing was changed.",
            &["Type the name of the VM whose disks are to be exchanged, exactly as it is written."],
        ),
        E::VmHasSnapshots => say(
            "{0} has snapshots that Kuramori did not make.",
            "Nothing was changed. The snapshots rest on the disks that would be exchanged, and \
             could not be used any more.",
            &["Remove them in the host's own client, or restore as a new VM."],
        ),
        E::DiskHasNoPlace => say(
            "A disk of the recovery point has no place in {0} as it is now.",
            "Nothing was changed. The VM was changed since the recovery point was made.",
            &["Restore it as a new VM."],
        ),
        E::SafetyPointFailed => say(
            "{0} could not be saved as it is now, so its disks were not exchanged.",
            "The VM has the disks it had, and runs if it ran. Without a recovery point of its \
             present state there would be no way back.",
            &["Make a backup of it work, then try again.", "Or restore as a new VM."],
        ),
        _ => say(
            "What was written for {0} is not what was sent.",
            "The VM has the disks it had. What was written is removed.",
            &[
                "Look at the datastore's storage, then try again.",
                "Or restore as a new VM, to another \
               datastore.",
            ],
        ),
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    use ErrorCode as E;
    match code {
        E::OriginalGone => say(
            "この復旧ポイントの元の VM「{0}」を特定できません。同じ識別子の VM がサーバーにないか、複数あります。",
            "何も変更されていません。復旧ポイントは完全です。",
            &["新しい VM として復元してください。"],
        ),
        E::NameNotConfirmed => say(
            "入力された名前は「{0}」と一致しません。",
            "何も変更されていません。",
            &["ディスクを入れ替える VM の名前を、表示どおりに入力してください。"],
        ),
        E::VmHasSnapshots => say(
            "「{0}」には、Kuramori 以外が作成したスナップショットがあります。",
            "何も変更されていません。入れ替えるディスクにスナップショットが依存しており、使えなくなります。",
            &["ホストの画面でスナップショットを削除するか、新しい VM として復元してください。"],
        ),
        E::DiskHasNoPlace => say(
            "復旧ポイントのディスクを取り付ける場所が、現在の「{0}」にありません。",
            "何も変更されていません。復旧ポイントの作成後に VM の構成が変わっています。",
            &["新しい VM として復元してください。"],
        ),
        E::SafetyPointFailed => say(
            "「{0}」の現在の状態を保存できないため、ディスクを入れ替えませんでした。",
            "VM のディスクは元のままで、動作していた VM は動作しています。現在の状態の復旧ポイントがないと、元に戻せません。",
            &[
                "バックアップが成功するようにしてから、もう一度試してください。",
                "または、新しい VM として復元してください。",
            ],
        ),
        _ => say(
            "「{0}」のために書き込んだ内容が、送信した内容と異なります。",
            "VM のディスクは元のままです。書き込んだものは削除しました。",
            &[
                "データストアのストレージを確認してから、もう一度試してください。",
                "または、新しい VM として別のデータストアに復元してください。",
            ],
        ),
    }
}

pub(super) fn event_english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::SafetyPointFirst => {
            "First the VM is saved as it is now, so that there is a way back".to_owned()
        }
        E::NotReadBack { disk, reason } => format!(
            "{disk} was sent, and the server took it, but it could not be read back to compare: {reason}"
        ),
        E::Exchanged { name, on: true } => {
            format!("{name} has the disks of the recovery point and was switched on")
        }
        E::Exchanged { name, on: false } => {
            format!("{name} has the disks of the recovery point and is off")
        }
        E::OldDiskKept { file } => format!(
            "The disk it had stays as {file}. Delete it in the host's own client when it is not needed any more"
        ),
        E::NewDiskAt { file } => format!("The disk from the recovery point lies at {file}"),
        E::SentDiskLeft { file } => format!(
            "{file} was sent for a restore that was broken off, and may still be there. Nothing \
             proves that nobody needs it, so it was not deleted. Look at it in the host's own client"
        ),
        E::SmallFileLeft { file, reason } => format!(
            "{file} may stay: it belonged to the helper VM that the disks were sent into, and could \
             not be deleted. Nothing needs it; delete it in the host's own client. Disks in the \
             same folder belong to the VM: {reason}"
        ),
        E::DiskUntouched { disk } => {
            format!("{disk} is not in the recovery point and stays in the VM as it is")
        }
        E::ExchangeLeft { reason } => format!(
            "What was begun on the server is not in order yet, it is tried again every hour and at the next start: {reason}"
        ),
        E::ExchangeTakenBack { name } => {
            format!("A broken-off restore over {name} was taken back: it has the disks it had")
        }
        E::ExchangeEnded { name } => format!(
            "A broken-off restore over {name} was brought to its end: it has the disks of the recovery point"
        ),
        other => other.record(),
    }
}

pub(super) fn event_japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::SafetyPointFirst => "元に戻せるよう、まず VM の現在の状態を保存します".to_owned(),
        E::NotReadBack { disk, reason } => format!(
            "{disk} を送信し、サーバーは受け取りましたが、読み戻して比較できませんでした: {reason}"
        ),
        E::Exchanged { name, on: true } => {
            format!("「{name}」のディスクを復旧ポイントのものに入れ替え、電源を入れました")
        }
        E::Exchanged { name, on: false } => {
            format!("「{name}」のディスクを復旧ポイントのものに入れ替えました。電源は切れています")
        }
        E::OldDiskKept { file } => format!(
            "元のディスクは {file} として残っています。不要になったら、ホストの画面で削除してください"
        ),
        E::NewDiskAt { file } => format!("復旧ポイントのディスクは {file} にあります"),
        E::SentDiskLeft { file } => format!(
            "{file} は中断された復元のために送信したもので、残っている可能性があります。不要と確認できないため削除しませんでした。ホストの画面で確認してください"
        ),
        E::SmallFileLeft { file, reason } => format!(
            "{file} が残っている可能性があります。ディスクの送信に使った補助 VM のもので、削除できませんでした。\
             不要なため、ホストの画面で削除してください。同じフォルダーのディスクは VM のものです: {reason}"
        ),
        E::DiskUntouched { disk } => {
            format!("{disk} は復旧ポイントに含まれないため、そのまま VM に残ります")
        }
        E::ExchangeLeft { reason } => format!(
            "サーバー上の後片付けが終わっていません。1 時間ごとと次の起動時にもう一度試します: {reason}"
        ),
        E::ExchangeTakenBack { name } => {
            format!("中断された「{name}」への復元を取り消しました。ディスクは元のままです")
        }
        E::ExchangeEnded { name } => {
            format!("中断された「{name}」への復元を完了しました。ディスクは復旧ポイントのものです")
        }
        other => other.record(),
    }
}
