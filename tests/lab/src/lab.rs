//! Starting a lab and talking to it from the same process.

mod visits;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fs_err as fs;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::core::{Core, Identity};
use crate::faults::{FaultInfo, FaultSpec};
use crate::http::{self, App};
use crate::info::{self, VmInfo};
use crate::stats::LabStats;
use crate::tls::{Certificates, thumbprint};
use crate::{LabConfig, LabError, LabVm, Special};

/// The lab.
#[derive(Debug)]
pub struct Lab;

/// A running lab. Dropping it stops the servers; the folder keeps everything.
#[derive(Debug)]
pub struct LabHandle {
    /// Where vSphere clients connect, `https://127.0.0.1:PORT`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The SHA-256 of the certificate, in lower-case hexadecimal digits.
    pub certificate_sha256: String,
    /// Where the owner's API is, `http://127.0.0.1:PORT`.
    pub control_url: String,
    /// The bearer token of the owner's API.
    pub token: String,
    app: App,
    stop: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Lab {
    /// Starts a lab on threads of its own. Blocks while VMs are made.
    ///
    /// # Errors
    /// See [`LabError`].
    pub fn start(config: LabConfig) -> Result<LabHandle, LabError> {
        if !config.listen.ip().is_loopback() {
            return Err(LabError::NotLoopback(config.listen));
        }
        fs::create_dir_all(&config.dir).map_err(LabError::io(&config.dir))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(256)
            .thread_name("kuramori-lab")
            .enable_all()
            .build()
            .map_err(LabError::io(&config.dir))?;
        let certificates = Arc::new(Certificates::open(&config.dir)?);
        let listener = bind(&runtime, config.listen)?;
        let control = bind(&runtime, SocketAddr::new(config.listen.ip(), 0))?;
        let address = local(&listener, config.listen)?;
        let control_address = local(&control, config.listen)?;
        let identity = Identity {
            authority: address.to_string(),
            sha1: thumbprint(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, certificates.der()),
            sha256: thumbprint(&ring::digest::SHA256, certificates.der()),
        };
        let sha256 = identity.sha256.replace(':', "").to_lowercase();
        let core = Core::open(&config, identity, runtime.handle().clone())?;
        let watched = Arc::downgrade(&core);
        runtime.spawn_blocking(move || crate::core::watch_leases(watched));
        let app = App { core: Arc::clone(&core), certificates };
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(http::serve_tls(
            listener,
            app.clone(),
            http::client_routes(app.clone()),
            stopped.clone(),
        ));
        runtime.spawn(http::serve_control(control, http::control_routes(app.clone()), stopped));
        Ok(LabHandle {
            url: format!("https://{address}"),
            user: config.user,
            password: config.password,
            certificate_sha256: sha256,
            control_url: format!("http://{control_address}"),
            token: core.token.clone(),
            app,
            stop,
            runtime: Some(runtime),
        })
    }
}

fn bind(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener, LabError> {
    runtime
        .block_on(TcpListener::bind(address))
        .map_err(|source| LabError::Listen { address, source })
}

fn local(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, LabError> {
    listener.local_addr().map_err(|source| LabError::Listen { address, source })
}

impl LabHandle {
    fn core(&self) -> &Arc<Core> {
        &self.app.core
    }

    /// Returns the tags of a VM: those it began with, and those that were attached since.
    pub fn tags_of(&self, vm: &str) -> Vec<(String, String)> {
        crate::http::tags_of(self.core(), vm)
    }

    /// Returns all VMs with disks and snapshots, by name.
    pub fn vms(&self) -> Vec<VmInfo> {
        info::vms(self.core())
    }

    /// Returns one VM.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn vm(&self, name: &str) -> Result<VmInfo, LabError> {
        let found = self.vms().into_iter().find(|v| v.name == name);
        found.ok_or_else(|| LabError::NoVm(name.to_string()))
    }

    /// Makes a VM unless one of that name is there.
    ///
    /// # Errors
    /// When an image or the lab's folder cannot be used.
    pub fn add_vm(&self, vm: &LabVm) -> Result<(), LabError> {
        self.core().ensure_vm(vm)
    }

    /// Removes a VM with its disks, as an administrator does, whether it runs or not.
    ///
    /// # Errors
    /// No such VM, or its files cannot be removed.
    pub fn remove_vm(&self, name: &str) -> Result<(), LabError> {
        let id = self.vm(name)?.id;
        self.core().remove_vm(&id)
    }

    /// Writes to a disk as the guest does.
    ///
    /// # Errors
    /// No such VM or disk, or bytes that do not lie on it.
    pub fn write(&self, vm: &str, disk: usize, offset: u64, data: &[u8]) -> Result<(), LabError> {
        self.core().guest_write(vm, disk, offset, data)
    }

    /// Reads what the guest would read now.
    ///
    /// # Errors
    /// No such VM or disk, or bytes that do not lie on it.
    pub fn read(&self, vm: &str, disk: usize, offset: u64, len: u64) -> Result<Vec<u8>, LabError> {
        self.core().guest_read(vm, disk, offset, len)
    }

    /// Reads a disk as a snapshot, named by identifier or name, holds it.
    ///
    /// # Errors
    /// No such VM, disk or snapshot, bytes that do not lie on it, or a merge at this moment.
    pub fn read_snapshot(
        &self,
        vm: &str,
        disk: usize,
        snapshot: &str,
        range: std::ops::Range<u64>,
    ) -> Result<Vec<u8>, LabError> {
        let frozen = self.core().frozen_disk(vm, disk, snapshot)?;
        let len = range.end.saturating_sub(range.start);
        crate::core::in_range(frozen.capacity(), range.start, len)?;
        let mut buf = vec![0; crate::disk::usize_of(len)];
        frozen.read(&mut buf, range.start).map_err(LabError::io(&self.core().dir))?;
        Ok(buf)
    }

    /// Makes a disk larger: `capacity` is its new size in bytes.
    ///
    /// # Errors
    /// No such VM or disk, a smaller size, or snapshots.
    pub fn grow(&self, vm: &str, disk: usize, capacity: u64) -> Result<(), LabError> {
        self.core().grow(vm, disk, capacity)
    }

    /// Starts a new change tracking epoch. Returns whether the disk is tracked.
    ///
    /// # Errors
    /// No such VM or disk.
    pub fn reset_cbt(&self, vm: &str, disk: usize) -> Result<bool, LabError> {
        self.core().reset_tracking(vm, disk)
    }

    /// Switches a VM on or off, as a person at the host does.
    ///
    /// # Errors
    /// No such VM, or it is on or off already.
    pub fn switch(&self, vm: &str, on: bool) -> Result<(), LabError> {
        self.core().owner_switch(vm, on)
    }

    /// Makes a snapshot as a client would, without a quiesced guest. Returns its identifier.
    ///
    /// # Errors
    /// No such VM, or what a client would be told.
    pub fn create_snapshot(&self, vm: &str, name: &str) -> Result<String, LabError> {
        self.core().owner_snapshot(vm, name)
    }

    /// Removes a snapshot as a client would, and merges what then is not needed.
    ///
    /// # Errors
    /// No such VM, or what a client would be told.
    pub fn remove_snapshot(&self, vm: &str, snapshot: &str) -> Result<(), LabError> {
        self.core().owner_remove(vm, snapshot)
    }

    /// Goes back to a snapshot as a client would.
    ///
    /// # Errors
    /// No such VM or snapshot, or what a client would be told.
    pub fn revert(&self, vm: &str, snapshot: &str) -> Result<(), LabError> {
        self.core().owner_revert(vm, snapshot)
    }

    /// Returns what the running disk has changed since a snapshot, as start and length in bytes.
    ///
    /// # Errors
    /// No such VM, disk or snapshot, or tracking that cannot say.
    pub fn changed_since(
        &self,
        vm: &str,
        disk: usize,
        snapshot: &str,
    ) -> Result<Vec<(u64, u64)>, LabError> {
        self.core().changed_since(vm, disk, snapshot)
    }

    /// Gives a VM another name.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn rename_vm(&self, vm: &str, name: &str) -> Result<(), LabError> {
        self.core().admin_change(vm, |state, _| name.clone_into(&mut state.conf.name))
    }

    /// Turns a VM on or off at once.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn set_power(&self, vm: &str, on: bool) -> Result<(), LabError> {
        self.core().admin_change(vm, |state, _| state.powered_on = on)
    }

