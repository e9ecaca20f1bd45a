//! What stands in the way is said in the window: a sentence, the risk, and what to do.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use kuramori_e2e::{Desktop, Lab, built};
use tokio::io::AsyncWriteExt;

use crate::{disks::Disk, steps};

#[tokio::test]
async fn each_refusal_has_its_sentence_and_a_way_out() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let disk = Disk::make(dir.path(), "web01", 16, 21)?;
    let lab = Lab::start(&dir.path().join("lab"), &[("web01", disk.image.as_path())]).await?;
    let app = Desktop::start(steps::setup(&dir, "refusals")).await?;
    app.find("first-run").await?;

    nobody_there(&app).await?;
    wrong_password(&app, &lab).await?;
    steps::connect(&app, &lab).await?;
    let taken = dir.path().join("taken");
    make_repository(dir.path(), &taken).await?;
    wrong_passphrase(&app, &taken).await?;
    let place = dir.path().join("repository");
    steps::keep(&app, &place).await?;
    place_vanished(&app, &lab, &place).await?;
    app.close().await
}

/// Waits for the card of a failure, and checks that it says all it should.
async fn refused(app: &Desktop, code: &str) -> Result<()> {
    let card = app.find_with("failure", "data-code", code).await?.text().await?;
    app.picture(code).await?;
    for part in ["Is my data at risk?", "Do this"] {
        ensure!(card.contains(part), "{code}: the card lacks “{part}”: {card:?}");
    }
    Ok(())
}

async fn type_server(app: &Desktop, url: &str, user: &str, password: &str) -> Result<()> {
    app.fill("server-url", url).await?;
    app.fill("server-user", user).await?;
    app.fill("server-password", password).await?;
    app.click("server-test").await
}

async fn nobody_there(app: &Desktop) -> Result<()> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    type_server(app, &format!("https://127.0.0.1:{port}"), "root", "x").await?;
    refused(app, "host-unreachable").await
}

async fn wrong_password(app: &Desktop, lab: &Lab) -> Result<()> {
    let address = lab.address();
    type_server(app, &address.url, &address.user, "a guess").await?;
    app.click("trust-yes").await?;
    refused(app, "login-refused").await
}

/// Makes a repository with another passphrase than the one the flows use.
async fn make_repository(dir: &Path, place: &Path) -> Result<()> {
    let mut child = tokio::process::Command::new(built("kuramori")?)
        .arg("--state")
        .arg(dir.join("other-state"))
        .arg("--secrets")
        .arg(format!("sealed:{}", dir.join("other-key").display()))
        .args(["repo", "create"])
        .arg(place)
        .args(["--name", "other", "--passphrase-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().context("its input is a pipe")?;
    input.write_all(b"another passphrase altogether").await?;
    drop(input);
    ensure!(child.wait().await?.success(), "the repository could not be made");
    Ok(())
}

async fn wrong_passphrase(app: &Desktop, place: &Path) -> Result<()> {
    app.fill("repository-path", &place.to_string_lossy()).await?;
    app.find_with("repository-place", "data-exists", "true").await?;
    app.fill("repository-name", "Taken").await?;
    app.fill("repository-passphrase", steps::PASSPHRASE).await?;
    app.click("repository-make").await?;
    refused(app, "passphrase-wrong").await
}

/// The disk with the repository is pulled: the run fails loudly, and nothing is left on the VM.
async fn place_vanished(app: &Desktop, lab: &Lab, place: &Path) -> Result<()> {
    app.see("web01").await?;
    let away = place.with_extension("away");
    fs_err::rename(place, &away)?;
    app.click("backup-start").await?;
    refused(app, "repository-vanished").await?;
    ensure!(!place.exists(), "something was made where the repository was");
    fs_err::rename(&away, place)?;
    let vms = lab.vms().await?;
    ensure!(vms[0]["snapshots"].as_array().is_some_and(Vec::is_empty), "a snapshot is left");
    Ok(())
}
