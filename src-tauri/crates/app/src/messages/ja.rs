//! Japanese.

use ErrorCode as E;

use super::{Sentences, say};
use crate::dto::ErrorCode;

const UNTOUCHED: &str = "何も変更されていません。復旧ポイントはすべて元のままです。";
const NO_NEW_POINT: &str =
    "新しい復旧ポイントは作成されていません。以前の復旧ポイントは元のままです。";
const NOT_PROTECTED: &str = "解決するまで、新しい復旧ポイントは作成されません。";

pub(super) fn error(code: ErrorCode) -> Sentences {
    match code {
        E::CertificateUnknown
        | E::CertificateChanged
        | E::LoginRefused
        | E::HostUnreachable
        | E::NotVsphere
        | E::LicenceRestricted
        | E::RightsMissing
        | E::ServerFault
        | E::ServerNotFound => server(code),
        E::VmNotFound
        | E::SnapshotFailed
        | E::SnapshotLeft
        | E::VmNotSupported
        | E::DiskUnreadable
        | E::VmNameTaken
        | E::DatastoreNotFound
        | E::DatastoreFull
        | E::Busy => vm(code),
        E::StoreFull
        | E::RepositoryVanished
        | E::PassphraseWrong
        | E::RepositoryExists
        | E::NotARepository
        | E::RepositoryInUse
        | E::RepositoryNewer
        | E::RepositoryDamaged
        | E::RepositoryNotFound
        | E::PointNotFound
        | E::PointAmbiguous => repository(code),
        _ => local(code),
    }
}

fn server(code: ErrorCode) -> Sentences {
    match code {
        E::CertificateUnknown => say(
            "{0} の証明書は、誰にも保証されていません。",
            "パスワードは送信していません。",
            &["サーバー本体の画面に表示される SHA-256 と見比べてから、信頼してください。"],
        ),
        E::CertificateChanged => say(
            "{0} の証明書が、信頼したものと異なります。",
            "パスワードを送る前に接続を止めました。解決するまで、このサーバーの新しい復旧ポイントは作成されません。",
            &[
                "証明書を意図して入れ替えた場合は、新しい SHA-256 を確かめてから信頼してください。",
                "心当たりがない場合は、なりすましの恐れがあります。信頼せずにネットワークを調べてください。",
            ],
        ),
        E::LoginRefused => say(
            "{0} がユーザー名またはパスワードを受け付けませんでした。",
            NOT_PROTECTED,
            &[
                "パスワードを入力し直してください。試行は 1 回だけなので、アカウントはロックされません。",
            ],
        ),
        E::HostUnreachable => say(
            "{0} から応答がありません。",
            NOT_PROTECTED,
            &["サーバーの電源、アドレス、ポート 443 を確認してください。"],
        ),
        E::NotVsphere => say(
            "{0} は応答しますが、ESXi ホストでも vCenter でもありません。",
            UNTOUCHED,
            &["アドレスを確認してください。"],
        ),
        E::LicenceRestricted => say(
            "{0} のライセンスではバックアップできません。無償版の ESXi です。",
            "このホストの VM はこの方法では保存できません。ホストには何も変更していません。",
            &["ストレージ API を含むライセンスをホストに登録してから、もう一度試してください。"],
        ),
        E::RightsMissing => say(
            "{0} に必要な権限が、このアカウントに足りません。",
            NO_NEW_POINT,
            &["インベントリの最上位で、足りない権限を下位にも伝わるように与えてください。"],
        ),
        E::ServerFault => say(
            "{0} が処理を中断しました。",
            "始めた処理は取り消しました。復旧ポイントは元のままです。",
            &["もう一度試してください。続く場合は、サーバーの「最近のタスク」を確認してください。"],
        ),
        _ => say(
            "{0} というサーバーは登録されていません。",
            UNTOUCHED,
            &["サーバーの一覧を確認するか、サーバーを追加してください。"],
        ),
    }
}

fn vm(code: ErrorCode) -> Sentences {
    match code {
        E::VmNotFound => say(
            "VM「{0}」がサーバーに見つかりません。",
            "以前の復旧ポイントは元のままです。",
            &["インベントリを読み直して、VM を選んでください。"],
        ),
        E::SnapshotFailed => say(
            "「{0}」のスナップショットを作成できませんでした。",
            NO_NEW_POINT,
            &[
                "データストアの空き容量とほかのスナップショットを確認してから、もう一度試してください。",
            ],
        ),
        E::SnapshotLeft => say(
            "「{0}」から Kuramori のスナップショットを削除できませんでした。",
            "復旧ポイントは正常です。ただし VM は、増え続けるスナップショットの上で動いています。",
            &[
                "次の起動時に削除します。残る場合は、サーバーで「Kuramori」という名前のスナップショットを削除してください。",
            ],
        ),
        E::VmNotSupported => say(
            "「{0}」は今のままではバックアップできません。",
            "新しい復旧ポイントはありません。",
            &["妨げになっているものは、詳細に書かれています。"],
        ),
        E::DiskUnreadable => say(
            "「{0}」のディスクを最後まで読み取れませんでした。",
            NO_NEW_POINT,
            &["もう一度試してください。続く場合は、データストアとネットワークを確認してください。"],
        ),
        E::VmNameTaken => say(
            "「{0}」という VM は、すでにサーバーにあります。",
            UNTOUCHED,
            &["別の名前を選んでください。"],
        ),
        E::DatastoreNotFound => say(
            "「{0}」というデータストアはサーバーにありません。",
            UNTOUCHED,
            &["一覧からデータストアを選んでください。"],
        ),
        E::DatastoreFull => say(
            "データストア「{0}」の空き容量が足りません。",
            UNTOUCHED,
            &["別のデータストアを選ぶか、空き容量を増やしてください。"],
        ),
        _ => say(
            "「{0}」は、今ほかの実行で処理中です。",
            UNTOUCHED,
            &["その実行が終わるのを待つか、停止してください。"],
        ),
    }
}

