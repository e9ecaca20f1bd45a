//! Sentences about updates of the program.

use ErrorCode as E;

use super::{Sentences, say};
use crate::dto::ErrorCode;

const AS_BEFORE: &str = "Nothing was installed. Kuramori works on as it is.";

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        E::UpdatesOff => say(
            "This build has no update key, so updates are off.",
            "It works on as it is, but it will not tell you about newer versions.",
            &["Install a released version to be told about updates."],
        ),
        E::UpdateUnreachable => say(
            "The update server {0} does not answer as it should.",
            AS_BEFORE,
            &[
                "Check the connection to the internet and try again.",
                "On a machine without one, install the update from a file.",
            ],
        ),
        E::UpdateServerUntrusted => say(
            "The update server {0} shows a certificate that nobody vouches for.",
            "The connection was stopped. Nothing was installed.",
            &[
                "Check the date and time of this computer.",
                "If a firewall opens encrypted connections, install the update from a file.",
            ],
        ),
        E::UpdateNotGenuine => say(
            "What came as an update is not what Kuramori's makers signed.",
            "It was thrown away. Nothing was installed.",
            &[
                "Try again later. If it stays, somebody may have changed the file on its way: tell whoever looks after your network.",
            ],
        ),
        E::UpdateUnsuitable => say(
            "Version {0} is signed, but does not fit this installation.",
            AS_BEFORE,
            &["The details say what does not fit. Install that version with its own installer."],
        ),
        E::UpdateOlder => say(
            "Version {0} is offered, which is older than what is known here.",
            "Older versions are never installed over newer ones.",
            &[
                "Get the newest version. If only an old one is offered, somebody may be holding updates back.",
            ],
        ),
        E::UpdateNone => say(
            "Version {0} is installed already, and nothing newer is known.",
            AS_BEFORE,
            &["Check again later."],
        ),
        _ => english_install(code),
    }
}

fn english_install(code: ErrorCode) -> Sentences {
    match code {
        E::UpdateBySystem => say(
            "This installation is kept up to date by the package manager of the system.",
            AS_BEFORE,
            &["Install the new version with the package manager."],
        ),
        E::UpdateNotInstalled => say(
            "This copy of Kuramori was not installed, so it cannot replace itself.",
            AS_BEFORE,
            &["Install Kuramori, or replace this copy by hand."],
        ),
        E::UpdateDuringRun => say(
            "No update is installed while a run is going on.",
            "The run goes on untouched.",
            &["Wait for the run to end, or stop it, then install."],
        ),
        E::UpdateApplying => say(
            "An update is being put in place.",
            "Recovery points are not touched by it.",
            &["Try again in a minute."],
        ),
        E::UpdateFailed => say(
            "The update could not be put in place: {0}.",
            "The version you had is in place and works on.",
            &[
                "The details say which step failed. Check the room on the disk and your rights there, then try again.",
            ],
        ),
        _ => say(
            "Version {0} did not start, so the version before was put back.",
            "Settings and recovery points are as they were before the update.",
            &[
                "Work on with this version. The details say what went wrong; report them.",
                "A later version can be installed as usual.",
            ],
        ),
    }
}

const AS_BEFORE_JA: &str = "何もインストールされていません。Kuramori はこのまま使えます。";

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        E::UpdatesOff => say(
            "このビルドには更新用の鍵がないため、更新は無効です。",
            "このまま使えますが、新しいバージョンは通知されません。",
            &["更新の通知を受けるには、リリース版をインストールしてください。"],
        ),
        E::UpdateUnreachable => say(
            "更新サーバー {0} から正しい応答がありません。",
            AS_BEFORE_JA,
            &[
                "インターネットへの接続を確認し、もう一度試してください。",
                "接続のないマシンでは、ファイルから更新をインストールしてください。",
            ],
        ),
        E::UpdateServerUntrusted => say(
            "更新サーバー {0} の証明書を保証するものがありません。",
            "接続を中止しました。何もインストールされていません。",
            &[
                "このコンピューターの日付と時刻を確認してください。",
                "ファイアウォールが暗号化通信を開く場合は、ファイルから更新をインストールしてください。",
            ],
        ),
        E::UpdateNotGenuine => say(
            "更新として届いたものは、Kuramori の開発元が署名したものではありません。",
            "破棄しました。何もインストールされていません。",
            &[
                "後でもう一度試してください。続く場合は、途中でファイルが書き換えられた恐れがあります。ネットワークの担当者に知らせてください。",
            ],
        ),
        E::UpdateUnsuitable => say(
            "バージョン {0} は署名されていますが、この環境には合いません。",
            AS_BEFORE_JA,
            &["合わない点は詳細にあります。そのバージョンのインストーラーを使ってください。"],
        ),
        E::UpdateOlder => say(
            "提供されたバージョン {0} は、ここで知られているものより古いものです。",
            "新しいものの上に古いバージョンをインストールすることはありません。",
            &[
                "最新のバージョンを入手してください。古いものしか提供されない場合は、更新が妨げられている恐れがあります。",
            ],
        ),
        E::UpdateNone => say(
            "バージョン {0} はインストール済みで、これより新しいものはありません。",
            AS_BEFORE_JA,
            &["後でもう一度確認してください。"],
        ),
        _ => japanese_install(code),
    }
}

fn japanese_install(code: ErrorCode) -> Sentences {
    match code {
        E::UpdateBySystem => say(
            "この環境はシステムのパッケージ管理で更新されます。",
            AS_BEFORE_JA,
            &["パッケージ管理で新しいバージョンをインストールしてください。"],
        ),
        E::UpdateNotInstalled => say(
            "この Kuramori はインストールされたものではないため、自身を置き換えられません。",
            AS_BEFORE_JA,
            &["Kuramori をインストールするか、手作業で置き換えてください。"],
        ),
        E::UpdateDuringRun => say(
            "実行中は更新をインストールしません。",
            "実行はそのまま続きます。",
            &["実行が終わるのを待つか停止してから、インストールしてください。"],
        ),
        E::UpdateApplying => say(
            "更新を適用しています。",
            "復旧ポイントには影響しません。",
            &["1 分ほど待ってから、もう一度試してください。"],
        ),
        E::UpdateFailed => say(
            "更新を適用できませんでした: {0}。",
            "これまでのバージョンが残っており、そのまま使えます。",
            &[
                "失敗した手順は詳細にあります。ディスクの空きと権限を確認し、もう一度試してください。",
            ],
        ),
        _ => say(
            "バージョン {0} が起動しなかったため、前のバージョンに戻しました。",
            "設定と復旧ポイントは更新前のままです。",
            &[
                "このバージョンをそのままお使いください。原因は詳細にありますので、お知らせください。",
                "以後のバージョンは通常どおりインストールできます。",
            ],
        ),
    }
}
