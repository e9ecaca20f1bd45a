//! Schedules as they are typed.

use chrono::NaiveTime;
use kuramori_app::dto::{KeepForView, MonthDayView, ScheduleView, WhenView};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads a schedule such as `mon,thu 20:00 keep 14d`.
pub(super) fn parse(text: &str) -> Result<ScheduleView, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    // Names of jobs may have any words but these in them.
    let end = |word: &&str| matches!(*word, "keep" | "until" | "from" | "gap" | "during");
    let begin = words.iter().position(end).unwrap_or(words.len());
    let (when, mut rest) = words.split_at(begin);
    let mut schedule = ScheduleView {
        id: None,
        when: parse_when(when)?,
        effective_from: None,
        allowed: None,
        until: None,
        keep: None,
    };
    while let [word, more @ ..] = rest {
        let [value, next @ ..] = more else {
            return Err(format!("“{word}” wants a value, such as “keep 14d”"));
        };
        match (*word, &mut schedule.when) {
            ("keep", _) => schedule.keep = Some(keep(value)?),
            ("until", _) => schedule.until = Some(time(value)?),
            ("during", _) => schedule.allowed = Some(hours_of_week(value)?),
            ("from", _) => {
                let day = value.parse().map_err(|_| format!("“{value}” is no day like 2026-05-01"));
                schedule.effective_from = Some(day?);
            }
            ("gap", WhenView::Plugged { gap_minutes }) => *gap_minutes = minutes(value)?,
            _ => return Err(format!("“{word}” says nothing here")),
        }
        rest = next;
    }
    Ok(schedule)
}

fn parse_when(words: &[&str]) -> Result<WhenView, String> {
    match words {
        ["daily", at] => Ok(WhenView::Week { days: (0..7).collect(), at: time(at)? }),
        ["working-days", at] => Ok(WhenView::Week { days: (0..5).collect(), at: time(at)? }),
        ["monthly", on, at] => Ok(WhenView::Month { on: day_of_month(on)?, at: time(at)? }),
        ["yearly", month, on, at] => {
            let month = month.parse().map_err(|_| format!("“{month}” is no month, 1 to 12"))?;
            Ok(WhenView::Year { month, on: day_of_month(on)?, at: time(at)? })
        }
        ["plugged"] => Ok(WhenView::Plugged { gap_minutes: 60 }),
        ["every", length] => Ok(WhenView::Interval { minutes: minutes(length)? }),
        ["after", job @ ..] if !job.is_empty() => {
            Ok(WhenView::After { job_id: job.join(" "), only_success: false })
        }
        ["after-success", job @ ..] if !job.is_empty() => {
            Ok(WhenView::After { job_id: job.join(" "), only_success: true })
        }
        [days, at] => {
            let days: Result<_, _> = days.split(',').map(weekday).collect();
            Ok(WhenView::Week { days: days?, at: time(at)? })
        }
        _ => Err("this is no time; examples: “daily 20:00”, “mon,thu 20:00 keep 14d”".to_owned()),
    }
}

fn time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| format!("“{text}” is no time like 20:00"))
}

fn weekday(text: &str) -> Result<u8, String> {
    let found = (0u8..).zip(DAYS).find(|(_, day)| *day == text);
    found.map(|(n, _)| n).ok_or_else(|| format!("“{text}” is none of {}", DAYS.join(", ")))
}

/// Reads hours in which a run may begin, as `8-18`, `mon-fri@20-6` or several with commas, as a set
/// of hours (bit 0 is midnight) for each day, Monday first. What ends before it begins goes on in
/// the day after.
fn hours_of_week(text: &str) -> Result<Vec<u32>, String> {
    let wrong =
        || format!("“{text}” are no hours like 8-18, mon-fri@20-6 or mon-thu@20-24,fri@18-24");
    let mut week = vec![0; 7];
    for part in text.split(',') {
        let (days, hours) = part.split_once('@').unwrap_or(("mon-sun", part));
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (first, last) = (usize::from(weekday(first)?), usize::from(weekday(last)?));
        let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
        let hour = |text: &str| text.parse().ok().filter(|hour| *hour <= 24).ok_or_else(wrong);
        let (from, to): (usize, usize) = (hour(from)?, hour(to)?);
        if from == to || from == 24 {
            return Err(wrong());
        }
        let length = if from < to { to - from } else { to + 24 - from };
        let days = (last + 7 - first) % 7 + 1;
        for (day, hour) in (0..days).flat_map(|day| (0..length).map(move |hour| (day, hour))) {
            let (day, hour) = (first + day + (from + hour) / 24, (from + hour) % 24);
            if let Some(hours) = week.get_mut(day % 7) {
                *hours |= 1 << hour;
            }
        }
    }
    Ok(week)
}

