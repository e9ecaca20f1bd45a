//! What the checks of a server found, and what its role is for.

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_vsphere::{
    About, Function, LicenceVerdict, RightsVerdict, RoleWords, ServerKind, VersionVerdict,
};

use crate::dto::{CheckState, Language};

/// How long before its end an evaluation is worth a warning.
const EVALUATION_ENDS_SOON: TimeDelta = TimeDelta::days(14);

/// How a check ended that did not fail.
pub(crate) struct Found {
    /// Good, or with something to look at.
    pub(crate) state: CheckState,
    /// The sentence.
    pub(crate) text: String,
}

fn found(state: CheckState, language: Language, english: String, japanese: String) -> Found {
    let text = match language {
        Language::En => english,
        Language::Ja => japanese,
    };
    Found { state, text }
}

/// Says that a server answers at an address, and who signed in.
pub(crate) fn seen(url: &str, user: Option<&str>, language: Language) -> String {
    match (language, user) {
        (Language::En, None) => format!("{url} answers"),
        (Language::En, Some(user)) => format!("as {user}"),
        (Language::Ja, None) => format!("{url} が応答しました"),
        (Language::Ja, Some(user)) => format!("ユーザー: {user}"),
    }
}

/// Says whether a version is supported; `None` when it is too old.
pub(crate) fn version_found(about: &About, language: Language) -> Option<Found> {
    let product = &about.full_name;
    Some(match about.version_verdict() {
        VersionVerdict::TooOld => return None,
        VersionVerdict::Supported => found(
            CheckState::Good,
            language,
            format!("{product}, supported"),
            format!("{product}、対応しています"),
        ),
        VersionVerdict::Newer => found(
            CheckState::Warning,
            language,
            format!(
                "{product} is newer than this Kuramori knows. It should work: newer servers take \
                 what older ones do. Look for an update of Kuramori."
            ),
            format!(
                "{product} は、この Kuramori が知るどのバージョンよりも新しいものです。新しいサーバーは以前の方法も\
                 受け付けるため、動作する見込みです。Kuramori の更新を確認してください。"
            ),
        ),
        VersionVerdict::Unknown => found(
            CheckState::Warning,
            language,
            format!("{product} does not name its version in a known way. The first backup tells."),
            format!(
                "{product} のバージョンを判別できません。最初のバックアップで明らかになります。"
            ),
        ),
    })
}

/// Says what the licences allow; `None` when they forbid backups.
pub(crate) fn licence_found(
    verdict: &LicenceVerdict,
    kind: ServerKind,
    now: DateTime<Utc>,
    language: Language,
) -> Option<Found> {
    Some(match verdict {
        LicenceVerdict::Free { .. } => return None,
        LicenceVerdict::Allows { names } => {
            found(CheckState::Good, language, names.join(", "), names.join("、"))
        }
        LicenceVerdict::Evaluation { ends } => evaluation(*ends, now, language),
        // A vCenter shows licences to few, and the free ESXi cannot be one of its hosts.
        LicenceVerdict::Unknown => found(
            match kind {
                ServerKind::Vcenter => CheckState::Good,
                ServerKind::Esxi => CheckState::Warning,
            },
            language,
            "This account is not shown the licences. The first backup tells.".to_owned(),
            "このアカウントにはライセンスが表示されません。最初のバックアップで明らかになります。"
                .to_owned(),
        ),
    })
}

fn evaluation(ends: Option<DateTime<Utc>>, now: DateTime<Utc>, language: Language) -> Found {
    let Some(ends) = ends else {
        return found(
            CheckState::Good,
            language,
            "Evaluation: backups work until it ends".to_owned(),
            "評価版です。評価期間が終わるまでバックアップできます".to_owned(),
        );
    };
    let day = ends.format("%Y-%m-%d");
    if ends <= now {
        return found(
            CheckState::Warning,
            language,
            format!("The evaluation ended on {day}, so the server may refuse. Enter a licence."),
            format!(
                "評価期間は {day} に終了しており、サーバーに拒否されるおそれがあります。\
                 ライセンスを登録してください。"
            ),
        );
    }
    let soon = ends.signed_duration_since(now) < EVALUATION_ENDS_SOON;
    found(
        if soon { CheckState::Warning } else { CheckState::Good },
        language,
        format!("Evaluation: backups work until it ends on {day}"),
        format!("評価版です。評価期間が終わる {day} までバックアップできます"),
    )
}

