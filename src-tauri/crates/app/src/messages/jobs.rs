//! What is said about jobs and in the log of their runs.

use kuramori_engine::{JobEvent, Moment};
use kuramori_jobs::job::Cause;

use super::Sentences;
use super::events::size;
use crate::dto::{ErrorCode, Language};

/// Returns whether an error is about a job.
pub(super) fn is_about(code: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        code,
        E::JobNotFound
            | E::GroupNotFound
            | E::SlotMissed
            | E::NothingToSave
            | E::TagsUnknown
            | E::ClockWrong
    )
}

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        ErrorCode::JobNotFound => Sentences {
            title: "There is no job called {0}.",
            risk: "Nothing was changed.",
            hints: &["Look at the list of jobs."],
        },
        ErrorCode::NothingToSave => Sentences {
            title: "There is no VM that {0} could save.",
            risk: "Nothing was saved. Recovery points from before are there.",
            hints: &["Change the job: choose the VMs or their container anew."],
        },
        ErrorCode::SlotMissed => Sentences {
            title: "{0} did not run at its time: the computer was off or asleep, for too long to \
                    catch up.",
            risk: "There is no recovery point of that time. Those from before are there.",
            hints: &["Run it now, or choose a time at which this computer is on."],
        },
        ErrorCode::TagsUnknown => Sentences {
            title: "A rule of the job asks for the tag {0}, and tags cannot be read now.",
            risk: "VMs that only this rule names were not saved. Recovery points from before are there.",
            hints: &["Look whether the server is a vCenter and the user may read its tags."],
        },
        ErrorCode::ClockWrong => Sentences {
            title: "The clock of this computer does not agree with {0}.",
            risk: "Backups go on. Nothing is deleted by rules until the clocks agree.",
            hints: &["Set the clock of this computer, or let a time server do it."],
        },
        _ => Sentences {
            title: "{0} is not on its server any more, and a job saves what lies in it.",
            risk: "VMs that were in it are not saved by this job.",
            hints: &["Change the job: choose the container or the VMs anew."],
        },
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        ErrorCode::JobNotFound => Sentences {
            title: "「{0}」というジョブはありません。",
            risk: "何も変更していません。",
            hints: &["ジョブの一覧を確かめてください。"],
        },
        ErrorCode::NothingToSave => Sentences {
            title: "{0} が保存できる VM がありません。",
            risk: "何も保存していません。以前の復旧ポイントはあります。",
            hints: &["ジョブを編集し、VM または入れ物を選び直してください。"],
        },
        ErrorCode::SlotMissed => Sentences {
            title: "{0} は予定の時刻に実行されませんでした。コンピューターが停止またはスリープしており、\
                    追いかけて実行するには遅すぎました。",
            risk: "その時刻の復旧ポイントはありません。それ以前のものはあります。",
            hints: &["今すぐ実行するか、コンピューターが動いている時刻を選んでください。"],
        },
        ErrorCode::TagsUnknown => Sentences {
            title: "ジョブの規則がタグ「{0}」を条件にしていますが、タグを読み取れません。",
            risk: "この規則だけで選ばれる VM は保存していません。以前の復旧ポイントはあります。",
            hints: &["サーバーが vCenter か、ユーザーがタグを読めるかを確認してください。"],
        },
        ErrorCode::ClockWrong => Sentences {
            title: "このコンピューターの時計が {0} と合っていません。",
            risk: "バックアップは続けます。時計が合うまで、規則による削除は行いません。",
            hints: &["コンピューターの時計を合わせるか、時刻サーバーと同期してください。"],
        },
        _ => Sentences {
            title: "{0} がサーバーにありません。ジョブはその中の VM を保存する設定です。",
            risk: "その中にあった VM は、このジョブでは保存されません。",
            hints: &["ジョブを編集し、入れ物または VM を選び直してください。"],
        },
    }
}

pub(super) fn say(event: &JobEvent, language: Language) -> String {
    match language {
        Language::En => say_english(event),
        Language::Ja => say_japanese(event),
    }
}

