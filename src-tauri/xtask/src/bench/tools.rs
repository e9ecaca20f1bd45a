//! The tools that are measured, and what each does for a step.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use super::{
    bytes_below,
    images::Images,
    measure::{self, Cost},
};
use crate::proc::{self, cmd};

/// A tool, in one way of using it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Tool {
    /// Kuramori, told which areas changed.
    Kuramori,
    /// Kuramori, reading the whole disk each day.
    KuramoriWhole,
    /// restic as it comes.
    Restic,
    /// borg on a grid of 1 MiB, zstd 1, which is its cheapest way for disks.
    Borg,
    /// A compressed qcow2 a day; not encrypted, nothing shared between days.
    Qcow2,
    /// A zstd file a day; not encrypted, nothing shared between days.
    Zstd,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The first backup.
    Full,
    /// The backup of a later day.
    Day(u32),
    /// The last day's disk as a raw image.
    Restore,
    /// All data is read and proved.
    Check,
    /// All but the last two days are deleted and their room is freed.
    Prune,
}

impl Step {
    /// All steps, in their order.
    pub(super) fn all(days: u32) -> Vec<Self> {
        let mut all = vec![Self::Full];
        all.extend((2..=days).map(Self::Day));
        all.extend([Self::Restore, Self::Check, Self::Prune]);
        all
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Full => "full".to_owned(),
            Self::Day(day) => format!("day {day}"),
            Self::Restore => "restore".to_owned(),
            Self::Check => "check".to_owned(),
            Self::Prune => "keep 2".to_owned(),
        }
    }
}

impl Tool {
    pub(super) const ALL: &[Self] =
        &[Self::Kuramori, Self::KuramoriWhole, Self::Restic, Self::Borg, Self::Qcow2, Self::Zstd];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kuramori => "kuramori",
            Self::KuramoriWhole => "kuramori, re-read",
            Self::Restic => "restic",
            Self::Borg => "borg, fixed",
            Self::Qcow2 => "qcow2, zstd",
            Self::Zstd => "zstd -1 -T2",
        }
    }

    pub(super) fn is_installed(self) -> bool {
        match self {
            Self::Kuramori | Self::KuramoriWhole => true,
            Self::Restic => proc::on_path("restic"),
            Self::Borg => proc::on_path("borg"),
            Self::Qcow2 => proc::on_path("qemu-img"),
            Self::Zstd => proc::on_path("zstd"),
        }
    }
}

/// One tool with a store of its own.
pub(super) struct Round {
    tool: Tool,
    kuramori: PathBuf,
    /// Where it works.
    dir: PathBuf,
    /// Where it stores.
    store: PathBuf,
    disk: PathBuf,
    last: Step,
}

impl Round {
    /// Makes an empty store, which is not measured.
    pub(super) fn begin(tool: Tool, kuramori: &Path, work: &Path, disk: &Path) -> Result<Self> {
        let dir = work.join(format!("{tool:?}").to_lowercase());
        let store = dir.join("store");
        fs_err::create_dir_all(&dir)?;
        fs_err::write(dir.join("key"), [7; 32])?;
        let round = Self {
            tool,
            kuramori: kuramori.to_owned(),
            store,
            disk: disk.to_owned(),
            dir,
            last: Step::Full,
        };
        let init: Option<Command> = match tool {
            Tool::Kuramori | Tool::KuramoriWhole => {
                let mut create = cmd(&round.kuramori, &["repo", "create"]);
                create.arg(&round.store).args(["--name", "bench", "--key-file"]);
                create.arg(round.dir.join("key")).arg("--state").arg(round.dir.join("state"));
                create.arg("--secrets").arg(format!("sealed:{}", round.dir.join("seal").display()));
                Some(create)
            }
            Tool::Restic => Some(round.restic(&["init"])),
            Tool::Borg => Some(round.borg(&["init", "-e", "repokey-blake2"])),
            Tool::Qcow2 | Tool::Zstd => {
                fs_err::create_dir_all(&round.store)?;
                None
            }
        };
        if let Some(mut init) = init {
            proc::capture(&mut init)?;
        }
        Ok(round)
    }

    pub(super) fn tool(&self) -> Tool {
        self.tool
    }

    /// How much is stored, in bytes. What lies in our trash goes a day later by itself, and is
    /// left out, as what others have deleted already.
    pub(super) fn stored(&self) -> Result<u64> {
        let trash = self.store.join("trash");
        let thrown_away = if trash.is_dir() { bytes_below(&trash)? } else { 0 };
        Ok(bytes_below(&self.store)? - thrown_away)
    }

    /// Does a step and returns its cost, or nothing where the tool has no such thing.
    pub(super) fn run(&mut self, step: Step, images: &Images) -> Result<Option<Cost>> {
        let output = self.dir.join("out/disk.raw");
        if step == Step::Restore {
            fs_err::create_dir_all(self.dir.join("out"))?;
        }
        let commands = match self.tool {
            Tool::Kuramori | Tool::KuramoriWhole => self.kuramori_at(step, images, &output),
            Tool::Restic => self.restic_at(step),
            Tool::Borg => self.borg_at(step),
            Tool::Qcow2 => self.qcow2_at(step, &output)?,
            Tool::Zstd => self.zstd_at(step, &output)?,
        };
        if let Step::Full | Step::Day(_) = step {
            self.last = step;
        }
        let mut sum: Option<Cost> = None;
        for command in &commands {
            let cost = measure::cost(command, &self.dir)?;
            sum = Some(sum.map_or(cost, |sum| sum.and(cost)));
        }
        if step == Step::Restore && !commands.is_empty() {
            let same = cmd("cmp", &[&self.disk, &output]).status()?.success();
            ensure!(same, "{} did not restore the disk as it was", self.tool.name());
            fs_err::remove_dir_all(self.dir.join("out"))?;
        }
        Ok(sum)
    }

