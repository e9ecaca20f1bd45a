//! The app in Japanese.

use anyhow::Result;
use kuramori_e2e::Desktop;

use crate::steps;

#[tokio::test]
async fn the_language_changes_at_the_first_screen() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let app = Desktop::start(steps::setup(&dir, "languages")).await?;
    app.find("first-run").await?;
    app.click("language-ja").await?;
    app.see("パスワード").await?;
    app.picture("japanese").await?;
    app.click("language-en").await?;
    app.see("Password").await?;
    app.close().await
}
