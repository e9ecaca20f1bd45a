//! What is said about jobs and their schedules.

use chrono::NaiveTime;
use kuramori_engine::JobEvent;
use kuramori_jobs::JobId;
use kuramori_jobs::job::{Cause, JobSchedule, When};
use kuramori_jobs::retention::KeepFor;
use kuramori_jobs::schedule::{MonthDay, Rhythm};

use super::Sentences;
use super::events::size;
use crate::dto::{ErrorCode, Language};

const DAYS_EN: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_JA: [&str; 7] = ["月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

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
        _ => Sentences {
            title: "{0} がサーバーにありません。ジョブはその中の VM を保存する設定です。",
            risk: "その中にあった VM は、このジョブでは保存されません。",
            hints: &["ジョブを編集し、入れ物または VM を選び直してください。"],
        },
    }
}

pub(super) fn say(event: &JobEvent, language: Language) -> String {
    use JobEvent as E;
    match (event, language) {
        (E::Began { job, cause }, Language::En) => format!("{job}: {}", why_english(*cause)),
        (E::Began { job, cause }, Language::Ja) => format!("{job}：{}", why_japanese(*cause)),
        (E::MemberLeftOut { name, reason }, Language::En) => {
            format!("{name} is left out: {reason}")
        }
        (E::MemberLeftOut { name, reason }, Language::Ja) => format!("{name} は除外：{reason}"),
        (E::PointsDeleted { count }, Language::En) => {
            format!("{count} recovery points that the rule does not keep are in the recycle bin")
        }
        (E::PointsDeleted { count }, Language::Ja) => {
            format!("保持規則を外れた復旧ポイント {count} 個をごみ箱へ移しました")
        }
        (E::SpaceFreed { bytes }, Language::En) => format!("{} given back", size(*bytes)),
        (E::SpaceFreed { bytes }, Language::Ja) => format!("{} を解放しました", size(*bytes)),
        (E::TidyFailed { reason }, Language::En) => {
            format!("Recovery points that the rule does not keep are still there: {reason}")
        }
        (E::TidyFailed { reason }, Language::Ja) => {
            format!("保持規則を外れた復旧ポイントが残っています：{reason}")
        }
    }
}

fn why_english(cause: Cause) -> String {
    match cause {
        Cause::Due => "its time has come".to_owned(),
        Cause::CaughtUp { missed: 0 } => "caught up".to_owned(),
        Cause::CaughtUp { missed } => format!("caught up; it stands for {missed} more"),
        Cause::After { .. } => "the job before it ended".to_owned(),
        Cause::Retry { attempt } => format!("what failed is tried again, attempt {attempt}"),
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
        Cause::Asked => "手動で開始しました".to_owned(),
        Cause::AskedForPart => "一部を手動で開始しました".to_owned(),
    }
}

/// Says when a schedule is due and for how long what it makes is kept.
pub(crate) fn schedule<'n>(
    schedule: &JobSchedule,
    name: &dyn Fn(JobId) -> &'n str,
    language: Language,
) -> String {
    let (when, kept) = match language {
        Language::En => (when_english(&schedule.when, name), schedule.keep.map(kept_english)),
        Language::Ja => (when_japanese(&schedule.when, name), schedule.keep.map(kept_japanese)),
    };
    [when].into_iter().chain(kept).collect::<Vec<_>>().join(match language {
        Language::En => ", ",
        Language::Ja => "、",
    })
}

fn clock(at: NaiveTime) -> String {
    at.format("%H:%M").to_string()
}

fn named<'d>(names: &[&'d str], number: u8) -> &'d str {
    names.get(usize::from(number)).copied().unwrap_or("?")
}

fn when_english<'n>(when: &When, name: &dyn Fn(JobId) -> &'n str) -> String {
    let time = match when {
        When::After { job, only_success: true } => {
            return format!("After {} ended well", name(*job));
        }
        When::After { job, .. } => return format!("After {} ended", name(*job)),
        When::Time(time) => time,
    };
    let which = match &time.rhythm {
        Rhythm::Week { days, at } if days.len() == 7 => format!("Every day at {}", clock(*at)),
        Rhythm::Week { days, at } if days.iter().copied().eq(0..5) => {
            format!("Every working day at {}", clock(*at))
        }
        Rhythm::Week { days, at } => {
            let days: Vec<_> = days.iter().map(|day| named(&DAYS_EN, *day)).collect();
            format!("Every {} at {}", days.join(", "), clock(*at))
        }
        Rhythm::Month { on, at } => {
            format!("Every month on {} at {}", day_english(*on), clock(*at))
        }
        Rhythm::Year { month, on, at } => {
            let month = named(&MONTHS_EN, month.saturating_sub(1));
            format!("Every {month} on {} at {}", day_english(*on), clock(*at))
        }
        Rhythm::Interval { minutes } if minutes % 60 == 0 => {
            format!("Every {} h", minutes / 60)
        }
        Rhythm::Interval { minutes } => format!("Every {minutes} min"),
    };
    let hours = if time.allowed.is_always() { "" } else { " in the allowed hours" };
    format!("{which}{hours} ({})", time.zone)
}

