use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A position in the record of changes of one disk: an epoch and a counter in it.
///
/// A new epoch means that tracking began again, so that nothing is known about the time between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChangeId {
    epoch: String,
    counter: u64,
}

/// The text is not a change id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a change id is an epoch, a slash and a number")]
pub struct ChangeIdError;

impl ChangeId {
    /// Returns the epoch.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Returns the counter inside the epoch.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Returns whether changes between the two positions are on record.
    pub fn same_epoch(&self, other: &Self) -> bool {
        self.epoch == other.epoch
    }
}

impl FromStr for ChangeId {
    type Err = ChangeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, counter) = text.rsplit_once('/').ok_or(ChangeIdError)?;
        let plain = |c: char| c.is_ascii_graphic() || c == ' ';
        let digits = !counter.is_empty() && counter.chars().all(|c| c.is_ascii_digit());
        if epoch.is_empty() || epoch.len() > 128 || !epoch.chars().all(plain) || !digits {
            return Err(ChangeIdError);
        }
        // The counter goes back to the server as it came.
        if counter.len() > 1 && counter.starts_with('0') {
            return Err(ChangeIdError);
        }
        let counter = counter.parse().map_err(|_| ChangeIdError)?;
        Ok(Self { epoch: epoch.to_owned(), counter })
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.epoch, self.counter)
    }
}

impl Serialize for ChangeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChangeId {
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
        fn text_survives_both_ways(epoch in "[0-9a-f -]{1,47}", counter in any::<u64>()) {
            let text = format!("{epoch}/{counter}");
            prop_assert_eq!(text.parse::<ChangeId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn epochs_decide_whether_changes_are_known() {
        let id = |text: &str| text.parse::<ChangeId>().unwrap();
        let first = id("52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81");
        assert_eq!(first.counter(), 81);
        assert!(first.same_epoch(&id("52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/90")));
        assert!(!first.same_epoch(&id("52 00 c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81")));
        for wrong in ["", "*", "abc", "abc/", "/1", "abc/-1", "abc/+1", "abc/01", "a\n/1"] {
            assert!(wrong.parse::<ChangeId>().is_err(), "{wrong:?}");
        }
    }
}
