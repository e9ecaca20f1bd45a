//! The client against `kuramori-lab`: real bytes, real change tracking, injected faults.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail with the test")]

mod changes;
mod exports;
mod files;
mod hot_add;
mod imports;
mod inventory;
mod preflight;
mod proxy;
mod server;

use kuramori_base::{CancelToken, Secret};
use kuramori_lab::{FaultKind, FaultSpec, Lab, LabConfig, LabHandle, LabVm, Shape};
use kuramori_vsphere::{Client, ConnectOptions, SnapshotRef, SnapshotRequest, VmConfig, VmRef};

const MIB: u64 = 1 << 20;
const SHAPES: [Shape; 2] = [Shape::Esxi, Shape::Vcenter];

/// A lab with its folder, and a client logged in to it.
struct Bench {
    lab: LabHandle,
    client: Client,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// Starts a lab with one running VM `vm` whose disks have these sizes, tracked from the start.
    async fn start(shape: Shape, disks: &[u64]) -> Self {
        Self::with(shape, disks, |config| config).await
    }

    async fn with(
        shape: Shape,
        disks: &[u64],
        change: impl FnOnce(LabConfig) -> LabConfig,
    ) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let vm = disks
            .iter()
            .fold(LabVm::new("vm").change_tracking(true), |vm, size| vm.capacity(*size));
        let config = change(LabConfig::new(dir.path()).shape(shape).vm(vm));
        let lab = tokio::task::spawn_blocking(move || Lab::start(config))
            .await
            .expect("the lab does not panic")
            .expect("the lab starts");
        let client = Client::connect(options(&lab)).await.expect("login works");
        Self { lab, client, _dir: dir }
    }

    /// Returns the VM `vm`.
    async fn vm(&self) -> VmRef {
        self.client.find_vm(None, "vm").await.expect("the list works").expect("the VM exists")
    }

    async fn snapshot(&self, name: &str) -> (SnapshotRef, VmConfig) {
        let request =
            SnapshotRequest { name: name.to_owned(), description: String::new(), quiesce: false };
        let vm = self.vm().await;
        let made = self.client.create_snapshot(&vm, &request, &|_| {}, &CancelToken::new()).await;
        let made = made.expect("a snapshot is made");
        let config = self.client.snapshot_config(&made).await.expect("it has a configuration");
        (made, config)
    }

    async fn remove(&self, snapshot: &SnapshotRef) {
        let never = CancelToken::new();
        let removed = self.client.remove_snapshot(snapshot, &|_| {}, &never).await;
        removed.expect("the snapshot is removed");
    }

    fn fault(&self, spec: FaultSpec) {
        self.lab.add_fault(spec).expect("the lab knows the fault");
    }

    /// Lets a method fail so many times with a fault of the API.
    fn api_fault(&self, method: &str, fault: &str, key: Option<&str>, times: Option<u32>) {
        self.fault(FaultSpec {
            kind: FaultKind::Fault,
            point: method.to_owned(),
            fault: Some(fault.to_owned()),
            key: key.map(str::to_owned),
            times,
            ..FaultSpec::default()
        });
    }

    /// Returns the whole disk as the snapshot of that name holds it.
    fn frozen(&self, disk: usize, snapshot: &str) -> Vec<u8> {
        let capacity = self.lab.vm("vm").expect("the VM exists").disks[disk].capacity;
        self.lab.read_snapshot("vm", disk, snapshot, 0..capacity).expect("the snapshot is there")
    }
}

fn options(lab: &LabHandle) -> ConnectOptions {
    ConnectOptions {
        address: lab.url.clone(),
        user: lab.user.clone(),
        password: Secret::from(lab.password.as_str()),
        pin: Some(lab.certificate_sha256.parse().expect("the lab prints a fingerprint")),
        user_agent: "Kuramori-test".to_owned(),
    }
}

/// Runs blocking work off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic")
}

/// Bytes that differ everywhere, from a seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len).map(|_| next().to_le_bytes()[2]).collect()
}
