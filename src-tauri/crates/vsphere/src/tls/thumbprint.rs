use std::fmt;
use std::str::FromStr;

use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The SHA-256 fingerprint of a certificate, written as upper-case pairs joined by colons.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

/// The text is not a SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 fingerprint is 64 hexadecimal digits, with or without colons")]
pub struct ThumbprintError;

impl Thumbprint {
    /// Computes the fingerprint of a certificate in DER form.
    pub fn of_der(certificate: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, certificate);
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Returns the bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads hexadecimal pairs, with colons or spaces between them or not.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' ' | '-'))
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok())
        .collect::<Option<_>>()?;
    (digits.len() == N * 2).then(|| bytes.try_into().ok()).flatten()
}

pub(super) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 {
            f.write_str(":")?;
        }
        write!(f, "{byte:02X}")?;
    }
    Ok(())
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text.trim()).map(Self).ok_or(ThumbprintError)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_and_value_agree(bytes in any::<[u8; 32]>()) {
            let print = Thumbprint(bytes);
            prop_assert_eq!(print.to_string().parse(), Ok(print));
            let plain = print.to_string().replace(':', "").to_lowercase();
            prop_assert_eq!(plain.parse(), Ok(print), "openssl and browsers leave colons out");
        }
    }

    #[test]
    fn other_digests_are_no_thumbprints() {
        assert!("AA:BB".parse::<Thumbprint>().is_err());
        assert!("0".repeat(63).parse::<Thumbprint>().is_err());
        assert!("0".repeat(40).parse::<Thumbprint>().is_err(), "SHA-1");
        assert!("é".repeat(32).parse::<Thumbprint>().is_err());
    }
}