/// Says what the rights allow; `None` when they do not allow backups.
pub(crate) fn rights_found(verdict: RightsVerdict, language: Language) -> Option<Found> {
    Some(match verdict {
        RightsVerdict::TooFew => return None,
        RightsVerdict::Complete => found(
            CheckState::Good,
            language,
            "all that backup and restore need".to_owned(),
            "バックアップと復元に必要な権限がそろっています".to_owned(),
        ),
        RightsVerdict::Limited => found(
            CheckState::Warning,
            language,
            "Backups work, with limits: some rights are missing.".to_owned(),
            "バックアップはできますが、足りない権限があるため制限があります。".to_owned(),
        ),
    })
}

/// Names what rights are needed for.
pub(crate) fn function(function: Function, language: Language) -> &'static str {
    match language {
        Language::En => function_english(function),
        Language::Ja => function_japanese(function),
    }
}

fn function_english(function: Function) -> &'static str {
    match function {
        Function::Inventory => "See the inventory",
        Function::Snapshots => "Make and remove snapshots",
        Function::ChangeTracking => "Track changed blocks",
        Function::ReadDatastore => "Read disks over the datastore",
        Function::HotAdd => "Read disks by HotAdd, when Kuramori runs in a VM",
        Function::Export => "Read disks by export",
        Function::ShutDown => "Shut VMs down for a copy",
        Function::Restore => "Restore a VM as a new one",
        Function::RestoreInPlace => "Restore a VM over the original",
        Function::Tags => "Put tags on a restored VM",
    }
}

fn function_japanese(function: Function) -> &'static str {
    match function {
        Function::Inventory => "インベントリの参照",
        Function::Snapshots => "スナップショットの作成と削除",
        Function::ChangeTracking => "変更ブロックの追跡",
        Function::ReadDatastore => "データストア経由のディスクの読み取り",
        Function::HotAdd => "HotAdd によるディスクの読み取り（Kuramori を VM で実行する場合）",
        Function::Export => "エクスポートによるディスクの読み取り",
        Function::ShutDown => "コピーのための VM のシャットダウン",
        Function::Restore => "新しい VM としての復元",
        Function::RestoreInPlace => "元の VM への上書き復元",
        Function::Tags => "復元した VM へのタグの割り当て",
    }
}

