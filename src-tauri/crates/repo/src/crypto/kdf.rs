use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use kuramori_base::{Clock, Secret};
use minicbor::{Decode, Encode};

use crate::error::RepoError;
use crate::format::FormatError;

const MAX_MEMORY_KIB: u32 = 4 << 20;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
/// Caps memory × passes, and so the time a hostile slot can cost.
const MAX_WORK_KIB: u64 = 16 << 20;

/// What a passphrase is measured with, and the least that one is ever protected with: 64 MiB.
const LEAST_KIB: u32 = 64 << 10;
const LEAST_PASSES: u32 = 3;
/// What trying one passphrase is to take on the computer that sets it.
const TARGET: Duration = Duration::from_secs(1);
/// A slow computer takes less memory rather than longer than this.
const PATIENCE: Duration = Duration::from_secs(4);

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

    /// Measures this computer, for a part of a second, and returns what takes it at least a second:
    /// 256 MiB and as many passes as it needs. A computer that is too slow for that takes less
    /// memory, and never less than 64 MiB and 3 passes.
    ///
    /// # Errors
    /// When the memory is not to be had.
    pub fn calibrated(clock: &dyn Clock) -> Result<Self, RepoError> {
        let least = Self { memory_kib: LEAST_KIB, passes: LEAST_PASSES, ..Self::STANDARD };
        let begun = clock.monotonic();
        stretch(&Secret::from("how fast is this computer?"), &[0; 32], least.into())?;
        Ok(Self::for_speed(clock.monotonic().saturating_sub(begun)))
    }

    /// Chooses by the time that the least cost takes. Cost grows with memory times passes.
    fn for_speed(least_takes: Duration) -> Self {
        let standard = Self::STANDARD;
        if least_takes.is_zero() {
            return standard; // a clock that stands still tells nothing
        }
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let units = u64::from(LEAST_KIB) * u64::from(LEAST_PASSES);
        let affordable = |time| micros(time).saturating_mul(units).div_ceil(micros(least_takes));
        let standard_units = u64::from(standard.memory_kib) * u64::from(standard.passes);
        if affordable(PATIENCE) < standard_units {
            let memory = affordable(TARGET) / u64::from(LEAST_PASSES);
            let memory = u32::try_from(memory).unwrap_or(standard.memory_kib);
            // In whole MiB, upwards.
            let memory_kib = memory.next_multiple_of(1 << 10).clamp(LEAST_KIB, standard.memory_kib);
            return Self { memory_kib, ..standard };
        }
        let passes = affordable(TARGET).div_ceil(u64::from(standard.memory_kib));
        let passes = u32::try_from(passes).unwrap_or(MAX_PASSES);
        Self { passes: passes.clamp(standard.passes, MAX_PASSES), ..standard }
    }

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
    fn a_passphrase_costs_a_second_on_any_computer_within_what_slots_may_ask() {
        let least = u64::from(LEAST_KIB) * u64::from(LEAST_PASSES);
        for millis in 1..10_000 {
            let cost = KdfCost::for_speed(Duration::from_millis(millis));
            assert!(cost.memory_kib >= 64 << 10 && cost.passes >= 3 && cost.lanes == 4, "{cost:?}");
            assert!(cost.memory_kib <= 256 << 10, "memory is bounded: {cost:?}");
            assert_eq!(KdfParams::from(cost).check(), Ok(()), "{cost:?}");
            let takes = u64::from(cost.memory_kib) * u64::from(cost.passes) * millis / least;
            let as_hard_as_it_gets = cost.passes == MAX_PASSES;
            assert!(takes >= 999 || as_hard_as_it_gets, "{millis} ms: {cost:?} takes {takes} ms");
            let as_easy_as_it_gets = cost.memory_kib == LEAST_KIB;
            assert!(takes <= 4_001 || as_easy_as_it_gets, "{millis} ms: {cost:?} takes {takes} ms");
        }
        assert_eq!(KdfCost::for_speed(Duration::ZERO), KdfCost::STANDARD);
        assert_eq!(KdfCost::for_speed(Duration::from_millis(300)), KdfCost::STANDARD);
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
