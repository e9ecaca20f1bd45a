//! Measures how long the recovery points of a repository take to be listed.
//!
//! `cargo run --release -p kuramori-app --example catalog -- FOLDER [POINTS]`
//!
//! Makes a repository with so many recovery points (1000 unless told otherwise) in FOLDER, then
//! lists them on a computer that sees it for the first time, on one that has seen it before, and
//! after one more backup.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_app::dto::Language;
use kuramori_app::{
    App, AppError, AppOptions, CancelToken, Clock, ImageRequest, NoProgress, Place, RepositoryKey,
    Secret, SecretsChoice, SystemClock, Writer,
};

const NAME: &str = "bench";

struct Bench {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Bench {
    fn app(&self, state: &str) -> Result<App, AppError> {
        App::open(AppOptions {
            state: self.folder.join(state),
            secrets: SecretsChoice::Sealed(self.folder.join(format!("{state}.key"))),
            notices: false,
            hardware: kuramori_app::platform::Roots::default(),
            clock: self.clock.clone(),
        })
    }

    fn back_up(&self, place: &Place, n: u32) -> Result<(), AppError> {
        place.backup_image(ImageRequest {
            file: &self.folder.join("image"),
            name: Some(&format!("vm-{}", n % 50)),
            areas: None,
            writer: Writer::once()?,
            clock: self.clock.clone(),
            progress: Arc::new(NoProgress),
            cancel: &CancelToken::new(),
        })?;
        Ok(())
    }

    fn measure<T>(
        &self,
        what: &str,
        work: impl FnOnce() -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let begun = self.clock.monotonic();
        let done = work()?;
        let took = self.clock.monotonic().saturating_sub(begun);
        println!("{what:<44}{:>8} ms", took.as_millis());
        Ok(done)
    }

    fn list(&self, what: &str) -> Result<(), AppError> {
        let count = self.measure(what, || {
            let list = self.app("new")?.place(NAME)?.points(Language::En)?;
            Ok(list.points.len())
        })?;
        println!("{:<44}{count:>8}", "  recovery points");
        Ok(())
    }
}

fn key() -> RepositoryKey {
    RepositoryKey::KeyFile(Secret::new(vec![7; 32]))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let folder = args.next().map(PathBuf::from);
    let folder = folder.ok_or("usage: catalog FOLDER [POINTS]")?;
    let points = args.next().and_then(|n| n.to_str()?.parse().ok()).unwrap_or(1000);
    fs_err::create_dir_all(&folder)?;
    fs_err::write(folder.join("image"), vec![0x5A; 64 << 10])?;
    let bench = Bench { folder, clock: Arc::new(SystemClock::new()) };
    run(&bench, points)?;
    Ok(())
}

fn run(bench: &Bench, points: u32) -> Result<(), AppError> {
    let path: &Path = &bench.folder.join("repository");
    let first = bench.app("first")?;
    first.create_repository(NAME, path, key())?;
    let place = first.place(NAME)?;
    bench.measure("making them", || (0..points).try_for_each(|n| bench.back_up(&place, n)))?;
    bench.measure("attach on a new computer, with all looks", || {
        bench.app("new")?.attach_repository(NAME, path, key()).map(drop)
    })?;
    bench.list("start, open and list, nothing new")?;
    bench.back_up(&place, points)?;
    bench.list("start, open and list, one new")?;
    fs_err::remove_dir_all(bench.folder.join("new").join("catalog")).ok();
    bench.list("start, open and list, catalog lost")
}
