//! The repository in a folder whose computer dies, whose steps fail, and whose power goes.

#[cfg(unix)]
mod child;
mod every_call;
mod failpoints;
mod full;
mod history;
#[cfg(unix)]
mod kills;
mod points;
mod power;
#[cfg(unix)]
mod stopped;
mod work;

/// A folder in memory where the system has such a place: these tests make them by the thousand.
fn quick_folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder")
}

/// How many times as often as usual things are tried: `KURAMORI_SOAK`.
#[cfg(unix)]
fn times() -> u64 {
    number("KURAMORI_SOAK").unwrap_or(1)
}

/// Which round of a soak this is: `KURAMORI_ROUND`. Each has seeds of its own.
#[cfg(unix)]
fn round() -> u64 {
    number("KURAMORI_ROUND").unwrap_or(0)
}

#[cfg(unix)]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
