//! Programs that run without this harness having started them: an app that was started again
//! after an update.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::time::sleep;

use crate::group::Group;

/// How long a program may take to start.
const START: Duration = Duration::from_mins(2);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// A running program.
#[derive(Debug, Clone)]
pub struct Running {
    process: u32,
}

impl Running {
    /// Waits until `program` runs as another process than `before`.
    ///
    /// # Errors
    /// When it does not within two minutes.
    pub async fn wait_for(program: &Path, before: Option<&Self>) -> Result<Self> {
        let before = before.map(|before| before.process);
        let rounds = START.as_millis() / LOOK.as_millis();
        for _ in 0..rounds {
            if let Some(process) = of(program)?.into_iter().find(|found| Some(*found) != before) {
                return Ok(Self { process });
            }
            sleep(LOOK).await;
        }
        bail!("{} does not run", program.display())
    }

    /// Returns the bytes of the program that runs, whatever its file holds by now.
    pub fn program(&self) -> Result<Vec<u8>> {
        Ok(fs_err::read(self.told("exe"))?)
    }

    /// Returns the arguments it was started with.
    pub fn args(&self) -> Result<Vec<String>> {
        Ok(self.words("cmdline")?.into_iter().skip(1).collect())
    }

    /// Returns for how long it has been running, to a hundredth of a second.
    pub fn age(&self) -> Result<Duration> {
        let stat = fs_err::read_to_string(self.told("stat"))?;
        // The name of the program stands in brackets and may hold anything.
        let fields = stat.rsplit_once(')').context("a process has a name")?.1;
        let ticks: u64 = fields.split_whitespace().nth(19).context("a start time")?.parse()?;
        let up = fs_err::read_to_string("/proc/uptime")?;
        let up: f64 = up.split_whitespace().next().context("the time since the start")?.parse()?;
        Ok(Duration::from_secs_f64(up).saturating_sub(Duration::from_millis(ticks * 10)))
    }

    /// Returns the bytes of memory that it and what it started hold, what is shared in parts.
    pub fn memory(&self) -> Result<u64> {
        let mut wanted = vec![self.process];
        let mut sum = 0;
        while let Some(process) = wanted.pop() {
            let folder = Path::new("/proc").join(process.to_string());
            let rollup = fs_err::read_to_string(folder.join("smaps_rollup"))?;
            let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let pss = pss.and_then(|rest| rest.split_whitespace().next());
            sum += pss.context("the memory of a process")?.parse::<u64>()? << 10;
            for task in fs_err::read_dir(folder.join("task"))? {
                let children = fs_err::read_to_string(task?.path().join("children"))?;
                wanted.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
            }
        }
        Ok(sum)
    }

    /// Returns the address at which its web view can be driven.
    pub(crate) fn inspector(&self) -> Result<String> {
        let environment = self.words("environ")?;
        let found = environment.iter().find_map(|e| e.strip_prefix("WEBKIT_INSPECTOR_SERVER="));
        found.map(str::to_owned).context("the program was not started to be driven")
    }

    /// The group it leads.
    pub(crate) fn into_group(self) -> Group {
        Group::led_by(self.process)
    }

    fn told(&self, what: &str) -> PathBuf {
        Path::new("/proc").join(self.process.to_string()).join(what)
    }

    fn words(&self, what: &str) -> Result<Vec<String>> {
        let bytes = fs_err::read(self.told(what))?;
        let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        Ok(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }
}

/// Returns the processes of `program`.
fn of(program: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir("/proc")? {
        let entry = entry?;
        let Ok(process) = entry.file_name().to_string_lossy().parse() else { continue };
        // Processes end while one looks.
        if fs_err::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program) {
            found.push(process);
        }
    }
    Ok(found)
}
