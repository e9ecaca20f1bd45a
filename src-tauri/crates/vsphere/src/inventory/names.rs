//! Names as the server keeps them: slash, backslash and percent sign are escaped.

/// Makes a stored name readable.
pub(crate) fn decode_name(stored: &str) -> String {
    let mut out = String::with_capacity(stored.len());
    let mut rest = stored;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let code = from.get(..3).map(str::to_ascii_lowercase);
        let (character, len) = match code.as_deref() {
            Some("%2f") => ('/', 3),
            Some("%5c") => ('\\', 3),
            Some("%25") => ('%', 3),
            _ => ('%', 1),
        };
        out.push(character);
        rest = from.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Writes a name as the server keeps it.
pub(crate) fn encode_name(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2f").replace('\\', "%5c")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_survive(name in "\\PC{0,20}|[%25fF/\\\\c]{0,12}") {
            prop_assert_eq!(decode_name(&encode_name(&name)), name);
        }
    }

    #[test]
    fn stored_names_become_readable() {
        assert_eq!(decode_name("a%2Fb%5cc%25d"), "a/b\\c%d");
        assert_eq!(decode_name("100% ü%"), "100% ü%");
    }
}