fn repository(code: ErrorCode) -> Sentences {
    match code {
        E::StoreFull => say(
            "{0} に空き容量がありません。",
            NO_NEW_POINT,
            &["空き容量を増やすか、別の場所に保存してください。"],
        ),
        E::RepositoryVanished => say(
            "フォルダー {0} に接続できません。",
            "中の復旧ポイントは、今は使えません。Kuramori は何も削除していません。",
            &["ディスクまたはネットワークフォルダーを接続してから、もう一度試してください。"],
        ),
        E::PassphraseWrong => say(
            "この入力ではリポジトリ「{0}」を開けません。",
            UNTOUCHED,
            &["パスフレーズを入力し直すか、復旧キーを使ってください。"],
        ),
        E::RepositoryExists => say(
            "フォルダー {0} は空ではありません。",
            UNTOUCHED,
            &["空のフォルダーを選んでください。既存のリポジトリは「接続」できます。"],
        ),
        E::NotARepository => say(
            "{0} にリポジトリはありません。",
            UNTOUCHED,
            &["「format」ファイルのあるフォルダーを選ぶか、新しいリポジトリを作成してください。"],
        ),
        E::RepositoryInUse => say(
            "別のプログラムが {0} に書き込んでいます。",
            NO_NEW_POINT,
            &["終わるまで待つか、そのプログラムを閉じてください。"],
        ),
        E::RepositoryNewer => say(
            "リポジトリ「{0}」は、新しい版の Kuramori で書かれています。",
            UNTOUCHED,
            &["最新版をインストールしてください。"],
        ),
        E::RepositoryDamaged => say(
            "リポジトリ「{0}」の一部が壊れています。",
            "壊れた部分を使う復旧ポイントは、ここからは復元できません。誤ったデータはどこにも書いていません。",
            &[
                "このリポジトリには手を加えず、別のコピーを使ってください。壊れた部分は詳細に書かれています。",
            ],
        ),
        E::RepositoryNotFound => say(
            "「{0}」というリポジトリは登録されていません。",
            UNTOUCHED,
            &["リポジトリの一覧を確認するか、リポジトリを接続してください。"],
        ),
        E::PointNotFound => say(
            "{0} に当てはまる復旧ポイントはありません。",
            UNTOUCHED,
            &["復旧ポイントの一覧を確認してください。"],
        ),
        _ => say(
            "{0} に当てはまる復旧ポイントが複数あります。",
            UNTOUCHED,
            &["ID をもっと長く指定してください。"],
        ),
    }
}

fn local(code: ErrorCode) -> Sentences {
    match code {
        E::NameTaken => {
            say("「{0}」という名前は使われています。", UNTOUCHED, &["別の名前を選んでください。"])
        }
        E::InvalidInput => {
            say("この入力は使えません: {0}。", UNTOUCHED, &["直してから、もう一度試してください。"])
        }
        E::KeychainUnavailable => say(
            "このコンピューターのキーチェーンを使えません。",
            "パスワードは保存されておらず、ほかの場所にも書かれていません。",
            &[
                "デスクトップにサインインし、キーチェーンのロックを解除してから、もう一度試してください。",
                "キーチェーンのないマシンでは、--secrets sealed:KEYFILE を付けて起動してください。",
            ],
        ),
        E::SecretMissing => say(
            "「{0}」のパスワードがキーチェーンから消えています。",
            NOT_PROTECTED,
            &["もう一度入力してください。"],
        ),
        E::StateInUse => say(
            "状態フォルダー {0} を使う Kuramori が、すでに動いています。",
            UNTOUCHED,
            &["動いているプログラムを使うか、先に終了してください。"],
        ),
        E::StateDamaged => say(
            "状態フォルダー {0} を使えません。",
            "復旧ポイントには影響ありません。復旧ポイントはリポジトリにあります。",
            &["どのファイルかは詳細に書かれています。別の場所へ移してから、起動し直してください。"],
        ),
        E::FileUnwritable => say(
            "{0} に書き込めません。",
            "復旧ポイントは元のままです。書きかけのファイルは残っていません。",
            &["空き容量が十分なディスクの、まだないファイル名を選んでください。"],
        ),
        E::FileUnreadable => say(
            "{0} を読み取れません。",
            UNTOUCHED,
            &["パスと、ファイルに対する権限を確認してください。"],
        ),
        E::Cancelled => say(
            "「{0}」は停止されました。",
            "始めた処理はすべて取り消しました。以前の復旧ポイントは元のままです。",
            &["必要なときに、もう一度始めてください。"],
        ),
        E::Interrupted => say(
            "「{0}」は途中で切れました。プログラムかコンピューターが止まりました。",
            "不完全な復旧ポイントは一覧に出ません。サーバーに残ったものは片付けます。",
            &["もう一度始めてください。"],
        ),
        _ => say(
            "Kuramori の内部で問題が起きました。",
            "正常とされた復旧ポイントは元のままです。",
            &["もう一度試してください。続く場合は、詳細を添えて報告してください。"],
        ),
    }
}
