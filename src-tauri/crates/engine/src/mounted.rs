//! A disk read where its datastore is mounted on this computer, such as an NFS export of a NAS
//! that hosts use as a datastore.
//!
//! Nothing is believed about the folder: it may be of another datastore, or an older copy. It
//! counts only when the file that the host made for this very snapshot lies there, whose name is
//! never given out again, and when the frozen files are as long and hold the same bytes as those
//! that the server shows, at both ends and at random.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use kuramori_vdisk::chain::DiskChain;
use kuramori_vdisk::delta::Delta;
use kuramori_vsphere::transport::{DatastoreFile, DatastorePath, DiskFiles};
use kuramori_vsphere::{DiskConfig, SnapshotRef};

use crate::backup::{VmBackup, causes};
use crate::disk::WayError;
use crate::guards::pause;
use crate::image::ImageFile;
use crate::samples::Samples;

/// How often the file of the snapshot is looked for: clients of NFS remember folders for a while.
const LOOKS: u32 = 8;

/// Where datastores of one server are mounted on this computer.
#[derive(Clone, Debug, Default)]
pub struct Mounts(BTreeMap<String, PathBuf>);

impl FromIterator<(String, PathBuf)> for Mounts {
    /// Takes names of datastores with their folders.
    fn from_iter<T: IntoIterator<Item = (String, PathBuf)>>(mounts: T) -> Self {
        Self(mounts.into_iter().collect())
    }
}

impl Mounts {
    /// Returns whether the datastore of every link of a disk is mounted.
    pub(crate) fn hold(&self, disk: &DiskConfig) -> bool {
        let mut links = disk.backing.file.iter().chain(&disk.backing.parents).peekable();
        links.peek().is_some() && links.all(|link| self.0.contains_key(link.datastore()))
    }

    /// Returns where a file of a datastore lies on this computer.
    fn local(&self, file: &DatastorePath) -> Option<PathBuf> {
        let mut path = self.0.get(file.datastore())?.clone();
        for part in file.file().split('/') {
            // A name from a server must not mean something else to this system, such as a drive.
            let mut components = Path::new(part).components();
            match (components.next(), components.next()) {
                (Some(Component::Normal(name)), None) => path.push(name),
                _ => return None,
            }
        }
        Some(path)
    }
}

/// Opens the files of a frozen disk in the mounted folder, once they are known to be those that
/// the server shows.
pub(crate) fn open(
    job: &VmBackup<'_>,
    snapshot: &SnapshotRef,
    shown: &DiskFiles,
) -> Result<DiskChain<ImageFile>, WayError> {
    is_live(job, snapshot, shown)?;
    let base = same(job, &shown.base)?;
    let mut deltas = Vec::new();
    for file in &shown.deltas {
        let delta = Delta::open(Box::new(same(job, file)?));
        deltas.push(delta.map_err(|e| WayError::Refused(causes(&e)))?);
    }
    DiskChain::new(base, deltas).map_err(|e| WayError::Refused(causes(&e)))
}

fn refused(path: &Path, why: &str) -> WayError {
    WayError::Refused(format!("{}: {why}", path.display()))
}

/// Looks for the file of this snapshot: a copy from before has none. A link's name would not do,
/// hosts give the same ones out for each backup.
fn is_live(job: &VmBackup<'_>, snapshot: &SnapshotRef, shown: &DiskFiles) -> Result<(), WayError> {
    let file = job.wait(job.client.snapshot_file(job.vm, snapshot));
    let file = file.map_err(|e| WayError::Refused(causes(&e)))?;
    let Some(local) = file.as_ref().and_then(|file| job.mounts.local(file)) else {
        let why = "where the host keeps the file of the snapshot is not known or not mounted, so \
                   the folder cannot be trusted";
        return Err(WayError::Refused(why.to_owned()));
    };
    let mut files = std::iter::once(&shown.base).chain(&shown.deltas).map(DatastoreFile::file);
    if files.any(|link| Some(link.datastore()) != file.as_ref().map(DatastorePath::datastore)) {
        let why = "the disk lies on another datastore than the file of the snapshot, which alone \
                   tells whether a folder is up to date";
        return Err(WayError::Refused(why.to_owned()));
    }
    for look in 1.. {
        if local.try_exists().map_err(|e| refused(&local, &causes(&e)))? {
            break;
        }
        if look == LOOKS {
            let why = "the file of this snapshot is not there, so this folder is not its \
                       datastore, or an older copy of it";
            return Err(refused(&local, why));
        }
        pause(job).map_err(WayError::Fatal)?;
    }
    Ok(())
}

/// Opens the local twin of a file, when it is one.
fn same(job: &VmBackup<'_>, shown: &DatastoreFile) -> Result<ImageFile, WayError> {
    let Some(path) = job.mounts.local(shown.file()) else {
        let why = format!("{} has a name that this computer cannot use", shown.file());
        return Err(WayError::Refused(why));
    };
    let file = ImageFile::open(&path).map_err(|e| refused(&path, &causes(&e)))?;
    Samples::take(job, shown)
        .and_then(|samples| samples.compare(job, &file))
        .map_err(|error| error.about(&path.display().to_string()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts() -> Mounts {
        [("nas".to_owned(), PathBuf::from("share"))].into_iter().collect()
    }

    #[test]
    fn files_stay_below_the_folder() {
        let local = |text: &str| mounts().local(&text.parse().unwrap());
        assert_eq!(local("[nas] web 01/web.vmdk"), Some(Path::new("share/web 01/web.vmdk").into()));
        assert_eq!(local("[other] web/web.vmdk"), None);
        assert_eq!(local("[nas] web//web.vmdk"), None);
        for hostile in ["[nas] a\\..\\..\\b", "[nas] c:/b", "[nas] c:b"] {
            let path = local(hostile);
            assert!(path.is_none_or(|p| p.starts_with("share")), "{hostile}");
        }
    }
}
