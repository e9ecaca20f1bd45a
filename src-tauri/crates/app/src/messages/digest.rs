//! The weekly digest in words.

use chrono::{DateTime, Local, Utc};

use crate::dto::Language;
use crate::notices::Week;

/// Returns title and body.
pub(crate) fn text(week: &Week, language: Language) -> (String, String) {
    let open = week.failed.values().filter(|(_, since)| !since).count();
    let troubled = open + week.missed.len() + week.late.len();
    match language {
        Language::En => (english_title(week, troubled), english(week).join("\n")),
        Language::Ja => (japanese_title(week, troubled), japanese(week).join("\n")),
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d").to_string()
}

fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Bytes for people, in the units of the window.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

fn english_title(week: &Week, troubled: usize) -> String {
    match (week.runs, troubled) {
        (_, 1..) => format!("Weekly digest: {troubled} to look at"),
        (0, 0) => "Weekly digest: nothing ran".to_owned(),
        _ => "Weekly digest: all well".to_owned(),
    }
}

fn japanese_title(week: &Week, troubled: usize) -> String {
    match (week.runs, troubled) {
        (_, 1..) => format!("週報: 確認が必要 {troubled} 件"),
        (0, 0) => "週報: 実行はありませんでした".to_owned(),
        _ => "週報: すべて正常".to_owned(),
    }
}

fn english(week: &Week) -> Vec<String> {
    let mut lines = vec![format!("{} to {}", day(week.from), day(week.to)), String::new()];
    if week.runs == 0 {
        lines.push("Nothing ran in this week.".to_owned());
    } else {
        let (times, vms) = week.saved;
        lines.push(format!("Saved: {vms} VMs, {times} times in {} runs", week.runs));
    }
    for (name, (title, since)) in &week.failed {
        let since = if *since { " It was saved since." } else { "" };
        lines.push(format!("Failed: {name}. {title}{since}"));
    }
    lines.extend(week.missed.iter().map(|job| format!("Missed: {job}")));
    lines.extend(week.late.iter().map(|job| format!("Late: {job}")));
    let (written, freed) = (size(week.written), size(week.freed));
    lines.push(format!(
        "Written: {written}. Deleted by rules: {} recovery points; given back: {freed}",
        week.deleted
    ));
    for (name, room) in &week.places {
        lines.push(match room {
            Some((free, total)) => format!("{name}: {} free of {}", size(*free), size(*total)),
            None => format!("{name}: out of reach"),
        });
    }
    for (job, next) in &week.next {
        let next = next.map_or_else(|| "only when somebody asks".to_owned(), time);
        lines.push(format!("Next: {job}, {next}"));
    }
    lines
}

fn japanese(week: &Week) -> Vec<String> {
    let mut lines = vec![format!("{} ～ {}", day(week.from), day(week.to)), String::new()];
    if week.runs == 0 {
        lines.push("この 1 週間、実行はありませんでした。".to_owned());
    } else {
        let (times, vms) = week.saved;
        lines.push(format!("保存: 仮想マシン {vms} 台、{} 回の実行で延べ {times} 件", week.runs));
    }
    for (name, (title, since)) in &week.failed {
        let since = if *since { "その後保存されました。" } else { "" };
        lines.push(format!("失敗: {name}。{title}{since}"));
    }
    lines.extend(week.missed.iter().map(|job| format!("未実行: {job}")));
    lines.extend(week.late.iter().map(|job| format!("遅延: {job}")));
    let (written, freed) = (size(week.written), size(week.freed));
    lines.push(format!(
        "書き込み: {written}。ルールによる削除: 復旧ポイント {} 件、解放: {freed}",
        week.deleted
    ));
    for (name, room) in &week.places {
        lines.push(match room {
            Some((free, total)) => format!("{name}: 空き {} / {}", size(*free), size(*total)),
            None => format!("{name}: 接続できません"),
        });
    }
    for (job, next) in &week.next {
        let next = next.map_or_else(|| "手動のみ".to_owned(), time);
        lines.push(format!("次回: {job}、{next}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn a_week_in_words() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let quiet = Week {
            from: at("2026-05-03T12:00:00Z"),
            to: at("2026-05-10T12:00:00Z"),
            ..Week::default()
        };
        let busy = Week {
            runs: 9,
            saved: (41, 6),
            failed: BTreeMap::from([
                ("FILE02".to_owned(), ("NAS cannot be reached.".to_owned(), false)),
                ("WEB".to_owned(), ("esx1 does not answer.".to_owned(), true)),
            ]),
            missed: BTreeSet::from(["archive".to_owned()]),
            late: vec!["nightly".to_owned()],
            written: 38 << 30,
            freed: 1_100 << 20,
            deleted: 22,
            places: vec![("nas".to_owned(), Some((1 << 40, 4 << 40))), ("usb".to_owned(), None)],
            next: vec![("archive".to_owned(), None)],
            ..quiet
        };
        let quiet = Week { from: busy.from, to: busy.to, ..Week::default() };
        let mut page = String::new();
        for language in [Language::En, Language::Ja] {
            for week in [&quiet, &busy] {
                let (title, body) = text(week, language);
                page += &format!("# {title}\n{body}\n\n");
            }
        }
        insta::assert_snapshot!(page);
    }
}
