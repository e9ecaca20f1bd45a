//! How VMs stand, and what alarms say.

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_jobs::protection::State;

use crate::alarms::Detail;
use crate::dto::{AlertKind, Language, ProtectionCounts};
use crate::protection::Watched;

/// A length of time in its largest whole unit, rounded down.
fn long(time: TimeDelta, language: Language) -> String {
    let minutes = time.num_minutes().max(0);
    let (count, en, ja) = match minutes {
        0..=119 => (minutes, "min", "分"),
        120..=2879 => (minutes / 60, "h", "時間"),
        _ => (minutes / 1440, "days", "日"),
    };
    match language {
        Language::En => format!("{count} {en}"),
        Language::Ja => format!("{count} {ja}"),
    }
}

fn day(time: DateTime<Utc>) -> String {
    time.with_timezone(&chrono::Local).format("%Y-%m-%d").to_string()
}

fn minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Says how a VM stands.
pub(crate) fn standing(vm: &Watched, now: DateTime<Utc>, language: Language) -> String {
    match language {
        Language::En => english(vm, now),
        Language::Ja => japanese(vm, now),
    }
}

fn english(vm: &Watched, now: DateTime<Utc>) -> String {
    let long = |time| long(time, Language::En);
    let newest = vm.facts.newest.map(|newest| newest.time);
    match (vm.state, newest) {
        (State::Protected, Some(time)) => {
            format!("Last recovery point {} ago, within {}.", long(now - time), long(vm.facts.rpo))
        }
        (State::DueSoon | State::Protected, _) => match vm.next_at {
            Some(next) => format!("Next run {}.", minute(next)),
            None => "No run is planned.".to_owned(),
        },
        (State::Late, Some(time)) => {
            format!("{} past its RPO.", long(now - time - vm.facts.rpo))
        }
        (State::Missed, Some(time)) => {
            format!("No recovery point since {}.", minute(time))
        }
        (State::Missed | State::Late, None) if vm.jobs.is_empty() => {
            "No recovery point, and no job saves it.".to_owned()
        }
        (State::Missed | State::Late, None) => "It was never saved.".to_owned(),
        (State::Failed, _) => match &vm.error {
            Some(error) => error.clone().view(Language::En).title,
            None => "Its last run saved nothing.".to_owned(),
        },
        (State::Held, _) => match vm.held_since {
            Some(since) => format!("Deletion paused: unusual change on {}.", day(since)),
            None => "Deletion paused: unusual change.".to_owned(),
        },
        (State::NotCovered, _) => match &vm.chosen.excluded {
            Some((reason, since)) => format!("Excluded: {reason} (since {}).", day(*since)),
            None => "Excluded.".to_owned(),
        },
        (State::Gone, _) => {
            let since = vm.gone_since.map_or_else(String::new, |t| format!(" since {}", day(t)));
            format!("No longer on its server{since}; {} recovery points kept.", vm.points)
        }
    }
}

fn japanese(vm: &Watched, now: DateTime<Utc>) -> String {
    let long = |time| long(time, Language::Ja);
    let newest = vm.facts.newest.map(|newest| newest.time);
    match (vm.state, newest) {
        (State::Protected, Some(time)) => {
            format!("最新の復旧ポイントは {}前（{}以内）。", long(now - time), long(vm.facts.rpo))
        }
        (State::DueSoon | State::Protected, _) => match vm.next_at {
            Some(next) => format!("次の実行は {}。", minute(next)),
            None => "実行の予定はありません。".to_owned(),
        },
        (State::Late, Some(time)) => {
            format!("RPO を {}超過しています。", long(now - time - vm.facts.rpo))
        }
        (State::Missed, Some(time)) => {
            format!("{} 以降、復旧ポイントがありません。", minute(time))
        }
        (State::Missed | State::Late, None) if vm.jobs.is_empty() => {
            "復旧ポイントがなく、対象とするジョブもありません。".to_owned()
        }
        (State::Missed | State::Late, None) => "まだ一度も保存されていません。".to_owned(),
        (State::Failed, _) => match &vm.error {
            Some(error) => error.clone().view(Language::Ja).title,
            None => "直近の実行では何も保存されませんでした。".to_owned(),
        },
        (State::Held, _) => match vm.held_since {
            Some(since) => format!("削除を保留中：{} に通常と異なる変更。", day(since)),
            None => "削除を保留中：通常と異なる変更。".to_owned(),
        },
        (State::NotCovered, _) => match &vm.chosen.excluded {
            Some((reason, since)) => format!("対象外：{reason}（{} から）。", day(*since)),
            None => "対象外。".to_owned(),
        },
        (State::Gone, _) => {
            let since = vm.gone_since.map_or_else(String::new, |t| format!("{} から", day(t)));
            format!("{since}サーバー上にありません。復旧ポイント {} 個を保持。", vm.points)
        }
    }
}

