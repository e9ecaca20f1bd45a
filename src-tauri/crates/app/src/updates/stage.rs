//! Puts the new files beside the old ones, checked and on the medium, and nothing else.

use std::collections::HashSet;
use std::path::Path;

use fs_err as fs;
use kuramori_platform::fs as durable;

use super::error::UpdateError;
use super::installation::{self, INSTALL, Install, Installation, Kind};
use super::journal::{Journal, NewJournal};
use super::launch::Launch;
use super::manifest::Package;
use super::names;
use super::package::{self, NewFile};

/// Seconds a new version has for saying that it works.
const PATIENCE: u64 = 60;

/// What is to be staged.
pub(super) struct Staging<'a> {
    pub(super) file: &'a Path,
    pub(super) package: &'a Package,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) installation: &'a Installation,
    pub(super) launch: Launch,
}

/// Unpacks the package beside the installation and returns the journal to go on with.
///
/// # Errors
/// Whatever stood in the way; the installation is as it was, and its work folder is gone again
/// where it could be removed.
pub(super) fn stage(staging: Staging<'_>) -> Result<Journal, UpdateError> {
    let work = staging.installation.work();
    clear(&work)?;
    let staged = unpack(staging, &work);
    if staged.is_err()
        && let Err(error) = clear(&work)
    {
        tracing::warn!(%error, "parts of an update stay behind");
    }
    staged
}

fn unpack(staging: Staging<'_>, work: &Path) -> Result<Journal, UpdateError> {
    let Staging { file, package, from, to, installation, launch } = staging;
    let new = work.join("new");
    fs::create_dir_all(&new).map_err(UpdateError::disk("making", &new))?;
    let unpacked = package::unpack(file, package, &new)?;
    let staged = installation::root_in(&new)?;
    let mut files = below(unpacked, &new, &staged)?;
    let install = Install::read(&installation::described_in(&staged))?;
    if install.kind != Kind::Folder {
        return Err(UpdateError::unsuitable(&to, "its package is for a package manager"));
    }
    let program = if launch.is_window() { install.desktop() } else { install.cli() };
    for needed in [install.cli(), program.clone()] {
        if !files.iter().any(|f| f.path == needed) {
            return Err(UpdateError::unsuitable(&to, format!("{needed} is not in its package")));
        }
    }
    let names: HashSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    let old = installation.files().into_iter();
    let obsolete = old.filter(|f| !names.contains(f.as_str())).collect();
    describe(&staged, install, &mut files)?;
    programs_last(&mut files, &program);
    Ok(Journal::new(NewJournal {
        from,
        to,
        root: installation.root.clone(),
        work: work.to_owned(),
        staged,
        files,
        obsolete,
        program,
        launch,
        patience: patience(),
    }))
}

/// Takes only what lies below the root of the new installation, with paths from there.
fn below(files: Vec<NewFile>, new: &Path, root: &Path) -> Result<Vec<NewFile>, UpdateError> {
    let inside = root.strip_prefix(new).ok().and_then(Path::to_str).unwrap_or_default();
    let prefix = if inside.is_empty() { String::new() } else { format!("{inside}/") };
    let taken = files.into_iter().filter_map(|file| {
        let path = file.path.strip_prefix(&prefix)?.to_owned();
        Some(NewFile { path, ..file })
    });
    let taken: Vec<_> = taken.collect();
    if let Some(ours) = taken.iter().find(|f| names::checked(f.path.as_bytes()).is_err()) {
        return Err(UpdateError::not_genuine("the package", format!("the name {:?}", ours.path)));
    }
    Ok(taken)
}

/// Lists all files in the new description, so that the version after it knows them.
fn describe(staged: &Path, mut install: Install, files: &mut [NewFile]) -> Result<(), UpdateError> {
    // A bundle is sealed; its files are listed where it is made.
    if cfg!(target_os = "macos") {
        return Ok(());
    }
    install.files = files.iter().map(|f| f.path.clone()).collect();
    install.files.sort();
    let path = staged.join(INSTALL);
    let failed = || UpdateError::disk("writing", &path);
    let bytes = serde_json::to_vec_pretty(&install).map_err(std::io::Error::other);
    let bytes = bytes.map_err(failed())?;
    crate::files::replace(&path, &bytes).map_err(failed())?;
    for file in files.iter_mut().filter(|f| f.path == INSTALL) {
        file.size = bytes.len() as u64;
        file.blake3 = blake3::hash(&bytes).to_hex().to_string();
    }
    Ok(())
}

/// Programs are replaced after everything they may need, the one to start last of all.
fn programs_last(files: &mut [NewFile], program: &str) {
    let is_program = |p: &str| {
        let suffix = Path::new(p).extension().is_some_and(|e| e.eq_ignore_ascii_case("exe"));
        suffix || ["bin/", "Contents/MacOS/", "Contents/Helpers/"].iter().any(|d| p.starts_with(d))
    };
    files.sort_by_cached_key(|f| {
        let rank = if f.path == program { 2 } else { u8::from(is_program(&f.path)) };
        (rank, f.path.clone())
    });
}

fn patience() -> u64 {
    #[cfg(debug_assertions)]
    if let Some(shorter) =
        std::env::var("KURAMORI_UPDATE_PATIENCE").ok().and_then(|s| s.parse().ok())
    {
        return shorter;
    }
    PATIENCE
}

/// Removes a folder and all in it; one that is not there is fine.
pub(super) fn clear(folder: &Path) -> Result<(), UpdateError> {
    match durable::remove_tree(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(UpdateError::disk("removing", folder)(e))
        }
        _ => Ok(()),
    }
}
