//! Where the programs under test lie, and ports to run them on.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

/// Returns the program `name` of this workspace, built by the same profile as this test.
pub fn built(name: &str) -> Result<PathBuf> {
    let dir = match env::var_os("KURAMORI_BIN_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => env::current_exe()?
            .ancestors()
            .nth(2) // PROFILE/deps/this-test
            .map(Path::to_path_buf)
            .context("the test does not lie in a build folder")?,
    };
    let path = dir.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    ensure!(path.is_file(), "{} is not built; run `cargo xtask test --only e2e`", path.display());
    Ok(path)
}

/// Returns the WebDriver server of the desktop app.
pub(crate) fn tauri_driver() -> Result<PathBuf> {
    match env::var_os("KURAMORI_TAURI_DRIVER") {
        Some(path) => Ok(PathBuf::from(path)),
        None => bail!("KURAMORI_TAURI_DRIVER is not set; run `cargo xtask test --only e2e`"),
    }
}

/// Fails outside the private session.
pub(crate) fn require_session() -> Result<()> {
    let home = env::home_dir().unwrap_or_default();
    let private = home.ancestors().any(|dir| {
        dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kuramori-session."))
    });
    ensure!(private, "not inside tests/e2e/session.sh; run `cargo xtask test --only e2e`");
    Ok(())
}

/// Returns a loopback port that is free now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("asking for a free port")?;
    Ok(listener.local_addr()?.port())
}
