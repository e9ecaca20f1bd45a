//! What notices say.

use chrono::{DateTime, Local};

use super::{Sentences, say};
use crate::dto::{ErrorCode as E, Language, NoticeWay, RunSummary};

type TitleAndBody = (String, String);

/// A run failed.
pub(crate) fn failed(what: &str, run: &RunSummary, language: Language) -> TitleAndBody {
    let title = match language {
        Language::En => format!("Failed: {what}"),
        Language::Ja => format!("失敗: {what}"),
    };
    let body = match &run.error {
        Some(error) => format!("{} {}", error.title, error.risk),
        None => run.repository.clone(),
    };
    (title, body)
}

/// What failed before went well.
pub(crate) fn well_again(what: &str, language: Language) -> TitleAndBody {
    match language {
        Language::En => {
            (format!("Well again: {what}"), "The last run saved everything.".to_owned())
        }
        Language::Ja => {
            (format!("復旧しました: {what}"), "最新の実行ですべて保存できました。".to_owned())
        }
    }
}

/// A run ended well.
pub(crate) fn well(what: &str, language: Language) -> TitleAndBody {
    match language {
        Language::En => (format!("Saved: {what}"), "Everything was saved.".to_owned()),
        Language::Ja => (format!("保存しました: {what}"), "すべて保存できました。".to_owned()),
    }
}

/// A run ended with warnings.
pub(crate) fn with_warnings(what: &str, language: Language) -> TitleAndBody {
    match language {
        Language::En => (
            format!("Saved, with something to look at: {what}"),
            "Everything was saved. The log of the run says what to look at.".to_owned(),
        ),
        Language::Ja => (
            format!("保存しました (確認事項あり): {what}"),
            "すべて保存できました。確認事項は実行のログにあります。".to_owned(),
        ),
    }
}

/// Names, and how many there is no room for.
pub(crate) fn and_more(named: &str, more: usize, language: Language) -> String {
    match (more, language) {
        (0, _) => named.to_owned(),
        (more, Language::En) => format!("{named} and {more} more"),
        (more, Language::Ja) => format!("{named} ほか {more} 台"),
    }
}

/// A notice that is only a test.
pub(crate) fn test(language: Language) -> TitleAndBody {
    match language {
        Language::En => (
            "This is a test".to_owned(),
            "If you read this, notices of Kuramori reach you by this way.".to_owned(),
        ),
        Language::Ja => (
            "これはテストです".to_owned(),
            "これが読めれば、Kuramori の通知はこの方法で届いています。".to_owned(),
        ),
    }
}

fn way(way: NoticeWay, language: Language) -> &'static str {
    match (way, language) {
        (NoticeWay::Desktop, Language::En) => "the desktop",
        (NoticeWay::Desktop, Language::Ja) => "デスクトップ",
        (NoticeWay::Mail, Language::En) => "mail",
        (NoticeWay::Mail, Language::Ja) => "メール",
        (NoticeWay::Webhook, Language::En) => "the webhook",
        (NoticeWay::Webhook, Language::Ja) => "Webhook",
        (NoticeWay::Ping, Language::En) => "the ping",
        (NoticeWay::Ping, Language::Ja) => "死活確認の呼び出し",
    }
}

/// A way of notices does not work.
pub(crate) fn way_broken(one: NoticeWay, language: Language) -> String {
    let name = way(one, language);
    match language {
        Language::En => format!("Notices by {name} do not arrive"),
        Language::Ja => format!("{name}の通知が届いていません"),
    }
}

/// A way of notices works again.
pub(crate) fn way_mended(one: NoticeWay, language: Language) -> TitleAndBody {
    let name = way(one, language);
    match language {
        Language::En => (
            format!("Notices by {name} arrive again"),
            "What waited was sent, unless it was older than a day.".to_owned(),
        ),
        Language::Ja => (
            format!("{name}の通知が再び届くようになりました"),
            "待っていた通知は、1 日より古いものを除いて送信しました。".to_owned(),
        ),
    }
}

/// Why a notice was given up that was never refused.
pub(crate) fn switched_off(language: Language) -> &'static str {
    match language {
        Language::En => "This way was switched off.",
        Language::Ja => "この方法はオフになりました。",
    }
}

/// What a person reads before the parts of a mail.
pub(crate) struct MailWords {
    pub(crate) risk: &'static str,
    pub(crate) why: &'static str,
    pub(crate) to_do: &'static str,
    pub(crate) job: &'static str,
    pub(crate) server: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) vms: &'static str,
}

/// The words of a mail.
pub(crate) fn mail_words(language: Language) -> MailWords {
    match language {
        Language::En => MailWords {
            risk: "Is my data at risk?",
            why: "Why",
            to_do: "Do this",
            job: "Job",
            server: "Server",
            repository: "Repository",
            vms: "VMs",
        },
        Language::Ja => MailWords {
            risk: "データは安全か",
            why: "理由",
            to_do: "対処",
            job: "ジョブ",
            server: "サーバー",
            repository: "リポジトリ",
            vms: "仮想マシン",
        },
    }
}

