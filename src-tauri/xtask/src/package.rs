//! `cargo xtask package`: installers, archives, update packages, and what goes with a release.
//!
//! A package is made in three steps: programs (built here or brought along), payload (the folder
//! an installation consists of), products. The texts and scripts of the installers lie in
//! `src-tauri/packaging`.

mod archive;
mod changes;
pub(crate) mod check;
mod components;
mod deb;
mod installer;
mod licences;
mod macos;
mod npm;
mod payload;
mod programs;
mod release;
mod sbom;
mod system;
mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};

use self::{payload::Payload, programs::Programs, system::System};
use crate::{paths::Paths, proc};

/// What to package.
#[derive(Args)]
pub(crate) struct PackageArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// An archive, a Debian package and an update package.
    Linux(SystemArgs),
    /// An installer and an update package.
    Windows(SystemArgs),
    /// A disk image and an update package.
    Macos(SystemArgs),
    /// Only the programs of this system, to be packaged elsewhere.
    Programs(ProgramsArgs),
    /// Tries the installer for Windows under Wine, with the programs that `cargo xtask cross` built.
    TryInstaller {
        /// With the app itself, which `cargo xtask cross --full` builds.
        #[arg(long)]
        full: bool,
    },
    /// Checksums, and the list of versions that is to be signed, of the packages in a folder.
    Release(release::ReleaseArgs),
}

#[derive(Args)]
struct SystemArgs {
    /// How the programs are built.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Take the programs from this folder instead of building them.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Where the packages go.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
}

#[derive(Args)]
struct ProgramsArgs {
    /// How they are built.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Where they go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// How programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Small, fast, slow to build. Only these have to keep to the limits on size.
    Release,
    /// As the tests build them; packed quickly.
    Dev,
}

/// Largest command line, in bytes.
const CLI_MOST: u64 = 25_000_000;
/// Largest thing that a person downloads, in bytes.
const DOWNLOAD_MOST: u64 = 30_000_000;

/// What all products of one system are made from.
struct Job<'a> {
    paths: &'a Paths,
    system: System,
    profile: Profile,
    /// As shown to people, `1.2.3`.
    version: String,
    out: PathBuf,
}

/// Runs the task.
pub(crate) fn run(paths: &Paths, args: &PackageArgs) -> Result<()> {
    let (system, args) = match &args.what {
        What::Linux(args) => (System::Linux, args),
        What::Windows(args) => (System::Windows, args),
        What::Macos(args) => (System::Macos, args),
        What::Programs(args) => {
            return Programs::build(paths, System::HERE, args.profile)?.copy_to(&args.out);
        }
        What::TryInstaller { full } => return check::windows(paths, *full),
        What::Release(args) => return release::run(paths, args),
    };
    let job = Job {
        paths,
        system,
        profile: args.profile,
        version: version(paths)?,
        out: std::path::absolute(&args.out)?,
    };
    let programs = match &args.programs {
        Some(dir) => Programs::brought(system, dir)?,
        None => Programs::build(paths, system, args.profile)?,
    };
    for product in job.make(&programs)? {
        println!("{:>7.1} MB  {}", megabytes(&product)?, product.display());
    }
    Ok(())
}

impl Job<'_> {
    /// Makes everything for one system and returns the files.
    fn make(&self, programs: &Programs) -> Result<Vec<PathBuf>> {
        fs_err::create_dir_all(&self.out)?;
        let payload = Payload::lay_out(self, programs)?;
        let mut products = match self.system {
            System::Linux => vec![
                archive::gzip(self, &payload.plain_archive(self)?)?,
                deb::build(self, &payload)?,
            ],
            System::Windows => vec![installer::build(self, &payload)?],
            System::Macos => vec![macos::disk_image(self, &payload)?],
        };
        if self.profile == Profile::Release {
            programs.know_no_tests()?;
            within(&payload.cli(), CLI_MOST)?;
            for product in &products {
                within(product, DOWNLOAD_MOST)?;
            }
        }
        products.push(archive::zstd(self, &payload)?);
        products.push(sbom::write(self)?);
        Ok(products)
    }

    /// Where a product of this system lies: `kuramori-VERSION-END`.
    fn product(&self, end: &str) -> PathBuf {
        self.out.join(format!("kuramori-{}-{end}", self.version))
    }

    /// A folder for what is on its way to becoming a product, empty.
    fn workshop(&self, name: &str) -> Result<PathBuf> {
        let dir = self.paths.target.join("tmp/package").join(self.system.name()).join(name);
        if dir.exists() {
            fs_err::remove_dir_all(&dir)?;
        }
        fs_err::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// A file of `src-tauri/packaging`.
    fn source(&self, name: &str) -> PathBuf {
        self.paths.root.join("src-tauri/packaging").join(name)
    }
}

/// Returns the version all packages of the workspace have.
fn version(paths: &Paths) -> Result<String> {
    let text = fs_err::read_to_string(paths.root.join("Cargo.toml"))?;
    let package = text.split("[workspace.package]").nth(1).context("no [workspace.package]")?;
    let line = package.lines().find_map(|line| line.strip_prefix("version = "));
    Ok(line.context("the workspace has no version")?.trim_matches('"').to_owned())
}

/// Returns the time of the checkout's last change as seconds since 1970: what is packed twice from
/// the same sources is the same.
fn source_time(paths: &Paths) -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => proc::capture(
            proc::cmd("git", &["log", "-1", "--format=%ct"]).current_dir(&paths.root),
        )?,
    };
    text.trim().parse().with_context(|| format!("{text:?} is not a time in seconds"))
}

fn within(file: &Path, most: u64) -> Result<()> {
    let size = fs_err::metadata(file)?.len();
    ensure!(
        size <= most,
        "{} has {size} bytes; at most {most} are allowed, so that it downloads quickly",
        file.display()
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(file: &Path) -> Result<f64> {
    Ok(fs_err::metadata(file)?.len() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_workspaces() {
        let paths = Paths::find().unwrap();
        assert_eq!(version(&paths).unwrap(), env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn a_file_that_grew_too_large_is_refused_with_its_size() {
        let file = std::env::temp_dir().join(format!("kuramori-size-{}", std::process::id()));
        fs_err::write(&file, [0; 11]).unwrap();
        assert!(within(&file, 11).is_ok());
        let error = within(&file, 10).unwrap_err().to_string();
        fs_err::remove_file(&file).unwrap();
        assert!(error.contains("11 bytes"), "{error}");
    }
}
