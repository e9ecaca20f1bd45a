//! The few fields of a certificate that a person wants to see. Trust never depends on them.

use chrono::{DateTime, NaiveDateTime, Utc};

/// What a certificate says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) not_after: Option<DateTime<Utc>>,
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

/// Reads the fields. What cannot be read stays empty.
pub(super) fn facts(der: &[u8]) -> Facts {
    read(der).unwrap_or_default()
}

fn read(der: &[u8]) -> Option<Facts> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = item(rest)?.2;
    }
    // Serial number, signature algorithm.
    rest = item(rest)?.2;
    rest = item(rest)?.2;
    let (issuer, rest) = expect(rest, SEQUENCE)?;
    let (validity, rest) = expect(rest, SEQUENCE)?;
    let (subject, _) = expect(rest, SEQUENCE)?;
    let (from_tag, from, until) = item(validity)?;
    let (until_tag, until, _) = item(until)?;
    Some(Facts {
        subject: name(subject),
        issuer: name(issuer),
        not_before: time(from_tag, from),
        not_after: time(until_tag, until),
    })
}

/// Splits off one item: its tag, its content, what follows it.
fn item(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first & 0x80 != 0 {
        let bytes = usize::from(first & 0x7f);
        if bytes == 0 || bytes > 3 {
            return None;
        }
        let (digits, after) = rest.split_at_checked(bytes)?;
        len = digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(len)?;
    Some((tag, content, after))
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    item(der).filter(|found| found.0 == tag).map(|(_, content, after)| (content, after))
}

/// Writes a name as `CN=…, O=…`, in its own order.
fn name(mut der: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((_, set, rest)) = item(der) {
        der = rest;
        let pair = expect(set, SEQUENCE).and_then(|(pair, _)| expect(pair, OID));
        let value = pair.and_then(|(oid, value)| Some((oid, item(value)?.1)));
        if let Some((oid, value)) = value
            && let Some(label) = label(oid)
        {
            let text: String = String::from_utf8_lossy(value)
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect();
            parts.push(format!("{label}={text}"));
        }
    }
    parts.join(", ")
}

fn label(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        _ => return None,
    })
}

fn time(tag: u8, content: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let full = match tag {
        // Two digits of the year: 50 to 99 are of the last century.
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%S").ok()?.and_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_generated_certificate_is_read() {
        let mut params = rcgen::CertificateParams::new(vec!["esxi1.lan".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "VMware, Inc");
        params.distinguished_name.push(rcgen::DnType::CommonName, "esxi1.lan");
        params.not_after = rcgen::date_time_ymd(2031, 5, 6);
        let key = rcgen::KeyPair::generate().unwrap();
        let facts = facts(params.self_signed(&key).unwrap().der());
        assert_eq!(facts.subject, "O=VMware, Inc, CN=esxi1.lan");
        assert_eq!(facts.issuer, facts.subject);
        assert_eq!(facts.not_after.unwrap().to_rfc3339(), "2031-05-06T00:00:00+00:00");
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            facts(&noise);
            let framed: Vec<u8> = [0x30, 0x82, 0, 200, 0x30, 0x81, 190].into_iter().chain(noise).collect();
            facts(&framed);
        }
    }
}
