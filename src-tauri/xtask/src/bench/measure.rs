//! What a process and all that it started cost.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::proc;

/// What one step cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// User and system time.
    pub(super) cpu_seconds: f64,
    pub(super) wall_seconds: f64,
    /// Most memory that was resident at once.
    pub(super) peak_kib: u64,
}

impl Cost {
    /// The cost of both, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds + other.cpu_seconds,
            wall_seconds: self.wall_seconds + other.wall_seconds,
            peak_kib: self.peak_kib.max(other.peak_kib),
        }
    }
}

/// Runs a command to its end and returns its cost. What it prints is shown when it fails.
pub(super) fn cost(command: &Command, work: &Path) -> Result<Cost> {
    let figures = work.join("figures");
    let mut timed = Command::new("time");
    timed.args(["-f", "%U %S %e %M", "-o"]).arg(&figures).arg(command.get_program());
    timed.args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        timed.current_dir(folder);
    }
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(key, value),
            None => timed.env_remove(key),
        };
    }
    let line = proc::line_of(command);
    let output = timed.output().with_context(|| format!("could not start: {line}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{}: {line}\n{}", output.status, String::from_utf8_lossy(&said));
    }
    read(&fs_err::read_to_string(figures)?)
}

fn read(figures: &str) -> Result<Cost> {
    let line = figures.lines().last().context("`time` wrote nothing")?;
    let numbers: Vec<f64> = line
        .split(' ')
        .map(|n| n.parse().with_context(|| format!("not a figure of `time`: {n}")))
        .collect::<Result<_>>()?;
    let [user, system, wall_seconds, peak] = numbers[..] else {
        bail!("`time` wrote other figures: {line}");
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
    let peak_kib = peak as u64;
    Ok(Cost { cpu_seconds: user + system, wall_seconds, peak_kib })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_whatever_stands_before_them() {
        let text = "Command exited with non-zero status 3\n1.50 0.25 9.00 2048\n";
        let expected = Cost { cpu_seconds: 1.75, wall_seconds: 9.0, peak_kib: 2048 };
        assert_eq!(read(text).unwrap(), expected);
        assert!(read("").is_err());
        assert!(read("a b c d").is_err());
    }
}
