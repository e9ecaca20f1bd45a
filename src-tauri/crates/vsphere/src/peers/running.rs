//! A peer that runs, and what is true of it.

use kuramori_base::Secret;
use kuramori_lab::{Lab, LabConfig, LabHandle, LabTag, LabVm, Shape};

use super::Peer;
use super::record::Recorder;
use super::replay::Replay;
use super::vcsim::Vcsim;
use crate::{Client, ConnectOptions, Inventory, ServerKind, Thumbprint, VmSummary};

/// The size of each disk.
pub(super) const DISK: u64 = 1 << 20;

/// What the flows may expect of a peer.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) kind: ServerKind,
    pub(super) vms: usize,
    /// With its folders.
    pub(super) datacenter: &'static str,
    pub(super) clusters: &'static [&'static str],
    pub(super) datastores: &'static [&'static str],
    pub(super) certificate: &'static str,
    /// Whether it knows which areas of a disk changed.
    pub(super) asks_changes: bool,
}

enum Behind {
    Lab(Box<LabHandle>, tempfile::TempDir),
    Vcsim(Vcsim),
    Recording(Recorder, Vcsim),
    Replay(Replay),
}

/// A peer that runs.
pub(super) struct Running {
    pub(super) facts: Facts,
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) pin: Thumbprint,
    behind: Behind,
}

impl Running {
    pub(super) async fn start(peer: Peer, flow: &str) -> Self {
        match peer {
            Peer::Lab(kind) => Self::lab(kind, flow).await,
            Peer::Vcsim(kind) => Self::vcsim(kind),
            Peer::Recorded(kind) => Self::recorded(kind, flow).await,
        }
    }

    async fn lab(kind: ServerKind, flow: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vms = if flow == "a_long_list_comes_in_pages" { 230 } else { 2 };
        let shape = if kind == ServerKind::Esxi { Shape::Esxi } else { Shape::Vcenter };
        let tag =
            LabTag { category: "Tier".into(), name: "gold".into(), vms: vec!["vm-000".into()] };
        let mut config = LabConfig::new(dir.path()).shape(shape).options(|o| o.tags.push(tag));
        for at in 0..vms {
            config = config.vm(LabVm::new(format!("vm-{at:03}")).capacity(DISK));
        }
        let started = tokio::task::spawn_blocking(move || Lab::start(config)).await;
        let lab = started.expect("the lab does not panic").expect("the lab starts");
        let vcenter = kind == ServerKind::Vcenter;
        let facts = Facts {
            kind,
            vms,
            datacenter: if vcenter { "Sites/DC1" } else { "ha-datacenter" },
            clusters: if vcenter { &["Cluster1"] } else { &[] },
            datastores: &["datastore1", "datastore2"],
            certificate: "lab.lab.test",
            asks_changes: true,
        };
        Self {
            facts,
            url: lab.url.clone(),
            user: lab.user.clone(),
            password: lab.password.clone(),
            pin: lab.certificate_sha256.parse().unwrap(),
            behind: Behind::Lab(Box::new(lab), dir),
        }
    }

    fn vcsim(kind: ServerKind) -> Self {
        let vcsim = Vcsim::start(kind);
        Self {
            facts: facts_of_vcsim(kind, "CN=vcsim"),
            url: vcsim.url.clone(),
            user: vcsim.user.clone(),
            password: vcsim.password.clone(),
            pin: vcsim.pin,
            behind: Behind::Vcsim(vcsim),
        }
    }

    async fn recorded(kind: ServerKind, flow: &str) -> Self {
        let shape = if kind == ServerKind::Esxi { "esxi" } else { "vcenter" };
        // Relative to the package, where tests run.
        let file = std::path::PathBuf::from(format!("tests/recorded/{shape}-{flow}.txt"));
        let facts = facts_of_vcsim(kind, "rcgen");
        let (user, password) = ("root".to_owned(), "vcsim-pass".to_owned());
        if std::env::var_os("KURAMORI_RECORD").is_none() {
            let replay = Replay::start(&file, &password).await;
            let (url, pin) = (format!("https://{}", replay.served.authority), replay.served.pin);
            return Self { facts, url, user, password, pin, behind: Behind::Replay(replay) };
        }
        let vcsim = Vcsim::start(kind);
        assert_eq!((&user, &password), (&vcsim.user, &vcsim.password));
        let folder = vcsim.datastore.display().to_string();
        let hidden = [(folder, "/datastore".to_owned())];
        let recorder = Recorder::start(&vcsim.url, vcsim.pin, &password, &hidden, file).await;
        let (url, pin) = (format!("https://{}", recorder.served.authority), recorder.served.pin);
        Self { facts, url, user, password, pin, behind: Behind::Recording(recorder, vcsim) }
    }

    pub(super) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            address: self.url.clone(),
            user: self.user.clone(),
            password: Secret::from(self.password.as_str()),
            pin: Some(self.pin),
            user_agent: "Kuramori-test".to_owned(),
        }
    }

    pub(super) async fn client(&self) -> Client {
        Client::connect(self.options()).await.expect("login works")
    }

    /// Lets the first disk of a VM, of this size, hold bytes at some places. Those of a recording
    /// are there already.
    pub(super) fn plant(&self, vm: &VmSummary, places: &[(u64, &[u8])]) {
        match &self.behind {
            Behind::Lab(lab, _) => {
                for (at, bytes) in places {
                    lab.write(&vm.name, 0, *at, bytes).unwrap();
                }
            }
            Behind::Vcsim(vcsim) | Behind::Recording(_, vcsim) => vcsim.plant(vm, places),
            Behind::Replay(_) => {}
        }
    }

    /// Lets the descriptor of the first disk of a VM hold this text.
    pub(super) fn describe(&self, vm: &VmSummary, text: &str) {
        match &self.behind {
            Behind::Vcsim(vcsim) | Behind::Recording(_, vcsim) => vcsim.describe(vm, text),
            Behind::Replay(_) => {}
            Behind::Lab(..) => panic!("descriptors of the lab are its own"),
        }
    }

    /// Counts the requests of a method, where the peer counts them.
    pub(super) fn calls(&self, method: &str) -> Option<u64> {
        match &self.behind {
            Behind::Lab(lab, _) => Some(lab.stats().calls.get(method).copied().unwrap_or(0)),
            _ => None,
        }
    }

    /// Ends the peer after a flow that went well.
    pub(super) fn finish(self) {
        match self.behind {
            Behind::Recording(recorder, vcsim) => {
                recorder.finish();
                drop(vcsim);
            }
            Behind::Replay(replay) => replay.finish(),
            Behind::Lab(lab, dir) => {
                lab.stop();
                drop(dir);
            }
            Behind::Vcsim(vcsim) => drop(vcsim),
        }
    }
}

fn facts_of_vcsim(kind: ServerKind, certificate: &'static str) -> Facts {
    let vcenter = kind == ServerKind::Vcenter;
    let datacenter = if vcenter { "DC0" } else { "ha-datacenter" };
    Facts {
        kind,
        vms: if vcenter { 4 } else { 2 },
        datacenter,
        clusters: if vcenter { &["DC0_C0"] } else { &[] },
        datastores: &["LocalDS_0"],
        certificate,
        asks_changes: false,
    }
}

/// The VM that flows use.
pub(super) fn first(inventory: &Inventory) -> VmSummary {
    inventory.vms.first().expect("there are VMs").clone()
}