/// Says how all VMs together stand; `worst` is the one most at risk.
pub(crate) fn shop(
    counts: ProtectionCounts,
    worst: Option<&Watched>,
    now: DateTime<Utc>,
    language: Language,
) -> String {
    let risk = counts.late + counts.missed + counts.failed;
    let all = counts.protected + risk;
    let head = match language {
        Language::En if all == 0 => return "There is no VM to protect yet.".to_owned(),
        Language::Ja if all == 0 => return "保護する仮想マシンはまだありません。".to_owned(),
        Language::En => format!("{} of {all} VMs are protected.", counts.protected),
        Language::Ja => format!("{all} 台のうち {} 台が保護されています。", counts.protected),
    };
    match worst.filter(|_| risk > 0) {
        None => head,
        Some(vm) => format!("{head} {}: {}", vm.name, standing(vm, now, language)),
    }
}

/// Says what an alarm is about, and what follows from it.
pub(crate) fn alarm(
    kind: AlertKind,
    subject: &str,
    detail: &Detail,
    language: Language,
) -> (String, String) {
    let since = detail.as_of.map_or_else(String::new, minute);
    let title = match (language, kind) {
        (Language::En, AlertKind::Late) => {
            format!("{subject} is late: its last recovery point is of {since}.")
        }
        (Language::En, AlertKind::Missed) => {
            format!("{subject} has no recovery point since {since}.")
        }
        (Language::En, AlertKind::NeverSaved) => format!("{subject} was never saved."),
        (_, AlertKind::UnusualChange) => unusual(subject, detail, language),
        (Language::En, AlertKind::History) => format!("The past of {subject} is broken."),
        (Language::En, AlertKind::OldSnapshot) => {
            let name = detail.snapshot.as_deref().unwrap_or_default();
            format!("{subject} has the snapshot “{name}” since {since}.")
        }
        (Language::En, AlertKind::Clock) => {
            format!("The clock of this computer is behind {since}, when {subject} was written to.")
        }
        (Language::Ja, AlertKind::Late) => {
            format!("{subject} が遅れています。最新の復旧ポイントは {since} のものです。")
        }
        (Language::Ja, AlertKind::Missed) => {
            format!("{subject} には {since} 以降の復旧ポイントがありません。")
        }
        (Language::Ja, AlertKind::NeverSaved) => {
            format!("{subject} はまだ一度も保存されていません。")
        }
        (Language::Ja, AlertKind::History) => format!("{subject} の履歴に矛盾があります。"),
        (Language::Ja, AlertKind::OldSnapshot) => {
            let name = detail.snapshot.as_deref().unwrap_or_default();
            format!("{subject} に {since} からのスナップショット「{name}」があります。")
        }
        (Language::Ja, AlertKind::Clock) => {
            format!(
                "このコンピューターの時計が、{subject} に書き込んだ {since} より前を示しています。"
            )
        }
    };
    (title, advice(kind, language).to_owned())
}

