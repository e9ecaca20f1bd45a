//! What cards say beyond the sentences of a code: why it happens, and the one thing to press. And
//! the sentences of causes that a server names itself.

use ErrorCode as E;

use super::{Sentences, en, ja, say};
use crate::dto::{Action, ErrorCode, Language};

/// Returns why something happens, where more is known than its title says.
pub(crate) fn why(code: ErrorCode, language: Language) -> Option<&'static str> {
    let (english, japanese) = of_server(code).or_else(|| of_place(code))?;
    Some(match language {
        Language::En => english,
        Language::Ja => japanese,
    })
}

type InBoth = (&'static str, &'static str);

fn of_server(code: ErrorCode) -> Option<InBoth> {
    Some(match code {
        E::CertificateChanged => (
            "Certificates are renewed every few years, and whenever a server is installed anew.",
            "証明書は数年ごと、およびサーバーの再インストール時に更新されます。",
        ),
        E::LicenceRestricted => (
            "The free edition of ESXi lets programs look, but change nothing.",
            "無償版の ESXi では、プログラムからは参照だけができ、変更はできません。",
        ),
        E::AddressUnknown => (
            "No name server that this computer asks knows the name.",
            "このコンピューターが問い合わせる DNS サーバーに、この名前がありません。",
        ),
        E::HostUnreachable => (
            "It is off, in another network, or a firewall is in between.",
            "電源が切れているか、別のネットワークにあるか、ファイアウォールに遮られています。",
        ),
        E::HostDisconnected => (
            "The vCenter has lost its connection to the host.",
            "vCenter とホストの接続が切れています。",
        ),
        E::ServerBusy => (
            "Another task works on it: another backup program, a migration, a snapshot.",
            "ほかのバックアップ、移行、スナップショットなどの処理が動いています。",
        ),
        E::TooManySnapshots => (
            "A host allows 32 snapshots in a row.",
            "ホストが許すスナップショットの連なりは 32 個までです。",
        ),
        E::SnapshotRisky => (
            "The VM runs on links of snapshots that are gone, and each backup would add one.",
            "消えたスナップショットのリンク上で動いており、バックアップのたびに増えてしまいます。",
        ),
        E::DatastoreRanFull | E::DatastoreLow => (
            "While a snapshot exists, all that the VM writes takes room on its datastore besides.",
            "スナップショットがある間、VM の書き込みはデータストアの容量を別に使います。",
        ),
        E::GuestNotQuiet => (
            "VMware Tools are not there, do not answer, or a program in the guest goes on writing.",
            "VMware Tools がないか応答しない、またはゲスト内のプログラムが書き込みを続けています。",
        ),
        _ => return None,
    })
}

fn of_place(code: ErrorCode) -> Option<InBoth> {
    Some(match code {
        E::StoreFull => (
            "The disk or share is full, or your share of it is used up.",
            "ディスクや共有の空きがないか、割り当てを使い切っています。",
        ),
        E::StoreReadOnly => (
            "It is write-protected, or the account of this program may only read there.",
            "書き込みが禁止されているか、このアカウントには読み取りしか許されていません。",
        ),
        E::RepositoryVanished => (
            "The disk is not plugged in, the NAS is off, or the share is not connected.",
            "ディスクが外れているか、NAS の電源が切れているか、共有が接続されていません。",
        ),
        E::RepositorySwapped => (
            "Another disk has its letter or folder now, or the repository was made anew.",
            "別のディスクが同じ場所に接続されたか、リポジトリが作り直されています。",
        ),
        E::RepositoryInUse => (
            "A repository has one writer at a time on each computer.",
            "1 台のコンピューターで同時に書き込めるのは 1 つだけです。",
        ),
        E::RepositoryDamaged => (
            "A disk or a network changed bytes, or files were removed by somebody else.",
            "ディスクやネットワークの障害でデータが変わったか、ほかの誰かがファイルを削除しました。",
        ),
        E::SlotMissed => (
            "The computer was off or asleep, or the program was closed.",
            "電源が切れていたか、スリープ中だったか、プログラムが終了していました。",
        ),
        E::Interrupted => (
            "The power failed, the system was restarted, or the program was ended.",
            "停電、再起動、またはプログラムの終了で途切れました。",
        ),
        E::KeychainUnavailable => (
            "It is locked, or nobody is signed in to the desktop.",
            "ロックされているか、デスクトップにサインインしていません。",
        ),
        _ => return None,
    })
}

