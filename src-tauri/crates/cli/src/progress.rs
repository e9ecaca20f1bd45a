//! One line of progress on standard error, for people at a terminal.

use std::io::{IsTerminal, Write};

use kuramori_app::dto::RunView;

use crate::output::Output;
use crate::text::size;

/// Shows how a run goes, where somebody looks.
pub(crate) struct ProgressLine {
    shown: bool,
    wanted: bool,
}

impl ProgressLine {
    pub(crate) fn new(output: Output) -> Self {
        Self { shown: false, wanted: output.is_for_people() && std::io::stderr().is_terminal() }
    }

    pub(crate) fn show(&mut self, run: &RunView) {
        if !self.wanted {
            return;
        }
        let c = run.summary.counters;
        let left = run.seconds_left.map_or(String::new(), |s| format!(", {s} s left"));
        let text = format!(
            "{} of {} · {}/s · {} new{left}",
            size(c.done),
            size(c.total),
            size(run.bytes_per_second),
            size(c.new),
        );
        self.shown = true;
        write(&format!("\r\x1b[2K{text}"));
    }

    /// Shows work that is no run.
    pub(crate) fn show_bytes(&mut self, done: u64, total: u64) {
        if self.wanted && total > 0 {
            self.shown = true;
            write(&format!("\r\x1b[2K{} of {}", size(done.min(total)), size(total)));
        }
    }

    pub(crate) fn clear(&mut self) {
        if self.shown {
            write("\r\x1b[2K");
        }
    }
}

/// A terminal that went away is no failure of the run.
fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    drop(write!(err, "{text}").and_then(|()| err.flush()));
}
