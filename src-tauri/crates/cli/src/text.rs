//! Answers as text: plain tables that fit a terminal.

mod inventory;
mod jobs;
mod notices;
mod runs;
mod servers;
mod settings;
pub(crate) mod upkeep;

use std::fmt::Write;

use kuramori_app::dto::{
    DeletedPointView, ErrorView, HoldView, KeyAdded, KeyKind, KeyView, OutcomeView, PointView,
    PruneView, ReadModeView, RepositoryView, RetentionView, UpdatesView,
};

pub(crate) use inventory::{inventory, tree};
pub(crate) use jobs::{job_list, jobs, slots};
pub(crate) use notices::notices;
pub(crate) use runs::{run, run_report, runs};
pub(crate) use servers::{check, mounts, servers, unchecked};
pub(crate) use settings::{exported_settings, load, settings_imported};

/// Shows an error: what happened, the risk, what to do, and the details.
pub(crate) fn error(view: &ErrorView) -> String {
    let mut text = format!("{}\n{}\n", view.title, view.risk);
    for hint in &view.hints {
        line(&mut text, format_args!("→ {hint}"));
    }
    if let Some(seen) = &view.seen_sha256 {
        line(&mut text, format_args!("Certificate seen: {seen}"));
    }
    for cause in view.detail.lines() {
        line(&mut text, format_args!("  {cause}"));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string never fails");
}

/// Lays rows out in columns, each as wide as its widest cell.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count());
        cells.chain(head.get(column).map(|h| h.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|h| (*h).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let cells: Vec<String> = cells.collect();
        line(&mut text, format_args!("{}", cells.join("  ").trim_end()));
    }
    text
}

/// Writes a number of bytes as people read it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => {
            let tenths = (u128::from(bytes) * 10 + u128::from(unit / 2)) / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

pub(crate) fn repositories(repositories: &[RepositoryView]) -> String {
    let rows: Vec<Vec<String>> = repositories
        .iter()
        .map(|r| {
            vec![
                r.name.clone(),
                r.points.to_string(),
                size(r.stored),
                r.free.map_or("–".into(), size),
                r.error
                    .as_ref()
                    .or(r.alarm.as_ref())
                    .map_or("ready", |e| e.title.as_str())
                    .to_owned(),
                r.path.clone(),
            ]
        })
        .collect();
    let mut text = table(&["NAME", "POINTS", "STORED", "FREE", "STATE", "PATH"], &rows);
    for alarm in repositories.iter().filter_map(|r| r.alarm.as_ref()) {
        text += &format!("\n{}", error(alarm));
    }
    text
}

/// Shows keys, never secrets.
pub(crate) fn keys(keys: &[KeyView]) -> String {
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            let kind = match key.kind {
                KeyKind::Passphrase => "passphrase",
                KeyKind::RecoveryKey => "recovery key",
                KeyKind::KeyFile => "key file",
                KeyKind::Device if key.this_computer => "this computer",
                KeyKind::Device => "another computer",
            };
            vec![key.short_id.clone(), kind.to_owned(), key.created_at.to_rfc3339()]
        })
        .collect();
    table(&["KEY", "KIND", "ADDED"], &rows)
}

/// Shows a key that was added, and a recovery key this once.
pub(crate) fn key_added(added: &KeyAdded) -> String {
    let mut text = keys(std::slice::from_ref(&added.key));
    if let Some(key) = &added.recovery_key {
        line(
            &mut text,
            format_args!(
                "Recovery key, shown this once. Write it down and keep it apart:\n\n  {key}\n"
            ),
        );
    }
    text
}

pub(crate) fn points(points: &[PointView]) -> String {
    let rows: Vec<Vec<String>> = points
        .iter()
        .map(|p| {
            let modes: Vec<&str> = p
                .disks
                .iter()
                .map(|d| match d.read_mode {
                    ReadModeView::Whole => "whole",
                    ReadModeView::Allocated => "allocated",
                    ReadModeView::Changed if d.unproven => "changed (unproven)",
                    ReadModeView::Changed => "changed",
                })
                .collect();
            vec![
                p.short_id.clone(),
                p.vm_name.clone(),
                p.taken_at.to_rfc3339(),
                size(p.capacity),
                size(p.read),
                size(p.new),
                size(p.stored),
                modes.join(","),
            ]
        })
        .collect();
    table(&["POINT", "VM", "TAKEN", "SIZE", "READ", "NEW", "STORED", "MODE"], &rows)
}

