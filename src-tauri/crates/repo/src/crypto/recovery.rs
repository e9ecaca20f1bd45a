//! The recovery key on paper: 256 bits and a 24-bit checksum, 56 characters in 14 groups.
//!
//! The alphabet leaves out I, L, O and U; typed I and L count as 1, O as 0.

use kuramori_base::Secret;
use zeroize::Zeroize;

use crate::error::RepoError;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARS: usize = 56;
const GROUP: usize = 4;

fn checksum(key: &[u8; 32]) -> [u8; 3] {
    let hash = blake3::derive_key("kuramori v1 checksum of a recovery key", key);
    [hash[0], hash[1], hash[2]]
}

/// Writes a key in groups of four, divided by `-`.
pub(crate) fn print_recovery_key(key: &[u8; 32]) -> Secret<String> {
    let mut text = String::with_capacity(CHARS + CHARS / GROUP);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut written = 0;
    for byte in key.iter().chain(&checksum(key)) {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            if written > 0 && written % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[((bits >> held) & 31) as usize]));
            written += 1;
        }
        bits &= (1 << held) - 1;
    }
    Secret::new(text)
}

/// Returns what was typed without what does not matter: in upper case, without dashes and white
/// space, and with digits for the letters that are not in the alphabet.
pub(crate) fn plain_recovery_text(typed: &str) -> Secret<String> {
    let mut plain = String::with_capacity(typed.len());
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        plain.push(match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        });
    }
    Secret::new(plain)
}

/// Reads a key as people type it: any case, with or without dashes, spaces and line ends.
///
/// # Errors
/// [`RepoError::MistypedRecoveryKey`] when the length, a character or the checksum is wrong.
pub(crate) fn parse_recovery_key(typed: &Secret<String>) -> Result<Secret<[u8; 32]>, RepoError> {
    let mut bytes = [0u8; 35];
    let (mut bits, mut held) = (0u32, 0u32);
    let (mut read, mut at) = (0, 0);
    for c in plain_recovery_text(typed.expose()).expose().chars() {
        let value = ALPHABET
            .iter()
            .zip(0u32..)
            .find_map(|(letter, value)| (char::from(*letter) == c).then_some(value))
            .ok_or(RepoError::MistypedRecoveryKey)?;
        read += 1;
        if read > CHARS {
            return Err(RepoError::MistypedRecoveryKey);
        }
        bits = (bits << 5) | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes[at] = u8::try_from((bits >> held) & 0xFF).unwrap_or_default();
            at += 1;
        }
        bits &= (1 << held) - 1;
    }
    let mut key = [0; 32];
    key.copy_from_slice(&bytes[..32]);
    let whole = read == CHARS && bytes[32..] == checksum(&key);
    bytes.zeroize();
    let key = Secret::new(key);
    if whole { Ok(key) } else { Err(RepoError::MistypedRecoveryKey) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn printing_and_typing_round_trip(key: [u8; 32]) {
            let text = print_recovery_key(&key);
            prop_assert_eq!(text.expose().len(), 69);
            let parsed = parse_recovery_key(&text).unwrap();
            prop_assert_eq!(parsed.expose(), &key);
            let sloppy = text.expose().to_lowercase().replace('-', " \n")
                .replace('0', "o").replace('1', "l");
            let parsed = parse_recovery_key(&Secret::new(sloppy)).unwrap();
            prop_assert_eq!(parsed.expose(), &key);
        }

        #[test]
        fn any_wrong_letter_is_noticed(key: [u8; 32], at in 0usize..56, letter in 0usize..32) {
            let text = print_recovery_key(&key).expose().replace('-', "");
            let mut chars: Vec<u8> = text.into_bytes();
            prop_assume!(chars[at] != ALPHABET[letter]);
            chars[at] = ALPHABET[letter];
            let typed = Secret::new(String::from_utf8(chars).unwrap());
            prop_assert!(parse_recovery_key(&typed).is_err());
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "hello", "UUUU", &"0".repeat(56), &"0".repeat(200), "é"] {
            let parsed = parse_recovery_key(&Secret::from(text));
            assert!(matches!(parsed, Err(RepoError::MistypedRecoveryKey)), "{text:?}");
        }
    }
}
