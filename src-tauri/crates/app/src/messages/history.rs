//! What is wrong with the place or the past of a repository.

use ErrorCode as E;

use super::{Sentences, say};
use crate::dto::ErrorCode;

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        E::StoreUnsuitable => say(
            "{0} cannot keep a repository safely.",
            "It does not do what repositories rest on; the details say what. Nothing was changed.",
            &[
                "Choose a folder on a local disk or on another share.",
                "What is in a repository there can still be restored by naming its folder.",
            ],
        ),
        E::HistoryLost => say(
            "Recovery points that this computer saw in {0} are gone, and nobody deleted them.",
            "An older copy of the repository came back, or somebody removed files. What is there \
             can be restored; backups go on from there.",
            &[
                "Find out what happened before you clean up or delete anything there.",
                "If the true repository lies elsewhere, bring it back.",
                "If it is to stay as it is, accept it: in the settings, or with “kuramori repo accept”.",
            ],
        ),
        E::HistoryForgotten => say(
            "What this computer knew about {0} cannot be read.",
            "Whether recovery points vanished or an older copy came back cannot be told. What is \
             there can be restored, and backups go on.",
            &[
                "Check the disk of this computer.",
                "Look whether the newest recovery points are there, then accept the repository: in \
                 the settings, or with “kuramori repo accept”.",
            ],
        ),
        _ => say(
            "Recovery points in {0} follow two different histories of one computer.",
            "All of them can be restored. Two copies of the repository were mixed, or a computer \
             was copied with its settings.",
            &[
                "If a computer was copied, set Kuramori up anew on one of the two.",
                "If it is to stay as it is, accept it: in the settings, or with “kuramori repo accept”.",
            ],
        ),
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        E::StoreUnsuitable => say(
            "{0} にはリポジトリを安全に置けません。",
            "リポジトリに必要な動作が守られていません。内容は詳細にあります。何も変更していません。",
            &[
                "ローカルディスクまたは別の共有フォルダーを選んでください。",
                "そこにあるリポジトリの内容は、フォルダーを指定すれば復元できます。",
            ],
        ),
        E::HistoryLost => say(
            "このコンピューターが以前に見た {0} の復旧ポイントが、誰も削除していないのになくなっています。",
            "リポジトリの古いコピーが戻されたか、ファイルが取り除かれました。残っているものは復元でき、バックアップはそこから続きます。",
            &[
                "整理や削除を行う前に、何が起きたかを調べてください。",
                "本来のリポジトリが別の場所にあるなら、元に戻してください。",
                "このままでよければ、設定画面または「kuramori repo accept」で受け入れてください。",
            ],
        ),
        E::HistoryForgotten => say(
            "{0} についてこのコンピューターが記録していた内容を読み取れません。",
            "復旧ポイントの消失や古いコピーへの差し替えを判別できません。残っているものは復元でき、バックアップは続きます。",
            &[
                "このコンピューターのディスクを確認してください。",
                "最新の復旧ポイントがあることを確かめてから、設定画面または「kuramori repo accept」で受け入れてください。",
            ],
        ),
        _ => say(
            "{0} に、1 台のコンピューターの 2 つの異なる履歴が含まれています。",
            "どの復旧ポイントも復元できます。リポジトリの 2 つのコピーが混ざったか、コンピューターが設定ごと複製されました。",
            &[
                "コンピューターを複製したのなら、一方で Kuramori を設定し直してください。",
                "このままでよければ、設定画面または「kuramori repo accept」で受け入れてください。",
            ],
        ),
    }
}
