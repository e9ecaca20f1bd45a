//! The process that replaces files: started by the program, which then ends.
//!
//! The program keeps one end of a pipe to the helper's standard input for as long as it lives, so
//! the helper knows that it has ended when it reads the end of it. Process numbers, which are
//! used again, play no part.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fs_err as fs;
use kuramori_base::Clock;
use kuramori_platform::{fs as durable, process};

use super::apply::{Applier, own};
use super::error::UpdateError;
use super::installation::Installation;
use super::journal::Folder;
use super::package;
use crate::error::AppError;

/// How long a program may take to end after it asked for an update.
const ENDING: Duration = Duration::from_mins(2);

#[cfg(windows)]
const HELPER: &str = "kuramori-update.exe";
#[cfg(not(windows))]
const HELPER: &str = "kuramori-update";

/// What a program does about updates before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtStart {
    /// Go on.
    Go,
    /// An update is being put in place: end, the new version will be started.
    Busy,
    /// An update that was cut off goes on in a process that waits for this one: end at once.
    HandedOver,
}

/// Looks for an update that is under way in a state folder. `token` is what the program was
/// started with, see [`super::Launch::token`].
///
/// # Errors
/// [`crate::dto::ErrorCode::UpdateFailed`] when the journal of the update cannot be read or the
/// helper cannot be started.
pub fn at_start(state: &Path, token: Option<&str>) -> Result<AtStart, AppError> {
    let folder = Folder::of(state);
    let Some(journal) = folder.journal()? else { return Ok(AtStart::Go) };
    if token == Some(journal.token.as_str()) {
        return Ok(AtStart::Go);
    }
    if lock_helper(&folder)?.is_none() {
        return Ok(AtStart::Busy);
    }
    if is_owned(state) {
        // A version works here already; clearing up waits until it ends.
        return Ok(AtStart::Go);
    }
    spawn(&folder, &cli_of(&journal.root)?)?;
    Ok(AtStart::HandedOver)
}

/// Refuses to open a state folder while an update is under way, except for the version that is
/// being tried.
pub(crate) fn guard(state: &Path, token: Option<&str>) -> Result<(), UpdateError> {
    match Folder::of(state).journal()? {
        Some(journal) if token != Some(journal.token.as_str()) => Err(UpdateError::Applying),
        _ => Ok(()),
    }
}

/// Puts an update in place, or takes it back: the whole life of the helper. Waits for the end of
/// standard input first.
///
/// # Errors
/// [`crate::dto::ErrorCode::UpdateFailed`]; the next start of the program goes on from there.
pub fn apply(journal: &Path, clock: &dyn Clock) -> Result<(), AppError> {
    let folder = Folder(journal.parent().unwrap_or(Path::new(".")).to_owned());
    let Some(_alone) = lock_helper(&folder)? else { return Ok(()) };
    let ended = input_ended();
    let Some(journal) = folder.journal()? else { return Ok(()) };
    let applier = Applier::new(&folder, clock, journal);
    if !ended {
        return Ok(applier.give_up("the program that asked for the update does not end")?);
    }
    match own(&folder) {
        Ok(owner) => Ok(applier.run(owner)?),
        Err(error) => {
            applier.give_up("another program uses the state folder")?;
            Err(error.into())
        }
    }
}

/// Starts a helper that waits until this process has ended.
pub(super) fn spawn(folder: &Folder, cli: &Path) -> Result<(), UpdateError> {
    let helper = copy_of(cli, folder)?;
    let failed = || UpdateError::disk("starting", &helper);
    let log = File::options().create(true).append(true).open(folder.log()).map_err(failed())?;
    let mut command = Command::new(&helper);
    command.args(["update", "apply", "--journal"]).arg(folder.journal_path());
    command.current_dir(&folder.0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
    process::on_its_own(&mut command).map_err(failed())?;
    let mut child = command.spawn().map_err(failed())?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.flush().map_err(failed())?;
        // Its end is the message, so it must not come before the end of this process.
        std::mem::forget(pipe);
    }
    Ok(())
}

/// Copies the command line out of the installation, so that its own file can be replaced.
fn copy_of(cli: &Path, folder: &Folder) -> Result<PathBuf, UpdateError> {
    let (temporary, helper) = (folder.file(".helper"), folder.file(HELPER));
    // A helper that is just starting cannot be replaced everywhere, and need not be.
    let same = || Ok::<_, io::Error>(package::hash(&helper)? == package::hash(cli)?);
    if same().is_ok_and(|same| same) {
        return Ok(helper);
    }
    fs::copy(cli, &temporary).map_err(UpdateError::disk("copying", cli))?;
    durable::replace(&temporary, &helper)
        .map(drop)
        .map_err(UpdateError::disk("writing", &helper))?;
    Ok(helper)
}

/// Finds the command line for a helper, where an update was cut off in the middle.
fn cli_of(root: &Path) -> Result<PathBuf, UpdateError> {
    let running = std::env::current_exe().map_err(UpdateError::disk("finding", root))?;
    let installation = Installation::around(&running).filter(|i| i.root == root);
    let cli = installation.map(|i| i.cli()).filter(|cli| cli.is_file());
    // Without a readable description the program itself will do, if it is the command line.
    Ok(cli.unwrap_or(running))
}

/// Returns the lock that says that a helper works, or `None` while another one has it.
fn lock_helper(folder: &Folder) -> Result<Option<File>, UpdateError> {
    let path = folder.file("helper.lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(UpdateError::disk("opening", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(e)) => Err(UpdateError::disk("locking", &path)(e)),
    }
}

fn is_owned(state: &Path) -> bool {
    File::options()
        .write(true)
        .open(state.join("owner.lock"))
        .is_ok_and(|lock| lock.try_lock().is_err())
}

/// Waits for the end of standard input.
fn input_ended() -> bool {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let read = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        // A broken pipe is an end as well.
        drop(tell.send(read));
    });
    told.recv_timeout(ENDING).is_ok()
}
