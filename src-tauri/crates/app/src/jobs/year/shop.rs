//! The shop: two servers with their guests, a folder for recovery points, and the application.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::{Clock, ManualClock, Secret};
use kuramori_lab::{Lab, LabConfig, LabHandle, Shape};
use tokio::runtime::Runtime;

use crate::app::{App, AppOptions};
use crate::commands::Handler;
use crate::dto::{
    AddServerRequest, InventoryRequest, JobDraft, JobRequest, JobView, SaveJobRequest,
};
use crate::jobs::keeping::Kept;
use crate::jobs::reach::Folders;
use crate::place::RepositoryKey;
use crate::schema::command;
use crate::secrets::SecretsChoice;

/// Size of each disk.
pub(super) const DISK: usize = 2 << 20;
/// What a guest writes at once.
const BLOCK: usize = 64 << 10;

/// A server of the shop.
pub(super) struct Server {
    pub(super) id: String,
    dir: PathBuf,
    shape: Shape,
    listen: SocketAddr,
    lab: Option<LabHandle>,
}

/// What the guest of a VM has on its disk.
pub(super) struct Guest {
    pub(super) server: usize,
    pub(super) content: Vec<u8>,
}

pub(super) struct Shop {
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<ManualClock>,
    pub(super) servers: Vec<Server>,
    pub(super) guests: BTreeMap<String, Guest>,
    pub(super) repository: String,
    pub(super) runtime: Runtime,
    app: Option<App>,
    pub(super) kept: Kept,
    rng: fastrand::Rng,
}

impl Server {
    fn start(dir: &Path, shape: Shape, clock: &Arc<ManualClock>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { id: String::new(), dir: dir.to_owned(), shape, listen, lab: None };
        server.go_up(clock);
        server
    }

    /// Starts the server, again where it was.
    pub(super) fn go_up(&mut self, clock: &Arc<ManualClock>) {
        let config = || {
            let config = LabConfig::new(&self.dir).shape(self.shape);
            LabConfig { listen: self.listen, clock: clock.clone(), ..config }
        };
        // Its port may be taken for a moment after it went down.
        let mut started = Lab::start(config());
        for _ in 0..200 {
            if started.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
            started = Lab::start(config());
        }
        let lab = started.unwrap();
        self.listen = lab.url.strip_prefix("https://").unwrap().parse().unwrap();
        self.lab = Some(lab);
    }

    /// Pulls its plug.
    pub(super) fn go_down(&mut self) {
        self.lab.take().unwrap().stop();
    }

    pub(super) fn lab(&self) -> &LabHandle {
        self.lab.as_ref().unwrap()
    }
}

impl Shop {
    /// A host, a vCenter, an empty repository and no job.
    pub(super) fn open(folder: &Path, now: DateTime<Utc>, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let servers = vec![
            Server::start(&folder.join("esx"), Shape::Esxi, &clock),
            Server::start(&folder.join("vcenter"), Shape::Vcenter, &clock),
        ];
        let mut shop = Self {
            folder: folder.to_owned(),
            clock,
            servers,
            guests: BTreeMap::new(),
            repository: String::new(),
            runtime: Runtime::new().unwrap(),
            app: None,
            kept: Kept::new(Arc::new(Folders)),
            rng: fastrand::Rng::with_seed(seed),
        };
        fs_err::write(folder.join("seal"), [7; 32]).unwrap();
        shop.start();
        for (place, name) in ["esx", "vcenter"].iter().enumerate() {
            let lab = shop.servers[place].lab();
            let request = AddServerRequest {
                name: (*name).to_owned(),
                url: lab.url.clone(),
                user: lab.user.clone(),
                password: lab.password.clone(),
                pin: Some(pin(&lab.certificate_sha256)),
            };
            shop.servers[place].id = shop.call::<command::ServersAdd>(request).id;
        }
        let key = RepositoryKey::KeyFile(Secret::new(vec![7; 64]));
        let made =
            shop.app().create_repository("nas", &folder.join("disk").join("repository"), key);
        shop.repository = made.unwrap().repository.id;
        shop
    }

    /// Starts the program.
    pub(super) fn start(&mut self) {
        let options = AppOptions {
            state: self.folder.join("state"),
            secrets: SecretsChoice::Sealed(self.folder.join("seal")),
            notices: false,
            hardware: kuramori_platform::guest::Roots::below(&self.folder.join("hardware")),
            clock: self.clock.clone(),
        };
        self.app = Some(App::open(options).unwrap());
        self.kept = Kept::new(Arc::new(Folders));
    }

    /// Ends the program, as a person does.
    pub(super) fn end(&mut self) {
        let app = self.app.take().unwrap();
        self.runtime.block_on(async {
            app.stop().await;
            app.sign_out().await;
        });
        self.kept = Kept::new(Arc::new(Folders));
    }

    pub(super) fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Knows what the guest of a new VM has on its disk: nothing.
    pub(super) fn know_guest(&mut self, server: usize, name: &str) {
        let guest = Guest { server, content: vec![0; DISK] };
        self.guests.insert(name.to_owned(), guest);
    }

    /// The guest of a VM writes something somewhere.
    pub(super) fn write(&mut self, name: &str) {
        let guest = self.guests.get_mut(name).unwrap();
        let at = self.rng.usize(0..DISK / BLOCK) * BLOCK;
        let block = &mut guest.content[at..at + BLOCK];
        self.rng.fill(block);
        self.servers[guest.server].lab().write(name, 0, at as u64, block).unwrap();
    }

    /// Runs a command.
    pub(super) fn call<C: Handler>(&self, request: C::Request) -> C::Response {
        self.runtime.block_on(self.app().call::<C>(request)).unwrap()
    }

    pub(super) fn save_job(&self, job_id: Option<String>, draft: JobDraft) -> JobView {
        self.call::<command::JobsSave>(SaveJobRequest { job_id, draft })
    }

    pub(super) fn job(&self, name: &str) -> JobView {
        self.call::<command::JobsGet>(JobRequest { job_id: name.to_owned() })
    }

    /// Returns the id of a container of the vCenter.
    pub(super) fn group(&self, name: &str) -> String {
        let request = InventoryRequest { server_id: self.servers[1].id.clone(), refresh: true };
        let groups = self.call::<command::InventoryGet>(request).trees.folders.groups;
        groups.into_iter().find(|group| group.name == name).unwrap().id
    }

    /// Cleans up on the servers, as at every start.
    pub(super) fn recover(&self) {
        self.runtime.block_on(self.app().recover());
    }

    /// Looks what is due and waits until all of it is done.
    pub(super) fn look(&mut self) {
        self.begin();
        self.settle();
    }

    /// Looks what is due, and lets it begin.
    pub(super) fn begin(&mut self) {
        let app = self.app.clone().unwrap();
        self.runtime.block_on(app.look_at_jobs(&mut self.kept)).unwrap();
    }

    /// Waits until nothing begins, runs or is tidied.
    pub(super) fn settle(&self) {
        loop {
            self.runtime.block_on(self.app().idle());
            if self.kept.is_idle() && !self.app().is_working() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn pin(hex: &str) -> String {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.collect::<Vec<_>>().join(":").to_uppercase()
}
