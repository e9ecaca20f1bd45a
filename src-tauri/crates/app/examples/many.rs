//! Measures how long the window's questions take where there are many VMs with many recovery points.
//!
//! `cargo run --release -p kuramori-app --example many -- FOLDER [VMS] [EACH]`
//!
//! Makes a repository in FOLDER in which each of so many VMs (2000 unless told otherwise) has so many
//! recovery points (400), unless it is there already, and asks on a computer that sees it for the
//! first time, again, and after another start of the program.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_app::dto::{
    Empty, FindPointsRequest, ListPointsRequest, RepositoryRequest, SumPointsRequest,
};
use kuramori_app::schema::command;
use kuramori_app::{
    App, AppError, AppOptions, CancelToken, Clock, ImageRequest, NoProgress, RepositoryKey, Secret,
    SecretsChoice, SystemClock, Writer,
};
use kuramori_repo::testing::copy_points;
use kuramori_repo::{LocalStore, OpenOptions, Repository, Unlock, VmIdentity};

type Failed = Box<dyn std::error::Error>;

const NAME: &str = "bench";

struct Bench {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Bench {
    fn app(&self) -> Result<App, AppError> {
        App::open(AppOptions {
            state: self.folder.join("state"),
            secrets: SecretsChoice::Sealed(self.folder.join("state.key")),
            notices: false,
            hardware: kuramori_app::platform::Roots::default(),
            clock: self.clock.clone(),
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// Makes the repository: one true recovery point, and copies of it.
    fn make(&self, vms: u32, each: u32) -> Result<(), Failed> {
        let image = self.folder.join("image");
        fs_err::write(&image, vec![0x5A; 64 << 10])?;
        let app = self.app()?;
        app.create_repository(NAME, &self.path(), key())?;
        app.place(NAME)?.backup_image(ImageRequest {
            file: &image,
            name: Some("model"),
            areas: None,
            writer: Writer::once()?,
            clock: self.clock.clone(),
            progress: Arc::new(NoProgress),
            cancel: &CancelToken::new(),
        })?;
        drop(app);
        let store = Arc::new(LocalStore::new(self.path()));
        let unlock = Unlock::KeyFile(Secret::new(vec![7; 32]));
        let repository = Repository::open(store, &unlock, OpenOptions::default())?;
        let vms: Vec<_> = (0..vms).map(vm).collect();
        copy_points(&repository, &vms, each, self.clock.now(), |name, bytes| {
            let path = self.path().join(Path::new(name.as_str()));
            fs_err::create_dir_all(path.parent().unwrap_or(&path))?;
            fs_err::write(&path, bytes)
        })?;
        Ok(())
    }

    async fn measure<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, AppError> {
        let begun = self.clock.monotonic();
        let answer = answer.await?;
        let took = self.clock.monotonic().saturating_sub(begun);
        println!("{what:<44}{:>8} ms", took.as_millis());
        Ok(answer)
    }

    /// What the screens ask.
    async fn ask(&self, app: &App) -> Result<(), AppError> {
        let protection = app.call::<command::ProtectionList>(Empty {});
        self.measure("home: protection", protection).await?;
        let repositories = app.call::<command::RepositoriesList>(Empty {}).await?.repositories;
        let repository_id = repositories.into_iter().map(|one| one.id).next().unwrap_or_default();
        let info = RepositoryRequest { repository_id: repository_id.clone() };
        self.measure("storage: a repository", app.call::<command::RepositoriesInfo>(info)).await?;
        let sums = SumPointsRequest { repository_id: Some(repository_id) };
        self.measure("storage: sums", app.call::<command::PointsSums>(sums)).await?;
        let of_one = ListPointsRequest { repository_id: None, vm: Some("vm-7".to_owned()) };
        self.measure("restore: one VM", app.call::<command::PointsList>(of_one)).await?;
        let find = FindPointsRequest { text: "vm-7".to_owned(), limit: 100 };
        self.measure("palette: find", app.call::<command::PointsFind>(find)).await?;
        Ok(())
    }
}

fn vm(n: u32) -> VmIdentity {
    let uuid = format!("5000abcd-0000-0000-0000-{n:012x}");
    VmIdentity { instance_uuid: Some(uuid), ..VmIdentity::named(format!("vm-{n}")) }
}

fn key() -> RepositoryKey {
    RepositoryKey::KeyFile(Secret::new(vec![7; 32]))
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().map(PathBuf::from).ok_or("usage: many FOLDER [VMS] [EACH]")?;
    let mut number = |usual| args.next().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (vms, each) = (number(2000), number(400));
    fs_err::create_dir_all(&folder)?;
    let bench = Bench { folder, clock: Arc::new(SystemClock::new()) };
    if !bench.path().exists() {
        bench.make(vms, each)?;
    }
    for round in ["first", "another"] {
        let app = bench.app()?;
        for time in ["first time", "again"] {
            println!("{round} start, {time}");
            bench.ask(&app).await?;
        }
    }
    Ok(())
}
