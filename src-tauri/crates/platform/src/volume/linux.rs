use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{Room, Volume, VolumeKind};

const MOUNTS: &str = "/proc/self/mountinfo";
/// File systems of other computers.
const NETWORK: [&str; 9] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "fuse.sshfs", "fuse.rclone"];

/// One line of the system's table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    /// Major and minor number of the device.
    device: String,
    mount: PathBuf,
    file_system: String,
    source: PathBuf,
}

pub(super) fn of(path: &Path) -> io::Result<Volume> {
    let path = fs_err::canonicalize(path)?;
    let mounts = parse(&fs_err::read(MOUNTS)?);
    // The last of those mounted at one place covers the others.
    let over = mounts.iter().filter(|m| path.starts_with(&m.mount));
    let mount = over.max_by_key(|m| m.mount.components().count());
    let mount = mount.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let mut volume = volume(mount, &links("by-uuid"), &links("by-label"));
    if volume.id.is_none() && volume.kind != VolumeKind::Network {
        let id = rustix::fs::statvfs(&path)?.f_fsid;
        volume.id = (id != 0).then(|| format!("fsid:{id:016x}"));
    }
    Ok(volume)
}

pub(super) fn room(path: &Path) -> io::Result<Room> {
    let room = rustix::fs::statvfs(path)?;
    Ok(Room {
        free: room.f_bavail.saturating_mul(room.f_frsize),
        total: room.f_blocks.saturating_mul(room.f_frsize),
    })
}

pub(super) fn list() -> io::Result<Vec<Volume>> {
    let (uuids, labels) = (links("by-uuid"), links("by-label"));
    let mut found: Vec<Volume> = Vec::new();
    for mount in parse(&fs_err::read(MOUNTS)?) {
        let disk = mount.source.starts_with("/dev") && mount.file_system != "devtmpfs";
        if !disk && !NETWORK.contains(&mount.file_system.as_str()) {
            continue;
        }
        let volume = volume(&mount, &uuids, &labels);
        found.retain(|v| v.mount != volume.mount);
        found.push(volume);
    }
    Ok(found)
}

fn volume(mount: &Mount, uuids: &[Link], labels: &[Link]) -> Volume {
    let name = |links: &[Link]| {
        let link = links.iter().find(|(device, _)| *device == mount.source);
        link.map(|(_, name)| name.clone())
    };
    Volume {
        id: name(uuids).map(|uuid| format!("uuid:{uuid}")),
        label: name(labels),
        mount: mount.mount.clone(),
        file_system: mount.file_system.clone(),
        kind: kind(mount),
    }
}

fn kind(mount: &Mount) -> VolumeKind {
    if NETWORK.contains(&mount.file_system.as_str()) {
        return VolumeKind::Network;
    }
    let block = Path::new("/sys/dev/block").join(&mount.device);
    // A partition lies in the folder of its disk, which says whether it is removable. USB disks
    // say that they are not, although people take them away.
    match fs_err::canonicalize(block) {
        Ok(device) => {
            let flags = [device.join("removable"), device.join("../removable")];
            let flag = flags.iter().find_map(|f| fs_err::read_to_string(f).ok());
            let usb = device.iter().any(|part| part.as_bytes().starts_with(b"usb"));
            let removable = usb || flag.is_some_and(|f| f.trim() == "1");
            if removable { VolumeKind::Removable } else { VolumeKind::Fixed }
        }
        // btrfs and ZFS have no device of their own.
        Err(_) if mount.source.starts_with("/dev") => VolumeKind::Fixed,
        Err(_) => VolumeKind::Other,
    }
}

/// A device and what it is called.
type Link = (PathBuf, String);

/// Reads a folder of links from names to devices; without the folder there are no names.
fn links(folder: &str) -> Vec<Link> {
    let Ok(entries) = fs_err::read_dir(Path::new("/dev/disk").join(folder)) else {
        return Vec::new();
    };
    let link = |entry: fs_err::DirEntry| {
        let device = fs_err::canonicalize(entry.path()).ok()?;
        let name = unescape(entry.file_name().as_bytes(), b"\\x", 16);
        Some((device, name.to_string_lossy().into_owned()))
    };
    entries.flatten().filter_map(link).collect()
}

/// Reads the system's table of mounts; lines of another form are left out.
fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|b| *b == b'\n').filter_map(line).collect()
}

/// `36 35 98:0 /root /mount rw,noatime master:1 - ext3 /dev/root rw`: a varying number of optional
/// fields stands before the dash.
fn line(text: &[u8]) -> Option<Mount> {
    let mut fields = text.split(|b| *b == b' ');
    let device = String::from_utf8(fields.nth(2)?.to_vec()).ok()?;
    let mount = PathBuf::from(unescape(fields.nth(1)?, b"\\", 8));
    let mut fields = fields.skip_while(|f| *f != b"-").skip(1);
    let file_system = String::from_utf8(fields.next()?.to_vec()).ok()?;
    let source = PathBuf::from(unescape(fields.next()?, b"\\", 8));
    Some(Mount { device, mount, file_system, source })
}

/// Undoes `\040` and `\x20`.
fn unescape(text: &[u8], mark: &[u8], radix: u32) -> OsString {
    let digits = if radix == 8 { 3 } else { 2 };
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let code = rest.strip_prefix(mark).and_then(|r| r.get(..digits));
        let code = code.and_then(|c| u8::from_str_radix(std::str::from_utf8(c).ok()?, radix).ok());
        if let Some(byte) = code {
            plain.push(byte);
            rest = &rest[mark.len() + digits..];
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    OsString::from_vec(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_mounts_is_read() {
        let text = b"22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
            40 22 0:51 / /mnt/my\\040share rw shared:2 master:3 - cifs //nas/my\\040share rw\n\
            41 22 8:17 / /media/\\346\\227\\245 rw - exfat /dev/sdb1 rw\n\
            broken\n42 22 0:3 /\n";
        let mounts = parse(text);
        let shown: Vec<_> = mounts
            .iter()
            .map(|m| (m.device.as_str(), m.mount.to_str().unwrap(), m.source.to_str().unwrap()))
            .collect();
        assert_eq!(
            shown,
            [
                ("8:1", "/", "/dev/sda1"),
                ("0:51", "/mnt/my share", "//nas/my share"),
                ("8:17", "/media/日", "/dev/sdb1"),
            ]
        );
        assert_eq!(kind(&mounts[1]), VolumeKind::Network);
    }

    #[test]
    fn escapes_are_undone_and_others_kept() {
        for (escaped, plain) in [("a\\x20b", "a b"), ("a\\", "a\\"), ("\\x2", "\\x2"), ("", "")] {
            assert_eq!(unescape(escaped.as_bytes(), b"\\x", 16), plain);
        }
    }

    #[test]
    fn names_come_from_the_devices_links() {
        let mount = parse(b"22 1 8:1 / /data rw - ext4 /dev/sda1 rw").remove(0);
        let uuids = [(PathBuf::from("/dev/sda1"), "12-AB".to_owned())];
        let volume = volume(&mount, &uuids, &[]);
        assert_eq!(volume.id.as_deref(), Some("uuid:12-AB"));
        assert_eq!(volume.label, None);
    }
}
