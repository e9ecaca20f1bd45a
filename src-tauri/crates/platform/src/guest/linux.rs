use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::OFlags;

use super::ids::Id;
use super::{Guest, NotAGuest, Roots, uuid};

/// What the firmware of a VM says who made it.
const MAKER: &str = "VMware, Inc.";
/// Before the digits of a VM's serial number.
const SERIAL: &str = "VMware-";

pub(super) fn identify(roots: &Roots) -> Result<Guest, NotAGuest> {
    let dmi = roots.sys.join("class/dmi/id");
    let maker = match fs_err::read_to_string(dmi.join("sys_vendor")) {
        Ok(maker) => maker,
        // Without such firmware it is no VM of VMware.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(NotAGuest::Other),
        Err(e) => return Err(NotAGuest::Hidden(e)),
    };
    if maker.trim() != MAKER {
        return Err(NotAGuest::Other);
    }
    // Only the administrator may read these.
    let read = |name: &str| fs_err::read_to_string(dmi.join(name)).map_err(NotAGuest::Hidden);
    let (serial, printed) = (read("product_serial")?, read("product_uuid")?);
    let serial = serial.trim().strip_prefix(SERIAL).and_then(uuid::parse);
    let uuids = uuid::orders(serial.into_iter().chain(uuid::parse(&printed)));
    if uuids.is_empty() {
        let why = format!("“{}” is not a UUID", printed.trim());
        return Err(NotAGuest::Hidden(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    let macs = macs(roots).map_err(NotAGuest::Hidden)?;
    Ok(Guest { uuids, macs })
}

fn macs(roots: &Roots) -> io::Result<Vec<String>> {
    let mut macs = Vec::new();
    for card in fs_err::read_dir(roots.sys.join("class/net"))? {
        // Not every entry is a card.
        if let Ok(address) = fs_err::read_to_string(card?.path().join("address")) {
            macs.push(address.trim().to_lowercase());
        }
    }
    Ok(macs)
}

pub(super) fn meddles() -> Option<String> {
    // What uses a disk nevertheless is noticed when it is opened for ourselves alone.
    None
}

/// Drivers of the SCSI controllers that VMware gives its VMs. All but SAS number disks by their
/// places.
const PLACED: [&str; 3] = ["vmw_pvscsi", "mptspi", "BusLogic"];
const UNPLACED: &str = "mptsas";

/// Returns the driver of a controller.
fn driver(host: &Path) -> io::Result<String> {
    Ok(fs_err::read_to_string(host.join("proc_name"))?.trim().to_owned())
}

/// Other controllers are left alone: looking for disks there may take long, and brings nothing.
pub(super) fn rescan(roots: &Roots, unit: u32) -> io::Result<()> {
    let hosts = match fs_err::read_dir(roots.sys.join("class/scsi_host")) {
        Ok(hosts) => hosts,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut refused = None;
    for host in hosts {
        let host = host?.path();
        let places = match driver(&host) {
            Ok(driver) if PLACED.contains(&driver.as_str()) => format!("0 {unit} -"),
            Ok(driver) if driver == UNPLACED => "- - -".to_owned(),
            _ => continue,
        };
        if let Err(error) = fs_err::write(host.join("scan"), places) {
            refused.get_or_insert(error);
        }
    }
    refused.map_or(Ok(()), Err)
}

fn block(roots: &Roots, disk: &Path) -> io::Result<PathBuf> {
    let name = disk.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(roots.sys.join("block").join(name))
}

pub(super) fn unit(roots: &Roots, (_, path): (&Opened, &Path)) -> io::Result<Option<u32>> {
    let unknown = || io::Error::new(io::ErrorKind::InvalidData, "its SCSI address is not known");
    let mut addresses = fs_err::read_dir(block(roots, path)?.join("device/scsi_device"))?;
    let address = addresses.next().ok_or_else(unknown)??.file_name();
    let address = address.to_string_lossy();
    let parts: Vec<u32> = address.split(':').filter_map(|part| part.parse().ok()).collect();
    let [host, channel, target, lun] = parts[..] else { return Err(unknown()) };
    let driver = driver(&roots.sys.join(format!("class/scsi_host/host{host}")))?;
    match driver.as_str() {
        UNPLACED => Ok(None),
        driver if PLACED.contains(&driver) && (channel, lun) == (0, 0) => Ok(Some(target)),
        driver => {
            let why = format!("it is at {address} of a controller of {driver}");
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
    }
}

/// What was mounted for a moment, or checked, has been written to although nobody holds it now.
pub(super) fn untouched(roots: &Roots, (_, path): (&Opened, &Path)) -> io::Result<()> {
    // Completed, merged and sectors, of writes and of discards (Documentation/block/stat.rst).
    const WRITES: [usize; 6] = [4, 5, 6, 11, 12, 13];
    let block = block(roots, path)?;
    let mut counted = vec![block.join("stat")];
    for part in fs_err::read_dir(&block)? {
        let part = part?.path();
        if part.join("partition").exists() {
            counted.push(part.join("stat"));
        }
    }
    for file in counted {
        let text = fs_err::read_to_string(&file)?;
        let counters: Vec<&str> = text.split_whitespace().collect();
        let known = counters.get(..7).is_some();
        let written = WRITES.iter().filter_map(|at| counters.get(*at)).any(|n| *n != "0");
        if !known || written {
            let why = format!("it was written to: {}: {}", file.display(), text.trim());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    Ok(())
}

pub(super) fn disks(roots: &Roots, id: &Id) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    match fs_err::read_dir(roots.sys.join("block")) {
        Ok(blocks) => {
            for block in blocks {
                let block = block?;
                let device = block.path().join("device");
                let page = fs_err::read(device.join("vpd_pg83")).unwrap_or_default();
                let name = fs_err::read_to_string(device.join("wwid")).unwrap_or_default();
                let named = name.trim().strip_prefix("naa.").and_then(Id::parse);
                if named.as_ref() == Some(id) || id.is_in_page(&page) {
                    found.push(roots.dev.join(block.file_name()));
                }
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    for prefix in ["wwn-0x", "scsi-3"] {
        let link = roots.dev.join("disk/by-id").join(format!("{prefix}{}", id.digits()));
        match fs_err::canonicalize(link) {
            Ok(device) => found.push(device),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// An open disk.
#[derive(Debug)]
pub(super) struct Opened(File);

impl Opened {
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }
}

/// A disk that is mounted, or part of a volume group, or opened like this by others, is refused;
/// and as long as it is open nobody can do that.
pub(super) fn open(path: &Path) -> io::Result<(Opened, u64)> {
    let flags = i32::try_from(OFlags::EXCL.bits()).map_err(io::Error::other)?;
    let mut file =
        fs_err::OpenOptions::new().read(true).custom_flags(flags).open(path)?.into_file();
    // Seeking, not metadata: a device has no length there.
    let len = file.seek(SeekFrom::End(0))?;
    Ok((Opened(file), len))
}

#[cfg(test)]
pub(super) fn open_file(path: &Path) -> io::Result<(Opened, u64)> {
    open(path)
}

pub(super) fn forget(roots: &Roots, path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    match fs_err::write(roots.sys.join("block").join(name).join("device/delete"), "1") {
        // It is gone already, or no disk that the system can forget.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[path = "linux_tests.rs"]
mod tests;