fn unusual(subject: &str, detail: &Detail, language: Language) -> String {
    let Some(found) = &detail.unusual else { return subject.to_owned() };
    let mib = |bytes: u64| bytes >> 20;
    let (new, usual) = (mib(found.change.new), mib(found.change.usual));
    let (packed, before) = (found.change.packed / 10, found.change.usually_packed / 10);
    match language {
        Language::En => format!(
            "{subject} changed unusually: {new} MiB were new instead of about {usual} MiB, and \
             hardly any of it could be compressed ({packed} % was left, usually {before} %)."
        ),
        Language::Ja => format!(
            "{subject} に通常と異なる変更がありました。新しいデータは通常の約 {usual} MiB に対して {new} MiB で、\
             ほとんど圧縮できませんでした（圧縮後 {packed} %、通常は {before} %）。"
        ),
    }
}

fn advice(kind: AlertKind, language: Language) -> &'static str {
    match (language, kind) {
        (Language::En, AlertKind::Late | AlertKind::Missed | AlertKind::NeverSaved) => {
            "Look why its job does not run or does not save it. Earlier recovery points are as they \
             were."
        }
        (Language::En, AlertKind::UnusualChange) => {
            "Encryption by ransomware looks like this, and so does a large packed file. Look at the \
             VM. Until you release the alarm no rule deletes a recovery point of it, and the last \
             good one from before is held."
        }
        (Language::En, AlertKind::History) => {
            "Find out what happened before you clean up there. Nothing is deleted by rules until \
             you accept the repository as it is."
        }
        (Language::En, AlertKind::OldSnapshot) => {
            "It makes the VM slower and grows. Remove it on the server if nobody needs it; Kuramori \
             never touches it."
        }
        (Language::En, AlertKind::Clock) => {
            "Set the clock right. Until then no rule deletes anything."
        }
        (Language::Ja, AlertKind::Late | AlertKind::Missed | AlertKind::NeverSaved) => {
            "ジョブが実行されない、または保存できない理由を確認してください。以前の復旧ポイントはそのままです。"
        }
        (Language::Ja, AlertKind::UnusualChange) => {
            "ランサムウェアによる暗号化でも、大きな圧縮済みファイルでもこのように見えます。仮想マシンを確認してください。アラームを解除するまで、この仮想マシンの復旧ポイントは規則では削除されず、直前の問題のないものは保護されます。"
        }
        (Language::Ja, AlertKind::History) => {
            "整理する前に、何が起きたかを調べてください。現状を受け入れるまで、規則による削除は行われません。"
        }
        (Language::Ja, AlertKind::OldSnapshot) => {
            "仮想マシンが遅くなり、容量も増え続けます。不要であればサーバーで削除してください。Kuramori は触れません。"
        }
        (Language::Ja, AlertKind::Clock) => {
            "時計を合わせてください。それまで規則による削除は行われません。"
        }
    }
}

/// The title and body of a notice about alarms of one kind.
pub(crate) fn alarm_notice(
    kind: AlertKind,
    names: &str,
    over: bool,
    language: Language,
) -> (String, String) {
    let what = match (language, kind) {
        (Language::En, AlertKind::Late) => "Late",
        (Language::En, AlertKind::Missed) => "Missed",
        (Language::En, AlertKind::NeverSaved) => "Never saved",
        (Language::En, AlertKind::UnusualChange) => "Unusual change",
        (Language::En, AlertKind::History) => "Broken history",
        (Language::En, AlertKind::OldSnapshot) => "Old snapshot",
        (Language::En, AlertKind::Clock) => "The clock is wrong",
        (Language::Ja, AlertKind::Late) => "遅れ",
        (Language::Ja, AlertKind::Missed) => "未取得",
        (Language::Ja, AlertKind::NeverSaved) => "未保存",
        (Language::Ja, AlertKind::UnusualChange) => "通常と異なる変更",
        (Language::Ja, AlertKind::History) => "履歴の矛盾",
        (Language::Ja, AlertKind::OldSnapshot) => "古いスナップショット",
        (Language::Ja, AlertKind::Clock) => "時計のずれ",
    };
    match (language, over) {
        (_, false) => (format!("{what}: {names}"), advice(kind, language).to_owned()),
        (Language::En, true) => {
            (format!("Over: {what}, {names}"), "The alarm has ended.".to_owned())
        }
        (Language::Ja, true) => {
            (format!("終了: {what}, {names}"), "アラームは終わりました。".to_owned())
        }
    }
}
