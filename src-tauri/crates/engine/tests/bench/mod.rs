//! A lab, a client, a repository and a run log to test with.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_base::{CancelToken, Secret, SystemClock, Tally};
use kuramori_block::{ByteOffset, DiskReader};
use kuramori_engine::{
    Budget, Budgets, EngineError, HotAdd, Mounts, Observer, OpenIntent, Policy, RunEvent, Step,
    Throttle, VmBackup, VmReport, backup_vm, open_intents, recover,
};
use kuramori_jobs::{Level, NewRun, RunId, RunLog, Stage};
use kuramori_lab::{Lab, LabConfig, LabHandle};
use kuramori_platform::guest::Roots;
use kuramori_repo::{
    CreateOptions, KdfCost, LocalStore, Manifest, OpenOptions, RecoveryPointId, Repository, Unlock,
    WriterId,
};
use kuramori_vsphere::{Client, ConnectOptions, VmRef};
use tokio::runtime::Runtime;

pub const SERVER_ID: &str = "lab";
/// The folder, beside the lab, in which a VM of the lab sees itself.
pub const GUEST: &str = "guest";

/// How to open the repository of a bench.
pub fn unlock() -> Unlock {
    Unlock::KeyFile(Secret::new(vec![7; 64]))
}

pub fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock::new())
}

/// What a process needs to make a backup: also a second process, which has only the paths.
pub struct Side {
    pub runtime: Runtime,
    pub client: Client,
    pub repository: Repository,
    pub log: RunLog,
    pub writer: WriterId,
    pub policy: Policy,
    pub throttle: Throttle,
    pub budgets: Budgets,
    pub mounts: Mounts,
    pub hot_add: HotAdd,
}

impl Side {
    /// Signs in to the lab and opens repository and run log.
    pub fn open(dir: &Path, url: &str, password: &str, pin: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let client = runtime
            .block_on(Client::connect(ConnectOptions {
                address: url.to_owned(),
                user: "root".to_owned(),
                password: Secret::from(password),
                pin: Some(pin.parse().unwrap()),
                user_agent: "Kuramori/test".to_owned(),
            }))
            .unwrap();
        let store = Arc::new(LocalStore::new(dir.join("repository")));
        let options = OpenOptions {
            lock_folder: Some(dir.to_owned()),
            workers: Some(2),
            ..OpenOptions::default()
        };
        let repository = Repository::open(store, &unlock(), options).unwrap();
        let throttle = Throttle::open(clock());
        // Tests that count bytes count those they ask for.
        let policy = Policy {
            audit_per_mille: 0,
            pause: Duration::from_millis(20),
            task_patience: Duration::from_millis(500),
            thaw_patience: Duration::from_millis(200),
            ..Policy::default()
        };
        let log = RunLog::open(&dir.join("runs.sqlite"), clock()).unwrap();
        Self {
            runtime,
            client,
            repository,
            log,
            writer: WriterId::from_bytes([9; 16]),
            policy,
            throttle,
            budgets: Budgets::new(Budget::default),
            mounts: Mounts::default(),
            // A computer that is no VM, unless the lab shows it one.
            hot_add: HotAdd::new(Roots::below(&dir.join(GUEST))),
        }
    }

    pub fn begin(&self) -> RunId {
        let run = NewRun {
            kind: "backup".into(),
            spec: serde_json::Value::Null,
            items: vec!["vm".into()],
            job: None,
        };
        self.log.begin(&run).unwrap()
    }

    pub fn backup(&self, vm: &VmRef, observer: &dyn Observer, cancel: &CancelToken) -> VmReport {
        self.backup_counted(vm, observer, cancel, Arc::new(Tally::new()))
    }

    pub fn backup_counted(
        &self,
        vm: &VmRef,
        observer: &dyn Observer,
        cancel: &CancelToken,
        progress: Arc<Tally>,
    ) -> VmReport {
        backup_vm(&VmBackup {
            client: &self.client,
            server_id: SERVER_ID,
            vm,
            repository: &self.repository,
            writer: self.writer,
            run: self.begin(),
            log: &self.log,
            made_for: None,
            policy: &self.policy,
            throttle: &self.throttle,
            budgets: &self.budgets,
            mounts: &self.mounts,
            hot_add: &self.hot_add,
            clock: clock(),
            progress,
            cancel,
            observer,
        })
    }

    pub fn backup_ok(&self, vm: &VmRef, observer: &dyn Observer) -> Manifest {
        let report = self.backup(vm, observer, &CancelToken::new());
        assert!(report.error.is_none(), "the backup failed: {:?}", report.error);
        self.repository.point(report.point.unwrap()).unwrap()
    }