/// Who sent a mail, and when.
pub(crate) fn signature(computer: &str, at: DateTime<Local>, language: Language) -> String {
    let at = at.format("%Y-%m-%d %H:%M");
    match language {
        Language::En => format!("Kuramori on {computer}, {at}"),
        Language::Ja => format!("{computer} の Kuramori、{at}"),
    }
}

/// What is unwise about a connection that everybody can read.
pub(crate) fn in_the_clear(host: &str, language: Language) -> String {
    match language {
        Language::En => format!(
            "What is sent to {host} is not encrypted: everybody on the way can read it, the \
             password too."
        ),
        Language::Ja => format!(
            "{host} への送信は暗号化されません。経路上の誰でも、パスワードも含めて読むことができます。"
        ),
    }
}

/// What is unwise about a user without a password.
pub(crate) fn no_password(host: &str, language: Language) -> String {
    match language {
        Language::En => format!("There is no password for {host}: type it once more."),
        Language::Ja => format!("{host} のパスワードがありません。もう一度入力してください。"),
    }
}

pub(super) fn english(code: E) -> Sentences {
    const RUNS: &str = "Backups run all the same. Notices wait for a day and are tried again.";
    match code {
        E::NoticeUnreachable => say(
            "{0} does not answer, so notices do not get there.",
            RUNS,
            &["Check name and port, and whether this computer is on the network."],
        ),
        E::NoticeUntrusted => say(
            "{0} shows a certificate that nobody vouches for, so no notice was sent there.",
            "Neither the password nor the notice was sent. Backups run all the same.",
            &[
                "Use the name that stands in the certificate.",
                "For a server of your own, add its authority to the certificates that this \
                 computer trusts.",
            ],
        ),
        E::NoticeNotEncrypted => say(
            "{0} offers no encryption of the kind that is set, so no notice was sent there.",
            "Neither the password nor the notice was sent. Backups run all the same.",
            &["Choose TLS for port 465 and STARTTLS for port 587, or ask who runs the server."],
        ),
        E::MailLoginRefused => say(
            "The mail server {0} refused the user name or the password.",
            RUNS,
            &["Type user name and password again. Many services want a password made for one \
                 program (app password)."],
        ),
        E::MailRecipientRefused => say(
            "The mail server takes no mail for {0}.",
            "Others whom the server takes mail for get it. Backups run all the same.",
            &[
                "Check the address.",
                "Some servers take mail for others only after signing in: set user and password.",
            ],
        ),
        E::NoticeRefused => say(
            "{0} did not take a notice.",
            RUNS,
            &[
                "The details hold its answer. Check the address, and whether it is still in use there.",
            ],
        ),
        _ => say(
            "The desktop shows no notices.",
            "Backups run all the same, but what fails is seen only in the window.",
            &["Allow notices of Kuramori in the system's settings, or set up mail."],
        ),
    }
}

pub(super) fn japanese(code: E) -> Sentences {
    const RUNS: &str = "バックアップは通常どおり実行されます。通知は 1 日間待機し、再送されます。";
    match code {
        E::NoticeUnreachable => say(
            "{0} が応答しないため、通知が届きません。",
            RUNS,
            &["名前とポート、このコンピューターのネットワーク接続を確認してください。"],
        ),
        E::NoticeUntrusted => say(
            "{0} の証明書を保証する機関がないため、通知を送信しませんでした。",
            "パスワードも通知も送信していません。バックアップは通常どおり実行されます。",
            &[
                "証明書に記載されている名前を使ってください。",
                "自社サーバーの場合は、その認証局をこのコンピューターの信頼された証明書に追加してください。",
            ],
        ),
        E::NoticeNotEncrypted => say(
            "{0} が設定された暗号化方式に対応していないため、通知を送信しませんでした。",
            "パスワードも通知も送信していません。バックアップは通常どおり実行されます。",
            &[
                "ポート 465 には TLS、587 には STARTTLS を選ぶか、サーバーの管理者に確認してください。",
            ],
        ),
        E::MailLoginRefused => say(
            "メールサーバー {0} がユーザー名またはパスワードを拒否しました。",
            RUNS,
            &[
                "ユーザー名とパスワードを入力し直してください。多くのサービスではアプリ パスワードが必要です。",
            ],
        ),
        E::MailRecipientRefused => say(
            "メールサーバーが {0} 宛てのメールを受け付けません。",
            "受け付けられたほかの宛先には届きます。バックアップは通常どおり実行されます。",
            &[
                "アドレスを確認してください。",
                "サインインしないと外部宛てを受け付けないサーバーもあります。ユーザーとパスワードを設定してください。",
            ],
        ),
        E::NoticeRefused => say(
            "{0} が通知を受け付けませんでした。",
            RUNS,
            &["応答の内容は詳細にあります。アドレスと、それが現在も有効かを確認してください。"],
        ),
        _ => say(
            "デスクトップに通知が表示されません。",
            "バックアップは通常どおり実行されますが、失敗はウィンドウでしか分かりません。",
            &["システムの設定で Kuramori の通知を許可するか、メールを設定してください。"],
        ),
    }
}
