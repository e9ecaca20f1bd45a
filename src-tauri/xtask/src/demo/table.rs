//! What the demo prints at the end.

use std::{fmt::Write as _, time::Duration};

/// One line: what happened, and how much of it.
pub(super) struct Row {
    pub(super) what: String,
    /// Bytes read, from the host for a backup, from the repository for a restore.
    pub(super) read: u64,
    /// For a backup: bytes that the repository did not have yet, and by how many it grew.
    pub(super) grown: Option<(u64, u64)>,
    /// From the start of the command to its end.
    pub(super) took: Duration,
}

/// Renders the rows as a table.
pub(super) fn render(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.what.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut line = |what: &str, cells: [&str; 5]| {
        write!(text, "{what:<width$}").expect("writing to a string cannot fail");
        for cell in cells {
            write!(text, " {cell:>12}").expect("writing to a string cannot fail");
        }
        text.push('\n');
    };
    line("", ["read", "new", "stored", "time", "rate"]);
    for row in rows {
        let (new, stored) = row
            .grown
            .map_or_else(|| ("–".into(), "–".into()), |(new, stored)| (size(new), size(stored)));
        let time = format!("{:.1} s", row.took.as_secs_f64());
        let rate = format!("{}/s", size(per_second(row.read, row.took)));
        line(&row.what, [&size(row.read), &new, &stored, &time, &rate]);
    }
    text
}

fn per_second(bytes: u64, took: Duration) -> u64 {
    let milliseconds = took.as_millis().max(1);
    u64::try_from(u128::from(bytes) * 1000 / milliseconds).unwrap_or(u64::MAX)
}

/// Renders a number of bytes as a person reads it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, factor) in UNITS {
        if bytes >= factor {
            let tenths = u128::from(bytes) * 10 / u128::from(factor);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up() {
        let row = Row {
            what: "first backup".into(),
            read: 3 << 30,
            grown: Some((1536 << 20, 700 << 10)),
            took: Duration::from_secs(2),
        };
        let text = render(&[row]);
        let lines: Vec<_> = text.lines().map(|line| line.split("  ").collect::<Vec<_>>()).collect();
        assert_eq!(lines.len(), 2);
        let last = text.lines().last().unwrap_or_default();
        let cells: Vec<_> = last.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
        assert_eq!(
            cells,
            ["first backup", "3.0 GiB", "1.5 GiB", "700.0 KiB", "2.0 s", "1.5 GiB/s"]
        );
    }
}
