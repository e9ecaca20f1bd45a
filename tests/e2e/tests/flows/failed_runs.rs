//! Runs that fail for reasons outside: the window says which, and nothing is left behind.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use kuramori_e2e::{Desktop, Lab};
use serde_json::json;

use crate::{disks::Disk, steps};

#[tokio::test]
async fn a_run_that_cannot_go_on_says_why() -> Result<()> {
    let small = std::env::var_os("KURAMORI_SMALL_DISK").context("the session has a small disk")?;
    let dir = tempfile::tempdir()?;
    let disk = Disk::make(dir.path(), "db01", 48, 31)?;
    let lab = Lab::start(&dir.path().join("lab"), &[("db01", disk.image.as_path())]).await?;
    let app = Desktop::start(steps::setup(&dir, "failed-runs")).await?;
    app.find("first-run").await?;
    steps::connect(&app, &lab).await?;
    steps::keep(&app, &PathBuf::from(small).join("repository")).await?;
    app.see("db01").await?;
    app.click("backup-start").await?;
    ended(&app, &lab, "store-full").await?;

    lab.fail(&json!({ "kind": "no-permission", "point": "*" })).await?;
    back_up_again(&app).await?;
    ended(&app, &lab, "rights-missing").await?;
    lab.heal().await?;
    app.close().await?;

    // A connection that is open is not asked again, so this is seen by the next start.
    lab.fail(&json!({ "kind": "wrong-certificate", "point": "*" })).await?;
    let app = Desktop::start(steps::setup(&dir, "failed-runs-again")).await?;
    app.click("nav-inventory").await?;
    said(&app, "certificate-changed").await?;
    app.close().await
}

async fn back_up_again(app: &Desktop) -> Result<()> {
    app.click("nav-inventory").await?;
    app.find_with("tree-vm", "data-name", "db01").await?.click().await?;
    app.find_with("vm-details", "data-name", "db01").await?;
    app.click("vm-backup").await
}

/// Waits for the end of the run on the screen, which must have failed with this code.
async fn ended(app: &Desktop, lab: &Lab, code: &str) -> Result<()> {
    let outcome = steps::outcome(app).await?;
    ensure!(outcome == "failed", "{code}: it ended as {outcome}");
    said(app, code).await?;
    let vms = lab.vms().await?;
    ensure!(
        vms[0]["snapshots"].as_array().is_some_and(Vec::is_empty),
        "{code}: a snapshot is left"
    );
    Ok(())
}

/// Waits for the card of a failure, and checks that it says all it should.
async fn said(app: &Desktop, code: &str) -> Result<()> {
    let card = app.find_with("failure", "data-code", code).await?.text().await?;
    for part in ["Is my data at risk?", "Do this"] {
        ensure!(card.contains(part), "{code}: the card lacks “{part}”: {card:?}");
    }
    app.picture(code).await?;
    Ok(())
}
