use crate::service::About;

/// Oldest version whose interface has all that is used, as major and minor number.
const OLDEST: (u32, u32) = (6, 5);
/// Newest major version that was known when this was written.
const NEWEST: u32 = 9;

/// Whether backups work with a server's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionVerdict {
    /// They do.
    Supported,
    /// The server is older than 6.5.
    TooOld,
    /// The server is newer than any version known here. It is spoken to in an older way, which
    /// newer servers take.
    Newer,
    /// The server names its version in an unknown way.
    Unknown,
}

impl About {
    /// Returns whether backups work with this version.
    pub fn version_verdict(&self) -> VersionVerdict {
        let mut numbers = self.version.split('.').map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return VersionVerdict::Unknown;
        };
        if (major, minor) < OLDEST {
            VersionVerdict::TooOld
        } else if major > NEWEST {
            VersionVerdict::Newer
        } else {
            VersionVerdict::Supported
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServerKind;

    #[test]
    fn versions_from_six_five_are_supported() {
        let verdict = |version: &str| {
            let about = About {
                name: String::new(),
                full_name: String::new(),
                version: version.to_owned(),
                build: String::new(),
                api_version: String::new(),
                kind: ServerKind::Esxi,
                instance_uuid: None,
            };
            about.version_verdict()
        };
        for (version, expected) in [
            ("5.5.0", VersionVerdict::TooOld),
            ("6.0.0", VersionVerdict::TooOld),
            ("6.5.0", VersionVerdict::Supported),
            ("8.0.3", VersionVerdict::Supported),
            ("9.1", VersionVerdict::Supported),
            ("10.0.0", VersionVerdict::Newer),
            ("", VersionVerdict::Unknown),
            ("e.x.p", VersionVerdict::Unknown),
        ] {
            assert_eq!(verdict(version), expected, "{version}");
        }
    }
}
