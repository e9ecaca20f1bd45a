//! Versions of ESXi whose record of changes is known to be wrong.

use std::fmt;

use crate::client::Client;
use crate::error::VsphereError;
use crate::refs::HostRef;

const VERSION: &str = "config.product.version";
const BUILD: &str = "config.product.build";

/// A published fault of changed block tracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingBug {
    /// Areas are wrong once a disk has grown over a multiple of 128 GiB: ESXi before 6.0.
    /// Broadcom article 310751, formerly KB 2090639.
    Growth,
    /// Changes made while a snapshot is merged are forgotten: ESXi 6.0 before build 3247720.
    /// Broadcom article 317933, formerly KB 2136854.
    Merge,
}

impl TrackingBug {
    /// The first build of ESXi 6.0 (ESXi600-201511001) that remembers what changes during a merge.
    const MERGE_MENDED: u64 = 3_247_720;

    fn of(version: &str, build: &str) -> Option<Self> {
        let major: u32 = version.split('.').next()?.parse().ok()?;
        match major {
            0..6 => Some(Self::Growth),
            // A build that cannot be read is not known to be mended.
            6 if version.starts_with("6.0") => {
                let mended = build.parse().is_ok_and(|build: u64| build >= Self::MERGE_MENDED);
                (!mended).then_some(Self::Merge)
            }
            _ => None,
        }
    }
}

impl fmt::Display for TrackingBug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Growth => "article 310751",
            Self::Merge => "article 317933",
        })
    }
}

impl Client {
    /// Returns why the record of changes of a host cannot be trusted, where its version is known
    /// for that.
    ///
    /// # Errors
    /// As every call.
    pub async fn tracking_bug(&self, host: &HostRef) -> Result<Option<TrackingBug>, VsphereError> {
        let properties =
            self.properties("read the version of a host", &host.mo(), &[VERSION, BUILD]).await?;
        let text = |path| properties.text(path).unwrap_or_default();
        Ok(TrackingBug::of(text(VERSION), text(BUILD)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_published_versions_are_refused() {
        for (version, build, expected) in [
            ("5.5.0", "9919047", Some(TrackingBug::Growth)),
            ("6.0.0", "2494585", Some(TrackingBug::Merge)),
            ("6.0.0", "3247720", None),
            ("6.0.0", "", Some(TrackingBug::Merge)),
            ("6.5.0", "1", None),
            ("8.0.3", "24022510", None),
            ("9.0.0", "", None),
            ("", "", None),
        ] {
            assert_eq!(TrackingBug::of(version, build), expected, "{version} {build}");
        }
    }
}
