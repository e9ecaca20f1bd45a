//! What both file transports share: file URLs, pauses, ranges.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::DatastorePath;

const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How often a name is encoded. Names are stored escaped, so some servers decode twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Once,
    Twice,
}

impl Encoding {
    fn apply(self, text: &str) -> String {
        let once = utf8_percent_encode(text, KEEP).to_string();
        match self {
            Self::Once => once,
            Self::Twice => utf8_percent_encode(&once, KEEP).to_string(),
        }
    }
}

/// Returns the path and query under which a server gives a file.
pub(super) fn file_url(file: &DatastorePath, datacenter: &str, encoding: Encoding) -> String {
    let segments: Vec<String> = file.file().split('/').map(|part| encoding.apply(part)).collect();
    format!(
        "/folder/{}?dcPath={}&dsName={}",
        segments.join("/"),
        encoding.apply(datacenter),
        encoding.apply(file.datastore()),
    )
}

/// Returns how long to wait before attempt `attempt + 1`: twice as long each time up to 8 seconds,
/// spread so that several readers do not come back together.
pub(super) fn pause(attempt: u32) -> Duration {
    let base = 250_u64.saturating_mul(1 << attempt.min(5));
    // Without randomness the pause is merely less spread.
    let spread = getrandom::u64().unwrap_or(0) % base;
    Duration::from_millis(base / 2 + spread)
}

/// What `Content-Range` says: first and last byte, and the size of the file where it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) total: Option<u64>,
}

impl ContentRange {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.trim().split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        let total = match total.trim() {
            "*" => None,
            number => Some(number.parse().ok()?),
        };
        (first <= last).then_some(Self { first, last, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_encode_every_name() {
        let file: DatastorePath = "[ds & 1] a b%2f/c+d-flat.vmdk".parse().unwrap();
        assert_eq!(
            file_url(&file, "Sites/DC1", Encoding::Once),
            "/folder/a%20b%252f/c%2Bd-flat.vmdk?dcPath=Sites%2FDC1&dsName=ds%20%26%201"
        );
        assert!(file_url(&file, "x", Encoding::Twice).contains("a%2520b%25252f/c%252Bd"));
    }

    #[test]
    fn ranges_are_read_strictly() {
        let range = ContentRange::parse("bytes 0-511/1024").unwrap();
        assert_eq!((range.first, range.last, range.total), (0, 511, Some(1024)));
        assert_eq!(ContentRange::parse("bytes 5-5/*").unwrap().total, None);
        for wrong in ["", "bytes */1024", "bytes 5-4/10", "0-1/2", "bytes a-b/c", "bytes 1-2"] {
            assert_eq!(ContentRange::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn pauses_grow_and_stay_short() {
        for attempt in 0..40 {
            assert!(pause(attempt) <= Duration::from_secs(12));
        }
        assert!(pause(5) >= Duration::from_secs(4));
    }
}
