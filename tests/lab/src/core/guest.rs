//! What the guest of one VM sees of itself: its firmware and its disks, as files of a folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use fs_err as fs;

use super::Core;
use crate::LabError;
use crate::disk::{FrozenDisk, usize_of};
use crate::world::Visitor;

const PIECE: u64 = 1 << 20;

impl Core {
    /// Returns the folder of the guest of a VM, where it has one.
    fn guest_folder(&self, vm: &str) -> Option<&PathBuf> {
        self.options.guest.as_ref().filter(|(name, _)| name == vm).map(|(_, folder)| folder)
    }

    /// Writes what the firmware and the network card of the guest say, as Linux shows it.
    pub(crate) fn show_guest(&self) -> Result<(), LabError> {
        let Some((name, folder)) = &self.options.guest else { return Ok(()) };
        let (uuid, mac) = {
            let world = self.world();
            let found = world.vm_named(name).ok_or_else(|| LabError::NoVm(name.clone()))?;
            let conf = &found.state.conf;
            (conf.uuid.clone(), conf.nics.first().map(|nic| nic.mac.clone()).unwrap_or_default())
        };
        let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).collect();
        let pairs: Vec<&str> =
            (0..digits.len() / 2).filter_map(|n| digits.get(2 * n..2 * n + 2)).collect();
        let (head, tail) = pairs.split_at(pairs.len() / 2);
        let files = [
            ("sys/class/dmi/id/sys_vendor", "VMware, Inc.".to_string()),
            (
                "sys/class/dmi/id/product_serial",
                format!("VMware-{}-{}", head.join(" "), tail.join(" ")),
            ),
            ("sys/class/dmi/id/product_uuid", turned(&pairs)),
            ("sys/class/net/ens192/address", mac),
        ];
        for (file, text) in files {
            let file = folder.join(file);
            let parent = file.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(LabError::io(parent))?;
            fs::write(&file, text + "\n").map_err(LabError::io(&file))?;
        }
        for folder in [folder.join("dev"), folder.join("sys/block")] {
            fs::create_dir_all(&folder).map_err(LabError::io(&folder))?;
        }
        Ok(())
    }

    /// Lets a disk appear in the guest, unless devices are held back.
    pub(crate) fn plug_in(&self, vm: &str, visitor: &Visitor) -> Result<(), LabError> {
        if self.devices_held.load(Ordering::SeqCst) { Ok(()) } else { self.show(vm, visitor) }
    }

    /// Lets a disk appear in the guest, unless it is there.
    pub(crate) fn show(&self, vm: &str, visitor: &Visitor) -> Result<(), LabError> {
        let Some(folder) = self.guest_folder(vm) else { return Ok(()) };
        let address = address_of(visitor);
        if device(folder, &address).map_err(LabError::io(folder))?.is_some() {
            return Ok(());
        }
        let blocks = folder.join("sys/block");
        let free = |name: &String| !blocks.join(name).exists();
        let name = ('b'..='z').map(|letter| format!("sd{letter}")).find(free).unwrap_or_default();
        let digits: String =
            visitor.meta.uuid.chars().filter(char::is_ascii_hexdigit).collect::<String>();
        let host = folder.join("sys/class/scsi_host").join(host_of(visitor));
        let device = folder.join("dev").join(&name);
        let (part, shown) = (folder.join(format!("{name}.part")), blocks.join(&name));
        let write = || {
            copy_to(&part, visitor.frozen())?;
            fs::create_dir_all(&host)?;
            fs::write(host.join("proc_name"), "vmw_pvscsi\n")?;
            fs::write(host.join("scan"), "")?;
            // The device is there as a whole, and last of all it tells its name.
            fs::rename(&part, &device)?;
            fs::create_dir_all(shown.join("device/scsi_device").join(&address))?;
            fs::write(shown.join("stat"), UNTOUCHED)?;
            fs::write(shown.join("device/wwid"), format!("naa.{}\n", digits.to_lowercase()))
        };
        write().map_err(LabError::io(&part))
    }

    /// Lets a disk disappear from the guest.
    pub(crate) fn pull_out(&self, vm: &str, visitor: &Visitor) -> Result<(), LabError> {
        let Some(folder) = self.guest_folder(vm) else { return Ok(()) };
        let pull = || {
            let Some(name) = device(folder, &address_of(visitor))? else { return Ok(()) };
            fs::remove_dir_all(folder.join("sys/block").join(&name))?;
            crate::disk::remove_if_there(&folder.join("dev").join(name))
        };
        pull().map_err(LabError::io(folder))
    }
}

/// The counters of a disk of which only its label was read.
const UNTOUCHED: &str = "       5        0       40        1        0        0        0        0        0        1        1\n";

fn host_of(visitor: &Visitor) -> String {
    format!("host{}", 2 + visitor.meta.controller % 1000)
}

/// Host, channel, target and unit, as Linux numbers them.
fn address_of(visitor: &Visitor) -> String {
    format!("{}:0:{}:0", 2 + visitor.meta.controller % 1000, visitor.meta.unit)
}

/// Returns the name under which a guest shows the disk at an address.
fn device(folder: &Path, address: &str) -> std::io::Result<Option<String>> {
    for block in fs::read_dir(folder.join("sys/block"))? {
        let block = block?;
        if block.path().join("device/scsi_device").join(address).exists() {
            return Ok(Some(block.file_name().to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}

fn copy_to(path: &Path, disk: &FrozenDisk) -> std::io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = fs::File::create(path)?;
    file.set_len(disk.capacity())?;
    for extent in disk.allocated().iter() {
        let (mut at, end) = (extent.offset.get(), extent.end().get());
        while at < end {
            let mut piece = vec![0; usize_of(PIECE.min(end - at))];
            disk.read(&mut piece, at)?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&piece)?;
            at += piece.len() as u64;
        }
    }
    Ok(())
}

/// Writes a UUID with its first groups turned around, as Linux prints that of newer firmware.
fn turned(pairs: &[&str]) -> String {
    let group = |range: std::ops::Range<usize>, turn: bool| {
        let mut group = pairs.get(range).unwrap_or_default().to_vec();
        if turn {
            group.reverse();
        }
        group.concat()
    };
    [
        group(0..4, true),
        group(4..6, true),
        group(6..8, true),
        group(8..10, false),
        group(10..16, false),
    ]
    .join("-")
}
