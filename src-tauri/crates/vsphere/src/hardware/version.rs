//! Versions of virtual hardware, and what a lower one cannot have.

use std::fmt;

use kuramori_base::CancelToken;
use serde::{Deserialize, Serialize};

use super::VmHardware;
use crate::client::{Client, cancellable};
use crate::error::VsphereError;
use crate::refs::HostRef;
use crate::xml::Node;

/// A version of the virtual hardware, such as 19 of `vmx-19`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HardwareVersion(u16);

impl HardwareVersion {
    /// Reads `vmx-19`, or returns `None`.
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("vmx-")?.parse().ok().map(Self)
    }
}

impl fmt::Display for HardwareVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vmx-{:02}", self.0)
    }
}

/// What a VM loses with a lower version, and can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lost {
    /// EFI checks no signatures at boot.
    SecureBoot,
    /// A Windows guest cannot protect itself by virtualisation.
    Vbs,
}

/// A lower version has no place for the VM's disks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{controller}” needs virtual hardware vmx-{needs:02}, and the target has at most {highest}"
)]
pub struct VersionTooLow {
    /// Kind of the controller, in the server's own words.
    pub controller: String,
    /// The lowest version that has it.
    pub needs: u16,
    /// The highest version of the target.
    pub highest: HardwareVersion,
}

/// Kind of card that is a part of the host.
pub(crate) const PASSED_THROUGH: &str = "VirtualSriovEthernetCard";

/// The lowest versions that have a kind of controller.
const CONTROLLERS: [(&str, u16); 3] = [
    ("VirtualNVMEController", 13),
    ("VirtualAHCIController", 10),
    ("ParaVirtualSCSIController", 7),
];

impl VmHardware {
    /// Returns what a new VM will not have, in sentences.
    pub fn left_behind(&self) -> Vec<String> {
        let devices = self.other_devices.iter().map(|d| format!("“{d}” was not rebuilt."));
        let through = self.nics.iter().filter(|nic| nic.kind == PASSED_THROUGH);
        let through = through
            .map(|nic| format!("“{}” passes hardware through and was not rebuilt.", nic.label));
        let images = self.drives.iter().filter_map(|drive| {
            let (label, image) = (&drive.label, drive.image.as_ref()?);
            Some(format!("“{label}” comes back empty; “{image}” was in it."))
        });
        devices.chain(through).chain(images).collect()
    }

    /// Lowers the version to what a target has, where it is higher. Returns what is lost by that;
    /// `None` when nothing had to be lowered. Drives without a controller count as devices that are
    /// not rebuilt.
    ///
    /// # Errors
    /// [`VersionTooLow`] when disks would have no controller to hang on.
    pub fn lower_to(
        &mut self,
        highest: HardwareVersion,
    ) -> Result<Option<Vec<Lost>>, VersionTooLow> {
        match HardwareVersion::parse(&self.version) {
            Some(version) if version > highest => {}
            _ => return Ok(None),
        }
        let used = |key| self.disks.iter().any(|disk| disk.controller_key == key);
        for (kind, needs) in CONTROLLERS {
            let held = self.controllers.iter().any(|c| c.kind == kind && used(c.key));
            if held && highest.0 < needs {
                return Err(VersionTooLow { controller: kind.to_owned(), needs, highest });
            }
        }
        let too_new = |kind: &str| CONTROLLERS.iter().any(|(k, n)| *k == kind && highest.0 < *n);
        self.controllers.retain(|c| !too_new(&c.kind));
        let controllers = &self.controllers;
        let there = |key| matches!(key, 200 | 201) || controllers.iter().any(|c| c.key == key);
        let (kept, dropped): (Vec<_>, Vec<_>) =
            self.drives.drain(..).partition(|drive| there(drive.controller_key));
        self.drives = kept;
        self.other_devices.extend(dropped.into_iter().map(|drive| drive.label));
        let mut lost = Vec::new();
        if self.secure_boot && highest.0 < 13 {
            self.secure_boot = false;
            lost.push(Lost::SecureBoot);
        }
        if self.vbs && highest.0 < 14 {
            self.vbs = false;
            lost.push(Lost::Vbs);
        }
        self.version = highest.to_string();
        Ok(Some(lost))
    }
}

