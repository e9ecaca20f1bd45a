//! What changed, as `CHANGELOG.md` and `CHANGELOG.ja.md` say it.
//!
//! A released version has the heading `## 1.2.3, 2026-12-31`, in both languages.

use anyhow::{Context, Result, bail};

use crate::paths::Paths;

const FILES: [&str; 2] = ["CHANGELOG.md", "CHANGELOG.ja.md"];

/// Returns the text for a version, English then Japanese.
///
/// # Errors
/// When one of the files does not name the version.
pub(super) fn notes(paths: &Paths, version: &str) -> Result<[String; 2]> {
    let mut notes = [String::new(), String::new()];
    for (file, note) in FILES.iter().zip(&mut notes) {
        let text = fs_err::read_to_string(paths.root.join(file))?;
        let (_, body) = section(&text, version)
            .with_context(|| format!("{file} has no heading \"## {version}, YYYY-MM-DD\""))?;
        if body.is_empty() {
            bail!("{file} says nothing about {version}");
        }
        *note = body;
    }
    Ok(notes)
}

/// Returns the day a version was released, `None` before that.
pub(super) fn date(paths: &Paths, version: &str) -> Result<Option<String>> {
    let text = fs_err::read_to_string(paths.root.join(FILES[0]))?;
    Ok(section(&text, version).map(|(date, _)| date))
}

/// Finds the date and the text of a version.
fn section(text: &str, version: &str) -> Option<(String, String)> {
    let mut parts = text.split("\n## ").skip(1);
    parts.find_map(|part| {
        let (heading, body) = part.split_once('\n')?;
        let date = heading.strip_prefix(version)?.strip_prefix(", ")?;
        Some((date.trim().to_owned(), body.trim().to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Changes\n\nIntro.\n\n## Not yet released\n\n- soon\n\n\
                        ## 0.2.0, 2027-01-02\n\n- second\n- third\n\n## 0.1.0, 2026-12-01\n\nfirst\n";

    #[test]
    fn a_version_has_its_own_text_and_day() {
        let (date, body) = section(TEXT, "0.2.0").unwrap();
        assert_eq!((date.as_str(), body.as_str()), ("2027-01-02", "- second\n- third"));
        assert_eq!(section(TEXT, "0.1.0").unwrap().1, "first");
        assert!(section(TEXT, "0.3.0").is_none());
        assert!(section(TEXT, "0.1").is_none());
    }

    #[test]
    fn both_languages_tell_of_the_same_versions() {
        let paths = Paths::find().unwrap();
        let headings = FILES.map(|file| {
            let text = fs_err::read_to_string(paths.root.join(file)).unwrap();
            let released = |line: &&str| {
                line.strip_prefix("## ").is_some_and(|rest| rest.starts_with(char::is_numeric))
            };
            text.lines().filter(released).map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(headings[0], headings[1]);
    }
}
