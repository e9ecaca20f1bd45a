//! Time, processor and memory of this process, from `/proc`.

use std::sync::Arc;

use anyhow::{Context, Result};
use kuramori_base::Clock;

/// Measures one step.
pub(crate) struct Meter<'a> {
    clock: &'a Arc<dyn Clock>,
    wall: std::time::Duration,
    cpu: f64,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(clock: &'a Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { clock, wall: clock.monotonic(), cpu: cpu_seconds()? })
    }

    /// Prints what the step took for so many bytes of data, and returns its CPU seconds.
    #[expect(clippy::print_stdout, reason = "it is what the program is for")]
    pub(crate) fn stop(self, what: &str, bytes: u64) -> Result<f64> {
        let wall = self.clock.monotonic().saturating_sub(self.wall).as_secs_f64();
        let cpu = cpu_seconds()? - self.cpu;
        let megabytes = bytes as f64 / 1e6;
        println!(
            "{what:8} {wall:6.2} s wall, {cpu:6.2} s CPU: {:.0} MB/s, {:.2} CPU-s/GB, peak {} MiB",
            megabytes / wall,
            cpu / megabytes * 1e3,
            peak_memory()? >> 10
        );
        Ok(cpu)
    }
}

/// User and system time of this process; the kernel counts 100 ticks a second.
pub(crate) fn cpu_seconds() -> Result<f64> {
    let stat = fs_err::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64> { Ok(fields[at].parse()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak_memory() -> Result<u64> {
    let status = fs_err::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmHWM")).context("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}