    /// Makes a VM a special one, or an ordinary one again.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn set_special(&self, vm: &str, special: Option<Special>) -> Result<(), LabError> {
        self.core().admin_change(vm, |state, _| state.special = special)
    }

    /// Moves a VM to the next host, where there is one.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn migrate_vm(&self, vm: &str) -> Result<(), LabError> {
        self.core().admin_change(vm, crate::core::to_next_host)
    }

    /// Takes a VM off the inventory and registers it again: it is the same VM under another
    /// reference.
    ///
    /// # Errors
    /// [`LabError::NoVm`].
    pub fn reregister_vm(&self, vm: &str) -> Result<(), LabError> {
        self.core().admin_reregister(vm)
    }

    /// Deletes a VM and its files.
    ///
    /// # Errors
    /// [`LabError::NoVm`], or its files cannot be deleted.
    pub fn delete_vm(&self, vm: &str) -> Result<(), LabError> {
        self.core().admin_delete(vm)
    }

    /// Returns what was served since the start or the last reset.
    pub fn stats(&self) -> LabStats {
        self.core().stats.get()
    }

    /// Sets all counters to zero.
    pub fn reset_stats(&self) {
        self.core().stats.reset();
    }

    /// Puts a fault in place and returns its identifier; 0 for one that acts once, at once.
    ///
    /// # Errors
    /// [`LabError::Fault`] for what cannot be injected.
    pub fn add_fault(&self, spec: FaultSpec) -> Result<u64, LabError> {
        info::add_fault(&self.app, spec)
    }

    /// Removes one fault, or all; calls it held go on.
    pub fn remove_faults(&self, id: Option<u64>) {
        info::remove_faults(&self.app, id);
    }

    /// Returns the faults that are in place, and how many calls each holds.
    pub fn faults(&self) -> Vec<FaultInfo> {
        self.core().faults.list()
    }

    /// Ends all sessions at once.
    pub fn expire_sessions(&self) {
        self.core().world().sessions.clear();
        self.core().notify();
    }

    /// Returns how many sessions are open.
    pub fn sessions(&self) -> usize {
        self.core().world().sessions.len()
    }

    /// Returns how many leases are neither complete nor aborted.
    pub fn open_leases(&self) -> usize {
        self.core().world().leases.values().filter(|lease| lease.state.is_open()).count()
    }

    /// Lets the time of leases run out whose clients are gone.
    pub fn expire_leases(&self) {
        for lease in self.core().world().leases.values_mut() {
            lease.timeout = Duration::ZERO;
        }
    }

    /// Stops the servers; connections break.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        self.core().stopping.store(true, Ordering::SeqCst);
        self.core().notify();
        // Nobody may be listening any more.
        self.stop.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for LabHandle {
    fn drop(&mut self) {
        self.shut_down();
    }
}