    fn kuramori_at(&self, step: Step, images: &Images, output: &Path) -> Vec<Command> {
        let command = match step {
            Step::Full | Step::Day(_) => {
                let mut save = cmd(&self.kuramori, &["image", "backup", "--name", "disk"]);
                save.arg(&self.disk);
                if let (Step::Day(day), Tool::Kuramori) = (step, self.tool) {
                    save.arg("--changed").arg(images.areas(day));
                }
                save
            }
            Step::Restore => {
                let mut restore = cmd(&self.kuramori, &["image", "restore", "disk@latest", "-o"]);
                restore.arg(output);
                restore
            }
            Step::Check => cmd(&self.kuramori, &["repo", "check", "--read-data"]),
            Step::Prune => {
                let forget = ["points", "forget", "--keep-last", "2", "--now"];
                let prune = ["repo", "prune", "--confirm"];
                let both = [cmd(&self.kuramori, &forget), cmd(&self.kuramori, &prune)];
                return both.map(|command| self.kuramori_of(command)).into();
            }
        };
        vec![self.kuramori_of(command)]
    }

    fn kuramori_of(&self, mut command: Command) -> Command {
        command.arg("--repo-path").arg(&self.store).arg("--key-file").arg(self.dir.join("key"));
        command
    }

    fn restic(&self, args: &[&str]) -> Command {
        let mut command = cmd("restic", &["--quiet", "--repo"]);
        command.arg(&self.store).args(args).env("RESTIC_PASSWORD", "bench");
        command.env("RESTIC_CACHE_DIR", self.dir.join("cache"));
        // It restores the path as it was saved, so it is told a short one.
        command.current_dir(self.disk.parent().unwrap_or(&self.dir));
        command
    }

    fn restic_at(&self, step: Step) -> Vec<Command> {
        vec![match step {
            Step::Full | Step::Day(_) => self.restic(&["backup", "disk.raw"]),
            Step::Restore => {
                let mut restore = self.restic(&["restore", "latest", "--target"]);
                restore.arg(self.dir.join("out"));
                restore
            }
            Step::Check => self.restic(&["check", "--read-data"]),
            Step::Prune => self.restic(&["forget", "--keep-last", "2", "--prune"]),
        }]
    }

    fn borg(&self, args: &[&str]) -> Command {
        let mut command = cmd("borg", args);
        command.env("BORG_REPO", &self.store).env("BORG_PASSPHRASE", "bench");
        command.env("BORG_BASE_DIR", self.dir.join("base"));
        command.current_dir(self.disk.parent().unwrap_or(&self.dir));
        command
    }

    fn borg_at(&self, step: Step) -> Vec<Command> {
        let archive = |step: Step| format!("::{}", step.name().replace(' ', "-"));
        match step {
            Step::Full | Step::Day(_) => {
                let mut save = self.borg(&["create", "--compression", "zstd,1"]);
                save.args(["--chunker-params", "fixed,1048576", &archive(step), "disk.raw"]);
                vec![save]
            }
            Step::Restore => {
                let mut restore = self.borg(&["extract", "--sparse", &archive(self.last)]);
                restore.current_dir(self.dir.join("out"));
                vec![restore]
            }
            Step::Check => vec![self.borg(&["check", "--verify-data"])],
            Step::Prune => vec![self.borg(&["prune", "--keep-last", "2"]), self.borg(&["compact"])],
        }
    }

    fn file(&self, step: Step, end: &str) -> PathBuf {
        self.store.join(format!("{}.{end}", step.name()))
    }

    fn qcow2_at(&self, step: Step, output: &Path) -> Result<Vec<Command>> {
        let mut convert = cmd("qemu-img", &["convert"]);
        match step {
            Step::Full | Step::Day(_) => {
                convert.args(["-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=zstd"]);
                convert.arg(&self.disk).arg(self.file(step, "qcow2"));
            }
            Step::Restore => {
                convert.args(["-f", "qcow2", "-O", "raw"]);
                convert.arg(self.file(self.last, "qcow2")).arg(output);
            }
            // Its check reads no data.
            Step::Check => return Ok(Vec::new()),
            Step::Prune => return self.keep_two("qcow2"),
        }
        Ok(vec![convert])
    }

    fn zstd_at(&self, step: Step, output: &Path) -> Result<Vec<Command>> {
        let mut zstd = cmd("zstd", &["-q"]);
        match step {
            Step::Full | Step::Day(_) => {
                zstd.args(["-1", "-T2"]).arg(&self.disk).arg("-o").arg(self.file(step, "zst"));
            }
            Step::Restore => {
                zstd.args(["-d", "--sparse"]).arg(self.file(self.last, "zst"));
                zstd.arg("-o").arg(output);
            }
            Step::Check => {
                zstd.arg("-t");
                for entry in fs_err::read_dir(&self.store)? {
                    zstd.arg(entry?.path());
                }
            }
            Step::Prune => return self.keep_two("zst"),
        }
        Ok(vec![zstd])
    }

    /// Files of their own are just deleted, which costs nothing.
    fn keep_two(&self, end: &str) -> Result<Vec<Command>> {
        let Step::Day(last) = self.last else { return Ok(Vec::new()) };
        let old = [Step::Full].into_iter().chain((2..last.saturating_sub(1)).map(Step::Day));
        for step in old {
            fs_err::remove_file(self.file(step, end))?;
        }
        Ok(Vec::new())
    }
}
