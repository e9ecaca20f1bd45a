//! Schedules and times in words.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use kuramori_jobs::JobId;
use kuramori_jobs::job::{JobSchedule, When};
use kuramori_jobs::retention::{KeepFor, Spans};
use kuramori_jobs::schedule::{MonthDay, Rhythm};

use crate::dto::Language;

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

/// Says for how long something is kept.
pub(crate) fn kept_for(keep: KeepFor, language: Language) -> String {
    match language {
        Language::En => kept_english(keep),
        Language::Ja => kept_japanese(keep),
    }
}

/// Says what spans of the calendar keep; `None` where they keep nothing.
pub(crate) fn spans(spans: Spans, language: Language) -> Option<String> {
    let parts = [
        (spans.last, "newest", "個（最新）"),
        (spans.daily, "days", "日"),
        (spans.weekly, "weeks", "週"),
        (spans.monthly, "months", "か月"),
        (spans.yearly, "years", "年"),
    ];
    let said = parts.iter().filter(|(n, ..)| *n > 0).map(|(n, english, japanese)| match language {
        Language::En => format!("{n} {english}"),
        Language::Ja => format!("{n} {japanese}"),
    });
    let said = said.collect::<Vec<_>>();
    (!said.is_empty()).then(|| match language {
        Language::En => format!("the newest of {}", said.join(", ")),
        Language::Ja => format!("各期間の最新：{}", said.join("・")),
    })
}

/// Says when what was not begun goes on.
pub(crate) fn continues(
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    zone: Tz,
    language: Language,
) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let time = clock(at.time());
    let days = (at.date_naive() - now.date_naive()).num_days();
    match (language, days) {
        (Language::En, 0) => format!("continues today {time}"),
        (Language::En, 1) => format!("continues tomorrow {time}"),
        (Language::En, _) => format!("continues {} {time}", at.date_naive()),
        (Language::Ja, 0) => format!("今日 {time} に再開"),
        (Language::Ja, 1) => format!("明日 {time} に再開"),
        (Language::Ja, _) => format!("{} {time} に再開", at.date_naive()),
    }
}

/// Says how long something takes, in hours and minutes.
pub(crate) fn length(seconds: u64, language: Language) -> String {
    let minutes = seconds.div_ceil(60);
    match (language, minutes / 60, minutes % 60) {
        (Language::En, 0, m) => format!("{m} min"),
        (Language::En, h, 0) => format!("{h} h"),
        (Language::En, h, m) => format!("{h} h {m} min"),
        (Language::Ja, 0, m) => format!("{m} 分"),
        (Language::Ja, h, 0) => format!("{h} 時間"),
        (Language::Ja, h, m) => format!("{h} 時間 {m} 分"),
    }
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
        When::Plugged { .. } => return "When its disk is plugged in".to_owned(),
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
    let until = time.until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
    let from = time.effective_from.map_or_else(String::new, |day| format!(", from {day} on"));
    format!("{which}{until}{hours} ({}){from}", time.zone)
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
        When::Plugged { .. } => return "ディスクが接続されたとき".to_owned(),
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
    let until = time.until.map_or_else(String::new, |until| format!("～{}", clock(until)));
    let from = time.effective_from.map_or_else(String::new, |day| format!("、{day} から"));
    format!("{which}{until}{hours}（{}）{from}", time.zone)
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
    fn what_goes_on_is_said_as_people_say_it() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let say = |then, language| {
            continues(at(then), at("2026-03-02T21:00:00Z"), chrono_tz::Asia::Tokyo, language)
        };
        // It is the third of March in Tokyo.
        assert_eq!(say("2026-03-03T11:00:00Z", Language::En), "continues today 20:00");
        assert_eq!(say("2026-03-04T11:00:00Z", Language::En), "continues tomorrow 20:00");
        assert_eq!(say("2026-03-04T11:00:00Z", Language::Ja), "明日 20:00 に再開");
        assert_eq!(say("2026-03-09T11:00:00Z", Language::En), "continues 2026-03-09 20:00");
        assert_eq!(length(18_541, Language::En), "5 h 10 min");
    }

    #[test]
    fn schedules_in_words() {
        let at = NaiveTime::from_hms_opt(20, 5, 0).unwrap();
        let time = |rhythm| {
            When::Time(Schedule {
                rhythm,
                zone: chrono_tz::Asia::Tokyo,
                effective_from: None,
                allowed: AllowedHours::default(),
                until: None,
            })
        };
        let windowed = || {
            When::Time(Schedule {
                until: NaiveTime::from_hms_opt(6, 0, 0),
                effective_from: chrono::NaiveDate::from_ymd_opt(2026, 5, 1),
                ..Schedule::working_days_evening(chrono_tz::Asia::Tokyo)
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
            (windowed(), None),
            (When::Plugged { gap_minutes: 60 }, Some(KeepFor::Weeks(8))),
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