    /// Cleans up after open intents, as every start does. Returns how many snapshots there were.
    pub fn recover(&self) -> usize {
        let intents = open_intents(&self.log).unwrap();
        intents.iter().filter(|intent| self.recover_unless(intent, false)).count()
    }

    /// Cleans up after an intent, while another run is `busy` with its VM or not.
    pub fn recover_unless(&self, intent: &OpenIntent, busy: bool) -> bool {
        let (clock, free) = (clock(), || !busy);
        let swept = recover(&self.client, &self.log, intent, &*clock, &free);
        match self.runtime.block_on(swept) {
            // Nothing is known yet, so everything stays.
            Err(EngineError::MayHang(_)) => false,
            swept => swept.unwrap(),
        }
    }

    pub fn points(&self) -> Vec<RecoveryPointId> {
        let list = self.repository.points().unwrap();
        assert!(list.damaged.is_empty(), "nothing is damaged: {:?}", list.damaged);
        list.points.iter().map(|p| p.id).collect()
    }

    /// Reads a disk of a recovery point whole.
    pub fn restored(&self, manifest: &Manifest, disk: usize) -> Vec<u8> {
        let view = self.repository.disk(manifest, disk).unwrap();
        let mut bytes = vec![0; view.capacity().as_usize()];
        view.read_at(ByteOffset::ZERO, &mut bytes).unwrap();
        bytes
    }
}

/// A lab with one VM `vm`, and a side to back it up from.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub lab: LabHandle,
    pub vm: VmRef,
    pub side: Side,
}

impl Bench {
    pub fn new(configure: impl FnOnce(LabConfig) -> LabConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = configure(LabConfig::new(dir.path().join("lab")));
        Self::in_folder(dir, config)
    }

    /// As [`Bench::new`], with the tests run inside the VM `own` of the lab.
    #[cfg(target_os = "linux")]
    pub fn inside(
        own: kuramori_lab::LabVm,
        configure: impl FnOnce(LabConfig) -> LabConfig,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let guest = ("own".to_owned(), dir.path().join(GUEST));
        let config = configure(LabConfig::new(dir.path().join("lab")).vm(own));
        Self::in_folder(dir, config.options(|options| options.guest = Some(guest)))
    }

    fn in_folder(dir: tempfile::TempDir, config: LabConfig) -> Self {
        let lab = Lab::start(config).unwrap();
        make_repository(dir.path());
        let side = Side::open(dir.path(), &lab.url, &lab.password, &lab.certificate_sha256);
        let vm = VmRef::new(lab.vm("vm").unwrap().id);
        Self { dir, lab, vm, side }
    }

    /// The disk as the guest sees it now.
    pub fn live(&self, disk: usize) -> Vec<u8> {
        let capacity = self.lab.vm("vm").unwrap().disks[disk].capacity;
        self.lab.read("vm", disk, 0, capacity).unwrap()
    }

    /// Descriptions of the snapshots the VM has.
    pub fn snapshots(&self) -> Vec<String> {
        self.lab.vm("vm").unwrap().snapshots.into_iter().map(|s| s.name).collect()
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// The session of the side is all there is on the server: no run left one.
    pub fn assert_one_session(&self) {
        assert!(self.lab.sessions() <= 1, "{} sessions are open", self.lab.sessions());
    }
}

fn make_repository(dir: &Path) {
    let store = Arc::new(LocalStore::new(dir.join("repository")));
    let mut options = CreateOptions::named("test");
    options.kdf = KdfCost::STANDARD;
    options.open.lock_folder = Some(dir.to_owned());
    Repository::create(store, &unlock(), options, &SystemClock::new()).unwrap();
}

/// Compares disks and names the first byte that differs, instead of printing both.
pub fn assert_same(got: &[u8], expected: &[u8], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: size");
    let differs = got.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!(differs, None, "{what}: the first byte that differs");
}

/// Does something at each step, and keeps the events.
pub struct AtStep<F: Fn(Step) + Send + Sync> {
    pub act: F,
    pub events: Mutex<Vec<(Level, RunEvent)>>,
}

impl<F: Fn(Step) + Send + Sync> AtStep<F> {
    pub fn new(act: F) -> Self {
        Self { act, events: Mutex::default() }
    }

    pub fn events(&self) -> Vec<(Level, RunEvent)> {
        self.events.lock().unwrap().clone()
    }
}

impl<F: Fn(Step) + Send + Sync> Observer for AtStep<F> {
    fn stage(&self, _: Stage) {}

    fn event(&self, level: Level, event: RunEvent) {
        self.events.lock().unwrap().push((level, event));
    }

    fn step(&self, step: Step) {
        (self.act)(step);
    }
}

/// Does nothing at any step.
pub fn quiet() -> AtStep<impl Fn(Step) + Send + Sync> {
    AtStep::new(|_| ())
}
