//! The window over a state folder that another process holds.

use std::fs::File;

use anyhow::{Result, ensure};
use kuramori_e2e::Desktop;

use crate::steps;

#[tokio::test]
async fn a_state_folder_in_use_is_said_and_taken_once_it_is_free() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let setup = steps::setup(&dir, "startup");
    fs_err::create_dir_all(&setup.state)?;
    let other = File::create(setup.state.join("owner.lock"))?;
    other.try_lock()?;

    let state = setup.state.clone();
    let app = Desktop::start(setup).await?;
    let card = app.find_with("screen-failure", "data-code", "state-in-use").await?.text().await?;
    app.picture("state-in-use").await?;
    ensure!(card.contains(&*state.to_string_lossy()), "the card names the folder: {card:?}");

    // Nobody has to start the app again: it notices by itself.
    drop(other);
    app.find("first-run").await?;
    app.picture("free-again").await?;
    let logs = fs_err::read_dir(state.join("logs"))?.count();
    ensure!(logs == 1, "the program keeps a log of its own, found {logs}");
    app.close().await
}
