//! Measures how long the app takes until its window can be used, and what memory it then holds.
//!
//! `cargo xtask bench window` builds what it needs and runs it in the private session.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use kuramori_e2e::{Desktop, Lab, Running, Setup, built};

const ROUNDS: usize = 5;
/// How long the window is left alone before its memory is looked at.
const IDLE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs_err::write(dir.path().join("disk.raw"), vec![0; 1 << 20])?;
    let names: Vec<_> = (1..=9).map(|n| format!("vm{n:02}")).collect();
    let disk = dir.path().join("disk.raw");
    let vms: Vec<_> = names.iter().map(|name| (name.as_str(), disk.as_path())).collect();
    let lab = Lab::start(&dir.path().join("lab"), &vms).await?;

    println!("{:<24}{:>10}{:>14}", "", "usable", "idle memory");
    for round in 0..ROUNDS {
        let state = dir.path().join(format!("state-{round}"));
        start(&dir, &state, "first-run", "a first start").await?;
    }
    let state = dir.path().join("state-shop");
    let app = Desktop::start(setup(&dir, &state)).await?;
    connect(&app, &lab).await?;
    app.close().await?;
    for _ in 0..ROUNDS {
        start(&dir, &state, "sentence", "nine VMs").await?;
    }
    Ok(())
}

/// Starts the app, waits until `sign` is on its screen, and ends it.
async fn start(dir: &tempfile::TempDir, state: &Path, sign: &str, what: &str) -> Result<()> {
    let app = Desktop::start(setup(dir, state)).await?;
    app.find(sign).await?;
    let running = Running::wait_for(&built("kuramori-desktop")?, None).await?;
    let usable = running.age()?;
    tokio::time::sleep(IDLE).await;
    let memory = running.memory()?;
    println!("{what:<24}{:>7} ms{:>10} MiB", usable.as_millis(), memory >> 20);
    app.close().await
}

fn setup(dir: &tempfile::TempDir, state: &Path) -> Setup {
    Setup {
        state: state.to_path_buf(),
        evidence: dir.path().join("evidence"),
        program: None,
        environment: Vec::new(),
    }
}

/// Adds the lab, with no repository.
async fn connect(app: &Desktop, lab: &Lab) -> Result<()> {
    let address = lab.address();
    app.fill("server-url", &address.url).await?;
    app.fill("server-user", &address.user).await?;
    app.fill("server-password", &address.password).await?;
    app.click("server-test").await?;
    app.click("trust-yes").await?;
    app.find_with("check-rights", "data-state", "good").await?;
    app.click("first-run-next").await?;
    app.click("first-run-skip").await?;
    app.find("sentence").await.context("Home after the first server")?;
    Ok(())
}
