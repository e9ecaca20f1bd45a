//! What is compiled into the programs, from cargo's and npm's own lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Job, npm};
use crate::{paths::Paths, proc};

/// Something by others that is part of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// What it is called everywhere: `pkg:cargo/serde@1.0.0`.
    pub(super) purl: String,
    pub(super) name: String,
    pub(super) version: String,
    /// SPDX expression.
    pub(super) licence: Option<String>,
    /// SHA-256 of its source archive, in hexadecimal.
    pub(super) sha256: Option<String>,
    pub(super) repository: Option<String>,
    /// Its source on this machine.
    pub(super) source: PathBuf,
    /// The purls it uses itself.
    pub(super) uses: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
    /// Absent for packages of this workspace.
    source: Option<String>,
    targets: Vec<Kinds>,
}

#[derive(Deserialize)]
struct Kinds {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Use>,
}

#[derive(Deserialize)]
struct Use {
    pkg: String,
    dep_kinds: Vec<UseKind>,
}

#[derive(Deserialize)]
struct UseKind {
    /// Absent for what is linked in.
    kind: Option<String>,
}

/// The packages whose programs are shipped.
const SHIPPED: [&str; 2] = ["kuramori-cli", "kuramori-desktop"];

/// Returns every component by others in the programs for one system, sorted by purl.
pub(super) fn all(job: &Job<'_>) -> Result<Vec<Component>> {
    let mut cargo = proc::cargo(&job.paths.root, &["metadata", "--format-version=1", "--locked"]);
    cargo.args(["--filter-platform", job.system.triple()]);
    cargo.args(["--features", "kuramori-desktop/custom-protocol"]);
    let metadata = serde_json::from_str(&proc::capture(&mut cargo)?)?;
    let checksums = checksums(&fs_err::read_to_string(job.paths.root.join("Cargo.lock"))?);
    let mut found = crates(&metadata, &checksums)?;
    found.extend(npm::components(&Paths::ui(job.paths))?);
    found.sort_by(|a, b| a.purl.cmp(&b.purl));
    Ok(found)
}

/// Follows what is linked in, from the shipped packages on.
fn crates(
    metadata: &Metadata,
    checksums: &BTreeMap<(String, String), String>,
) -> Result<Vec<Component>> {
    let packages: BTreeMap<_, _> = metadata.packages.iter().map(|p| (p.id.as_str(), p)).collect();
    let nodes: BTreeMap<_, _> = metadata.resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let shipped = metadata.packages.iter().filter(|p| SHIPPED.contains(&p.name.as_str()));
    let mut open: Vec<&str> = shipped.map(|p| p.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let package = packages.get(id).with_context(|| format!("unknown package {id}"))?;
        let node = nodes.get(id).with_context(|| format!("{id} is not resolved"))?;
        // A macro runs in the compiler; what it uses is not part of the program.
        let linked = |used: &&Use| {
            let normal = used.dep_kinds.iter().any(|k| k.kind.is_none());
            normal && packages.get(used.pkg.as_str()).is_some_and(|p| !p.is_macro())
        };
        let uses: Vec<_> = node.deps.iter().filter(linked).map(|d| d.pkg.as_str()).collect();
        open.extend(&uses);
        if package.source.is_some() {
            let uses = uses.iter().filter_map(|id| packages.get(id)).map(|p| p.purl()).collect();
            found.push(package.component(uses, checksums));
        }
    }
    Ok(found)
}

impl Package {
    fn is_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }

    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn component(
        &self,
        uses: BTreeSet<String>,
        checksums: &BTreeMap<(String, String), String>,
    ) -> Component {
        Component {
            purl: self.purl(),
            name: self.name.clone(),
            version: self.version.clone(),
            // The old way to write it.
            licence: self.license.as_ref().map(|l| l.replace('/', " OR ")),
            sha256: checksums.get(&(self.name.clone(), self.version.clone())).cloned(),
            repository: self.repository.clone(),
            source: self.manifest_path.parent().unwrap_or(Path::new("/")).to_path_buf(),
            uses,
        }
    }
}

/// Reads the checksums of a `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
        Some(line.trim_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let key = (field(block, "name")?, field(block, "version")?);
            Some((key, field(block, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Metadata {
        let package = |name: &str, kind: &str, source: &str| {
            format!(
                r#"{{"id":"{name}#1","name":"{name}","version":"1.0.0","license":"MIT/Apache-2.0",
                "repository":null,"manifest_path":"/r/{name}/Cargo.toml","source":{source},
                "targets":[{{"kind":["{kind}"]}}]}}"#
            )
        };
        let uses = |name: &str, kind: &str| {
            format!(r#"{{"pkg":"{name}#1","dep_kinds":[{{"kind":{kind}}}]}}"#)
        };
        let node = |name: &str, deps: &[String]| {
            format!(r#"{{"id":"{name}#1","deps":[{}]}}"#, deps.join(","))
        };
        let packages = [
            package("kuramori-cli", "bin", "null"),
            package("serde", "lib", "\"registry\""),
            package("serde_derive", "proc-macro", "\"registry\""),
            package("cc", "lib", "\"registry\""),
            package("tempfile", "lib", "\"registry\""),
        ];
        let nodes = [
            node(
                "kuramori-cli",
                &[uses("serde", "null"), uses("cc", "\"build\""), uses("tempfile", "\"dev\"")],
            ),
            node("serde", &[uses("serde_derive", "null")]),
            node("serde_derive", &[]),
            node("cc", &[]),
            node("tempfile", &[]),
        ];
        let text = format!(
            r#"{{"packages":[{}],"resolve":{{"nodes":[{}]}}}}"#,
            packages.join(","),
            nodes.join(",")
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn only_what_is_linked_in_is_a_component() {
        let checksums = [(("serde".to_owned(), "1.0.0".to_owned()), "ab".to_owned())];
        let found = crates(&example(), &checksums.into()).unwrap();
        let names: Vec<_> = found.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["serde"]);
        assert_eq!(found[0].licence.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(found[0].sha256.as_deref(), Some("ab"));
        assert_eq!(found[0].purl, "pkg:cargo/serde@1.0.0");
    }

    #[test]
    fn checksums_are_found_by_name_and_version() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1\"\nchecksum = \"x\"\n\n\
                    [[package]]\nname = \"own\"\nversion = \"2\"\n";
        let found = checksums(lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&("a".to_owned(), "1".to_owned())], "x");
    }
}
