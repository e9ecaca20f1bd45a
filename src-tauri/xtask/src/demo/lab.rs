//! The lab, as a program of its own.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, ensure};
use fs_err::File;
use serde::Deserialize;

use super::{disks::Guest, host::Host, http::Control};

/// The lab's datastore.
pub(super) const DATASTORE: &str = "datastore1";

/// A running lab; it ends with this value.
pub(crate) struct Lab {
    process: Child,
    dir: PathBuf,
    pub(super) address: Address,
    pub(super) control: Control,
}

/// The line that the lab prints when it is ready.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) certificate_sha256: String,
    control_url: String,
    token: String,
}

impl Lab {
    /// Starts a lab with one VM for each guest. Its log goes to `lab.log` in `dir`.
    pub(super) fn start(host: &dyn Host, dir: &Path, guests: &[Guest]) -> Result<Self> {
        let disks = dir.join("lab");
        let mut command = host.command("kuramori-lab");
        command.args(["--listen", "127.0.0.1:0", "--dir", &host.path(&disks)]);
        for guest in guests {
            command.arg("--vm").arg(format!("{}={}", guest.name, host.path(&guest.disk)));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(dir.join("lab.log"))?.into_parts().0);
        let mut process = command.spawn().context("starting kuramori-lab")?;
        let stdout = process.stdout.take().context("the lab's output was asked for")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address: Address = serde_json::from_str(&line)
            .with_context(|| format!("the lab did not say where it listens: {line:?}"))?;
        let control = Control::new(&address.control_url, &address.token)?;
        eprintln!("\nlab of {} VMs at {}", guests.len(), address.url);
        Ok(Self { process, dir: disks, address, control })
    }

    /// Where the lab keeps its disks.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the file behind the only disk of a VM: a sparse image as large as the disk, as
    /// long as no snapshot exists.
    pub(super) fn disk_of(&self, vm: &str) -> Result<PathBuf> {
        let folder = self.dir.join("datastores").join(DATASTORE).join(vm);
        let mut files = Vec::new();
        for entry in fs_err::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ensure!(!name.contains("-delta."), "{vm} still has a snapshot: {name}");
            if name.ends_with("-flat.vmdk") {
                files.push(path);
            }
        }
        let found = files.len();
        let file = files.pop().filter(|_| found == 1);
        file.with_context(|| format!("{found} disks in {}, expected one", folder.display()))
    }

    /// Stops the lab.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.process.kill().context("stopping the lab")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Best effort: it may have been stopped already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