fn day_english(day: MonthDay) -> String {
    match day {
        MonthDay::Date(date) => format!("day {date}"),
        MonthDay::Last => "the last day".to_owned(),
        MonthDay::LastWorkingDay => "the last working day".to_owned(),
        MonthDay::Nth { nth, weekday } => {
            let nth = named(&["first", "second", "third", "fourth"], nth.saturating_sub(1));
            format!("the {nth} {}", named(&DAYS_EN, weekday))
        }
        MonthDay::LastOf { weekday } => format!("the last {}", named(&DAYS_EN, weekday)),
    }
}

fn kept_english(keep: KeepFor) -> String {
    let of = |count, one: &str| match count {
        1 => format!("kept 1 {one}"),
        n => format!("kept {n} {one}s"),
    };
    match keep {
        KeepFor::Days(n) => of(n, "day"),
        KeepFor::Weeks(n) => of(n, "week"),
        KeepFor::Months(n) => of(n, "month"),
        KeepFor::Years(n) => of(n, "year"),
        KeepFor::Forever => "kept for ever".to_owned(),
    }
}

fn when_japanese<'n>(when: &When, name: &dyn Fn(JobId) -> &'n str) -> String {
    let time = match when {
        When::After { job, only_success: true } => {
            return format!("{} が正常に終わった後", name(*job));
        }
        When::After { job, .. } => return format!("{} が終わった後", name(*job)),
        When::Time(time) => time,
    };
    let which = match &time.rhythm {
        Rhythm::Week { days, at } if days.len() == 7 => format!("毎日 {}", clock(*at)),
        Rhythm::Week { days, at } if days.iter().copied().eq(0..5) => {
            format!("平日 {}", clock(*at))
        }
        Rhythm::Week { days, at } => {
            let days: Vec<_> = days.iter().map(|day| named(&DAYS_JA, *day)).collect();
            format!("毎週 {} {}", days.join("・"), clock(*at))
        }
        Rhythm::Month { on, at } => format!("毎月 {} {}", day_japanese(*on), clock(*at)),
        Rhythm::Year { month, on, at } => {
            format!("毎年 {month} 月の {} {}", day_japanese(*on), clock(*at))
        }
        Rhythm::Interval { minutes } if minutes % 60 == 0 => {
            format!("{} 時間ごと", minutes / 60)
        }
        Rhythm::Interval { minutes } => format!("{minutes} 分ごと"),
    };
    let hours = if time.allowed.is_always() { "" } else { "（許可された時間帯のみ）" };
    format!("{which}{hours}（{}）", time.zone)
}

fn day_japanese(day: MonthDay) -> String {
    match day {
        MonthDay::Date(date) => format!("{date} 日"),
        MonthDay::Last => "末日".to_owned(),
        MonthDay::LastWorkingDay => "最後の平日".to_owned(),
        MonthDay::Nth { nth, weekday } => format!("第 {nth} {}", named(&DAYS_JA, weekday)),
        MonthDay::LastOf { weekday } => format!("最後の{}", named(&DAYS_JA, weekday)),
    }
}

fn kept_japanese(keep: KeepFor) -> String {
    match keep {
        KeepFor::Days(n) => format!("{n} 日間保持"),
        KeepFor::Weeks(n) => format!("{n} 週間保持"),
        KeepFor::Months(n) => format!("{n} か月間保持"),
        KeepFor::Years(n) => format!("{n} 年間保持"),
        KeepFor::Forever => "無期限に保持".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kuramori_jobs::ScheduleId;
    use kuramori_jobs::schedule::{AllowedHours, Schedule};

    use super::*;

    #[test]
    fn schedules_in_words() {
        let at = NaiveTime::from_hms_opt(20, 5, 0).unwrap();
        let time = |rhythm| {
            When::Time(Schedule {
                rhythm,
                zone: chrono_tz::Asia::Tokyo,
                effective_from: None,
                allowed: AllowedHours::default(),
            })
        };
        let job: JobId = "6f9c4b0e-8f5b-4b7a-9d1c-0a4f3b2e1d00".parse().unwrap();
        let all = [
            (time(Rhythm::Week { days: (0..7).collect(), at }), Some(KeepFor::Days(1))),
            (time(Rhythm::Week { days: (0..5).collect(), at }), Some(KeepFor::Days(14))),
            (time(Rhythm::Week { days: [0, 6].into(), at }), Some(KeepFor::Weeks(8))),
            (time(Rhythm::Month { on: MonthDay::Date(31), at }), Some(KeepFor::Months(12))),
            (time(Rhythm::Month { on: MonthDay::LastWorkingDay, at }), Some(KeepFor::Forever)),
            (
                time(Rhythm::Year { month: 4, on: MonthDay::Nth { nth: 2, weekday: 1 }, at }),
                Some(KeepFor::Years(7)),
            ),
            (time(Rhythm::Year { month: 12, on: MonthDay::LastOf { weekday: 4 }, at }), None),
            (time(Rhythm::Month { on: MonthDay::Last, at }), None),
            (time(Rhythm::Interval { minutes: 240 }), None),
            (time(Rhythm::Interval { minutes: 90 }), None),
            (When::After { job, only_success: true }, None),
            (When::After { job, only_success: false }, None),
        ];
        let say = |language| {
            let said = all.iter().map(|(when, keep)| {
                let one = JobSchedule { id: ScheduleId::random(), when: when.clone(), keep: *keep };
                schedule(&one, &|_| "nightly", language)
            });
            said.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(format!("{}\n\n{}", say(Language::En), say(Language::Ja)));
    }
}
