#![expect(unsafe_code, reason = "std knows no volumes")]

use std::io;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use windows_sys::Win32::Storage::FileSystem::{
    GetDiskFreeSpaceExW, GetDriveTypeW, GetLogicalDrives, GetVolumeInformationW,
    GetVolumeNameForVolumeMountPointW, GetVolumePathNameW,
};
use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SetThreadErrorMode};
use windows_sys::Win32::System::WindowsProgramming::{DRIVE_FIXED, DRIVE_REMOTE, DRIVE_REMOVABLE};

use super::{Room, Volume, VolumeKind};
use crate::paths;
use crate::wide::{narrow, wide};

/// Units of the longest path Windows knows.
const LONGEST: usize = 32_768;
/// Units of the longest label or file system name, with its zero.
const NAME: usize = 261;
/// Units of `\\?\Volume{…}\`, with its zero.
const VOLUME_NAME: usize = 50;

pub(super) fn of(path: &Path) -> io::Result<Volume> {
    let _quiet = Quiet::new();
    let mut root = vec![0; LONGEST];
    let name = wide(path);
    let room = u32::try_from(LONGEST).unwrap_or_default();
    // SAFETY: the name is zero-terminated and the buffer as long as said.
    if unsafe { GetVolumePathNameW(name.as_ptr(), root.as_mut_ptr(), room) } == 0 {
        return Err(io::Error::last_os_error());
    }
    volume(PathBuf::from(narrow(&root)))
}

pub(super) fn room(path: &Path) -> io::Result<Room> {
    let _quiet = Quiet::new();
    // A folder is asked for; a file stands for the one it is in.
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let mut name = paths::verbatim(folder);
    name.push("");
    let name = wide(name);
    let (mut free, mut total) = (0, 0);
    // SAFETY: the name is zero-terminated and the out-pointers are valid.
    let told =
        unsafe { GetDiskFreeSpaceExW(name.as_ptr(), &raw mut free, &raw mut total, null_mut()) };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Room { free, total })
}

pub(super) fn list() -> io::Result<Vec<Volume>> {
    let _quiet = Quiet::new();
    // SAFETY: it takes nothing.
    let letters = unsafe { GetLogicalDrives() };
    if letters == 0 {
        return Err(io::Error::last_os_error());
    }
    let roots = ('A'..='Z').enumerate().filter(|(bit, _)| letters & (1 << bit) != 0);
    let mut found = Vec::new();
    for (_, letter) in roots {
        let root = PathBuf::from(format!(r"{letter}:\"));
        if kind(&root) == VolumeKind::Network {
            // A share that does not answer would hold everything up.
            found.push(nameless(root, VolumeKind::Network));
        } else if let Ok(volume) = volume(root) {
            found.push(volume);
        }
        // A drive without a medium has no volume.
    }
    Ok(found)
}

fn nameless(mount: PathBuf, kind: VolumeKind) -> Volume {
    Volume { id: None, label: None, mount, file_system: String::new(), kind }
}

fn volume(root: PathBuf) -> io::Result<Volume> {
    let name = wide(&root);
    let (mut label, mut file_system) = ([0; NAME], [0; NAME]);
    let room = u32::try_from(NAME).unwrap_or_default();
    let mut serial = 0;
    // SAFETY: the name is zero-terminated, the buffers are as long as said, `serial` is valid.
    let told = unsafe {
        GetVolumeInformationW(
            name.as_ptr(),
            label.as_mut_ptr(),
            room,
            &raw mut serial,
            null_mut(),
            null_mut(),
            file_system.as_mut_ptr(),
            room,
        )
    };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    let label = narrow(&label).to_string_lossy().into_owned();
    let kind = kind(&root);
    Ok(Volume {
        id: if kind == VolumeKind::Network { None } else { id(&name, serial) },
        label: Some(label).filter(|l| !l.is_empty()),
        file_system: narrow(&file_system).to_string_lossy().into_owned(),
        ..nameless(root, kind)
    })
}

/// The serial number goes with the volume; the computer's own name for it tells apart two whose
/// numbers are equal, such as copies.
fn id(root: &[u16], serial: u32) -> Option<String> {
    let mut name = [0; VOLUME_NAME];
    let room = u32::try_from(VOLUME_NAME).unwrap_or_default();
    // SAFETY: the root is zero-terminated and the buffer as long as said.
    let named =
        unsafe { GetVolumeNameForVolumeMountPointW(root.as_ptr(), name.as_mut_ptr(), room) } != 0;
    let guid = named.then(|| narrow(&name).to_string_lossy().into_owned());
    let guid = guid.as_deref().and_then(|n| Some(n.split_once('{')?.1.split_once('}')?.0));
    match (guid, serial) {
        (Some(guid), serial) => Some(format!("volume:{guid}/{serial:08x}")),
        (None, 0) => None,
        (None, serial) => Some(format!("serial:{serial:08x}")),
    }
}

fn kind(root: &Path) -> VolumeKind {
    let name = wide(root);
    // SAFETY: the name is zero-terminated.
    match unsafe { GetDriveTypeW(name.as_ptr()) } {
        DRIVE_FIXED => VolumeKind::Fixed,
        DRIVE_REMOVABLE => VolumeKind::Removable,
        DRIVE_REMOTE => VolumeKind::Network,
        _ => VolumeKind::Other,
    }
}

/// While this lives, an empty drive does not ask the user for a disk.
struct Quiet(u32);

impl Quiet {
    fn new() -> Self {
        let mut before = 0;
        // SAFETY: the out-pointer is valid; only this thread's mode changes.
        unsafe { SetThreadErrorMode(SEM_FAILCRITICALERRORS, &raw mut before) };
        Self(before)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // SAFETY: the second argument may be null.
        unsafe { SetThreadErrorMode(self.0, null_mut()) };
    }
}
