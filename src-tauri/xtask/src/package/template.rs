//! Texts with `@NAME@` in the places to be filled.

use std::path::Path;

use anyhow::{Result, bail};

/// Reads a text and fills every place.
///
/// # Errors
/// When a place is left, or a value has no place.
pub(super) fn fill(file: &Path, values: &[(&str, &str)]) -> Result<String> {
    let mut text = fs_err::read_to_string(file)?;
    for (name, value) in values {
        let place = format!("@{name}@");
        if !text.contains(&place) {
            bail!("{} has no place for {place}", file.display());
        }
        text = text.replace(&place, value);
    }
    let open = |word: &&str| {
        word.len() > 2
            && word.starts_with('@')
            && word.ends_with('@')
            && word[1..word.len() - 1].bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "@_".contains(c)));
    if let Some(place) = words.into_iter().find(|word| open(word)) {
        bail!("{} says nothing for {place}", file.display());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_or_named() {
        let file = std::env::temp_dir().join(format!("kuramori-fill-{}", std::process::id()));
        fs_err::write(&file, "a=@A@; b=\"@B_C@\"; me@example.org").unwrap();
        let all = fill(&file, &[("A", "1"), ("B_C", "2")]);
        let open = fill(&file, &[("A", "1")]).unwrap_err().to_string();
        let none = fill(&file, &[("D", "1")]).unwrap_err().to_string();
        fs_err::remove_file(&file).unwrap();
        assert_eq!(all.unwrap(), "a=1; b=\"2\"; me@example.org");
        assert!(open.contains("@B_C@"), "{open}");
        assert!(none.contains("@D@"), "{none}");
    }
}