/// Returns the one thing to press, where there is one.
pub(crate) fn action(code: ErrorCode) -> Option<Action> {
    Some(match code {
        E::CertificateUnknown | E::CertificateChanged => Action::TrustCertificate,
        E::LoginRefused | E::SecretMissing => Action::ChangePassword,
        E::AddressUnknown | E::NotVsphere | E::ServerNotFound | E::VersionTooOld => {
            Action::OpenServer
        }
        E::ServerTls | E::HostUnreachable | E::LicenceRestricted | E::RightsMissing => {
            Action::CheckServer
        }
        E::HostDisconnected
        | E::ServerBusy
        | E::ServerFault
        | E::SnapshotFailed
        | E::GuestNotQuiet
        | E::DiskUnreadable
        | E::VmChanged
        | E::ShutDownFailed
        | E::VmStateWrong
        | E::FilesInUse
        | E::Interrupted
        | E::SlotMissed
        | E::Cancelled
        | E::Busy => Action::RunAgain,
        E::VmNotFound | E::GroupNotFound | E::NothingToSave | E::VmNotSupported => Action::EditJob,
        E::JobNotFound => Action::OpenJobs,
        E::TooManySnapshots | E::SnapshotRisky | E::SnapshotLeft | E::VmHasSnapshots => {
            Action::ShowSnapshots
        }
        E::DatastoreLow | E::DatastoreFull | E::DatastoreRanFull | E::StoreFull => {
            Action::FreeSpace
        }
        E::StoreReadOnly | E::StoreUnsuitable | E::NotARepository | E::RepositoryExists => {
            Action::ChoosePlace
        }
        E::RepositoryVanished | E::RepositorySwapped => Action::ConnectRepository,
        E::RepositoryDamaged => Action::CheckRepository,
        E::RepositoryInUse | E::RepositoryNotFound | E::HistoryForgotten => Action::OpenRepository,
        E::HistoryLost | E::HistoryForked => Action::LookAtHistory,
        E::PassphraseWrong | E::RecoveryKeyMistyped => Action::TypeKey,
        E::KeychainUnavailable => Action::UnlockKeychain,
        E::RepositoryNewer => Action::InstallUpdate,
        E::PointNotFound | E::PointAmbiguous | E::OriginalGone | E::ReadingEnded => {
            Action::ChoosePoint
        }
        E::PointHeld => Action::ReleaseHold,
        E::NoticeUnreachable
        | E::NoticeUntrusted
        | E::NoticeNotEncrypted
        | E::MailLoginRefused
        | E::MailRecipientRefused
        | E::NoticeRefused
        | E::DesktopSilent => Action::OpenNotices,
        _ => return None,
    })
}

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        E::AddressUnknown => say(
            "There is no address for the name {0}.",
            en::NOT_PROTECTED,
            &["Check the spelling, or enter the IP address."],
        ),
        E::ServerTls => say(
            "No secure connection to {0} could be made.",
            "The password was not sent. Until this is solved, no new recovery points are made.",
            &["The server must support TLS 1.2 or newer: update it."],
        ),
        E::HostDisconnected => say(
            "The host of {0} is not connected.",
            en::NO_NEW_POINT,
            &["Connect the host in the vCenter again, then run the backup again."],
        ),
        E::ServerBusy => say(
            "{0} is busy with something else.",
            en::NO_NEW_POINT,
            &["Wait until the other task ends, then run the backup again."],
        ),
        E::TooManySnapshots => say(
            "{0} has too many snapshots in a row for another one.",
            en::NO_NEW_POINT,
            &["Remove older snapshots of this VM on the server."],
        ),
        E::DatastoreRanFull => say(
            "A datastore of {0} ran full.",
            "A datastore that fills up stops every VM on it. No new recovery point was made; \
             earlier ones are as they were.",
            &["Free some space on the datastore now, then run the backup again."],
        ),
        E::VmStateWrong => say(
            "{0} is in a state in which the server does not do this.",
            en::NO_NEW_POINT,
            &["Look at the VM on the server: whether it is on, suspended, or asks a question."],
        ),
        _ => say(
            "Another repository lies where {0} was.",
            "Nothing was written there. The recovery points of the right one are out of reach.",
            &["Plug in the right disk, or connect the right share."],
        ),
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        E::AddressUnknown => say(
            "{0} という名前のアドレスが見つかりません。",
            ja::NOT_PROTECTED,
            &["つづりを確認するか、IP アドレスを入力してください。"],
        ),
        E::ServerTls => say(
            "{0} と安全な接続を確立できません。",
            "パスワードは送信していません。解決するまで、新しい復旧ポイントは作成されません。",
            &["サーバーを TLS 1.2 以降に対応するよう更新してください。"],
        ),
        E::HostDisconnected => say(
            "{0} のホストが接続されていません。",
            ja::NO_NEW_POINT,
            &["vCenter でホストを再接続してから、もう一度実行してください。"],
        ),
        E::ServerBusy => say(
            "{0} は別の処理中です。",
            ja::NO_NEW_POINT,
            &["その処理が終わってから、もう一度実行してください。"],
        ),
        E::TooManySnapshots => say(
            "{0} にはスナップショットが多すぎ、これ以上作成できません。",
            ja::NO_NEW_POINT,
            &["この VM の古いスナップショットをサーバーで削除してください。"],
        ),
        E::DatastoreRanFull => say(
            "{0} のデータストアがいっぱいになりました。",
            "データストアがいっぱいになると、その上の VM がすべて停止します。新しい復旧ポイントは作成されて\
             いません。以前の復旧ポイントは元のままです。",
            &["すぐにデータストアの空きを作り、もう一度実行してください。"],
        ),
        E::VmStateWrong => say(
            "{0} は、サーバーがこの操作をできない状態です。",
            ja::NO_NEW_POINT,
            &["サーバーで VM の電源、サスペンド、質問待ちの有無を確認してください。"],
        ),
        _ => say(
            "{0} があった場所に別のリポジトリがあります。",
            "何も書き込んでいません。元のリポジトリの復旧ポイントには、今は届きません。",
            &["正しいディスクを接続するか、正しい共有に接続してください。"],
        ),
    }
}
