//! An installation of the built programs, laid out as the archive lays it out, and the makers who
//! publish a newer version of it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use kuramori_e2e::{Setup, built};
use kuramori_feed::{CLI, DESKTOP, Entry, Feed, files, package};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command, time::sleep};

use crate::steps;

/// The version that is published.
pub(crate) const NEWER: &str = "9.1.0";

const INSTALL: &str = "install.json";
const NOTES: &str = "share/doc/notes.txt";
const OLD_ONLY: &str = "share/doc/old.txt";
const NEW_ONLY: &str = "share/doc/new/only.txt";

/// Where it is installed, its state, and its makers.
pub(crate) struct Installed {
    dir: tempfile::TempDir,
    feed: Feed,
}

impl Installed {
    /// Installs the programs of this build.
    pub(crate) fn lay_out() -> Result<Self> {
        let installed = Self { dir: tempfile::tempdir()?, feed: Feed::new() };
        fs_err::copy(built("kuramori")?, installed.made(CLI)?)?;
        fs_err::copy(built("kuramori-desktop")?, installed.made(DESKTOP)?)?;
        fs_err::write(installed.made(NOTES)?, "old")?;
        fs_err::write(installed.made(OLD_ONLY)?, "goes away")?;
        let files = [CLI, DESKTOP, INSTALL, NOTES, OLD_ONLY];
        let note = json!({ "kind": "folder", "files": files }).to_string();
        fs_err::write(installed.made(INSTALL)?, note)?;
        fs_err::write(installed.authority(), &installed.feed.server.authority)?;
        Ok(installed)
    }

    /// A file of the installation.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("install").join(name)
    }

    /// A file of the installation, its folder made.
    fn made(&self, name: &str) -> Result<PathBuf> {
        let file = self.file(name);
        fs_err::create_dir_all(file.parent().context("a file lies in a folder")?)?;
        Ok(file)
    }

    fn authority(&self) -> PathBuf {
        self.dir.path().join("authority.pem")
    }

    /// The installed window, with updates from these makers.
    pub(crate) fn setup(&self, flow: &str) -> Setup {
        let feed = self.feed.environment(&self.authority());
        Setup {
            program: Some(self.file(DESKTOP)),
            environment: feed.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            ..steps::setup(&self.dir, flow)
        }
    }

    /// Publishes a newer version whose window is this program. Its command line is the built one
    /// with a mark behind its end, which no system minds.
    pub(crate) async fn publish(&self, desktop: Vec<u8>) -> Result<Vec<Entry>> {
        let entry = |name: &str, content: Vec<u8>, runs| (name.to_owned(), content, runs);
        let version = vec![
            entry(CLI, marked(&self.file(CLI))?, true),
            entry(DESKTOP, desktop, true),
            entry(INSTALL, json!({ "kind": "folder" }).to_string().into_bytes(), false),
            entry(NEW_ONLY, b"comes".to_vec(), false),
            entry(NOTES, b"new".to_vec(), false),
        ];
        let (packed, version) =
            tokio::task::spawn_blocking(move || (package(&version), version)).await?;
        self.feed.publish(NEWER, &packed);
        Ok(version)
    }

    /// Asserts that the files are those of a version, and no others.
    pub(crate) fn assert_is(&self, version: &[Entry]) -> Result<()> {
        let mut files = self.files();
        for (name, content, _) in version.iter().filter(|(name, ..)| name != INSTALL) {
            ensure!(files.remove(name).as_ref() == Some(content), "{name} is not the new one");
        }
        ensure!(files.remove(INSTALL).is_some(), "nothing describes the installation");
        ensure!(files.is_empty(), "left over: {:?}", files.keys());
        Ok(())
    }

    /// All files of the installation.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.file(""))
    }

    /// Waits until the helper has cleared up and what it left behind is as wanted, and returns
    /// that: how the update ended.
    pub(crate) async fn ended(&self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let update = steps::setup(&self.dir, "").state.join("update");
        let mut result = Value::Null;
        for _ in 0..600 {
            if !update.join("journal.json").try_exists()? {
                result = serde_json::from_slice(&fs_err::read(update.join("result.json"))?)?;
                if wanted(&result) {
                    return Ok(result);
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
        let log = fs_err::read_to_string(update.join("log.txt"))?;
        bail!("the update does not end as wanted: {result}\n{log}")
    }

    /// Makes a repository with one recovery point, with the installed command line.
    pub(crate) async fn keep_something(&self) -> Result<()> {
        let (folder, image) = (self.dir.path().join("repository"), self.dir.path().join("web01"));
        fs_err::write(&image, vec![7; 1 << 20])?;
        let (folder, image) = (folder.to_string_lossy(), image.to_string_lossy());
        let create = ["repo", "create", &*folder, "--name", "Archive", "--passphrase-stdin"];
        self.cli(&create, steps::PASSPHRASE).await?;
        self.cli(&["image", "backup", &*image, "--name", "web01", "--repo", "Archive"], "").await?;
        Ok(())
    }

    /// The recovery points, as the installed command line lists them.
    pub(crate) async fn points(&self) -> Result<Value> {
        let listed = self.cli(&["points", "list"], "").await?;
        ensure!(listed.to_string().contains("web01"), "nothing is kept: {listed}");
        Ok(listed)
    }

    async fn cli(&self, args: &[&str], input: &str) -> Result<Value> {
        let mut command = Command::new(self.file(CLI));
        command.arg("--json").arg("--state").arg(steps::setup(&self.dir, "").state).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut pipe = child.stdin.take().context("its input is a pipe")?;
        pipe.write_all(input.as_bytes()).await?;
        drop(pipe);
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{args:?}: {said}");
        serde_json::from_str(&said).with_context(|| format!("{args:?}: {said}"))
    }
}

/// A program that is another file and does the same.
pub(crate) fn marked(program: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs_err::read(program)?;
    bytes.extend_from_slice(NEWER.as_bytes());
    Ok(bytes)
}