impl Client {
    /// Returns the highest version of virtual hardware that a host gives to new VMs. `None` when
    /// the server names none.
    ///
    /// # Errors
    /// As every call.
    ///
    /// # Cancellation
    /// At any time; nothing stays behind.
    pub async fn highest_hardware(
        &self,
        host: &HostRef,
        cancel: &CancelToken,
    ) -> Result<Option<HardwareVersion>, VsphereError> {
        const ACTION: &str = "ask which virtual hardware the host supports";
        let ask = async {
            let above = self.properties(ACTION, &host.mo(), &["parent"]).await?;
            let Some(compute) = above.get("parent").and_then(Node::mo) else { return Ok(None) };
            let properties = self.properties(ACTION, &compute, &["environmentBrowser"]).await?;
            let browser = properties.get("environmentBrowser").and_then(Node::mo);
            let Some(browser) = browser else { return Ok(None) };
            let reply = self.read(ACTION, "QueryConfigOptionDescriptor", &browser, |_| {}).await?;
            Ok(reply.all("returnval").filter_map(|option| made_on(option, host)).max())
        };
        cancellable(cancel, ask).await?
    }
}

/// Returns the version of an option, if new VMs on the host may have it.
fn made_on(option: &Node, host: &HostRef) -> Option<HardwareVersion> {
    let mut hosts = option.all("host").peekable();
    // A single host does not always name itself.
    let here = hosts.peek().is_none() || hosts.any(|h| h.text == host.as_str());
    let made = option.bool_at("createSupported").unwrap_or(true);
    option.text_at("key").filter(|_| here && made).and_then(HardwareVersion::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DiskKey;
    use crate::hardware::{Controller, DiskShape, Drive};

    fn version(number: u16) -> HardwareVersion {
        HardwareVersion(number)
    }

    fn hardware(kind: &str) -> VmHardware {
        VmHardware {
            version: "vmx-21".to_owned(),
            secure_boot: true,
            vbs: true,
            controllers: vec![
                Controller { key: 1000, kind: kind.to_owned(), bus: 0 },
                Controller { key: 15000, kind: "VirtualAHCIController".to_owned(), bus: 0 },
            ],
            disks: vec![DiskShape {
                key: DiskKey::new(2000),
                label: "Hard disk 1".to_owned(),
                capacity_bytes: 512,
                controller_key: 1000,
                unit: 0,
                thin: true,
                eager_zeroed: false,
                datastore: String::new(),
            }],
            drives: vec![Drive {
                key: 16000,
                label: "CD/DVD drive 1".to_owned(),
                controller_key: 15000,
                unit: 0,
                image: None,
            }],
            ..VmHardware::default()
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(HardwareVersion::parse("vmx-09"), Some(version(9)));
        assert_eq!(version(9).to_string(), "vmx-09");
        assert!(HardwareVersion::parse("vmx-9") < HardwareVersion::parse("vmx-10"));
        for odd in ["", "vmx-", "19", "vmx-x", "vmx-99999"] {
            assert_eq!(HardwareVersion::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_version_is_lowered_only_where_it_must_be() {
        let original = hardware("ParaVirtualSCSIController");
        for enough in [21, 22] {
            let mut kept = original.clone();
            assert_eq!(kept.lower_to(version(enough)), Ok(None));
            assert_eq!(kept, original);
        }
        let mut lowered = original.clone();
        assert_eq!(lowered.lower_to(version(19)), Ok(Some(Vec::new())));
        assert_eq!(lowered.version, "vmx-19");
        assert!(lowered.secure_boot && lowered.vbs);
        let mut unknown = VmHardware { version: String::new(), ..original };
        assert_eq!(unknown.lower_to(version(8)), Ok(None), "nothing is known to be too high");
    }

    #[test]
    fn what_is_lost_by_a_lower_version_is_said() {
        let mut old = hardware("ParaVirtualSCSIController");
        assert_eq!(old.lower_to(version(13)), Ok(Some(vec![Lost::Vbs])));
        let mut older = hardware("ParaVirtualSCSIController");
        assert_eq!(older.lower_to(version(11)), Ok(Some(vec![Lost::SecureBoot, Lost::Vbs])));
        assert!(!older.secure_boot && !older.vbs, "a host would refuse them");
        let mut oldest = hardware("ParaVirtualSCSIController");
        oldest.lower_to(version(9)).unwrap();
        assert_eq!(oldest.controllers.len(), 1, "nothing hangs on the other but a drive");
        assert!(oldest.drives.is_empty());
        assert_eq!(oldest.left_behind(), ["“CD/DVD drive 1” was not rebuilt."]);
    }

    #[test]
    fn disks_never_lose_their_controller() {
        let mut nvme = hardware("VirtualNVMEController");
        let before = nvme.clone();
        let refused = nvme.lower_to(version(11)).unwrap_err();
        assert_eq!((refused.needs, refused.highest), (13, version(11)));
        assert_eq!(nvme, before);
        assert!(nvme.lower_to(version(13)).is_ok());
    }
}
