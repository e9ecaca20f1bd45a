//! A display that nobody sees.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::proc::cmd;

/// An X server without a screen; it ends with this value.
pub(super) struct Display {
    server: Child,
    /// What `DISPLAY` has to say.
    pub(super) name: String,
}

impl Display {
    /// Starts a server under a number that is free.
    pub(super) fn start() -> Result<Self> {
        let args = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"];
        let mut server = cmd("Xvfb", &args);
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().context("could not start Xvfb")?;
        let stdout = server.stdout.take().context("the output was asked for")?;
        let mut display = Self { server, name: String::new() };
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb did not say on which display it is");
        display.name = format!(":{}", number.trim());
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // Best effort: it may be gone already.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
