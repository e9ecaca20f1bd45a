//! A lab of the release build to measure the client with.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    paths::Paths,
    proc::{self, cargo},
};

/// A running lab; it ends with this value.
pub(super) struct Lab {
    process: Child,
    pub(super) address: Address,
}

/// The line that the lab prints when it is ready.
#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    certificate_sha256: String,
}

/// Builds the lab and a measuring program of the client.
pub(super) fn build(paths: &Paths, example: &str) -> Result<()> {
    let both = ["-p", "kuramori-lab", "--bin", "kuramori-lab", "-p", "kuramori-vsphere"];
    let mut build = cargo(&paths.root, &["build", "--locked", "--release"]);
    proc::run(build.args(both).args(["--example", example]))
}

/// The measuring program.
pub(super) fn example(paths: &Paths, name: &str) -> Command {
    Command::new(paths.target.join("release").join("examples").join(name))
}

impl Lab {
    /// Starts a lab whose state goes to `dir`, which is emptied before.
    pub(super) fn start(paths: &Paths, dir: &Path, args: &[&str]) -> Result<Self> {
        if dir.exists() {
            fs_err::remove_dir_all(dir)?;
        }
        fs_err::create_dir_all(dir)?;
        let mut command = Command::new(paths.target.join("release").join("kuramori-lab"));
        command.arg("--dir").arg(dir).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let process = command.spawn().context("starting kuramori-lab")?;
        let mut lab = Self {
            process,
            address: Address {
                url: String::new(),
                user: String::new(),
                password: String::new(),
                certificate_sha256: String::new(),
            },
        };
        let stdout = lab.process.stdout.take().context("the lab's output was asked for")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        lab.address = serde_json::from_str(&line)
            .with_context(|| format!("the lab did not say where it listens: {line:?}"))?;
        Ok(lab)
    }

    /// What the measuring programs are told first.
    pub(super) fn tell<'c>(&self, program: &'c mut Command) -> &'c mut Command {
        let Address { url, user, password, certificate_sha256 } = &self.address;
        program.args([url, user, password, certificate_sha256])
    }

    /// Logs in with curl. The session goes to the file `jar`.
    pub(super) fn log_in(&self, jar: &Path) -> Result<()> {
        let Address { url, user, password, .. } = &self.address;
        let login = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>\
             <Login xmlns=\"urn:vim25\"><_this type=\"SessionManager\">ha-sessionmgr</_this>\
             <userName>{user}</userName><password>{password}</password></Login></e:Body></e:Envelope>"
        );
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--noproxy", "*", "-H", "Content-Type: text/xml", "-H"]);
        curl.args(["SOAPAction: \"urn:vim25/8.0.3.0\"", "-d", &login, &format!("{url}/sdk"), "-c"]);
        let answer = proc::capture(curl.arg(jar))?;
        ensure!(answer.contains("LoginResponse"), "curl could not log in: {answer}");
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Best effort: it may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
