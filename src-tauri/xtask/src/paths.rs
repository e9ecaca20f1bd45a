//! Where things lie: the checkout, the build folder and the cache outside both.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The folders every task works with, all absolute.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// Root of the checkout.
    pub(crate) root: PathBuf,
    /// `KURAMORI_CACHE`, else `~/.cache/kuramori`: tools that outlive a checkout.
    pub(crate) cache: PathBuf,
    /// Cargo's build folder.
    pub(crate) target: PathBuf,
}

impl Paths {
    /// Finds the folders from the environment and the place of this package.
    pub(crate) fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            PathBuf::from, // set by `cargo run`; right even after the checkout moved
        );
        let root = manifest
            .ancestors()
            .nth(2)
            .context("xtask does not lie two folders below the root")?
            .to_path_buf();
        let cache = match env::var_os("KURAMORI_CACHE") {
            Some(dir) => PathBuf::from(dir),
            None => home()?.join(".cache").join("kuramori"),
        };
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Ok(Self { root, cache, target })
    }

    /// Cargo's build folder for other systems, outside the checkout. One for all of them, since
    /// what runs while compiling is the same for each.
    pub(crate) fn cross_target(&self) -> PathBuf {
        self.cache.join("target-cross")
    }

    /// The folder of the front end.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// The Python interpreter with the lab's independent checkers.
    pub(crate) fn python(&self) -> PathBuf {
        self.venv_bin("python")
    }

    /// A program installed into the Python environment.
    pub(crate) fn venv_bin(&self, name: &str) -> PathBuf {
        self.cache.join("venv").join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name)
    }

    /// A tool kept in the cache's `bin`.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.cache.join("bin").join(with_exe(name))
    }

    /// What real servers said to a client of others.
    pub(crate) fn recordings(&self) -> PathBuf {
        self.cache.join("recordings")
    }

    /// A program of the workspace, built with the dev profile.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(with_exe(name))
    }

    /// The root-relative form of `path`, with forward slashes, for messages and tables.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        relative.to_string_lossy().replace('\\', "/")
    }
}

fn home() -> Result<PathBuf> {
    env::home_dir().context("no home folder is set; set KURAMORI_CACHE to a folder for tools")
}

fn with_exe(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}