fn day_of_month(text: &str) -> Result<MonthDayView, String> {
    if let Ok(date) = text.parse() {
        return Ok(MonthDayView::Date { date });
    }
    match text.split_once('-') {
        None if text == "last" => Ok(MonthDayView::Last),
        _ if text == "last-working-day" => Ok(MonthDayView::LastWorkingDay),
        Some(("last", day)) => Ok(MonthDayView::LastOf { weekday: weekday(day)? }),
        Some((nth, day)) => {
            let names = ["first", "second", "third", "fourth"];
            let nth = (1u8..).zip(names).find(|(_, name)| *name == nth).map(|(n, _)| n);
            let nth = nth.ok_or_else(|| format!("“{text}” is no day of a month"))?;
            Ok(MonthDayView::Nth { nth, weekday: weekday(day)? })
        }
        None => Err(format!("“{text}” is no day of a month")),
    }
}

fn minutes(text: &str) -> Result<u32, String> {
    let wrong = || format!("“{text}” is no length like 4h or 30min");
    let (number, each) = match (text.strip_suffix('h'), text.strip_suffix("min")) {
        (Some(number), _) => (number, 60u32),
        (_, Some(number)) => (number, 1),
        _ => return Err(wrong()),
    };
    number.parse::<u32>().ok().and_then(|n| n.checked_mul(each)).ok_or_else(wrong)
}

fn keep(length: &str) -> Result<KeepForView, String> {
    if length == "forever" {
        return Ok(KeepForView::Forever);
    }
    let wrong = || format!("“{length}” is no length like 14d, 8w, 24m or 7y");
    let unit = length.chars().last().ok_or_else(wrong)?;
    let number = length.strip_suffix(unit).unwrap_or_default();
    let count = number.parse().map_err(|_| wrong())?;
    match unit {
        'd' => Ok(KeepForView::Days { count }),
        'w' => Ok(KeepForView::Weeks { count }),
        'm' => Ok(KeepForView::Months { count }),
        'y' => Ok(KeepForView::Years { count }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_as_people_type_them() {
        let when = |text: &str| parse(text).unwrap().when;
        let at = NaiveTime::from_hms_opt(20, 5, 0).unwrap();
        assert_eq!(when("daily 20:05"), WhenView::Week { days: (0..7).collect(), at });
        assert_eq!(when("mon,sun 20:05"), WhenView::Week { days: vec![0, 6], at });
        let on = MonthDayView::Nth { nth: 2, weekday: 1 };
        assert_eq!(when("monthly second-tue 20:05"), WhenView::Month { on, at });
        let on = MonthDayView::LastOf { weekday: 4 };
        assert_eq!(when("yearly 12 last-fri 20:05"), WhenView::Year { month: 12, on, at });
        let on = MonthDayView::LastWorkingDay;
        assert_eq!(when("monthly last-working-day 20:05"), WhenView::Month { on, at });
        assert_eq!(when("every 4h"), WhenView::Interval { minutes: 240 });
        let job_id = "the nightly one".to_owned();
        assert_eq!(
            when("after-success the nightly one keep 3y"),
            WhenView::After { job_id, only_success: true }
        );
        let nightly = parse("daily 20:05 until 06:00 from 2026-05-01 keep 14d").unwrap();
        assert_eq!(nightly.until, NaiveTime::from_hms_opt(6, 0, 0));
        assert_eq!(nightly.effective_from, chrono::NaiveDate::from_ymd_opt(2026, 5, 1));
        assert_eq!(nightly.keep, Some(KeepForView::Days { count: 14 }));
        assert_eq!(when("plugged gap 4h keep 8w"), WhenView::Plugged { gap_minutes: 240 });
        let office = (8..18).fold(0, |all, hour| all | 1 << hour);
        let (early, late) = (0b11_1111, 0b1111 << 20);
        let during = |text: &str| parse(text).unwrap().allowed.unwrap();
        assert_eq!(during("every 2h during 8-18"), [office; 7]);
        assert_eq!(
            during("every 2h during fri-mon@8-18"),
            [office, 0, 0, 0, office, office, office]
        );
        assert_eq!(
            during("daily 22:00 during sun@20-6,tue@20-24 keep 8w"),
            [early, late, 0, 0, 0, 0, late]
        );
        let kept = |text: &str| parse(text).unwrap().keep;
        assert_eq!(kept("daily 20:05"), None);
        assert_eq!(kept("daily 20:05 keep 8w"), Some(KeepForView::Weeks { count: 8 }));
        assert_eq!(kept("every 30min keep forever"), Some(KeepForView::Forever));
    }

    #[test]
    fn what_is_no_schedule_says_so() {
        for wrong in [
            "",
            "daily",
            "daily 25:00",
            "moon 20:00",
            "monthly zeroth-mon 20:00",
            "monthly last-moon 20:00",
            "every 4",
            "every 99999999999h",
            "daily 20:00 keep",
            "daily 20:00 keep 14",
            "daily 20:00 keep é",
            "after",
            "daily 20:00 until",
            "daily 20:00 until noon",
            "daily 20:00 from tomorrow",
            "daily 20:00 gap 4h",
            "daily 20:00 during 8",
            "daily 20:00 during 8-8",
            "daily 20:00 during 24-3",
            "daily 20:00 during 8-25",
            "daily 20:00 during moon@8-18",
            "daily 20:00 keep 14d 15d",
        ] {
            let said = parse(wrong).unwrap_err();
            assert!(!said.is_empty(), "{wrong}");
        }
    }
}
