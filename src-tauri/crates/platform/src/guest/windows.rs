#![expect(unsafe_code, reason = "std knows neither firmware nor physical drives")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::mem::size_of;
use std::os::windows::fs::FileExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use fs_err::os::windows::fs::OpenOptionsExt;
use windows_sys::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_SUCCESS};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses,
    IP_ADAPTER_ADDRESSES_LH,
};
use windows_sys::Win32::Networking::WinSock::AF_UNSPEC;
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{
    GET_DISK_ATTRIBUTES, GET_LENGTH_INFORMATION, IOCTL_DISK_GET_DISK_ATTRIBUTES,
    IOCTL_DISK_GET_LENGTH_INFO, IOCTL_STORAGE_QUERY_PROPERTY, PropertyStandardQuery,
    STORAGE_PROPERTY_QUERY, StorageDeviceIdProperty,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemFirmwareTable, RSMB};
use winreg::RegKey;
use winreg::enums::HKEY_LOCAL_MACHINE;

use super::ids::Id;
use super::{Guest, NotAGuest, Roots, smbios, uuid};

/// What the firmware of a VM says who made it.
const MAKER: &str = "VMware, Inc.";
/// Where the SAN policy is kept, and the values under which disks on a shared bus stay offline.
const PARTMGR: &str = r"SYSTEM\CurrentControlSet\Services\partmgr\Parameters";
const STAY_OFFLINE: [u32; 2] = [2, 3];
/// Asks for the SCSI address of a drive (`ntddscsi.h`), and how long the answer is.
const IOCTL_SCSI_GET_ADDRESS: u32 = 0x0004_1018;
const SCSI_ADDRESS: usize = 8;
/// The disk is offline.
const OFFLINE: u64 = 1;
/// Windows numbers drives from 0 on, with gaps.
const DRIVES: u32 = 256;
/// No answer about a drive or about cards is longer.
const LONGEST: u32 = 64 << 10;

pub(super) fn identify(_roots: &Roots) -> Result<Guest, NotAGuest> {
    let table = firmware().map_err(NotAGuest::Hidden)?;
    let Some(system) = smbios::of_windows(&table) else { return Err(NotAGuest::Other) };
    if system.maker != MAKER {
        return Err(NotAGuest::Other);
    }
    // Only an administrator may read drives; better known before one is attached.
    let first = Path::new(r"\\.\PhysicalDrive0");
    fs_err::File::open(first).map_err(NotAGuest::Hidden)?;
    let macs = macs().map_err(NotAGuest::Hidden)?;
    Ok(Guest { uuids: uuid::orders([system.uuid]), macs })
}

fn firmware() -> io::Result<Vec<u8>> {
    // SAFETY: without a buffer only the length is told.
    let len = unsafe { GetSystemFirmwareTable(RSMB, 0, null_mut(), 0) };
    if len == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut table = vec![0u8; len as usize];
    // SAFETY: the buffer is as long as said.
    let told = unsafe { GetSystemFirmwareTable(RSMB, 0, table.as_mut_ptr().cast(), len) };
    if told == 0 || told > len {
        return Err(io::Error::last_os_error());
    }
    table.truncate(told as usize);
    Ok(table)
}

fn macs() -> io::Result<Vec<String>> {
    let flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    let mut room = 16 << 10;
    loop {
        // Aligned as the structures in it.
        let mut buffer = vec![0u64; room as usize / 8];
        let first: *mut IP_ADAPTER_ADDRESSES_LH = buffer.as_mut_ptr().cast();
        // SAFETY: the buffer is as long as said.
        let code = unsafe {
            GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, null_mut(), first, &raw mut room)
        };
        match code {
            ERROR_SUCCESS => {
                let mut macs = Vec::new();
                let mut next = first.cast_const();
                while !next.is_null() {
                    // SAFETY: the system has linked what lies in the buffer, which lives on.
                    let card = unsafe { &*next };
                    let len = card.PhysicalAddressLength as usize;
                    if let Some(mac) = card.PhysicalAddress.get(..len).filter(|mac| !mac.is_empty())
                    {
                        let pairs: Vec<String> = mac.iter().map(|b| format!("{b:02x}")).collect();
                        macs.push(pairs.join(":"));
                    }
                    next = card.Next;
                }
                return Ok(macs);
            }
            ERROR_BUFFER_OVERFLOW if room <= 16 * LONGEST => room = room.next_multiple_of(8),
            code => return Err(io::Error::from_raw_os_error(code.cast_signed())),
        }
    }
}

