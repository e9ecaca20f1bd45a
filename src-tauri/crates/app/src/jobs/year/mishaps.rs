//! What happens to the disks of the computer.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kuramori_jobs::RunId;
use kuramori_lab::{FaultKind, FaultSpec};

use super::shop::Shop;

/// A file system that a test has for itself.
pub(super) const OWN_DISK: &str = "KURAMORI_YEAR_DISK";

impl Shop {
    fn disk(&self) -> PathBuf {
        self.folder.join("disk")
    }

    pub(super) fn take_repository_away(&self) {
        let disk = self.disk();
        fs_err::rename(disk.join("repository"), disk.join("elsewhere")).unwrap();
    }

    pub(super) fn bring_repository_back(&self) {
        let disk = self.disk();
        fs_err::rename(disk.join("elsewhere"), disk.join("repository")).unwrap();
    }

    /// Whether the repository has a disk of its own, which can be full.
    #[expect(clippy::unused_self, reason = "it is asked of the shop")]
    pub(super) fn has_own_disk(&self) -> bool {
        std::env::var_os(OWN_DISK).is_some()
    }

    /// Leaves no byte free.
    pub(super) fn fill_disk(&self) {
        if !self.has_own_disk() {
            return;
        }
        let mut others = fs_err::File::create(self.disk().join("others")).unwrap();
        let zeros = vec![0; 1 << 20];
        let full = (0..8 << 10).any(|_| others.write_all(&zeros).is_err());
        assert!(full, "the disk of the test is larger than it was to be");
    }

    pub(super) fn free_disk(&self) {
        if self.has_own_disk() {
            fs_err::remove_file(self.disk().join("others")).unwrap();
        }
    }

    /// Begins what is due and pulls the plug of this computer once VMs are read. Returns the run
    /// that was cut off.
    pub(super) fn fail_power_while_reading(&mut self) -> RunId {
        let hold = FaultSpec {
            kind: FaultKind::Hold,
            point: "folder".to_owned(),
            key: Some("-flat.vmdk".to_owned()),
            ..FaultSpec::default()
        };
        self.servers[0].lab().add_fault(hold).unwrap();
        self.begin();
        // Two VMs are worked on at once.
        while self.servers[0].lab().faults().iter().map(|fault| fault.holding).sum::<u32>() < 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let run = self.app().inner.log.runs(1).unwrap()[0].id;
        // Kept elsewhere: the repository has no room for itself twice.
        let held = [self.folder.join("state"), self.disk().join("repository")];
        let then = ["state then", "repository then"].map(|name| self.folder.join(name));
        for (now, then) in held.iter().zip(&then) {
            copy(now, then);
        }
        // Whatever the program does now reaches no server, and is not there afterwards.
        self.servers[0].go_down();
        self.app().inner.runs.cancel(run);
        self.settle();
        self.end();
        for (now, then) in held.iter().zip(&then) {
            fs_err::remove_dir_all(now).unwrap();
            copy(then, now);
            fs_err::remove_dir_all(then).unwrap();
        }
        let clock = self.clock.clone();
        self.servers[0].go_up(&clock);
        self.start();
        run
    }
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs_err::copy(entry.path(), to).unwrap();
        }
    }
}
