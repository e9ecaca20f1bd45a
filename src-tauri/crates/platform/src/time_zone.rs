//! The name of the system's time zone.

use std::ffi::OsStr;

/// Why the zone has no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeZoneError {
    /// The variable `TZ` holds rules instead of a name.
    #[error("the variable TZ is “{value}”, which names no time zone")]
    Variable {
        /// Its value.
        value: String,
    },
    /// The system does not tell.
    #[error("the system does not name its time zone: {reason}")]
    Unknown {
        /// What it said.
        reason: String,
    },
}

impl kuramori_base::Hint for TimeZoneError {
    fn hints(&self) -> Vec<String> {
        vec!["Choose the time zone in the system's settings for date and time.".to_owned()]
    }
}

/// Returns the name of the system's time zone, such as `Asia/Tokyo`. Nothing stands in for a zone
/// that is not known.
///
/// # Errors
/// Why it has no name.
pub fn name() -> Result<String, TimeZoneError> {
    named(std::env::var_os("TZ").as_deref(), || {
        iana_time_zone::get_timezone().map_err(|e| TimeZoneError::Unknown { reason: e.to_string() })
    })
}

/// `TZ` goes before the system's zone on Linux and macOS; Windows knows no such variable.
fn named(
    variable: Option<&OsStr>,
    system: impl FnOnce() -> Result<String, TimeZoneError>,
) -> Result<String, TimeZoneError> {
    let Some(value) = variable.filter(|v| !v.is_empty() && cfg!(unix)) else { return system() };
    let value = value.to_string_lossy();
    let name = value.strip_prefix(':').unwrap_or(&value);
    let known = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    let is_name = name == "UTC" || (name.contains('/') && !name.starts_with('/'));
    if is_name && name.chars().all(known) {
        Ok(name.to_owned())
    } else {
        Err(TimeZoneError::Variable { value: value.into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variable: &str) -> Result<String, TimeZoneError> {
        named(Some(OsStr::new(variable)), || Ok("Europe/Oslo".to_owned()))
    }

    #[cfg(unix)]
    #[test]
    fn the_variable_goes_first_and_must_be_a_name() {
        assert_eq!(of("").unwrap(), "Europe/Oslo");
        assert_eq!(of("Asia/Tokyo").unwrap(), "Asia/Tokyo");
        assert_eq!(
            of(":America/Argentina/Buenos_Aires").unwrap(),
            "America/Argentina/Buenos_Aires"
        );
        assert_eq!(of("UTC").unwrap(), "UTC");
        for rules in ["JST-9", ":/etc/localtime", "CET-1CEST,M3.5.0/2,M10.5.0/3"] {
            assert_eq!(of(rules), Err(TimeZoneError::Variable { value: rules.to_owned() }));
        }
    }

    #[cfg(windows)]
    #[test]
    fn windows_knows_no_such_variable() {
        assert_eq!(of("Asia/Tokyo").unwrap(), "Europe/Oslo");
    }

    #[test]
    fn a_zone_that_is_not_known_is_an_error_and_not_utc() {
        let unknown = TimeZoneError::Unknown { reason: "test".to_owned() };
        assert_eq!(named(None, || Err(unknown.clone())), Err(unknown));
    }
}
