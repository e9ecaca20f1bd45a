//! Names of guest systems: desktop products spell them another way than servers.

/// Words that are not just spelled without their dashes.
const SPELLED: &[(&str, &str)] = &[
    ("longhorn", "winLonghornGuest"),
    ("longhorn-64", "winLonghorn64Guest"),
    ("windows7srv-64", "windows7Server64Guest"),
    ("windows8srv-64", "windows8Server64Guest"),
    ("windows9srv-64", "windows9Server64Guest"),
    ("windows2019srvnext-64", "windows2019srvNext_64Guest"),
    ("winvista", "winVistaGuest"),
    ("winvista-64", "winVista64Guest"),
    ("winxppro", "winXPProGuest"),
    ("winxppro-64", "winXPPro64Guest"),
    ("ubuntu", "ubuntuGuest"),
    ("ubuntu-64", "ubuntu64Guest"),
    ("fedora", "fedoraGuest"),
    ("fedora-64", "fedora64Guest"),
    ("centos", "centosGuest"),
    ("centos-64", "centos64Guest"),
    ("opensuse", "opensuseGuest"),
    ("opensuse-64", "opensuse64Guest"),
    ("freebsd", "freebsdGuest"),
    ("freebsd-64", "freebsd64Guest"),
    ("otherlinux", "otherLinuxGuest"),
    ("otherlinux-64", "otherLinux64Guest"),
    ("other26xlinux", "other26xLinuxGuest"),
    ("other26xlinux-64", "other26xLinux64Guest"),
    ("other3xlinux", "other3xLinuxGuest"),
    ("other3xlinux-64", "other3xLinux64Guest"),
    ("other4xlinux", "other4xLinuxGuest"),
    ("other4xlinux-64", "other4xLinux64Guest"),
    ("other5xlinux", "other5xLinuxGuest"),
    ("other5xlinux-64", "other5xLinux64Guest"),
    ("other6xlinux-64", "other6xLinux64Guest"),
    ("other", "otherGuest"),
    ("other-64", "otherGuest64"),
];

/// Families whose words carry a version: `debian10-64` is `debian10_64Guest`.
const VERSIONED: &[(&str, &str)] = &[
    ("almalinux", "almalinux"),
    ("centos", "centos"),
    ("debian", "debian"),
    ("freebsd", "freebsd"),
    ("oraclelinux", "oracleLinux"),
    ("rhel", "rhel"),
    ("rockylinux", "rockylinux"),
    ("sles", "sles"),
    ("vmware-photon", "vmwarePhoton"),
    ("windows", "windows"),
];

/// Returns the server's identifier of a guest system, or `None` for one that is not known.
pub(super) fn identifier(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, known)) = SPELLED.iter().find(|(spelled, _)| *spelled == lower) {
        return Some((*known).to_owned());
    }
    let (stem, bits) = match lower.strip_suffix("-64") {
        Some(stem) => (stem, "_64"),
        None => (lower.as_str(), ""),
    };
    VERSIONED.iter().find_map(|(family, spelled)| {
        let version = stem.strip_prefix(family)?;
        let fits = match version.strip_suffix("srv") {
            Some(year) => *family == "windows" && year.parse::<u16>().is_ok(),
            None => version.is_empty() || version.parse::<u16>().is_ok(),
        };
        fits.then(|| format!("{spelled}{version}{bits}Guest"))
    })
}

/// The identifier of a guest nobody knows.
pub(super) fn unknown(word: &str) -> &'static str {
    if word.contains("64") { "otherGuest64" } else { "otherGuest" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_identifiers() {
        for (word, id) in [
            ("ubuntu-64", "ubuntu64Guest"),
            ("windows9-64", "windows9_64Guest"),
            ("windows2019srv-64", "windows2019srv_64Guest"),
            ("debian10-64", "debian10_64Guest"),
            ("debian10", "debian10Guest"),
            ("oraclelinux8-64", "oracleLinux8_64Guest"),
            ("rockylinux-64", "rockylinux_64Guest"),
            ("other-64", "otherGuest64"),
        ] {
            assert_eq!(identifier(word).as_deref(), Some(id), "{word}");
        }
        for strange in ["darwin20-64", "", "debianx-64", "rhel10srv-64"] {
            assert_eq!(identifier(strange), None, "{strange}");
        }
        assert_eq!((unknown("darwin20-64"), unknown("dos")), ("otherGuest64", "otherGuest"));
    }
}
