//! What ran, how long it took, and what failed.

use std::{fmt::Write as _, process::ExitCode, time::Duration};

use anyhow::Result;

use crate::proc;

/// The results so far.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

impl Report {
    /// Runs one step and notes its result.
    pub(super) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        eprintln!("\n=== {name} ===");
        let (result, took) = proc::timed(work);
        let error = result.err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            eprintln!("{name} failed: {error}");
        }
        self.rows.push(Row { name, took, error });
    }

    /// Tells whether any step failed so far.
    pub(super) fn failed(&self) -> bool {
        self.rows.iter().any(|row| row.error.is_some())
    }

    /// Prints the summary and returns the exit code.
    pub(super) fn finish(&self) -> ExitCode {
        println!("{}", self.render());
        if self.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn render(&self) -> String {
        let mut text = String::from("\n");
        for row in &self.rows {
            let verdict = if row.error.is_some() { "FAILED" } else { "passed" };
            writeln!(text, "{:<28} {verdict} {:>9}", row.name, clock(row.took))
                .expect("writing to a string cannot fail");
        }
        let total = self.rows.iter().map(|row| row.took).sum();
        text.push_str(&format!("{:<28} {:>16}\n", "in all", clock(total)));
        for row in &self.rows {
            if let Some(error) = &row.error {
                let first = error.lines().next().unwrap_or_default();
                text.push_str(&format!("\n{}: {first}", row.name));
            }
        }
        let failed = self.rows.iter().filter(|row| row.error.is_some()).count();
        text.push_str(&format!("\n{} passed, {failed} failed", self.rows.len() - failed));
        text
    }
}

fn clock(took: Duration) -> String {
    let seconds = took.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_last_line_counts_and_failures_are_named_above_it() {
        let mut report = Report::default();
        report.step("good", || Ok(()));
        report.step("bad", || Err(anyhow!("it broke\nin detail")));
        let text = report.render();
        assert!(report.failed());
        assert!(text.contains("\nbad: it broke\n"), "{text}");
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed"));
    }

    #[test]
    fn times_read_as_a_person_says_them() {
        assert_eq!(clock(Duration::from_millis(1250)), "1.2 s");
        assert_eq!(clock(Duration::from_secs(125)), "2 min 05 s");
    }
}
