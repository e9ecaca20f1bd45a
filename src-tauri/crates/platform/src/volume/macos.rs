#![expect(unsafe_code, reason = "the keys of resource values are statics of Foundation")]

use std::io;
use std::path::{Path, PathBuf};

use objc2::rc::Retained;
use objc2::runtime::AnyObject;
use objc2_foundation::{
    NSFileManager, NSNumber, NSString, NSURL, NSURLResourceKey, NSURLVolumeIsEjectableKey,
    NSURLVolumeIsLocalKey, NSURLVolumeIsRemovableKey, NSURLVolumeNameKey, NSURLVolumeTypeNameKey,
    NSURLVolumeURLKey, NSURLVolumeUUIDStringKey, NSVolumeEnumerationOptions,
};

use super::{Room, Volume, VolumeKind};

pub(super) fn of(path: &Path) -> io::Result<Volume> {
    let path = fs_err::canonicalize(path)?;
    let text = path.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    let url = NSURL::fileURLWithPath(&NSString::from_str(text));
    // SAFETY: a static of Foundation, set when it is loaded.
    let key = unsafe { NSURLVolumeURLKey };
    let root = value(&url, key)?.and_then(|v| v.downcast::<NSURL>().ok());
    volume(&root.unwrap_or(url))
}

/// `statfs`, since the counts of `statvfs` have 32 bits here.
pub(super) fn room(path: &Path) -> io::Result<Room> {
    let room = rustix::fs::statfs(path)?;
    let block = u64::from(room.f_bsize);
    Ok(Room {
        free: room.f_bavail.saturating_mul(block),
        total: room.f_blocks.saturating_mul(block),
    })
}

pub(super) fn list() -> io::Result<Vec<Volume>> {
    let manager = NSFileManager::defaultManager();
    let options = NSVolumeEnumerationOptions::SkipHiddenVolumes;
    let urls = manager.mountedVolumeURLsIncludingResourceValuesForKeys_options(None, options);
    let urls = urls.ok_or_else(|| io::Error::other("the system lists no volumes"))?;
    urls.iter().map(|url| volume(&url)).collect()
}

fn volume(root: &NSURL) -> io::Result<Volume> {
    let mount = root.path().map(|p| PathBuf::from(p.to_string()));
    let mount = mount.ok_or_else(|| io::Error::other("a volume has no path"))?;
    // SAFETY: statics of Foundation, set when it is loaded.
    let (uuid, name, kind, local, removable, ejectable) = unsafe {
        (
            text(root, NSURLVolumeUUIDStringKey)?,
            text(root, NSURLVolumeNameKey)?,
            text(root, NSURLVolumeTypeNameKey),
            flag(root, NSURLVolumeIsLocalKey)?,
            flag(root, NSURLVolumeIsRemovableKey)?,
            flag(root, NSURLVolumeIsEjectableKey)?,
        )
    };
    let file_system = match kind {
        Ok(Some(name)) => name,
        // Systems before 13.3 do not know this key.
        Ok(None) | Err(_) => type_name(&mount)?,
    };
    Ok(Volume {
        id: uuid.map(|uuid| format!("uuid:{uuid}")),
        label: name,
        mount,
        file_system,
        kind: match (local, removable || ejectable) {
            (false, _) => VolumeKind::Network,
            (true, true) => VolumeKind::Removable,
            (true, false) => VolumeKind::Fixed,
        },
    })
}

fn type_name(mount: &Path) -> io::Result<String> {
    let stat = rustix::fs::statfs(mount)?;
    let name = stat.f_fstypename.iter().take_while(|c| **c != 0);
    let name: Vec<u8> = name.map(|c| c.to_ne_bytes()[0]).collect();
    Ok(String::from_utf8_lossy(&name).into_owned())
}

fn value(url: &NSURL, key: &NSURLResourceKey) -> io::Result<Option<Retained<AnyObject>>> {
    let mut value = None;
    // SAFETY: the value's type is checked by whoever uses it.
    unsafe { url.getResourceValue_forKey_error(&mut value, key) }
        .map_err(|e| io::Error::other(e.localizedDescription().to_string()))?;
    Ok(value)
}

fn text(url: &NSURL, key: &NSURLResourceKey) -> io::Result<Option<String>> {
    let text = value(url, key)?.and_then(|v| v.downcast::<NSString>().ok());
    Ok(text.map(|t| t.to_string()))
}

fn flag(url: &NSURL, key: &NSURLResourceKey) -> io::Result<bool> {
    let flag = value(url, key)?.and_then(|v| v.downcast::<NSNumber>().ok());
    Ok(flag.is_some_and(|f| f.as_bool()))
}
