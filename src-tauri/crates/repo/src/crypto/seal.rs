use kuramori_base::Secret;
use ring::aead::{
    AES_256_GCM, Aad, BoundKey, LessSafeKey, Nonce, NonceSequence, SealingKey, UnboundKey,
};

use crate::format::FormatError;

/// Bytes the cipher adds to each frame.
pub(crate) const TAG_LEN: usize = 16;

/// Counts nonces from 0: 96 bits, little-endian.
struct Counter(u64);

impl NonceSequence for Counter {
    fn advance(&mut self) -> Result<Nonce, ring::error::Unspecified> {
        let nonce = nonce(self.0);
        self.0 = self.0.checked_add(1).ok_or(ring::error::Unspecified)?;
        Ok(nonce)
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn unbound(key: &Secret<[u8; 32]>) -> UnboundKey {
    UnboundKey::new(&AES_256_GCM, key.expose()).expect("the key has the length of the cipher")
}

/// Seals the frames of one file in order. Neither `Clone` nor told a nonce, so none repeats.
pub(crate) struct Sealer {
    key: SealingKey<Counter>,
}

impl Sealer {
    /// Takes the key of one new file; the caller made its salt just now.
    pub(crate) fn new(key: &Secret<[u8; 32]>) -> Self {
        Self { key: SealingKey::new(unbound(key), Counter(0)) }
    }

    /// Encrypts the next frame in place; its last [`TAG_LEN`] bytes become the tag.
    pub(crate) fn seal(&mut self, aad: &[u8], frame: &mut [u8]) -> Result<(), FormatError> {
        let len = frame.len().checked_sub(TAG_LEN).ok_or(FormatError::Length)?;
        let (plain, tag) = frame.split_at_mut(len);
        let made = self
            .key
            .seal_in_place_separate_tag(Aad::from(aad), plain)
            .map_err(|_| FormatError::Limit("the number or size of frames"))?;
        tag.copy_from_slice(made.as_ref());
        Ok(())
    }
}

/// Opens frames of one file, in any order.
pub(crate) struct Opener {
    key: LessSafeKey,
}

impl Opener {
    pub(crate) fn new(key: &Secret<[u8; 32]>) -> Self {
        Self { key: LessSafeKey::new(unbound(key)) }
    }

    /// Decrypts frame `number` in place and returns its plain bytes.
    pub(crate) fn open<'a>(
        &self,
        number: u64,
        aad: &[u8],
        frame: &'a mut [u8],
    ) -> Result<&'a mut [u8], FormatError> {
        self.key
            .open_in_place(nonce(number), Aad::from(aad), frame)
            .map_err(|_| FormatError::Authentication)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Secret<[u8; 32]> {
        Secret::new([7; 32])
    }

    #[test]
    fn frames_open_at_their_own_number_only() {
        let mut sealer = Sealer::new(&key());
        let mut frames = [[1u8; 40], [1u8; 40]];
        for frame in &mut frames {
            sealer.seal(b"aad", frame).unwrap();
        }
        assert_ne!(frames[0], frames[1], "the same plain text must not look the same");
        let opener = Opener::new(&key());
        assert_eq!(opener.open(1, b"aad", &mut frames[1].clone()).unwrap(), [1u8; 24]);
        assert!(opener.open(0, b"aad", &mut frames[1].clone()).is_err());
        assert!(opener.open(1, b"aae", &mut frames[1].clone()).is_err());
        let other = Opener::new(&Secret::new([8; 32]));
        assert!(other.open(1, b"aad", &mut frames[1]).is_err());
    }

    #[test]
    fn known_answer_of_the_suite() {
        // AES-256-GCM, zero key, zero nonce, 16 zero bytes: test case 14 of the GCM specification.
        let mut frame = [0u8; 32];
        Sealer::new(&Secret::new([0; 32])).seal(b"", &mut frame).unwrap();
        let hex = data_encoding::HEXLOWER.encode(&frame);
        assert_eq!(hex, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    }
}
