//! Running other programs, loudly: what ran is printed, and a failure names it.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// npm, which on Windows is a script.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Returns a command with `args`, to be adorned and handed to [`run`].
pub(crate) fn cmd<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[S]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Returns the cargo that runs this task.
pub(crate) fn cargo<S: AsRef<OsStr>>(root: &Path, args: &[S]) -> Command {
    let mut command = cmd(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args);
    command.current_dir(root);
    // Set by the outer `cargo run` for this package; a build script that watches them would
    // rebuild for nothing.
    for key in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME"] {
        command.env_remove(key);
    }
    command
}

/// Prints and runs `command`; anything but exit code 0 is an error that shows the line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line_of(command);
    eprintln!("\n$ {line}");
    let status = command.status().with_context(|| format!("could not start: {line}"))?;
    if !status.success() {
        bail!("{status}: {line}");
    }
    Ok(())
}

/// Runs `command` silently and returns what it wrote to standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let line = line_of(command);
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("could not start: {line}"))?;
    if !status.success() {
        bail!("{status}: {line}\n{}", String::from_utf8_lossy(&stderr).trim_end());
    }
    String::from_utf8(stdout).with_context(|| format!("not UTF-8: output of {line}"))
}

/// Tells whether a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    let end = if name.contains('.') { "" } else { std::env::consts::EXE_SUFFIX };
    let file = format!("{name}{end}");
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(&file).is_file()))
}

/// Runs `work` and returns its result with the wall time it took.
#[expect(clippy::disallowed_methods, reason = "measures this tool itself")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Returns a command as one would type it.
pub(crate) fn line_of(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| quote(&arg.to_string_lossy())));
    words.join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let error = run(&mut cmd("false", &["a b"])).unwrap_err().to_string();
        assert!(error.ends_with("false 'a b'"), "{error}");
    }

    #[test]
    fn only_programs_on_the_path_are_found() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}
