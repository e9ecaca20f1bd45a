//! Who may depend on whom, from `cargo metadata`: normal dependencies only, since tests may reach
//! further than the product.

mod graph;
mod rules;

use anyhow::{Result, bail};

use crate::{
    paths::Paths,
    proc::{self, cargo},
};

/// Checks every package of the workspace against [`rules::RULES`].
pub(crate) fn check(paths: &Paths) -> Result<()> {
    let args = ["metadata", "--format-version", "1", "--locked", "--quiet"];
    let json = proc::capture(&mut cargo(&paths.root, &args))?;
    let graph = graph::Graph::from_metadata(&json)?;
    let violations = rules::violations(&graph, rules::RULES);
    if violations.is_empty() {
        println!("check-deps: {} packages keep the rules", graph.members().count());
        return Ok(());
    }
    bail!("dependency rules broken:\n  {}", violations.join("\n  "))
}
