//! The texts that go with the programs: our licences and those of everything compiled in.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Result, ensure};

use super::{
    Job,
    components::{self, Component},
};

/// Writes `LICENSE-MIT`, `LICENSE-APACHE` and `THIRD-PARTY.txt` into `dir`.
pub(super) fn write(job: &Job<'_>, dir: &Path) -> Result<()> {
    fs_err::create_dir_all(dir)?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs_err::copy(job.paths.root.join(name), dir.join(name))?;
    }
    let parts = components::all(job)?;
    let nameless: Vec<_> =
        parts.iter().filter(|c| c.licence.is_none()).map(|c| c.purl.as_str()).collect();
    ensure!(nameless.is_empty(), "no licence is known of {}", nameless.join(", "));
    fs_err::write(dir.join("THIRD-PARTY.txt"), text(&parts)?)?;
    Ok(())
}

/// A list of all components, then each text once with those it came with.
fn text(parts: &[Component]) -> Result<String> {
    let mut list = String::from(
        "Kuramori contains the following software by others, listed with its licence.\n\
         The texts below are the ones each came with.\n\n",
    );
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for part in parts {
        let licence = part.licence.as_deref().unwrap_or_default();
        let name = format!("{} {}", part.name, part.version);
        list.push_str(&format!("{name}: {licence}\n"));
        if let Some(repository) = &part.repository {
            list.push_str(&format!("    {repository}\n"));
        }
        for text in texts_of(&part.source)? {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    for (text, names) in texts {
        let names: Vec<_> = names.into_iter().collect();
        let line = "-".repeat(72);
        list.push_str(&format!("\n{line}\n{}\n{line}\n\n{}\n", names.join(", "), text.trim_end()));
    }
    Ok(list)
}

/// The licence files of a component, and of the C library it may bring along one folder deeper.
fn texts_of(source: &Path) -> Result<Vec<String>> {
    let mut folders = vec![source.to_path_buf()];
    for entry in fs_err::read_dir(source)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != "node_modules" {
            folders.push(entry.path());
        }
    }
    let mut texts = Vec::new();
    for folder in folders {
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() && is_licence(&entry.file_name().to_string_lossy()) {
                let bytes = fs_err::read(entry.path())?;
                texts.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
            }
        }
    }
    texts.sort();
    Ok(texts)
}

fn is_licence(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let code = [".rs", ".c", ".h", ".js", ".ts", ".json", ".toml", ".py"];
    ["licen", "copying", "copyright", "notice", "unlicense"].iter().any(|s| name.starts_with(s))
        && !code.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_files_are_told_by_their_names() {
        for name in ["LICENSE", "LICENSE-MIT", "licence.md", "COPYING", "NOTICE.txt", "UNLICENSE"] {
            assert!(is_licence(name), "{name}");
        }
        for name in ["license.rs", "README.md", "Cargo.toml"] {
            assert!(!is_licence(name), "{name}");
        }
    }

    #[test]
    fn a_text_stands_once_under_all_who_share_it() {
        let dir = std::env::temp_dir().join(format!("kuramori-licences-{}", std::process::id()));
        let part = |name: &str| {
            let source = dir.join(name);
            fs_err::create_dir_all(source.join("zstd")).unwrap();
            fs_err::write(source.join("LICENSE"), "Do as you like.\n").unwrap();
            fs_err::write(source.join("zstd/COPYING"), format!("C library of {name}")).unwrap();
            Component {
                purl: String::new(),
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                licence: Some("MIT".to_owned()),
                sha256: None,
                repository: None,
                source,
                uses: BTreeSet::new(),
            }
        };
        let text = text(&[part("a"), part("b")]).unwrap();
        fs_err::remove_dir_all(&dir).unwrap();
        assert_eq!(text.matches("Do as you like.").count(), 1);
        assert!(text.contains("\na 1.0.0, b 1.0.0\n"), "{text}");
        assert!(text.contains("C library of b"), "{text}");
    }
}
