//! The part of `cargo metadata` that the rules look at.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Packages and their normal dependencies, by name.
#[derive(Debug, Default)]
pub(super) struct Graph {
    members: BTreeSet<String>,
    normal: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    /// Absent for a normal dependency.
    kind: Option<String>,
}

impl Graph {
    pub(super) fn from_metadata(json: &str) -> Result<Self> {
        let metadata: Metadata =
            serde_json::from_str(json).context("reading what cargo metadata printed")?;
        let names: BTreeMap<&str, &str> =
            metadata.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let name = |id: &str| -> Result<String> {
            Ok((*names.get(id).with_context(|| format!("unknown package id {id}"))?).to_owned())
        };
        let mut graph = Self::default();
        for id in &metadata.workspace_members {
            graph.members.insert(name(id)?);
        }
        for node in &metadata.resolve.nodes {
            let normal = graph.normal.entry(name(&node.id)?).or_default();
            for dep in &node.deps {
                if dep.dep_kinds.iter().any(|kind| kind.kind.is_none()) {
                    normal.insert(name(&dep.pkg)?);
                }
            }
        }
        Ok(graph)
    }

    /// The packages of the workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(String::as_str)
    }

    /// The packages of the workspace that `package` names itself.
    pub(super) fn direct_members(&self, package: &str) -> impl Iterator<Item = &str> {
        let deps = self.normal.get(package).into_iter().flatten();
        deps.map(String::as_str).filter(|name| self.members.contains(*name))
    }

    /// The shortest way from `package` to `wanted` through normal dependencies, if there is one.
    pub(super) fn path(&self, package: &str, wanted: &str) -> Option<Vec<String>> {
        let mut ways = std::collections::VecDeque::from([vec![package.to_owned()]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            let last = way.last().cloned().unwrap_or_default();
            for next in self.normal.get(&last).into_iter().flatten() {
                let mut longer = way.clone();
                longer.push(next.clone());
                if next == wanted {
                    return Some(longer);
                }
                if seen.insert(next.clone()) {
                    ways.push_back(longer);
                }
            }
        }
        None
    }

    #[cfg(test)]
    pub(super) fn of(members: &[&str], edges: &[(&str, &str)]) -> Self {
        let mut graph = Self::default();
        graph.members.extend(members.iter().map(|name| (*name).to_owned()));
        for (from, to) in edges {
            graph.normal.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_and_build_dependencies_do_not_count() {
        let json = r#"{"packages":[{"id":"1","name":"a"},{"id":"2","name":"b"},{"id":"3","name":"c"}],
            "workspace_members":["1"],
            "resolve":{"nodes":[{"id":"1","deps":[
                {"pkg":"2","dep_kinds":[{"kind":"dev"},{"kind":"build"}]},
                {"pkg":"3","dep_kinds":[{"kind":"dev"},{"kind":null}]}]}]}}"#;
        let graph = Graph::from_metadata(json).unwrap();
        assert_eq!(graph.members().collect::<Vec<_>>(), ["a"]);
        assert_eq!(graph.path("a", "b"), None);
        assert_eq!(graph.path("a", "c").unwrap(), ["a", "c"]);
    }

    #[test]
    fn a_circle_does_not_trap_the_search() {
        let graph = Graph::of(&[], &[("a", "b"), ("b", "a"), ("b", "c")]);
        assert_eq!(graph.path("a", "c").unwrap(), ["a", "b", "c"]);
        assert_eq!(graph.path("a", "z"), None);
    }
}
