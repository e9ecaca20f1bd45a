//! The program `kuramori`, asked for JSON.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::host::Host;

/// `kuramori` on the demo's own state.
pub(crate) struct Kuramori<'a> {
    host: &'a dyn Host,
    state: PathBuf,
    secrets: String,
}

/// What a command that runs something says at its end.
#[derive(Debug, Deserialize)]
pub(super) struct Ran {
    pub(super) counters: Counters,
}

/// How much of what a run did.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Counters {
    pub(super) read: u64,
    pub(super) new: u64,
    pub(super) stored: u64,
}

/// What `points list` says.
#[derive(Debug, Deserialize)]
pub(super) struct Points {
    pub(super) points: Vec<Point>,
}

/// One recovery point, as far as the demo looks at it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Point {
    pub(super) vm_name: String,
    pub(super) taken_at: String,
    pub(super) disks: Vec<PointDisk>,
}

/// One of its disks.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PointDisk {
    pub(super) read_mode: String,
}

impl<'a> Kuramori<'a> {
    /// Uses the program as `host` starts it, with a state folder in `dir`.
    pub(super) fn new(host: &'a dyn Host, dir: &Path) -> Self {
        Self { host, state: dir.join("state"), secrets: host.secrets(dir) }
    }

    /// How the program names `path`.
    pub(super) fn path(&self, path: &Path) -> String {
        self.host.path(path)
    }

    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// Makes the app use the same state and secrets.
    pub(super) fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("KURAMORI_STATE", &self.state).env("KURAMORI_SECRETS", &self.secrets)
    }

    /// Runs one command with `input` on its standard input; returns what it printed.
    pub(super) fn run(&self, args: &[&str], input: &str) -> Result<String> {
        let line = format!("kuramori {}", args.join(" "));
        eprintln!("$ {line}");
        let mut command = self.host.command("kuramori");
        command.args(["--state", &self.host.path(&self.state)]);
        command.args(["--secrets", &self.secrets, "--json"]);
        command.args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("starting {line}"))?;
        let mut stdin = child.stdin.take().context("the standard input was asked for")?;
        // A command that reads nothing may be gone before this arrives.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        let output = child.wait_with_output().with_context(|| format!("waiting for {line}"))?;
        let text = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            bail!("{line}: {}\n{text}", output.status);
        }
        Ok(text)
    }

    /// Runs a backup or a restore and returns its sums.
    pub(super) fn sums(&self, args: &[&str]) -> Result<Counters> {
        let text = self.run(args, "")?;
        let ran: Ran = serde_json::from_str(&text).with_context(|| format!("reading {text}"))?;
        Ok(ran.counters)
    }

    /// Returns the recovery points, oldest first.
    pub(super) fn points(&self) -> Result<Vec<Point>> {
        let text = self.run(&["points", "list"], "")?;
        let mut points: Points =
            serde_json::from_str(&text).with_context(|| format!("reading {text}"))?;
        points.points.sort_by(|a, b| a.taken_at.cmp(&b.taken_at));
        Ok(points.points)
    }
}
