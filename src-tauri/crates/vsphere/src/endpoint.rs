use std::fmt;

use url::{Host, Url};

use crate::VsphereError;

/// Where a vSphere server listens. HTTPS only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
}

impl Endpoint {
    /// Parses what a person types: a host name or address, with or without `https://`, port and
    /// path. The path is dropped.
    ///
    /// # Errors
    /// [`VsphereError::Address`] for anything else, also for plain HTTP, and for addresses that
    /// carry a user or a password.
    pub fn parse(address: &str) -> Result<Self, VsphereError> {
        let wrong = |why| VsphereError::Address { address: redacted(address), why };
        let text = address.trim();
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut base = Url::parse(&full).map_err(|_| wrong("it is not a host name or URL"))?;
        if base.scheme() != "https" {
            return Err(wrong("only https:// is supported"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("user and password do not belong into the address"));
        }
        if base.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it names no host"));
        }
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base })
    }

    /// Returns the host name or address, without brackets.
    pub fn host(&self) -> String {
        match self.base.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.base.port_or_known_default().unwrap_or(443)
    }

    /// Returns the URL of a path on this server. `path` begins with `/` and is already encoded.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// Returns the address without what stands before an `@`, which may be a password.
fn redacted(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        for (typed, shown) in [
            ("esxi1.lan", "https://esxi1.lan"),
            (" https://vc.example/ui/#/x?y ", "https://vc.example"),
            ("10.0.0.5:8443", "https://10.0.0.5:8443"),
            ("https://[fe80::1]:444/sdk", "https://[fe80::1]:444"),
        ] {
            assert_eq!(Endpoint::parse(typed).unwrap().to_string(), shown);
        }
        assert_eq!(Endpoint::parse("https://[fe80::1]").unwrap().host(), "fe80::1");
    }

    #[test]
    fn other_addresses_are_refused_without_showing_a_password() {
        for typed in ["", "http://esxi1", "ftp://x", "https://root:secret@esxi1", "a b"] {
            let error = Endpoint::parse(typed).expect_err(typed);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
