//! Files and functions stay small enough to read in one go.

mod allow;
mod functions;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::allow::{ALLOW, Allowance};
use crate::paths::Paths;

/// Lines in a file of the product.
const FILE_LINES: usize = 400;
/// Lines in a file that holds only tests.
const TEST_FILE_LINES: usize = 800;
/// Lines in a Rust function, from its signature to the closing brace.
const FUNCTION_LINES: usize = 70;

/// Folders that hold our sources.
const SOURCES: &[&str] = &["src-tauri", "tests", "ui/src", "ui/e2e"];
/// Folders that hold what others or tools wrote.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", "generated", "gen", "snapshots"];
/// Kinds of file that are read by people.
const KINDS: &[&str] = &["rs", "ts", "tsx", "css", "py", "go", "sh"];

/// Something that is too long. `what` is a path, or `path::function`.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    what: String,
    lines: usize,
    limit: usize,
}

/// Checks all sources; what [`ALLOW`] names may be longer, with a reason.
pub(crate) fn check(paths: &Paths) -> Result<()> {
    let mut files = Vec::new();
    for folder in SOURCES {
        collect(&paths.root.join(folder), &mut files)?;
    }
    let mut findings = Vec::new();
    for file in &files {
        let text = fs_err::read_to_string(file)?;
        let name = paths.relative(file);
        findings.extend(
            judge(&name, &text).with_context(|| format!("measuring the functions of {name}"))?,
        );
    }
    let complaints = complaints(&findings, ALLOW);
    if !complaints.is_empty() {
        bail!("sizes:\n  {}", complaints.join("\n  "));
    }
    println!("check-sizes: {} files, {} allowed to be longer", files.len(), ALLOW.len());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|k| kind == *k)) {
            files.push(path);
        }
    }
    Ok(())
}

fn judge(name: &str, text: &str) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let limit = if is_test(name) { TEST_FILE_LINES } else { FILE_LINES };
    let lines = text.lines().count();
    if lines > limit {
        findings.push(Finding { what: name.to_owned(), lines, limit });
    }
    if Path::new(name).extension().is_some_and(|kind| kind == "rs") {
        for function in functions::measure(text)? {
            if function.lines > FUNCTION_LINES {
                let what = format!("{name}::{}", function.name);
                findings.push(Finding { what, lines: function.lines, limit: FUNCTION_LINES });
            }
        }
    }
    Ok(findings)
}

/// Tells whether a file holds only tests. The packages under `tests/` are programs and libraries
/// with sources of their own, so that first folder does not count.
fn is_test(name: &str) -> bool {
    let inner = name.strip_prefix("tests/").unwrap_or(name);
    let file = inner.rsplit('/').next().unwrap_or(inner);
    inner.contains("/tests/")
        || inner.contains("/checks/")
        || file == "tests.rs"
        || file.contains(".test.")
}

fn complaints(findings: &[Finding], allow: &[Allowance]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Finding { what, lines, limit } in findings {
        match allow.iter().find(|entry| entry.what == what) {
            Some(entry) if *lines <= entry.lines => {}
            Some(entry) => {
                complaints.push(format!("{what}: {lines} lines, allowed {}", entry.lines));
            }
            None => complaints.push(format!("{what}: {lines} lines, limit {limit}")),
        }
    }
    for entry in allow.iter().filter(|entry| findings.iter().all(|f| f.what != entry.what)) {
        let Allowance { what, reason, .. } = entry;
        complaints.push(format!("{what}: no longer needs its allowance ({reason})"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &str, lines: usize) -> Finding {
        Finding { what: what.into(), lines, limit: 70 }
    }

    const ALLOWED: &[Allowance] = &[Allowance { what: "a", lines: 90, reason: "a table" }];

    #[test]
    fn a_file_at_the_limit_passes_and_one_line_more_does_not() {
        let lines = |n: usize| "x\n".repeat(n);
        assert!(judge("ui/src/a.ts", &lines(FILE_LINES)).unwrap().is_empty());
        assert_eq!(judge("ui/src/a.ts", &lines(FILE_LINES + 1)).unwrap().len(), 1);
        assert!(judge("ui/src/a.test.ts", &lines(FILE_LINES + 1)).unwrap().is_empty());
    }

    #[test]
    fn long_functions_are_named_with_their_file() {
        let text =
            format!("impl A {{\n    fn long() {{\n{}    }}\n}}\n", "        x();\n".repeat(70));
        let found = judge("src-tauri/src/a.rs", &text).unwrap();
        assert_eq!(
            found,
            [Finding { what: "src-tauri/src/a.rs::long".into(), lines: 72, limit: 70 }]
        );
    }

    #[test]
    fn the_lab_is_a_program_and_its_tests_are_tests() {
        assert!(!is_test("tests/lab/src/main.rs"));
        assert!(is_test("tests/lab/tests/cbt.rs"));
        assert!(is_test("src-tauri/crates/repo/src/pack/tests.rs"));
    }

    #[test]
    fn an_allowance_has_an_upper_end_and_goes_when_it_is_not_needed() {
        assert!(complaints(&[finding("a", 90)], ALLOWED).is_empty());
        assert_eq!(complaints(&[finding("a", 91)], ALLOWED), ["a: 91 lines, allowed 90"]);
        assert_eq!(complaints(&[], ALLOWED), ["a: no longer needs its allowance (a table)"]);
        assert_eq!(complaints(&[finding("b", 71)], &[]), ["b: 71 lines, limit 70"]);
    }
}
