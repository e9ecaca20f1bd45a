//! A build that is watched: which programs it made, and that the compiler had nothing to say.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A program that a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// The package it belongs to.
    pub(super) package: String,
    /// Its name: of the binary, the library under test or the test.
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// The package's folder, where its tests run.
    pub(super) folder: PathBuf,
    /// Whether it runs tests.
    pub(super) test: bool,
}

#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerArtifact(Artifact),
    CompilerMessage(Told),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    package_id: String,
    target: Unit,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Unit {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Told {
    manifest_path: PathBuf,
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: Option<String>,
}

/// Runs a cargo command with messages as JSON; returns the programs in the order of their making.
/// Warnings about packages below `root` are errors.
pub(super) fn watch(command: &mut Command, root: &Path) -> Result<Vec<Program>> {
    let line = crate::proc::line_of(command);
    eprintln!("\n$ {line}");
    command.arg("--message-format=json").stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("could not start: {line}"))?;
    let stdout = child.stdout.take().context("the output was asked for")?;
    let mut programs = Vec::new();
    let mut warnings = BTreeSet::new();
    for text in BufReader::new(stdout).lines() {
        match take(&text?, root)? {
            Some(Found::Program(program)) => programs.push(program),
            Some(Found::Said { warning, rendered }) => {
                // A library and its tests say the same twice.
                let news = !warning || warnings.insert(rendered.clone());
                if news {
                    eprintln!("{rendered}");
                }
            }
            None => {}
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{status}: {line}");
    }
    if !warnings.is_empty() {
        bail!("{} warnings for this system; they count as errors: {line}", warnings.len());
    }
    Ok(programs)
}

enum Found {
    Program(Program),
    Said { warning: bool, rendered: String },
}

fn take(text: &str, root: &Path) -> Result<Option<Found>> {
    if !text.starts_with('{') {
        return Ok(None); // what a build script printed
    }
    let line: Line = serde_json::from_str(text).with_context(|| format!("reading {text}"))?;
    Ok(match line {
        Line::CompilerArtifact(Artifact { executable: Some(file), .. })
            if file.extension().is_some_and(|ext| ext != "exe") =>
        {
            None
        }
        Line::CompilerArtifact(Artifact {
            manifest_path,
            package_id,
            target,
            profile,
            executable: Some(file),
        }) => Some(Found::Program(Program {
            package: package_name(&package_id, &manifest_path),
            name: target.name,
            file,
            folder: manifest_path.parent().unwrap_or(root).to_path_buf(),
            test: profile.test,
        })),
        Line::CompilerMessage(told) if told.manifest_path.starts_with(root) => {
            let rendered = told.message.rendered.unwrap_or_default();
            Some(Found::Said { warning: told.message.level == "warning", rendered })
        }
        Line::CompilerArtifact(_) | Line::CompilerMessage(_) | Line::Other => None,
    })
}

/// A package id ends in `#name@version`, or in `/folder#version` when the folder has its name.
fn package_name(id: &str, manifest: &Path) -> String {
    let end = id.rsplit('#').next().unwrap_or(id);
    match end.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => manifest
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_test_program_is_found_with_its_package() {
        let text = r#"{"reason":"compiler-artifact","manifest_path":"/r/crates/base/Cargo.toml",
            "package_id":"path+file:///r/crates/base#kuramori-base@0.1.0",
            "target":{"name":"kuramori_base"},"profile":{"test":true},
            "executable":"/t/deps/kuramori_base-1.exe"}"#
            .replace('\n', "");
        let Some(Found::Program(program)) = take(&text, Path::new("/r")).unwrap() else {
            panic!("no program in {text}");
        };
        assert_eq!(program.package, "kuramori-base");
        assert_eq!(program.folder, Path::new("/r/crates/base"));
        assert!(program.test);
    }

    #[test]
    fn warnings_count_in_the_checkout_only() {
        let said = |manifest: &str| {
            let text = format!(
                r#"{{"reason":"compiler-message","manifest_path":"{manifest}",
                "message":{{"level":"warning","rendered":"unused"}}}}"#
            );
            take(&text.replace('\n', ""), Path::new("/r")).unwrap()
        };
        assert!(matches!(said("/r/a/Cargo.toml"), Some(Found::Said { warning: true, .. })));
        assert!(said("/registry/a/Cargo.toml").is_none());
    }
}
