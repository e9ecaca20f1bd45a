//! A job from the wizard keeps a VM safe; when its server cannot be reached somebody hears of it, and
//! once it can, all is well again.

use anyhow::{Result, ensure};
use kuramori_e2e::{Desktop, Lab, shown};
use serde_json::json;

use crate::{disks::Disk, steps};

const JOB: &str = "Office hours";

#[tokio::test]
async fn a_job_of_two_schedules_makes_home_green_and_a_failure_is_told_and_made_good() -> Result<()>
{
    let dir = tempfile::tempdir()?;
    let disk = Disk::make(dir.path(), "db01", 32, 41)?;
    let lab = Lab::start(&dir.path().join("lab"), &[("db01", disk.image.as_path())]).await?;
    let app = Desktop::start(steps::setup(&dir, "jobs")).await?;
    app.find("first-run").await?;
    steps::connect(&app, &lab).await?;
    steps::keep(&app, &dir.path().join("repository")).await?;
    app.see("db01").await?;
    app.click("first-run-skip").await?;

    app.see("0 of 1 VM is protected.").await?;
    make_job(&app).await?;
    ended(&app, "succeeded").await?;
    is_green(&app, "green").await?;

    lab.fail(&json!({ "kind": "no-permission", "point": "*" })).await?;
    run_again(&app).await?;
    ended(&app, "failed").await?;
    let card = app.find_with("failure", "data-code", "rights-missing").await?.text().await?;
    ensure!(card.contains("Is my data at risk?") && card.contains("Do this"), "{card:?}");
    let notices = shown().await?;
    let told = |what: &str| notices.iter().any(|notice| notice.summary.contains(what));
    ensure!(told(JOB), "the desktop was not told: {notices:?}");
    app.click("nav-activity").await?;
    app.find_with("cause", "data-state", "needs-you").await?;
    app.picture("needs-you").await?;

    lab.heal().await?;
    app.click("cause-again").await?;
    ended(&app, "succeeded").await?;
    is_green(&app, "green-again").await?;
    let before = notices.len();
    ensure!(shown().await?.len() > before, "the desktop was not told that all is well again");
    theme(&app).await?;
    app.close().await
}

/// Through the wizard: one VM, working days in the evening and one schedule more, and a name.
async fn make_job(app: &Desktop) -> Result<()> {
    app.click("nav-jobs").await?;
    app.click("job-new").await?;
    app.find_with("source-vm", "data-name", "db01").await?.click().await?;
    app.picture("1-source").await?;
    app.click("job-step-schedule").await?;
    app.click("schedule-add-working-days-evening").await?;
    app.fill("schedule-at-1", "1230").await?;
    app.picture("2-schedule").await?;
    app.click("job-step-retention").await?;
    app.picture("3-retention").await?;
    app.click("job-step-options").await?;
    app.fill("job-name", JOB).await?;
    app.picture("4-options").await?;
    app.click("job-finish-run").await?;
    app.click("run-now").await
}

async fn run_again(app: &Desktop) -> Result<()> {
    app.click("nav-jobs").await?;
    app.find_with("jobs-table-row", "data-row", JOB).await?;
    app.click("job-menu").await?;
    app.click("job-menu-run").await?;
    app.click("run-now").await
}

/// Waits for the end of the run on the screen.
async fn ended(app: &Desktop, wanted: &str) -> Result<()> {
    let outcome = steps::outcome(app).await?;
    ensure!(outcome == wanted, "it was to end as {wanted}, and ended as {outcome}");
    Ok(())
}

async fn is_green(app: &Desktop, picture: &str) -> Result<()> {
    app.click("nav-home").await?;
    app.see("Your VM is protected.").await?;
    app.find_with("home-vms-row", "data-row", "db01").await?;
    app.picture(picture).await?;
    Ok(())
}

/// The window is dark at once.
async fn theme(app: &Desktop) -> Result<()> {
    app.click("nav-settings").await?;
    app.click("settings-theme-dark").await?;
    app.find_path("//html[@data-theme='dark']").await?;
    app.click("nav-home").await?;
    app.see("Your VM is protected.").await?;
    app.picture("dark").await?;
    Ok(())
}