fn say_english(event: &JobEvent) -> String {
    use JobEvent as E;
    match event {
        E::Began { job, cause } => format!("{job}: {}", why_english(*cause)),
        E::MemberLeftOut { name, reason } => format!("{name} is left out: {reason}"),
        E::RuleFitsNothing { rule } => format!("No VM fits the choice “{rule}” now"),
        E::RuleUnknown { rule, reason } => {
            format!(
                "Nothing is left out by “{rule}”, since it cannot be told what fits it: {reason}"
            )
        }
        E::DiskLeftOut { disk } => format!("{disk} is left out, as somebody chose"),
        E::DiskChoiceGone { vm, disk } => {
            format!("{disk} of {vm} was to be left out and is not there any more")
        }
        E::WaitsForRun => "Another run works on it, so it waits for its turn".to_owned(),
        E::WindowEnded { left, continues } => {
            let left = if *left == 1 {
                "one was not begun and goes on".to_owned()
            } else {
                format!("{left} were not begun and go on")
            };
            format!("The window ended: {left} {}", moment(*continues, "in no window to come"))
        }
        E::PointsDeleted { count } => {
            format!("{count} recovery points that the rule does not keep are in the recycle bin")
        }
        E::SpaceFreed { bytes } => format!("{} given back", size(*bytes)),
        E::TidyFailed { reason } => {
            format!("Recovery points that the rule does not keep are still there: {reason}")
        }
    }
}

fn say_japanese(event: &JobEvent) -> String {
    use JobEvent as E;
    match event {
        E::Began { job, cause } => format!("{job}：{}", why_japanese(*cause)),
        E::MemberLeftOut { name, reason } => format!("{name} は除外：{reason}"),
        E::RuleFitsNothing { rule } => format!("「{rule}」に当てはまる VM がありません"),
        E::RuleUnknown { rule, reason } => {
            format!("「{rule}」に当てはまる VM を判断できないため、何も除外しません：{reason}")
        }
        E::DiskLeftOut { disk } => format!("{disk} は、選択により除外しました"),
        E::DiskChoiceGone { vm, disk } => {
            format!("{vm} の除外対象だった {disk} は、もうありません")
        }
        E::WaitsForRun => "別の実行が処理しているため、順番を待ちます".to_owned(),
        E::WindowEnded { left, continues } => format!(
            "時間帯が終わりました。未着手の {left} 台の再開：{}",
            moment(*continues, "次の時間帯がありません")
        ),
        E::PointsDeleted { count } => {
            format!("保持規則を外れた復旧ポイント {count} 個をごみ箱へ移しました")
        }
        E::SpaceFreed { bytes } => format!("{} を解放しました", size(*bytes)),
        E::TidyFailed { reason } => {
            format!("保持規則を外れた復旧ポイントが残っています：{reason}")
        }
    }
}

fn moment(moment: Option<Moment>, never: &str) -> String {
    let say = |Moment { at, zone }: Moment| {
        format!("{} ({zone})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
    };
    moment.map_or_else(|| never.to_owned(), say)
}

fn why_english(cause: Cause) -> String {
    match cause {
        Cause::Due => "its time has come".to_owned(),
        Cause::CaughtUp { missed: 0 } => "caught up".to_owned(),
        Cause::CaughtUp { missed } => format!("caught up; it stands for {missed} more"),
        Cause::After { .. } => "the job before it ended".to_owned(),
        Cause::Retry { attempt } => format!("what failed is tried again, attempt {attempt}"),
        Cause::Continued => "its window is open again, the rest goes on".to_owned(),
        Cause::Plugged => "the disk of its repository was plugged in".to_owned(),
        Cause::Asked => "somebody asked for it".to_owned(),
        Cause::AskedForPart => "somebody asked for a part of it".to_owned(),
    }
}

fn why_japanese(cause: Cause) -> String {
    match cause {
        Cause::Due => "予定の時刻になりました".to_owned(),
        Cause::CaughtUp { missed: 0 } => "逃した回を実行します".to_owned(),
        Cause::CaughtUp { missed } => {
            format!("逃した回を実行します（ほか {missed} 回分を兼ねます）")
        }
        Cause::After { .. } => "前のジョブが終わりました".to_owned(),
        Cause::Retry { attempt } => format!("失敗したものを再試行します（{attempt} 回目）"),
        Cause::Continued => "時間帯になったため、残りを再開します".to_owned(),
        Cause::Plugged => "リポジトリのディスクが接続されました".to_owned(),
        Cause::Asked => "手動で開始しました".to_owned(),
        Cause::AskedForPart => "一部を手動で開始しました".to_owned(),
    }
}
