//! Typing a part of the recovery key back from paper, to prove that it was written down.

use kuramori_base::Secret;

use crate::crypto::{plain_recovery_text, random};
use crate::error::RepoError;

/// Groups in a recovery key.
const GROUPS: u8 = 14;

/// Which two groups of a recovery key somebody is asked for: one of each half, at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryWords {
    /// Counted from 0.
    groups: [u8; 2],
}

impl RecoveryWords {
    /// Chooses the groups.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn ask() -> Result<Self, RepoError> {
        let half = GROUPS / 2;
        let [first, second] = random()?;
        Ok(Self { groups: [first % half, half + second % half] })
    }

    /// Returns which groups are asked for, counted from 1 as on paper.
    pub fn groups(&self) -> [u32; 2] {
        self.groups.map(|group| u32::from(group) + 1)
    }

    /// Says for each of the two whether what was typed is that group of the key. Case, blanks,
    /// hyphens, and I, L, O for 1, 1, 0 do not matter.
    pub fn check(&self, key: &Secret<String>, typed: [&Secret<String>; 2]) -> [bool; 2] {
        let right = |group: u8, typed: &Secret<String>| {
            let of_key = key.expose().split('-').nth(usize::from(group));
            let typed = plain_recovery_text(typed.expose());
            of_key.is_some_and(|of_key| plain_recovery_text(of_key) == typed)
        };
        let [first, second] = self.groups;
        [right(first, typed[0]), right(second, typed[1])]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::print_recovery_key;

    #[test]
    fn the_groups_asked_for_are_of_both_halves_and_not_always_the_same() {
        let asked: HashSet<_> = (0..500).map(|_| RecoveryWords::ask().unwrap().groups()).collect();
        assert!(asked.iter().all(|[a, b]| (1..=7).contains(a) && (8..=14).contains(b)));
        let firsts: HashSet<_> = asked.iter().map(|[a, _]| a).collect();
        let seconds: HashSet<_> = asked.iter().map(|[_, b]| b).collect();
        assert_eq!((firsts.len(), seconds.len()), (7, 7), "each can be asked for");
    }

    #[test]
    fn only_the_groups_asked_for_are_right() {
        let key = print_recovery_key(&[0x10; 32]);
        let groups: Vec<String> = key.expose().split('-').map(str::to_owned).collect();
        let words = RecoveryWords { groups: [3, 13] };
        let check = |a: &str, b: &str| words.check(&key, [&a.into(), &b.into()]);
        let sloppy = groups[3].to_lowercase().replace('0', "o").replace('1', " l");
        assert_eq!(check(&sloppy, &groups[13]), [true, true]);
        assert_eq!(check(&groups[13], &groups[3]), [false, false]);
        assert_eq!(check("", &groups[13][..3]), [false, false]);
        assert_eq!(check(key.expose(), &groups[13]), [false, true]);
    }
}
