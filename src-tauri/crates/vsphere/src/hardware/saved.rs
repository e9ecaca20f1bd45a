use serde::{Deserialize, Serialize};

use super::VmHardware;

/// The configuration of a VM as a recovery point keeps it. Fields are only ever added, each with a
/// default; recovery points of earlier versions hold the hardware alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedConfig {
    /// What the VM is built again from.
    #[serde(flatten)]
    pub hardware: VmHardware,
    /// The vmx file as it lay on the datastore, for people: nothing is built from it.
    pub vmx: Option<String>,
    /// The OVF of an exported VM as it was, for people: nothing is built from it.
    pub ovf: Option<String>,
    /// The end of the VM's own log, for people.
    pub log: Option<String>,
    /// The tags it had in its vCenter.
    pub tags: Vec<SavedTag>,
    /// The NVRAM: boot entries and keys of an EFI guest.
    #[serde(with = "base64")]
    pub nvram: Option<Vec<u8>>,
}

/// A tag, by names: ids differ between vCenters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SavedTag {
    /// Name of its category.
    pub category: String,
    /// Its name.
    pub name: String,
}

/// Bytes as base64 text.
mod base64 {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[expect(clippy::ref_option, reason = "the shape serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| BASE64.encode(bytes)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| BASE64.decode(text.as_bytes()).map_err(de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_earlier_points_are_read() {
        let saved = SavedConfig {
            hardware: VmHardware { name: "web".to_owned(), cpus: 2, ..VmHardware::default() },
            vmx: Some("displayName = \"web\"\n".to_owned()),
            ovf: Some("<Envelope/>".to_owned()),
            log: Some("vmx| I005: Log for VMware ESX\n".to_owned()),
            nvram: Some((0..=255).collect()),
            tags: vec![SavedTag { category: "tier".to_owned(), name: "gold".to_owned() }],
        };
        let json = serde_json::to_string(&saved).unwrap();
        assert_eq!(serde_json::from_str::<SavedConfig>(&json).unwrap(), saved);
        let earlier = serde_json::to_string(&saved.hardware).unwrap();
        let read: SavedConfig = serde_json::from_str(&earlier).unwrap();
        assert_eq!(
            read,
            SavedConfig { hardware: saved.hardware.clone(), ..SavedConfig::default() }
        );
        let hardware: VmHardware = serde_json::from_str(&json).unwrap();
        assert_eq!(hardware, saved.hardware, "an earlier program reads what it knows");
        assert!(serde_json::from_str::<SavedConfig>("{\"nvram\":\"!\"}").is_err());
    }
}