pub(super) fn meddles() -> Option<String> {
    let policy = RegKey::predef(HKEY_LOCAL_MACHINE)
        .open_subkey(PARTMGR)
        .and_then(|key| key.get_value::<u32, _>("SanPolicy"));
    match policy {
        Ok(policy) if STAY_OFFLINE.contains(&policy) => None,
        Ok(_) => Some("the SAN policy of Windows brings new disks online".to_owned()),
        Err(e) => Some(format!("the SAN policy of Windows cannot be read: {e}")),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
pub(super) fn rescan(_roots: &Roots, _unit: u32) -> io::Result<()> {
    // Windows notices by itself.
    Ok(())
}

fn query(path: &Path) -> io::Result<File> {
    // Without any access: what drives are called is for everybody.
    fs_err::OpenOptions::new()
        .access_mode(0)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .open(path)
        .map(fs_err::File::into_file)
}

pub(super) fn disks(_roots: &Roots, id: &Id) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for number in 0..DRIVES {
        let path = PathBuf::from(format!(r"\\.\PhysicalDrive{number}"));
        let drive = match query(&path) {
            Ok(drive) => drive,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        let asked = STORAGE_PROPERTY_QUERY {
            PropertyId: StorageDeviceIdProperty,
            QueryType: PropertyStandardQuery,
            AdditionalParameters: [0],
        };
        let mut answer = vec![0u8; LONGEST as usize];
        let input = (&raw const asked).cast::<c_void>();
        // A drive that tells no names is none of ours.
        if let Ok(len) = control(
            &drive,
            IOCTL_STORAGE_QUERY_PROPERTY,
            (input, size_of::<STORAGE_PROPERTY_QUERY>()),
            &mut answer,
        ) && id.is_in_descriptor(answer.get(..len).unwrap_or(&answer))
        {
            found.push(path);
        }
    }
    Ok(found)
}

/// Asks a driver. Returns how many bytes it answered.
fn control(
    drive: &File,
    code: u32,
    (input, len): (*const c_void, usize),
    answer: &mut [u8],
) -> io::Result<usize> {
    let mut told = 0;
    let (len, room) = (u32::try_from(len), u32::try_from(answer.len()));
    let (len, room) = (len.map_err(io::Error::other)?, room.map_err(io::Error::other)?);
    // SAFETY: the handle is open, both buffers are as long as said, and nothing is asynchronous.
    let done = unsafe {
        DeviceIoControl(
            drive.as_raw_handle(),
            code,
            input,
            len,
            answer.as_mut_ptr().cast(),
            room,
            &raw mut told,
            null_mut(),
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(told as usize) }
}

/// An open disk.
#[derive(Debug)]
pub(super) struct Opened(File);

impl Opened {
    pub(super) fn read_at(&self, mut offset: u64, mut buf: &mut [u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.0.seek_read(buf, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    offset += read as u64;
                    buf = buf.get_mut(read..).unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

/// A disk that is online is refused: Windows may have written to it.
fn stays_offline(file: &File) -> io::Result<()> {
    let mut attributes = [0u8; size_of::<GET_DISK_ATTRIBUTES>()];
    control(file, IOCTL_DISK_GET_DISK_ATTRIBUTES, (null_mut(), 0), &mut attributes)?;
    // Version and an unused number stand before.
    let flags = attributes.get(8..).and_then(|rest| rest.first_chunk()).copied();
    if u64::from_le_bytes(flags.unwrap_or_default()) & OFFLINE == 0 {
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, "Windows has brought it online"));
    }
    Ok(())
}

pub(super) fn untouched(_roots: &Roots, (disk, _): (&Opened, &Path)) -> io::Result<()> {
    stays_offline(&disk.0)
}

pub(super) fn unit(_roots: &Roots, (disk, _): (&Opened, &Path)) -> io::Result<Option<u32>> {
    let mut address = [0u8; SCSI_ADDRESS];
    control(&disk.0, IOCTL_SCSI_GET_ADDRESS, (null_mut(), 0), &mut address)?;
    // Length (4 bytes), port, path, target, unit of the target.
    let [.., target, lun] = address;
    if lun != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is part of another disk"));
    }
    Ok(Some(u32::from(target)))
}

pub(super) fn open(path: &Path) -> io::Result<(Opened, u64)> {
    let file = fs_err::OpenOptions::new()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .open(path)?
        .into_file();
    stays_offline(&file)?;
    let mut len = [0u8; size_of::<GET_LENGTH_INFORMATION>()];
    control(&file, IOCTL_DISK_GET_LENGTH_INFO, (null_mut(), 0), &mut len)?;
    Ok((Opened(file), u64::from_le_bytes(len)))
}

#[cfg(test)]
pub(super) fn open_file(path: &Path) -> io::Result<(Opened, u64)> {
    let file = fs_err::File::open(path)?.into_file();
    let len = file.metadata()?.len();
    Ok((Opened(file), len))
}

#[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
pub(super) fn forget(_roots: &Roots, _path: &Path) -> io::Result<()> {
    // It is offline, so nothing of Windows holds it.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_is_asked_without_harm() {
        let nobody = Id::parse("6000C293-4a5b-1c2d-8e9f-0011223344aa").unwrap();
        match disks(&Roots::default(), &nobody) {
            Ok(found) => assert!(found.is_empty(), "{found:?}"),
            Err(e) => assert_ne!(e.kind(), io::ErrorKind::InvalidInput, "{e}"),
        }
        assert!(!macs().unwrap().iter().any(|mac| mac.is_empty()));
        assert!(open(Path::new(r"\\.\PhysicalDrive254")).is_err());
    }
}
