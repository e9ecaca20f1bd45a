//! The app dies in the middle of a run. Started again, it says so, leaves no snapshot behind, and the
//! next run goes well.

use anyhow::{Context, Result, ensure};
use kuramori_e2e::{Desktop, Lab};
use serde_json::json;

use crate::{disks::Disk, steps};

#[tokio::test]
async fn a_run_that_was_cut_off_is_said_cleaned_up_and_made_good() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let disk = Disk::make(dir.path(), "mail01", 64, 51)?;
    let lab = Lab::start(&dir.path().join("lab"), &[("mail01", disk.image.as_path())]).await?;
    let app = Desktop::start(steps::setup(&dir, "restart-before")).await?;
    app.find("first-run").await?;
    steps::connect(&app, &lab).await?;
    steps::keep(&app, &dir.path().join("repository")).await?;
    app.see("mail01").await?;

    lab.fail(&json!({ "kind": "slow", "point": "*", "bytes_per_second": 256 << 10 })).await?;
    app.click("backup-start").await?;
    until_snapshots(&lab, 1).await?;
    app.find("run-figures").await?;
    app.picture("running").await?;
    app.kill().await?;
    ensure!(snapshots(&lab).await? == 1, "the run was over before the app was ended");
    lab.heal().await?;

    let app = Desktop::start(steps::setup(&dir, "restart-after")).await?;
    app.find("home").await?;
    until_snapshots(&lab, 0).await?;
    app.click("nav-activity").await?;
    app.find_with("cause", "data-state", "needs-you").await?;
    app.picture("told").await?;
    app.click("cause-again").await?;
    let outcome = steps::outcome(&app).await?;
    app.picture("made-good").await?;
    ensure!(outcome == "succeeded", "the next run ended as {outcome}");
    ensure!(snapshots(&lab).await? == 0, "a snapshot is left");
    app.close().await
}

/// Waits until the one VM has so many snapshots.
async fn until_snapshots(lab: &Lab, wanted: usize) -> Result<()> {
    let reached = async {
        while snapshots(lab).await? != wanted {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(())
    };
    tokio::time::timeout(steps::RUN, reached)
        .await
        .with_context(|| format!("the VM never had {wanted} snapshots"))?
}

async fn snapshots(lab: &Lab) -> Result<usize> {
    let vms = lab.vms().await?;
    let count = vms[0]["snapshots"].as_array().context("the lab lists snapshots")?.len();
    Ok(count)
}
