//! Why a recovery point is kept.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kuramori_jobs::retention::{Pause, Reason};

use crate::dto::Language;

/// Says why a recovery point is kept, in a phrase.
pub(crate) fn kept(reason: Reason, zone: Tz, language: Language) -> String {
    match language {
        Language::En => english(reason, zone),
        Language::Ja => japanese(reason, zone),
    }
}

fn day(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%Y-%m-%d").to_string()
}

fn english(reason: Reason, zone: Tz) -> String {
    match reason {
        Reason::Newest => "the newest".to_owned(),
        Reason::NewestGood => "the newest good one".to_owned(),
        Reason::NewestVerified => "the newest verified one".to_owned(),
        Reason::Held => "held".to_owned(),
        Reason::Locked { until } => format!("locked until {}", day(until, zone)),
        Reason::DoubtfulTime => "its time is doubtful".to_owned(),
        Reason::Paused { by: Pause::Clock } => {
            "deletion waits: the clock is not believed".to_owned()
        }
        Reason::Paused { by: Pause::Alarm } => "deletion waits: unusual change".to_owned(),
        Reason::Until { until: Some(until) } => format!("kept until {}", day(until, zone)),
        Reason::Until { until: None } => "kept for ever".to_owned(),
        Reason::Last { number } => format!("last {number}"),
        Reason::Daily { number } => format!("daily {number}"),
        Reason::Weekly { number } => format!("weekly {number}"),
        Reason::Monthly { number } => format!("monthly {number}"),
        Reason::Yearly { number } => format!("yearly {number}"),
    }
}

fn japanese(reason: Reason, zone: Tz) -> String {
    match reason {
        Reason::Newest => "最新".to_owned(),
        Reason::NewestGood => "問題のない最新のもの".to_owned(),
        Reason::NewestVerified => "検証済みの最新のもの".to_owned(),
        Reason::Held => "保護中".to_owned(),
        Reason::Locked { until } => format!("{} までロック", day(until, zone)),
        Reason::DoubtfulTime => "時刻が疑わしい".to_owned(),
        Reason::Paused { by: Pause::Clock } => "削除を保留中：時計を信頼できません".to_owned(),
        Reason::Paused { by: Pause::Alarm } => "削除を保留中：通常と異なる変更".to_owned(),
        Reason::Until { until: Some(until) } => format!("{} まで保持", day(until, zone)),
        Reason::Until { until: None } => "無期限に保持".to_owned(),
        Reason::Last { number } => format!("最新から {number} 番目"),
        Reason::Daily { number } => format!("日次 {number}"),
        Reason::Weekly { number } => format!("週次 {number}"),
        Reason::Monthly { number } => format!("月次 {number}"),
        Reason::Yearly { number } => format!("年次 {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_in_words() {
        let until = DateTime::from_timestamp(1_709_251_200, 0).unwrap(); // 2024-03-01 00:00 UTC
        let all = [
            Reason::Newest,
            Reason::NewestGood,
            Reason::NewestVerified,
            Reason::Held,
            Reason::Locked { until },
            Reason::DoubtfulTime,
            Reason::Paused { by: Pause::Clock },
            Reason::Paused { by: Pause::Alarm },
            Reason::Until { until: Some(until) },
            Reason::Until { until: None },
            Reason::Last { number: 1 },
            Reason::Daily { number: 2 },
            Reason::Weekly { number: 3 },
            Reason::Monthly { number: 4 },
            Reason::Yearly { number: 5 },
        ];
        let say = |language| {
            let said = all.iter().map(|r| kept(*r, chrono_tz::America::New_York, language));
            said.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(format!("{}\n\n{}", say(Language::En), say(Language::Ja)));
    }
}
