use argon2::{Algorithm, Argon2, Params, Version};
use kuramori_base::Secret;
use minicbor::{Decode, Encode};

use crate::error::RepoError;
use crate::format::FormatError;

const MAX_MEMORY_KIB: u32 = 4 << 20;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
/// Caps memory × passes, and so the time a hostile slot can cost.
const MAX_WORK_KIB: u64 = 16 << 20;

/// How much work it is to try one passphrase (Argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfCost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl KdfCost {
    /// 256 MiB, 3 passes, 4 lanes: about a second.
    pub const STANDARD: Self = Self { memory_kib: 256 << 10, passes: 3, lanes: 4 };

    /// Next to no work. Protects nothing; for tests that open repositories by the thousand.
    pub const INSECURE_FOR_TESTS: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

impl Default for KdfCost {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// The parameters as a key slot stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct KdfParams {
    #[n(0)]
    pub(crate) memory_kib: u32,
    #[n(1)]
    pub(crate) passes: u32,
    #[n(2)]
    pub(crate) lanes: u32,
}

impl From<KdfCost> for KdfParams {
    fn from(cost: KdfCost) -> Self {
        Self { memory_kib: cost.memory_kib, passes: cost.passes, lanes: cost.lanes }
    }
}

impl KdfParams {
    /// Refuses what would cost too much memory or time, before any of it is spent.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        let work = u64::from(self.memory_kib).saturating_mul(u64::from(self.passes));
        let fine = self.memory_kib <= MAX_MEMORY_KIB
            && (1..=MAX_PASSES).contains(&self.passes)
            && (1..=MAX_LANES).contains(&self.lanes)
            && self.memory_kib >= self.lanes.saturating_mul(8)
            && work <= MAX_WORK_KIB;
        if fine { Ok(()) } else { Err(FormatError::Limit("the cost of the key derivation")) }
    }
}

/// Turns a passphrase into 32 bytes. Checks the limits first.
pub(crate) fn stretch(
    passphrase: &Secret<String>,
    salt: &[u8; 32],
    params: KdfParams,
) -> Result<Secret<[u8; 32]>, RepoError> {
    let failed = |what: String| RepoError::System { what: "the key derivation", detail: what };
    params.check().map_err(|e| failed(e.to_string()))?;
    let params = Params::new(params.memory_kib, params.passes, params.lanes, Some(32))
        .map_err(|e| failed(e.to_string()))?;
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut key)
        .map_err(|e| failed(e.to_string()))?;
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_parameters_are_refused_before_they_cost_anything() {
        let good = KdfParams::from(KdfCost::STANDARD);
        assert_eq!(good.check(), Ok(()));
        for bad in [
            KdfParams { memory_kib: u32::MAX, ..good },
            KdfParams { memory_kib: 0, ..good },
            KdfParams { passes: 0, ..good },
            KdfParams { passes: u32::MAX, ..good },
            KdfParams { lanes: 0, ..good },
            KdfParams { lanes: u32::MAX, ..good },
            KdfParams { memory_kib: MAX_MEMORY_KIB, passes: MAX_PASSES, lanes: 1 },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
            assert!(stretch(&Secret::from("x"), &[0; 32], bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_parameter_changes_the_key() {
        let base = KdfParams { memory_kib: 64, passes: 1, lanes: 1 };
        let key = |p: KdfParams, pass: &str, salt: u8| {
            *stretch(&Secret::from(pass), &[salt; 32], p).unwrap().expose()
        };
        let first = key(base, "a", 0);
        assert_eq!(first, key(base, "a", 0));
        assert_ne!(first, key(base, "b", 0));
        assert_ne!(first, key(base, "a", 1));
        assert_ne!(first, key(KdfParams { passes: 2, ..base }, "a", 0));
        assert_ne!(first, key(KdfParams { memory_kib: 72, ..base }, "a", 0));
    }
}
