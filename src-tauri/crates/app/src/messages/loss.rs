//! What this installation knows, lost or written by a newer version.

use ErrorCode as E;
use kuramori_engine::RunEvent;

use super::{Sentences, say};
use crate::dto::{ErrorCode, Language};

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        E::StateNewer => say(
            "{0} was written by a newer version of Kuramori.",
            "Nothing was changed. Recovery points are not affected.",
            &["Start the newest version that was installed here."],
        ),
        E::OwnerDiffers => say(
            "{0} works with this state folder, and is another version than this program.",
            "Nothing was changed.",
            &["Use the program that belongs to it, or end it first."],
        ),
        E::OwnerLost => say(
            "{0} did the work, and does not answer any more.",
            "If it ended, its runs are made good for at its next start.",
            &["Start it again, or repeat this command."],
        ),
        _ => say(
            "{0}, in which Kuramori keeps what it knows, was damaged or gone, and was made anew.",
            "Recovery points are not affected: they lie in the repositories. Jobs and what runs \
             made come back from there.",
            &[
                "Look whether all jobs and servers are there.",
                "Check the disk of this computer: files do not break by themselves.",
            ],
        ),
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        E::StateNewer => say(
            "{0} は、より新しいバージョンの Kuramori が書いたものです。",
            "何も変更していません。復旧ポイントには影響ありません。",
            &["ここにインストールされた最新のバージョンを起動してください。"],
        ),
        E::OwnerDiffers => say(
            "この状態フォルダーを使っている {0} は、このプログラムと異なるバージョンです。",
            "何も変更していません。",
            &["同じバージョンのプログラムを使うか、先に終了してください。"],
        ),
        E::OwnerLost => say(
            "処理を行っていた {0} が応答しなくなりました。",
            "終了していた場合、その実行は次に起動したときにやり直されます。",
            &["もう一度起動するか、このコマンドをやり直してください。"],
        ),
        _ => say(
            "Kuramori の情報を保存する {0} が壊れていたか、なくなっていたため、作り直しました。",
            "復旧ポイントには影響ありません。復旧ポイントはリポジトリにあります。ジョブと実行の履歴はそこから戻ります。",
            &[
                "ジョブとサーバーがすべてそろっているか確認してください。",
                "このコンピューターのディスクを検査してください。ファイルがひとりでに壊れることはありません。",
            ],
        ),
    }
}

/// Says what came back, and what is still left.
pub(super) fn say_event(event: &RunEvent, language: Language) -> String {
    match (event, language) {
        (RunEvent::JobsCameBack { names }, Language::En) if names.is_empty() => {
            "No repository that can be reached holds jobs of this computer".to_owned()
        }
        (RunEvent::JobsCameBack { names }, Language::Ja) if names.is_empty() => {
            "接続できるリポジトリに、このコンピューターのジョブはありません".to_owned()
        }
        (RunEvent::JobsCameBack { names }, Language::En) => {
            format!("Jobs came back from a repository: {}", names.join(", "))
        }
        (RunEvent::JobsCameBack { names }, Language::Ja) => {
            format!("リポジトリからジョブを戻しました: {}", names.join("、"))
        }
        (RunEvent::RunsCameBack { count }, Language::En) => {
            format!("{count} runs are known again from their recovery points")
        }
        (RunEvent::RunsCameBack { count }, Language::Ja) => {
            format!("復旧ポイントから {count} 件の実行の履歴を戻しました")
        }
        (RunEvent::LostSnapshotFound { name }, Language::En) => {
            format!("{name} has a snapshot of ours that nothing told of; it will be removed")
        }
        (RunEvent::LostSnapshotFound { name }, Language::Ja) => {
            format!("{name} に、記録が失われた Kuramori のスナップショットがあります。削除します")
        }
        (RunEvent::LostSnapshotKept { name }, Language::En) => format!(
            "{name} has a snapshot of ours that stays: a disk of it hangs on another VM. Detach it \
             there, then remove the snapshot"
        ),
        (RunEvent::LostSnapshotKept { name }, Language::Ja) => format!(
            "{name} の Kuramori のスナップショットは残します。ディスクが別の仮想マシンに接続されています。そこで切り離してから、スナップショットを削除してください"
        ),
        _ => String::new(),
    }
}