pub(crate) fn deleted(points: &[DeletedPointView]) -> String {
    let rows: Vec<Vec<String>> = points
        .iter()
        .map(|p| {
            let stays = match p.remaining {
                Some(0) => "gone".to_owned(),
                Some(seconds) => format!("{} h in use", seconds.div_ceil(3600)),
                None => "until deleted again".to_owned(),
            };
            vec![
                p.short_id.clone(),
                p.vm_name.clone(),
                p.taken_at.to_rfc3339(),
                stays,
                p.rule.clone(),
            ]
        })
        .collect();
    table(&["POINT", "VM", "TAKEN", "STAYS", "RULE"], &rows)
}

pub(crate) fn judged(view: &RetentionView) -> String {
    let rows: Vec<Vec<String>> = view
        .points
        .iter()
        .map(|p| {
            let why = if p.kept { p.reasons.join(", ") } else { "goes".to_owned() };
            vec![p.short_id.clone(), p.vm_name.clone(), p.taken_at.to_rfc3339(), why]
        })
        .collect();
    let goes = view.points.iter().filter(|p| !p.kept).count();
    let (list, all, zone) =
        (table(&["POINT", "VM", "TAKEN", "KEPT AS"], &rows), rows.len(), &view.zone);
    format!("{list}{goes} of {all} would go. Days begin in {zone}. Nothing was changed.\n")
}

pub(crate) fn holds(holds: &[HoldView]) -> String {
    let rows: Vec<Vec<String>> = holds
        .iter()
        .map(|h| {
            vec![h.id.clone(), h.point_id.clone(), h.created_at.to_rfc3339(), h.reason.clone()]
        })
        .collect();
    table(&["HOLD", "POINT", "SINCE", "REASON"], &rows)
}

pub(crate) fn pruned(report: &PruneView, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let mut text = format!(
        "{} of {} {would}removed: {} unused packs, {} rewritten ({} moved). {} unused stay.\n",
        size(report.freed),
        size(report.total),
        report.unused_packs,
        report.rewritten_packs,
        size(report.moved),
        size(report.unused_left),
    );
    if report.expired > 0 {
        text +=
            &format!("{} recovery points {would}removed from the recycle bin.\n", report.expired);
    }
    if report.trash_emptied > 0 {
        text += &format!("{} given back by emptying the trash.\n", size(report.trash_emptied));
    }
    if report.half_written > 0 {
        text += &format!("{} half-written files of earlier runs removed.\n", report.half_written);
    }
    if report.waits_for > 0 {
        text += &format!(
            "{} backups are at work; nothing was removed. Run it again when they are done.\n",
            report.waits_for
        );
    }
    text
}

pub(crate) fn updates(view: &UpdatesView) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("Version {}", view.version));
    match (&view.offer, view.enabled) {
        (Some(offer), _) => {
            let (version, notes) = (&offer.version, offer.notes.trim());
            line(&mut text, format_args!("Newer: {version} ({})", size(offer.size)));
            line(&mut text, format_args!("{notes}"));
            if let Some(page) = &offer.page {
                line(&mut text, format_args!("{page}"));
            }
        }
        (None, true) => {
            let checked = view.checked_at.map_or("never".to_owned(), |at| at.to_rfc3339());
            line(&mut text, format_args!("Nothing newer is known. Last check: {checked}"));
        }
        (None, false) => {
            line(&mut text, format_args!("This build has no update key, so updates are off."));
        }
    }
    if let Some(last) = &view.last {
        match &last.error {
            None => line(&mut text, format_args!("Updated from {} to {}", last.from, last.to)),
            Some(view) => text.push_str(&error(view)),
        }
    }
    text
}

fn outcome(outcome: OutcomeView) -> &'static str {
    match outcome {
        OutcomeView::Succeeded => "done",
        OutcomeView::SucceededWithWarnings => "done with warnings",
        OutcomeView::Failed => "failed",
        OutcomeView::Cancelled => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10 << 30, "10.0 GiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
