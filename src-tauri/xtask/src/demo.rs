//! `cargo xtask demo`: the whole way through on real programs. Two guest disks with real file
//! systems, the lab, a first backup, guest writes, an incremental backup by changed block
//! tracking, a restore as a new VM and as raw files, every byte compared.

mod cli;
mod compare;
mod disks;
mod flow;
mod host;
mod http;
mod lab;
mod noise;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

pub(crate) use self::host::Host;
use self::{cli::Kuramori, host::Native, lab::Lab};
use crate::{
    paths::Paths,
    proc::{self, cargo, cmd},
    setup::{self, Part},
};

/// How to run the demo.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Where disks, repository and state go, `demo` in the build folder when left out. What an
    /// earlier demo left there is removed.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Do not open the app at the end, even with a display.
    #[arg(long)]
    no_app: bool,
}

/// Written into a demo's folder: only a folder with it is ever removed.
const MARK: &str = ".kuramori-demo";

/// Runs the demo.
pub(crate) fn run(paths: &Paths, args: &DemoArgs) -> Result<()> {
    let open_app = !args.no_app && has_display();
    let mut parts = vec![Part::System];
    if open_app {
        parts.push(Part::Npm);
    }
    setup::run(paths, &parts)?;
    build(paths, open_app)?;
    let dir = match &args.dir {
        Some(dir) => std::path::absolute(dir)?,
        None => paths.target.join("demo"),
    };
    let host = Native(paths);
    let (lab, kuramori) = play(paths, &host, &dir)?;
    println!("Repository   {}", flow::repository(&dir).display());
    println!("Passphrase   {}", flow::PASSPHRASE);
    println!("State        {}", kuramori.state().display());
    println!("Lab's disks  {}", lab.dir().display());
    println!("Guest disks  {}", dir.display());
    if open_app {
        println!("\nThe app opens on the same lab; the lab runs until its window is closed.");
        let mut app = cmd::<&str>(paths.built("kuramori-desktop"), &[]);
        proc::run(kuramori.environment(&mut app))?;
    } else {
        println!(
            "\nThe lab is stopped. With a display, and without --no-app, the app opens on it here."
        );
    }
    lab.stop()
}

/// Plays the whole way through in `dir`, with the programs as `host` starts them. The lab still
/// runs afterwards.
pub(crate) fn play<'a>(
    paths: &Paths,
    host: &'a dyn Host,
    dir: &Path,
) -> Result<(Lab, Kuramori<'a>)> {
    begin_folder(dir)?;
    eprintln!("\n=== making two guest disks ===");
    let guests = [disks::debian(paths, dir)?, disks::windows(paths, dir)?];
    let lab = Lab::start(host, dir, &guests)?;
    let kuramori = Kuramori::new(host, dir);
    let rows = flow::run(paths, dir, &lab, &kuramori, &guests)?;
    println!("\n{}", table::render(&rows));
    println!("Every restored byte equals the guest's disk.\n");
    Ok((lab, kuramori))
}

fn build(paths: &Paths, open_app: bool) -> Result<()> {
    eprintln!("\n=== building ===");
    let mut build = cargo(&paths.root, &["build", "--locked"]);
    build.args(["--package", "kuramori-lab", "--package", "kuramori-cli"]);
    if open_app {
        proc::run(cmd("npm", &["run", "--silent", "build"]).current_dir(paths.ui()))?;
        build.args(["--package", "kuramori-desktop"]);
        build.args(["--features", "kuramori-desktop/custom-protocol"]);
    }
    proc::run(&mut build)
}

fn begin_folder(dir: &Path) -> Result<()> {
    if dir.exists() {
        let empty = fs_err::read_dir(dir)?.next().is_none();
        if !empty && !dir.join(MARK).is_file() {
            bail!("{} holds something that is not of a demo; name another --dir", dir.display());
        }
        fs_err::remove_dir_all(dir)?;
    }
    fs_err::create_dir_all(dir)?;
    fs_err::write(dir.join(MARK), "").context("marking the demo's folder")
}

fn has_display() -> bool {
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|key| std::env::var_os(key).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_someone_else_is_not_removed() {
        let dir = std::env::temp_dir().join(format!("kuramori-demo-{}", std::process::id()));
        begin_folder(&dir).unwrap();
        begin_folder(&dir).expect("a folder of a demo may be made anew");
        fs_err::remove_file(dir.join(MARK)).unwrap();
        fs_err::write(dir.join("theirs"), "").unwrap();
        assert!(begin_folder(&dir).is_err());
        assert!(dir.join("theirs").is_file());
        fs_err::remove_dir_all(dir).unwrap();
    }
}
