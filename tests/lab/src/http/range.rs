//! The `Range` header.

/// What a request wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// `first..=last`.
    Part(u64, u64),
    /// No byte of the file.
    Nothing,
}

/// Reads a `Range` header for a file of `len` bytes. Several ranges, and units other than bytes,
/// are answered with the whole file.
pub(crate) fn wanted(header: Option<&str>, len: u64) -> Wanted {
    let Some(spec) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((first, last)) = spec.split_once('-') else { return Wanted::All };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match last.parse::<u64>() {
            Ok(0) => Wanted::Nothing,
            Ok(_) if len == 0 => Wanted::Nothing,
            Ok(n) => Wanted::Part(len.saturating_sub(n), len - 1),
            Err(_) => Wanted::All,
        };
    }
    let Ok(first) = first.parse::<u64>() else { return Wanted::All };
    let last = if last.is_empty() { Ok(u64::MAX) } else { last.parse::<u64>() };
    match last {
        Ok(last) if last >= first && first < len => Wanted::Part(first, last.min(len - 1)),
        Ok(last) if last >= first => Wanted::Nothing,
        _ => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_inclusive_and_clipped() {
        let cases = [
            (None, Wanted::All),
            (Some("bytes=0-0"), Wanted::Part(0, 0)),
            (Some("bytes=10-"), Wanted::Part(10, 99)),
            (Some("bytes=90-1000"), Wanted::Part(90, 99)),
            (Some("bytes=-5"), Wanted::Part(95, 99)),
            (Some("bytes=100-"), Wanted::Nothing),
            (Some("bytes=0-1,5-6"), Wanted::All),
            (Some("lines=0-1"), Wanted::All),
            (Some("bytes=9-3"), Wanted::All),
        ];
        for (header, expected) in cases {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }
}
