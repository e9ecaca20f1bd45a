//! The way back: the old version's files, and the small files of the state folder, which a newer
//! version may have converted before it failed.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use kuramori_platform::fs as durable;

use super::error::UpdateError;
use super::journal::{Folder, Journal};
use super::{names, stage};

/// The file whose lock says who owns the state folder. It has no content.
const LOCK: &str = "owner.lock";

/// Keeps all files that the update replaces or removes, and returns which there were.
pub(super) fn save(journal: &Journal) -> Result<Vec<String>, UpdateError> {
    let previous = journal.previous();
    stage::clear(&previous)?;
    let names = journal.files.iter().map(|f| &f.path).chain(&journal.obsolete);
    let mut saved = Vec::new();
    let mut folders = HashSet::from([previous.clone()]);
    for name in names {
        let (from, to) =
            (journal.root.join(names::native(name)), previous.join(names::native(name)));
        if !from.is_file() {
            continue;
        }
        let failed = || UpdateError::disk("keeping", &from);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(failed())?;
            let inside = folder.ancestors().take_while(|f| f.starts_with(&previous));
            folders.extend(inside.map(Path::to_owned));
        }
        link_or_copy(&from, &to).map_err(failed())?;
        saved.push(name.clone());
    }
    fs::create_dir_all(&previous).map_err(UpdateError::disk("making", &previous))?;
    for folder in folders {
        durable::sync_folder(&folder).map(drop).map_err(UpdateError::disk("keeping", &folder))?;
    }
    Ok(saved)
}

/// A second name is enough: the update renames other files over the first one. File systems
/// without links get a copy.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    let copy = fs::OpenOptions::new().write(true).open(to)?;
    durable::sync_file(copy.file()).map(drop)
}

/// Puts the old files back and removes those that only the new version has. May be repeated.
pub(super) fn restore(journal: &Journal) -> Result<(), UpdateError> {
    let previous = journal.previous();
    for name in &journal.saved {
        let (from, to) =
            (previous.join(names::native(name)), journal.root.join(names::native(name)));
        if !from.is_file() {
            continue; // Put back before a crash.
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(UpdateError::disk("making", folder))?;
        }
        durable::replace(&from, &to).map(drop).map_err(UpdateError::disk("putting back", &to))?;
    }
    let saved: HashSet<&str> = journal.saved.iter().map(String::as_str).collect();
    for file in journal.files.iter().filter(|f| !saved.contains(f.path.as_str())) {
        remove(&journal.root, &file.path)?;
    }
    Ok(())
}

/// Removes a file of the installation and the folders that are empty then.
pub(super) fn remove(root: &Path, name: &str) -> Result<(), UpdateError> {
    let path = root.join(names::native(name));
    match durable::remove(&path) {
        Err(e) if !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(UpdateError::disk("removing", &path)(e));
        }
        _ => {}
    }
    let above = path.ancestors().skip(1).take_while(|f| f.starts_with(root) && *f != root);
    for folder in above {
        if fs::remove_dir(folder).is_err() {
            break; // Something else is in it.
        }
    }
    Ok(())
}

fn state_copies(folder: &Folder) -> PathBuf {
    folder.file("state-before")
}

fn state_files(folder: &Path) -> Result<Vec<String>, UpdateError> {
    let failed = || UpdateError::disk("reading", folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let plain = entry.file_type().map_err(failed())?.is_file();
        if let Ok(name) = entry.file_name().into_string()
            && plain
            && name != LOCK
        {
            found.push(name);
        }
    }
    Ok(found)
}

/// Copies the files of the state folder. Nobody may have it open.
pub(super) fn save_state(folder: &Folder) -> Result<(), UpdateError> {
    let copies = state_copies(folder);
    stage::clear(&copies)?;
    crate::files::make_private_folder(&copies).map_err(UpdateError::disk("making", &copies))?;
    for name in state_files(folder.state())? {
        copy(&folder.state().join(&name), &copies.join(&name))?;
    }
    durable::sync_folder(&copies).map(drop).map_err(UpdateError::disk("keeping", &copies))
}

/// Puts the files of the state folder back as they were. Nobody may have it open.
pub(super) fn restore_state(folder: &Folder) -> Result<(), UpdateError> {
    let copies = state_copies(folder);
    if !copies.is_dir() {
        return Ok(());
    }
    let saved = state_files(&copies)?;
    // A database's side files belong to the database of that moment and to no other.
    let beside = |name: &String| saved.iter().any(|s| name.starts_with(&format!("{s}-")));
    for name in state_files(folder.state())? {
        if !saved.contains(&name) && beside(&name) {
            let path = folder.state().join(&name);
            durable::remove(&path).map(drop).map_err(UpdateError::disk("removing", &path))?;
        }
    }
    for name in saved {
        let (temporary, to) =
            (folder.state().join(format!(".{name}.back")), folder.state().join(&name));
        copy(&copies.join(&name), &temporary)?;
        durable::replace(&temporary, &to)
            .map(drop)
            .map_err(UpdateError::disk("putting back", &to))?;
    }
    Ok(())
}

/// Forgets the copies of the state.
pub(super) fn forget_state(folder: &Folder) -> Result<(), UpdateError> {
    stage::clear(&state_copies(folder))
}

fn copy(from: &Path, to: &Path) -> Result<(), UpdateError> {
    let failed = || UpdateError::disk("copying", from);
    fs::copy(from, to).map_err(failed())?;
    let copied = fs::OpenOptions::new().write(true).open(to).map_err(failed())?;
    durable::sync_file(copied.file()).map(drop).map_err(failed())
}
