//! The table of who may use what, and the check of a graph against it.

use super::graph::Graph;

/// What one package may use.
pub(super) struct Rule {
    package: &'static str,
    /// Packages of the workspace it may name.
    may: &'static [&'static str],
    /// Packages from elsewhere that must not be reachable from it at all.
    never: &'static [&'static str],
}

const fn rule(
    package: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
) -> Rule {
    Rule { package, may, never }
}

const BASE: &str = "kuramori-base";
const PLATFORM: &str = "kuramori-platform";
const BLOCK: &str = "kuramori-block";
const JOBS: &str = "kuramori-jobs";
const VSPHERE: &str = "kuramori-vsphere";
const VDISK: &str = "kuramori-vdisk";
const REPO: &str = "kuramori-repo";
const ENGINE: &str = "kuramori-engine";
const RESTORE: &str = "kuramori-restore";
const APP: &str = "kuramori-app";
const LAB: &str = "kuramori-lab";
const FEED: &str = "kuramori-feed";

/// Frontends stay out of everything below them.
const FACES: &[&str] = &["tauri", "clap", "axum"];

/// The wire and format crates keep no local database either.
const FACES_AND_SQLITE: &[&str] = &["tauri", "clap", "axum", "rusqlite"];

/// Plain values and algebra: no runtime, no I/O crates.
const RUNTIMES: &[&str] = &["tokio", "reqwest", "rusqlite", "tauri", "clap", "axum"];

/// One row per package of the workspace; a package without a row is a violation.
pub(super) const RULES: &[Rule] = &[
    rule(BASE, &[], RUNTIMES),
    rule(BLOCK, &[BASE], RUNTIMES),
    rule(VSPHERE, &[BASE, BLOCK], FACES_AND_SQLITE),
    rule(VDISK, &[BASE, BLOCK], FACES_AND_SQLITE),
    rule(PLATFORM, &[BASE], RUNTIMES),
    rule(REPO, &[BASE, PLATFORM, BLOCK], FACES_AND_SQLITE),
    rule(JOBS, &[BASE], FACES),
    rule(ENGINE, &[BASE, PLATFORM, BLOCK, JOBS, VSPHERE, VDISK, REPO], FACES),
    rule(RESTORE, &[BASE, BLOCK, JOBS, VSPHERE, VDISK, REPO], FACES),
    rule(APP, &[BASE, PLATFORM, BLOCK, JOBS, VSPHERE, VDISK, REPO, ENGINE, RESTORE], FACES),
    // The edges see the application and nothing below it.
    rule("kuramori-cli", &[APP], &["tauri"]),
    rule("kuramori-desktop", &[APP], &["clap", "axum"]),
    // The lab plays the other side: built from our client or repository it would agree with
    // their mistakes. (qemu-img reads and writes what its use of vdisk makes and takes.)
    rule(LAB, &[BASE, BLOCK, VDISK], &["tauri", "rusqlite"]),
    // So do the makers whose updates the tests take.
    rule(FEED, &[], FACES),
    rule("kuramori-e2e", &[APP, LAB, FEED], &["tauri"]),
    rule("kuramori-fuzz", &[BASE, REPO, VDISK, VSPHERE], FACES),
    rule("xtask", &[], &["tokio", "tauri", "rusqlite"]),
];

/// Returns one sentence per broken rule.
pub(super) fn violations(graph: &Graph, rules: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for member in graph.members() {
        let Some(rule) = rules.iter().find(|rule| rule.package == member) else {
            found.push(format!("{member} has no row in xtask/src/deps/rules.rs"));
            continue;
        };
        for used in graph.direct_members(member).filter(|used| !rule.may.contains(used)) {
            found.push(format!("{member} must not use {used}"));
        }
        for never in rule.never {
            if let Some(way) = graph.path(member, never) {
                found.push(format!("{member} must not reach {never}: {}", way.join(" -> ")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_RULES: &[Rule] = &[rule("low", &[], &["tokio"]), rule("high", &["low"], &[])];

    #[test]
    fn a_graph_that_keeps_the_rules_passes() {
        let graph = Graph::of(&["low", "high"], &[("high", "low"), ("high", "tokio")]);
        assert!(violations(&graph, TEST_RULES).is_empty());
    }

    #[test]
    fn an_upward_use_is_found() {
        let graph = Graph::of(&["low", "high"], &[("low", "high")]);
        assert_eq!(violations(&graph, TEST_RULES), ["low must not use high"]);
    }

    #[test]
    fn a_forbidden_package_is_found_behind_others() {
        let graph = Graph::of(&["low"], &[("low", "x"), ("x", "tokio")]);
        assert_eq!(violations(&graph, TEST_RULES), ["low must not reach tokio: low -> x -> tokio"]);
    }

    #[test]
    fn a_package_without_a_row_is_found() {
        let graph = Graph::of(&["new"], &[]);
        assert_eq!(violations(&graph, TEST_RULES).len(), 1);
    }
}
