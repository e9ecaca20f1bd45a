//! What the bundle of the front end holds, from npm's lock file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use serde::Deserialize;

use super::components::Component;

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    version: String,
    license: Option<String>,
    /// Needed only for building and testing.
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
}

/// Returns the packages that are not for development only.
pub(super) fn components(ui: &Path) -> Result<Vec<Component>> {
    let lock = serde_json::from_str(&fs_err::read_to_string(ui.join("package-lock.json"))?)?;
    Ok(read(&lock, ui))
}

fn read(lock: &Lock, ui: &Path) -> Vec<Component> {
    let shipped: BTreeMap<&str, (&str, &Entry)> = lock
        .packages
        .iter()
        // Types end with the compiler.
        .filter(|(path, entry)| !entry.dev && !path.contains("/@types/"))
        .filter_map(|(path, entry)| {
            let (_, name) = path.rsplit_once("node_modules/")?;
            Some((name, (path.as_str(), entry)))
        })
        .collect();
    let component = |(name, (path, entry)): (&&str, &(&str, &Entry))| Component {
        purl: purl(name, &entry.version),
        name: (*name).to_owned(),
        version: entry.version.clone(),
        licence: entry.license.clone(),
        sha256: None, // npm's lock file has other hashes
        repository: None,
        source: ui.join(path),
        uses: entry
            .dependencies
            .keys()
            .filter_map(|used| Some(purl(used, &shipped.get(used.as_str())?.1.version)))
            .collect::<BTreeSet<_>>(),
    };
    shipped.iter().map(component).collect()
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:npm/{}@{version}", name.replace('@', "%40"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_left_out_and_scopes_are_quoted() {
        let lock = serde_json::from_str(
            r#"{"packages": {
                "": {"version": "0.1.0"},
                "node_modules/@a/b": {"version": "1.0.0", "license": "MIT", "dependencies": {"c": "^2", "x": "1"}},
                "node_modules/c": {"version": "2.0.0", "license": "ISC"},
                "node_modules/x": {"version": "1.0.0", "dev": true}
            }}"#,
        )
        .unwrap();
        let found = read(&lock, Path::new("/ui"));
        let purls: Vec<_> = found.iter().map(|c| c.purl.as_str()).collect();
        assert_eq!(purls, ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0"]);
        assert_eq!(found[0].uses, BTreeSet::from(["pkg:npm/c@2.0.0".to_owned()]));
        assert_eq!(found[0].source, Path::new("/ui/node_modules/@a/b"));
    }
}
