//! What several flows do.

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, ensure};
use kuramori_e2e::{Desktop, Lab, Setup};

/// How long a run may take.
pub(crate) const RUN: Duration = Duration::from_mins(3);

/// The passphrase of every repository here.
pub(crate) const PASSPHRASE: &str = "quiet lantern over the river";

/// The folder for the pictures and logs of a flow.
pub(crate) fn evidence(flow: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e").join(flow)
}

/// Where the app of a flow keeps its state, and where its pictures go.
pub(crate) fn setup(dir: &tempfile::TempDir, flow: &str) -> Setup {
    Setup {
        state: dir.path().join("state"),
        evidence: evidence(flow),
        program: None,
        environment: Vec::new(),
    }
}

/// First screen: connects to the lab, trusting the certificate only after comparing it.
pub(crate) async fn connect(app: &Desktop, lab: &Lab) -> Result<()> {
    let address = lab.address();
    app.fill("server-url", &address.url).await?;
    app.fill("server-user", &address.user).await?;
    app.fill("server-password", &address.password).await?;
    app.click("server-test").await?;
    let shown = hexadecimal(&app.text("trust-sha256").await?);
    let real = hexadecimal(&address.certificate_sha256);
    ensure!(shown == real, "the app shows the certificate {shown}, the lab has {real}");
    app.picture("1-connect").await?;
    app.click("trust-yes").await?;
    app.find_with("check-rights", "data-state", "good").await?;
    app.picture("1-connected").await?;
    app.click("first-run-next").await
}

/// Second screen: makes a repository and proves that its recovery key was kept.
pub(crate) async fn keep(app: &Desktop, folder: &std::path::Path) -> Result<()> {
    app.fill("repository-path", &folder.to_string_lossy()).await?;
    app.fill("repository-name", "Archive").await?;
    app.fill("repository-passphrase", PASSPHRASE).await?;
    app.fill("repository-passphrase-again", PASSPHRASE).await?;
    app.picture("2-keep").await?;
    app.click("repository-make").await?;
    let key = app.attribute("recovery-key", "data-key", RUN).await?;
    let groups: Vec<_> = key.split(['-', ' ', '\n']).filter(|group| !group.is_empty()).collect();
    for asked in 1..=2 {
        let place = format!("recovery-key-asked-{asked}");
        let number: usize = app.attribute(&place, "data-group", RUN).await?.parse()?;
        app.fill(&format!("recovery-key-group-{asked}"), groups[number - 1]).await?;
    }
    app.click("recovery-key-kept").await
}

/// Waits until the run on the screen is over and returns its outcome.
pub(crate) async fn outcome(app: &Desktop) -> Result<String> {
    app.attribute("run-state", "data-outcome", RUN).await
}

/// Only the digits of a fingerprint, however it is written.
fn hexadecimal(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect()
}
