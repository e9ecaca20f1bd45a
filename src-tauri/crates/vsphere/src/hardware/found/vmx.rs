//! A vmx file: lines of `key = "value"`.

use std::collections::BTreeMap;

use super::{Bus, FoundDisk, FoundVm, FoundVmError, guest, nic_kind, scsi_kind};
use crate::DiskKey;
use crate::hardware::{Controller, DiskShape, Nic, VmHardware};

/// Larger files are none of these.
const LARGEST: usize = 2 << 20;

/// Buses and their names.
const BUSES: [(Bus, &str); 4] =
    [(Bus::Ide, "ide"), (Bus::Scsi, "scsi"), (Bus::Sata, "sata"), (Bus::Nvme, "nvme")];

/// Reads a vmx file as it lies on a disk, in the encoding that it names itself.
///
/// # Errors
/// [`FoundVmError`]: it is no vmx, or encrypted.
pub fn read_vmx(bytes: &[u8]) -> Result<FoundVm, FoundVmError> {
    if bytes.len() > LARGEST {
        return Err(FoundVmError::NotAVm("it is too long"));
    }
    let vmx = Vmx::parse(&decode(bytes));
    if vmx.keys.keys().any(|key| key.starts_with("encryption.")) {
        return Err(FoundVmError::Encrypted);
    }
    if vmx.get("config.version").is_none() && vmx.get("virtualHW.version").is_none() {
        return Err(FoundVmError::NotAVm("it names no version"));
    }
    let mut found = FoundVm {
        hardware: vmx.hardware(),
        nvram: vmx.get("nvram").map(str::to_owned),
        suspended: vmx.get("checkpoint.vmState").map(str::to_owned),
        ..FoundVm::default()
    };
    vmx.disks(&mut found);
    Ok(found)
}

/// Desktop products write the file in the encoding of their system, and say which.
fn decode(bytes: &[u8]) -> String {
    let ascii = Vmx::parse(&String::from_utf8_lossy(bytes));
    let label = ascii.get(".encoding").unwrap_or("UTF-8");
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
    encoding.unwrap_or(encoding_rs::UTF_8).decode(bytes).0.into_owned()
}

struct Vmx {
    /// Keys in small letters.
    keys: BTreeMap<String, String>,
}

