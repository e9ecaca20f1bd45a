//! What was measured, as a table to read and to paste.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    images::Images,
    measure::Cost,
    tools::{Step, Tool},
};

/// The cheapest cost of each step of each tool.
pub(super) struct Table {
    tools: Vec<Tool>,
    costs: BTreeMap<Step, Vec<Option<Cost>>>,
    sizes: BTreeMap<Step, Vec<Option<u64>>>,
}

impl Table {
    pub(super) fn new(tools: &[Tool]) -> Self {
        Self { tools: tools.to_vec(), costs: BTreeMap::new(), sizes: BTreeMap::new() }
    }

    fn at(&self, tool: Tool) -> usize {
        self.tools.iter().position(|t| *t == tool).unwrap_or(0)
    }

    /// Takes in a cost; of several rounds the cheapest stays.
    pub(super) fn add(&mut self, tool: Tool, step: Step, cost: Cost) {
        let (at, len) = (self.at(tool), self.tools.len());
        let row = self.costs.entry(step).or_insert_with(|| vec![None; len]);
        if row[at].is_none_or(|known| cost.cpu_seconds < known.cpu_seconds) {
            row[at] = Some(cost);
        }
    }

    /// Takes in how much is stored after a step.
    pub(super) fn size(&mut self, tool: Tool, step: Step, bytes: u64) {
        let (at, len) = (self.at(tool), self.tools.len());
        self.sizes.entry(step).or_insert_with(|| vec![None; len])[at] = Some(bytes);
    }

    /// Returns tables in Markdown: processor seconds, wall seconds, memory, size.
    pub(super) fn text(&self, images: &Images) -> String {
        let mut text = format!("\nDisk: {}, {} days\n", images.name(), images.days());
        self.costs_table(&mut text, ("processor seconds", 2), |c| c.cpu_seconds);
        self.costs_table(&mut text, ("wall seconds", 2), |c| c.wall_seconds);
        self.costs_table(&mut text, ("peak MiB", 0), |c| c.peak_kib as f64 / 1024.0);
        let mib = |bytes: &Option<u64>| bytes.map(|b| b as f64 / f64::from(1 << 20));
        let rows =
            self.sizes.iter().filter(|(step, _)| !matches!(step, Step::Restore | Step::Check));
        let rows = rows.map(|(step, row)| (step.name(), row.iter().map(mib).collect()));
        self.table(&mut text, ("MiB stored after", 0), rows);
        text.push_str("\nWhat lies in the trash of kuramori, for a day, is not counted.\n");
        text
    }

    fn costs_table(&self, text: &mut String, title: (&str, usize), figure: fn(&Cost) -> f64) {
        let rows = self
            .costs
            .iter()
            .map(|(step, row)| (step.name(), row.iter().map(|c| c.as_ref().map(figure)).collect()));
        self.table(text, title, rows);
    }

    fn table(
        &self,
        text: &mut String,
        (title, digits): (&str, usize),
        rows: impl Iterator<Item = (String, Vec<Option<f64>>)>,
    ) {
        let names: Vec<_> = self.tools.iter().map(|tool| tool.name()).collect();
        let _ = writeln!(text, "\n| {title} | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(names.len()));
        for (name, figures) in rows {
            let cells: Vec<String> = figures
                .iter()
                .map(|f| f.map_or("–".to_owned(), |f| format!("{f:.digits$}")))
                .collect();
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
    }
}