/// Says what does not work without the rights of a function.
pub(crate) fn function_effect(function: Function, language: Language) -> &'static str {
    match (language, function) {
        (Language::En, Function::Inventory) => "Without them no VM can be found.",
        (Language::En, Function::Snapshots) => "Without them no VM can be backed up.",
        (Language::En, Function::ChangeTracking) => "Without them each backup reads whole disks.",
        (Language::En, Function::ReadDatastore) => {
            "Without them disks are read by export only: whole, each time."
        }
        (Language::En, Function::HotAdd) => {
            "Needed only when Kuramori itself runs in a VM of this server. Without them disks are read \
             over the network there too."
        }
        (Language::En, Function::Tags) => {
            "Without them a restored VM comes back without its tags, and that is said."
        }
        (Language::Ja, Function::Tags) => {
            "これがないと、復元した VM にはタグが付きません。その場合は通知されます。"
        }
        (Language::En, Function::ShutDown) => {
            "Needed only for copies without a snapshot that shut the VM down and switch it on again."
        }
        (Language::Ja, Function::HotAdd) => {
            "Kuramori をこのサーバーの VM で実行する場合にだけ必要です。これがないと、その場合もネットワーク経由で読み取ります。"
        }
        (Language::Ja, Function::ShutDown) => {
            "VM をシャットダウンしてスナップショットなしでコピーし、電源を入れ直す場合にだけ必要です。"
        }
        (Language::En, Function::Export) => {
            "Without them disks that the datastore does not deliver are not saved, such as those \
             on vSAN."
        }
        (Language::En, Function::Restore) => {
            "Without them VMs cannot be restored to this server. Their disks can, to files."
        }
        (Language::En, Function::RestoreInPlace) => {
            "Without them VMs can be restored as new ones only, not over the original."
        }
        (Language::Ja, Function::RestoreInPlace) => {
            "これがないと、VM は新しい VM としてのみ復元でき、元の VM へは復元できません。"
        }
        (Language::Ja, Function::Inventory) => "これがないと、VM が見つかりません。",
        (Language::Ja, Function::Snapshots) => "これがないと、どの VM もバックアップできません。",
        (Language::Ja, Function::ChangeTracking) => {
            "これがないと、毎回ディスク全体を読み取ります。"
        }
        (Language::Ja, Function::ReadDatastore) => {
            "これがないと、エクスポートだけで毎回ディスク全体を読み取ります。"
        }
        (Language::Ja, Function::Export) => {
            "これがないと、vSAN のようにデータストアから読み取れないディスクは保存できません。"
        }
        (Language::Ja, Function::Restore) => {
            "これがないと、このサーバーへは VM を復元できません。ディスクはファイルに復元できます。"
        }
    }
}

/// Returns what the scripts and the list of the role say.
pub(crate) fn role_words(language: Language) -> RoleWords {
    match language {
        Language::En => RoleWords {
            purpose: "The role “Kuramori”: the rights to back up VMs and to restore them as new \
                      ones, and no others.",
            run_powercli: "Run this in PowerCLI as an administrator, after Connect-VIServer. \
                           $account is who Kuramori signs in as.",
            run_govc: "Run this as an administrator, with GOVC_URL, GOVC_USERNAME and \
                       GOVC_PASSWORD set. account is who Kuramori signs in as.",
            do_by_hand: "Make it with the rights below, and give it to the account Kuramori signs \
                         in as: at the top of the inventory, for all below it.",
            function: function_english,
        },
        Language::Ja => RoleWords {
            purpose: "ロール「Kuramori」: VM のバックアップと、新しい VM としての復元に必要な権限だけを含みます。",
            run_powercli: "Connect-VIServer で管理者として接続したあと、PowerCLI で実行します。\
                           $account は Kuramori がサインインするアカウントです。",
            run_govc: "GOVC_URL、GOVC_USERNAME、GOVC_PASSWORD に管理者の接続情報を設定して実行します。\
                       account は Kuramori がサインインするアカウントです。",
            do_by_hand: "下の権限を含むロールを作り、Kuramori がサインインするアカウントに、\
                         インベントリの最上位で、下位にも伝わるように割り当てます。",
            function: function_japanese,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_warns_before_it_ends() {
        let now = DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z").unwrap().to_utc();
        let say = |days| {
            let verdict = LicenceVerdict::Evaluation { ends: Some(now + TimeDelta::days(days)) };
            licence_found(&verdict, ServerKind::Esxi, now, Language::En).unwrap()
        };
        assert_eq!(say(30).state, CheckState::Good);
        assert_eq!(say(30).text, "Evaluation: backups work until it ends on 2026-07-01");
        assert_eq!(say(3).state, CheckState::Warning);
        assert!(say(-1).text.contains("ended on 2026-05-31"));
        let free = LicenceVerdict::Free { name: String::new() };
        assert!(licence_found(&free, ServerKind::Esxi, now, Language::Ja).is_none());
    }

    #[test]
    fn the_role_in_both_languages() {
        for (language, name) in [(Language::En, "role-en"), (Language::Ja, "role-ja")] {
            let words = role_words(language);
            let format = kuramori_vsphere::RoleFormat::Text;
            insta::assert_snapshot!(name, kuramori_vsphere::role(format, &words));
        }
    }
}
