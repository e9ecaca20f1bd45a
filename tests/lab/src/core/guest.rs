//! What the guest of one VM sees of itself: its firmware and its disks, as files of a folder.

use std::path::PathBuf;

use fs_err as fs;

use super::Core;
use crate::LabError;
use crate::disk::{FrozenDisk, usize_of};

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
        let disks = folder.join("dev/disk/by-id");
        fs::create_dir_all(&disks).map_err(LabError::io(&disks))
    }

    fn device(&self, vm: &str, uuid: &str) -> Option<PathBuf> {
        let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).collect();
        let folder = self.guest_folder(vm)?;
        Some(folder.join("dev/disk/by-id").join(format!("wwn-0x{}", digits.to_lowercase())))
    }

    /// Lets a disk appear in the guest.
    pub(crate) fn plug_in(&self, vm: &str, uuid: &str, disk: &FrozenDisk) -> Result<(), LabError> {
        let Some(device) = self.device(vm, uuid) else { return Ok(()) };
        let part = device.with_extension("part");
        let write = || {
            use std::io::{Seek, SeekFrom, Write};
            let mut file = fs::File::create(&part)?;
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
            // A device is there as a whole.
            fs::rename(&part, &device)
        };
        write().map_err(LabError::io(&part))
    }

    /// Lets a disk disappear from the guest.
    pub(crate) fn pull_out(&self, vm: &str, uuid: &str) -> Result<(), LabError> {
        let Some(device) = self.device(vm, uuid) else { return Ok(()) };
        crate::disk::remove_if_there(&device).map_err(LabError::io(device))
    }
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