impl Vmx {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let pair = |line: &str| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim();
            let inner = value.strip_prefix('"').map_or(value, |v| v.strip_suffix('"').unwrap_or(v));
            Some((key.trim().to_ascii_lowercase(), unescape(inner)))
        };
        Self { keys: lines.filter_map(pair).collect() }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let value = self.keys.get(&key.to_ascii_lowercase())?;
        (!value.is_empty()).then_some(value)
    }

    fn text(&self, key: &str) -> String {
        self.get(key).unwrap_or_default().to_owned()
    }

    fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }

    fn hardware(&self) -> VmHardware {
        let mut other = self.other_devices();
        let word = self.text("guestOS");
        let guest_id = guest::identifier(&word).unwrap_or_else(|| {
            if !word.is_empty() {
                other.push(format!("guest system {word}"));
            }
            guest::unknown(&word).to_owned()
        });
        let version = self.number::<u32>("virtualHW.version");
        let cpus: u32 = self.number("numvcpus").unwrap_or(1).clamp(1, 1024);
        let per_socket: u32 = self.number("cpuid.coresPerSocket").unwrap_or(1).clamp(1, 1024);
        VmHardware {
            name: self.text("displayName"),
            guest_id,
            version: version.map(|version| format!("vmx-{version:02}")).unwrap_or_default(),
            firmware: self.get("firmware").unwrap_or("bios").to_ascii_lowercase(),
            secure_boot: self.is_true("uefi.secureBoot.enabled"),
            uuid: self.get("uuid.bios").and_then(uuid).unwrap_or_default(),
            instance_uuid: self.get("vc.uuid").and_then(uuid).unwrap_or_default(),
            annotation: self.text("annotation"),
            cpus,
            cores_per_socket: if cpus.is_multiple_of(per_socket) { per_socket } else { 1 },
            memory_mib: self.number("memsize").unwrap_or(32),
            cpu_hot_add: self.is_true("vcpu.hotadd"),
            memory_hot_add: self.is_true("mem.hotadd"),
            nested_hv: self.is_true("vhv.enable"),
            nics: self.nics(),
            disk_uuid_enabled: self.is_true("disk.EnableUUID"),
            other_devices: other,
            ..VmHardware::default()
        }
    }

    fn nics(&self) -> Vec<Nic> {
        let present = (0..10).filter(|n| self.is_true(&format!("ethernet{n}.present")));
        let nic = |n: i32| {
            let of = |key: &str| format!("ethernet{n}.{key}");
            let by_hand = self.get(&of("addressType")) == Some("static");
            let address = if by_hand { of("address") } else { of("generatedAddress") };
            let network = self.get(&of("networkName")).or_else(|| self.get(&of("connectionType")));
            Nic {
                key: 4000 + n,
                label: format!("Network adapter {}", n + 1),
                kind: nic_kind(self.get(&of("virtualDev")).unwrap_or("vlance")).to_owned(),
                mac: self.text(&address),
                mac_manual: by_hand,
                network: network.unwrap_or("bridged").to_owned(),
                portgroup_key: None,
            }
        };
        present.map(nic).collect()
    }

    /// Devices that a server does not build from what is saved.
    fn other_devices(&self) -> Vec<String> {
        let known = [
            ("sound.present", "sound card"),
            ("usb.present", "USB controller"),
            ("usb_xhci.present", "USB 3 controller"),
            ("floppy0.present", "floppy drive"),
            ("serial0.present", "serial port"),
            ("parallel0.present", "parallel port"),
            ("vtpm.present", "trusted platform module"),
            ("managedvm.autoAddVTPM", "trusted platform module"),
        ];
        let mut found: Vec<String> = known
            .into_iter()
            .filter(|(key, _)| self.get(key).is_some_and(|v| !v.eq_ignore_ascii_case("false")))
            .map(|(_, label)| label.to_owned())
            .collect();
        found.dedup();
        found
    }

    fn disks(&self, found: &mut FoundVm) {
        for (kind, word) in BUSES {
            let (buses, places) = kind.size();
            for bus in 0..buses {
                let name = format!("{word}{bus}");
                if !self.has_bus(kind, &name) {
                    continue;
                }
                let before = found.disks.len();
                for unit in 0..places {
                    self.device((kind, bus, unit), &format!("{name}:{unit}"), found);
                }
                if kind != Bus::Ide || found.disks.len() > before {
                    found.hardware.controllers.push(Controller {
                        key: kind.controller_key(bus),
                        kind: self.controller_kind(kind, &name).to_owned(),
                        bus,
                    });
                }
            }
        }
        self.disks_without_a_place(found);
    }

    /// Every VM has its IDE buses.
    fn has_bus(&self, kind: Bus, name: &str) -> bool {
        kind == Bus::Ide || self.is_true(&format!("{name}.present"))
    }

    /// Names the disks that hang on nothing: the VM does not see them, whoever wrote the file may
    /// think it does.
    fn disks_without_a_place(&self, found: &mut FoundVm) {
        for at in self.keys.keys().filter_map(|key| key.strip_suffix(".present")) {
            let Some((name, unit)) = at.split_once(':') else { continue };
            let bus =
                |(kind, word): &(Bus, &'static str)| Some((*kind, *word, name.strip_prefix(word)?));
            let Some((kind, word, number)) = BUSES.iter().find_map(bus) else { continue };
            let place = number.parse().ok().zip(unit.parse().ok());
            // `scsi0:01` is not what `scsi0:1` is, and nobody reads it.
            let there = place.is_some_and(|(bus, unit): (i32, i32)| {
                kind.has_place(bus, unit) && format!("{word}{bus}:{unit}") == at
            });
            let of = |key: &str| self.get(&format!("{at}.{key}"));
            let disk = !of("deviceType").unwrap_or("disk").to_ascii_lowercase().contains("cdrom");
            let wanted = disk && self.is_true(&format!("{at}.present")) && of("fileName").is_some();
            if !wanted || (there && self.has_bus(kind, name)) {
                continue;
            }
            let why = if there { "its controller is not there" } else { "there is no such place" };
            found.left_out.push((at.to_owned(), why));
        }
    }

    fn controller_kind(&self, bus: Bus, name: &str) -> &'static str {
        match bus {
            Bus::Ide => "VirtualIDEController",
            Bus::Sata => "VirtualAHCIController",
            Bus::Nvme => "VirtualNVMEController",
            Bus::Scsi => scsi_kind(self.get(&format!("{name}.virtualDev")).unwrap_or("lsilogic")),
        }
    }

    fn device(&self, (bus, number, unit): (Bus, i32, i32), at: &str, found: &mut FoundVm) {
        let of = |key: &str| self.get(&format!("{at}.{key}"));
        let file = of("fileName").unwrap_or_default();
        if !self.is_true(&format!("{at}.present")) {
            return;
        }
        let kind = of("deviceType").unwrap_or("disk").to_ascii_lowercase();
        if kind.contains("cdrom") {
            return found.hardware.other_devices.push(format!("CD drive {at}"));
        }
        if kind.contains("rawdisk") {
            return found.left_out.push((at.to_owned(), "it is a disk of the computer itself"));
        }
        let mode = of("mode").unwrap_or("persistent").to_ascii_lowercase();
        if file.is_empty() {
            return found.left_out.push((at.to_owned(), "it has no file"));
        }
        if mode.ends_with("nonpersistent") {
            return found.left_out.push((at.to_owned(), "its changes do not stay"));
        }
        let label = format!("Hard disk {}", found.disks.len() + 1);
        let key = DiskKey::new(bus.disk_key(number, unit));
        found.hardware.disks.push(DiskShape {
            key,
            label: label.clone(),
            capacity_bytes: 0,
            controller_key: bus.controller_key(number),
            unit,
            thin: true,
            eager_zeroed: false,
            datastore: String::new(),
        });
        found.disks.push(FoundDisk { key, label, file: Some(file.to_owned()), id: None });
    }
}

/// Undoes `|22` for a quotation mark, and the like.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'|' => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads `56 4d 0f 3c 21 6a 70 91-8a 55 0e 1f 22 33 44 55`.
fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let strange = |c: char| !c.is_ascii_hexdigit() && c != ' ' && c != '-';
    if digits.len() != 32 || text.contains(strange) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let part = |from: usize, to: usize| lower.get(from..to).unwrap_or_default();
    Some(format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    ))
}

#[cfg(test)]
#[path = "vmx_tests.rs"]
mod tests;
