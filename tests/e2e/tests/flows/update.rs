//! The installed app replaces itself, from the button to the window of the new version.
//!
//! The newer version is this build under another number, its programs with a mark behind their
//! end. So what it calls itself is not looked at; that its files run is.

use anyhow::{Context, Result, ensure};
use kuramori_e2e::{Desktop, Running};
use kuramori_feed::DESKTOP;

use crate::installed::{Installed, NEWER, marked};

const CONFIRM: &str = "--confirm-update";

#[tokio::test]
async fn the_window_puts_a_newer_version_in_its_place_and_opens_again() -> Result<()> {
    let installed = Installed::lay_out()?;
    installed.keep_something().await?;
    let points = installed.points().await?;
    let newer = marked(&installed.file(DESKTOP))?;
    let version = installed.publish(newer.clone()).await?;
    let after = take_the_offer(&installed, "update").await?;
    ensure!(after.program()? == newer, "what was started is not the new program");
    ensure!(after.args()?.iter().any(|arg| arg == CONFIRM), "nobody waits whether it works");

    let app = Desktop::attach(installed.setup("update"), after).await?;
    app.click("first-run-skip").await?;
    // It says so in a line that goes after six seconds, perhaps before the driver is there. Only
    // the window that has said it notes that.
    let ended = installed.ended(|result| result["seen"] == true).await?;
    ensure!(ended["outcome"] == "installed" && ended["to"] == NEWER, "it ended as {ended}");
    app.picture("installed").await?;
    open_updates(&app).await?;
    app.find_with("update-daily-off", "data-selected", "true").await?;
    app.click("settings-repositories").await?;
    app.see("Archive").await?;
    app.close().await?;

    installed.assert_is(&version)?;
    ensure!(installed.points().await? == points, "the recovery points are others than before");
    Ok(())
}

#[tokio::test]
async fn a_window_that_does_not_start_gives_way_to_the_one_before() -> Result<()> {
    let installed = Installed::lay_out()?;
    installed.keep_something().await?;
    let (points, before) = (installed.points().await?, installed.files());
    installed.publish(b"#!/bin/sh\necho 'a library is missing' >&2\nexit 7\n".to_vec()).await?;
    let after = take_the_offer(&installed, "update-taken-back").await?;
    ensure!(Some(&after.program()?) == before.get(DESKTOP), "the old program is not back");
    ensure!(!after.args()?.iter().any(|arg| arg == CONFIRM), "it is tried itself");

    let app = Desktop::attach(installed.setup("update-taken-back"), after).await?;
    app.click("first-run-skip").await?;
    app.see(&format!("Version {NEWER} did not start, so the one before is back")).await?;
    app.picture("taken-back").await?;
    app.press("Show").await?;
    let card = app.text("update-result").await?;
    ensure!(card.contains("Settings and recovery points are as they were"), "{card:?}");
    app.press("Details").await?;
    for why in ["it ended by itself", "7", "a library is missing"] {
        app.see(why).await.context("the details say why")?;
    }
    app.picture("why").await?;
    app.find_with("update-daily-off", "data-selected", "true").await?;
    app.click("update-dismiss").await?;
    app.close().await?;

    let ended = installed.ended(|_| true).await?;
    ensure!(ended["outcome"] == "rolled-back", "it ended as {ended}");
    ensure!(installed.files() == before, "the files are others than before");
    ensure!(installed.points().await? == points, "the recovery points are others than before");
    Ok(())
}

/// Starts the installed window, changes a setting, installs what is offered, and returns the
/// window that opens then.
async fn take_the_offer(installed: &Installed, flow: &str) -> Result<Running> {
    let app = Desktop::start(installed.setup(flow)).await?;
    let program = installed.file(DESKTOP);
    let before = Running::wait_for(&program, None).await?;
    app.click("first-run-skip").await?;
    open_updates(&app).await?;
    let notes = app.text("update-notes").await?;
    ensure!(notes == "Faster.\nSafer.", "what changes is told as {notes:?}");
    app.see(&format!("Version {NEWER} is ready.")).await?;
    app.click("update-daily-off").await?;
    app.find_with("update-daily-off", "data-selected", "true").await?;
    app.picture("offer").await?;
    app.click("update-install").await?;
    // The driver of the first window has nothing to drive any more.
    Running::wait_for(&program, Some(&before)).await
}

async fn open_updates(app: &Desktop) -> Result<()> {
    app.click("nav-settings").await?;
    app.click("settings-updates").await
}
