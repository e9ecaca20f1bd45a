//! First start, the first backup, a restore as a new VM, and what a failure looks like.

use anyhow::{Context, Result, ensure};
use kuramori_e2e::{DATASTORE, Desktop, Lab, shown};
use serde_json::json;

use crate::{
    disks::{Disk, assert_same},
    steps,
};

const RESTORED: &str = "web01 restored";

#[tokio::test]
async fn from_first_start_to_a_restored_vm() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let web = Disk::make(dir.path(), "web01", 96, 11)?;
    let db = Disk::make(dir.path(), "db01", 48, 12)?;
    let vms = [("web01", web.image.as_path()), ("db01", db.image.as_path())];
    let lab = Lab::start(&dir.path().join("lab"), &vms).await?;
    let app = Desktop::start(steps::setup(&dir, "first-backup")).await?;

    app.find("first-run").await?;
    steps::connect(&app, &lab).await?;
    steps::keep(&app, &dir.path().join("repository")).await?;
    back_up(&app, &lab).await?;
    restore(&app).await?;
    check_the_lab(&lab, &web).await?;
    fail_once(&app, &lab).await?;
    app.close().await?;

    let again = Desktop::start(steps::setup(&dir, "second-start")).await?;
    again.find("home").await.context("a second start must not begin at the first screen")?;
    again.find_with("home-vms-row", "data-row", "web01").await?;
    again.picture("home").await?;
    start_with_the_session(&again).await?;
    again.close().await
}

/// The switch in the settings is the entry in the session's own list.
async fn start_with_the_session(app: &Desktop) -> Result<()> {
    let config = std::env::var_os("XDG_CONFIG_HOME").context("the session has its own home")?;
    let entry = std::path::Path::new(&config).join("autostart/app.kuramori.desktop.desktop");
    app.click("nav-settings").await?;
    app.find("settings-autostart").await?;
    for (wanted, there) in [("on", true), ("off", false)] {
        app.click(&format!("settings-autostart-{wanted}")).await?;
        app.picture(&format!("autostart-{wanted}")).await?;
        let changed = async {
            while entry.exists() != there {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(steps::RUN, changed)
            .await
            .with_context(|| format!("{wanted} has no effect on {}", entry.display()))?;
    }
    Ok(())
}

/// Third screen: all VMs are ticked; starts the backup and waits for its end.
async fn back_up(app: &Desktop, lab: &Lab) -> Result<()> {
    app.see("web01").await?;
    app.see("db01").await?;
    app.picture("3-protect").await?;
    // As from a host of the real world, so that there is something to see on the way.
    let slow = json!({ "kind": "slow", "point": "*", "bytes_per_second": 2 << 20 });
    lab.fail(&slow).await?;
    app.click("backup-start").await?;
    app.find("run-figures").await?;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    app.picture("4-running").await?;
    lab.heal().await?;
    let outcome = steps::outcome(app).await?;
    app.picture("5-saved").await?;
    ensure!(outcome == "succeeded", "the backup ended as {outcome}");
    Ok(())
}

/// Restores the newest recovery point of web01 as a new VM.
async fn restore(app: &Desktop) -> Result<()> {
    app.click("run-to-points").await?;
    app.find_with("restore-vms-row", "data-row", "web01").await?.click().await?;
    app.picture("6-what").await?;
    app.click("restore-when").await?;
    app.find("time-line").await?;
    app.picture("6-when").await?;
    app.click("restore-next").await?;
    app.click("restore-as-vm").await?;
    app.click(&format!("datastore-{DATASTORE}")).await?;
    app.fill("restore-name", RESTORED).await?;
    app.picture("6-restore").await?;
    app.click("restore-preview").await?;
    app.find("preview-sentence").await?;
    app.picture("7-preview").await?;
    app.click("restore-start").await?;
    let outcome = steps::outcome(app).await?;
    app.picture("8-restored").await?;
    ensure!(outcome == "succeeded", "the restore ended as {outcome}");
    app.find("restore-done").await?;
    app.click("restore-finish").await
}

/// On the lab's side: the new VM holds the same bytes, is off and apart; no snapshot is left.
async fn check_the_lab(lab: &Lab, web: &Disk) -> Result<()> {
    let original = lab.disk("web01", 0).await?;
    assert_same(&original, &web.bytes, "the original's disk");
    let restored = lab.disk(&RESTORED.replace(' ', "%20"), 0).await?;
    assert_same(&restored, &web.bytes, "the restored disk");

    let vms = lab.vms().await?;
    let vms = vms.as_array().context("the lab lists its VMs")?;
    for vm in vms {
        let snapshots = vm["snapshots"].as_array().map(Vec::len);
        assert_eq!(snapshots, Some(0), "a snapshot is left: {vm}");
    }
    let new = vms.iter().find(|vm| vm["name"] == RESTORED).context("the new VM is listed")?;
    assert_eq!(new["powered_on"], false, "a restored VM stays off");
    for nic in new["nics"].as_array().into_iter().flatten() {
        let apart = nic["connected"] == false && nic["start_connected"] == false;
        assert!(apart, "a restored VM stays off the network: {nic}");
    }
    Ok(())
}

/// A host with a free licence: the run fails with its sentence and a way out, the desktop is told,
/// and the recovery points stay.
async fn fail_once(app: &Desktop, lab: &Lab) -> Result<()> {
    lab.fail(&json!({ "kind": "restricted-license" })).await?;
    app.click("nav-inventory").await?;
    app.find_with("tree-vm", "data-name", "db01").await?.click().await?;
    app.find_with("vm-details", "data-name", "db01").await?;
    app.click("vm-backup").await?;
    let outcome = steps::outcome(app).await?;
    app.picture("9-failed").await?;
    ensure!(outcome == "failed", "without the right to take snapshots it ended as {outcome}");
    let code = app.attribute("failure", "data-code", steps::RUN).await?;
    ensure!(code.contains("licen"), "the failure is explained as {code}");

    let notices = shown().await?;
    let told = notices.iter().any(|notice| notice.summary.contains("db01"));
    assert!(told, "the desktop was not told of the failure: {notices:?}");
    lab.heal().await?;

    app.click("nav-restore").await?;
    app.find_with("restore-vms-row", "data-row", "db01").await?;
    Ok(())
}
