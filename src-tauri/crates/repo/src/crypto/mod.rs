//! Keys, ids and sealing. Nothing outside this module touches a cipher.
//!
//! Invariant guarded: a (key, nonce) pair is used once. Every file has a key of its own, derived
//! from the master key and a salt, and the frames in it are counted by a [`Sealer`] that cannot be
//! cloned and takes no nonce.

mod kdf;
mod keys;
mod recovery;
mod seal;

pub use kdf::KdfCost;
pub(crate) use kdf::{KdfParams, stretch};
pub(crate) use keys::{Keys, MasterKey, derive};
pub(crate) use recovery::{parse_recovery_key, plain_recovery_text, print_recovery_key};
pub(crate) use seal::{Opener, Sealer, TAG_LEN};

use crate::error::RepoError;

/// Returns random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], RepoError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| RepoError::System { what: "random bytes", detail: e.to_string() })?;
    Ok(bytes)
}

/// Returns a salt that differs even when the random generator repeats, as in a cloned computer,
/// unless time and content repeat too, in which case the same bytes are sealed again.
pub(crate) fn hedged_salt(nanos: i64, content: &[u8; 32]) -> Result<[u8; 32], RepoError> {
    let random: [u8; 32] = random()?;
    Ok(derive("kuramori v1 hedged salt", &[&random, &nanos.to_le_bytes(), content]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_differ_with_the_content_alone() {
        let salts = [hedged_salt(0, &[1; 32]).unwrap(), hedged_salt(0, &[1; 32]).unwrap()];
        assert_ne!(salts[0], salts[1], "random bytes must take part");
        let fixed = |content: [u8; 32]| {
            derive("kuramori v1 hedged salt", &[&[0; 32], &0i64.to_le_bytes(), &content])
        };
        assert_ne!(fixed([1; 32]), fixed([2; 32]), "content must take part");
    }
}
