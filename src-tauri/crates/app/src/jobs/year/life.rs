//! Living a year: each thing that happens, then a look, and what came of it against the reference.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_jobs::RunId;
use kuramori_lab::{FaultSpec, LabVm};

use super::calendar::Rhythm;
use super::kept::{Points, Rule};
use super::reference::{Plan, Reference, When};
use super::script::Event;
use super::setup::{GROUP, NIGHTLY, rules};
use super::shop::Shop;
use crate::dto::{PauseJobRequest, PickView};
use crate::schema::command;

type Moment = DateTime<Utc>;

/// What stands in the way of runs.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) host_down: bool,
    pub(super) wrong_password: bool,
    pub(super) away: bool,
    pub(super) full: bool,
}

pub(super) struct Life {
    pub(super) shop: Shop,
    pub(super) reference: Reference,
    pub(super) points: Points,
    pub(super) rules: BTreeMap<&'static str, Rule>,
    pub(super) ids: BTreeMap<&'static str, String>,
    /// The run after which each job was tidied.
    pub(super) tidied: BTreeMap<&'static str, usize>,
    pub(super) seen: BTreeSet<RunId>,
    pub(super) runs: usize,
    pub(super) backups: usize,
    pub(super) trouble: Trouble,
    /// The power fails in the next run of the nightly job.
    pub(super) crash: bool,
    /// What the nightly job saves, and whether there is all of it.
    pub(super) nightly: Vec<&'static str>,
    pub(super) web: bool,
    /// What lies in the container.
    pub(super) archive: Vec<&'static str>,
    /// When each VM was saved, in time that passes.
    pub(super) saved: Vec<(String, Moment)>,
    /// When it was not the program's doing that nothing was saved, in time that passes.
    pub(super) excuses: Vec<(Moment, Moment)>,
    here: bool,
    gone_since: Option<Moment>,
    trouble_since: Option<Moment>,
    /// How far the clock is ahead of time that passes.
    pub(super) shift: TimeDelta,
    pub(super) rng: fastrand::Rng,
}

impl Life {
    pub(super) fn begin(mut shop: Shop, seed: u64) -> Self {
        for name in NIGHTLY.iter().chain(&["crm"]) {
            shop.add_vm(0, name);
        }
        // Every second one lies in the container.
        for name in ["old-erp", "app", "old-crm", "test"] {
            shop.add_vm(1, name);
        }
        let mut life = Self {
            shop,
            reference: Reference::default(),
            points: Points::default(),
            rules: rules(),
            ids: BTreeMap::new(),
            tidied: BTreeMap::new(),
            seen: BTreeSet::new(),
            runs: 0,
            backups: 0,
            trouble: Trouble::default(),
            crash: false,
            nightly: NIGHTLY.to_vec(),
            web: true,
            archive: vec!["old-erp", "old-crm"],
            saved: Vec::new(),
            excuses: Vec::new(),
            here: true,
            gone_since: None,
            trouble_since: None,
            shift: TimeDelta::zero(),
            rng: fastrand::Rng::with_seed(seed),
        };
        let nightly = life.shop.nightly();
        life.wish("nightly", nightly);
        let after = life.shop.after(&life.ids["nightly"]);
        life.wish("after", after);
        let archive = life.shop.archive(life.shop.group(GROUP));
        life.wish("archive", archive);
        life.look();
        life
    }

    fn wish(&mut self, name: &'static str, wish: (crate::dto::JobDraft, Vec<When>)) {
        let (id, plan): (String, Plan) = self.shop.wish(wish);
        self.ids.insert(name, id);
        self.reference.plans.insert(name, plan);
    }

    /// Time that passes, whatever the clock says.
    pub(super) fn time(&self) -> Moment {
        self.shop.now() - self.shift
    }

    /// Lives until something happens.
    pub(super) fn live(&mut self, until: Moment) {
        while self.here {
            let now = self.shop.now();
            let next = self.reference.next(now).filter(|next| *next - self.shift < until);
            let Some(next) = next else { break };
            if self.rng.u32(0..8) == 0 {
                // Somebody looks in between: nothing comes of it.
                self.shop.pass((next - now) / 2);
                self.look();
            }
            self.shop.pass(next - self.shop.now());
            self.look();
        }
        self.shop.pass(until - self.time());
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Work => self.work(),
            Event::Sleep | Event::Off => {
                self.here = false;
                self.gone_since = Some(self.time());
                if event == Event::Off {
                    self.end();
                }
            }
            Event::Wake | Event::On => {
                self.here = true;
                if event == Event::On {
                    self.start();
                }
                let since = self.gone_since.take().unwrap();
                self.excuses.push((since, self.time()));
            }
            Event::Restart => {
                self.end();
                self.start();
            }
            Event::Crash => self.crash = true,
            Event::Clock(by) => {
                self.shift += by;
                self.shop.clock.set(self.shop.now() + by);
            }
            // Who has switched the computer off compares nothing.
            Event::Audit if self.here => self.audit(),
            Event::Audit => {}
            Event::OfficeBegins => {
                let office = self.shop.office();
                self.wish("office", office);
            }
            Event::OfficeEnds => self.pause("office", self.shop.now() + TimeDelta::days(365)),
            Event::Pause(until) => {
                self.excuses.push((self.time(), until));
                self.pause("nightly", until);
            }
            Event::Later | Event::WebLeftOut => self.change_nightly(&event),
            _ => self.in_the_shop(event),
        }
        if self.here {
            self.look();
        }
    }

    /// What happens elsewhere, whether the program runs or not.
    fn in_the_shop(&mut self, event: Event) {
        let server = &mut self.shop.servers[0];
        match event {
            Event::HostDown => server.go_down(),
            Event::HostUp => server.go_up(&self.shop.clock),
            Event::WrongPassword => {
                server.lab().expire_sessions();
                let refuse = FaultSpec {
                    point: "Login".to_owned(),
                    fault: Some("InvalidLogin".to_owned()),
                    ..FaultSpec::default()
                };
                server.lab().add_fault(refuse).unwrap();
            }
            Event::RightPassword => server.lab().remove_faults(None),
            Event::RepositoryAway => self.shop.take_repository_away(),
            Event::RepositoryBack => self.shop.bring_repository_back(),
            Event::DiskFull => self.shop.fill_disk(),
            Event::DiskFree => self.shop.free_disk(),
            Event::NewVm => {
                self.shop.add_vm(1, "new");
                self.archive.push("new");
            }
            Event::OldVm => {
                self.shop.servers[1].lab().delete_vm("old-crm").unwrap();
                self.shop.guests.remove("old-crm");
                self.archive.retain(|name| *name != "old-crm");
            }
            Event::WebGoes => {
                server.lab().delete_vm("web").unwrap();
                self.shop.guests.remove("web");
                self.web = false;
            }
            other => unreachable!("{other:?} happens to the program"),
        }
        self.note(&event);
    }

    fn note(&mut self, event: &Event) {
        let t = &mut self.trouble;
        match event {
            Event::HostDown | Event::HostUp => t.host_down = *event == Event::HostDown,
            Event::WrongPassword | Event::RightPassword => {
                t.wrong_password = *event == Event::WrongPassword;
            }
            Event::RepositoryAway | Event::RepositoryBack => {
                t.away = *event == Event::RepositoryAway;
            }
            // Only some systems let a test have a disk of its own.
            Event::DiskFull | Event::DiskFree => {
                t.full = *event == Event::DiskFull && self.shop.has_own_disk();
            }
            _ => return,
        }
        let now = self.time();
        match self.trouble_since.take() {
            None => self.trouble_since = Some(now),
            Some(since) => self.excuses.push((since, now)),
        }
    }

    fn work(&mut self) {
        let names: Vec<String> = self.shop.guests.keys().cloned().collect();
        for name in names {
            let server = self.shop.guests[&name].server;
            if server == 1 || !self.trouble.host_down {
                self.shop.write(&name);
            }
        }
    }

    fn end(&mut self) {
        self.shop.end();
        self.tidied.clear();
    }

    pub(super) fn start(&mut self) {
        self.shop.start();
        self.shop.recover();
    }

    fn pause(&mut self, job: &'static str, until: Moment) {
        let request =
            PauseJobRequest { job_id: self.ids[job].clone(), paused: true, until: Some(until) };
        self.shop.call::<command::JobsPause>(request);
        self.reference.plans.get_mut(job).unwrap().paused = Some(until);
    }

    /// What is new of a job counts from then on.
    fn change_nightly(&mut self, event: &Event) {
        let mut draft = self.shop.job("nightly").draft;
        let plan = self.reference.plans.get_mut("nightly").unwrap();
        if *event == Event::Later {
            let (days, at) = ((0..5).collect(), (21, 30));
            plan.when[0] = When::Time(Rhythm::Days(days, at));
            plan.dealt[0] = self.shop.now();
            let crate::dto::WhenView::Week { at, .. } = &mut draft.schedules[0].when else {
                unreachable!("the nightly job counts days")
            };
            *at = chrono::NaiveTime::from_hms_opt(21, 30, 0).unwrap();
        } else {
            draft.sources.retain(
                |source| !matches!(&source.pick, PickView::Vm { name, .. } if name == "web"),
            );
            self.nightly.retain(|name| *name != "web");
        }
        self.shop.save_job(Some(self.ids["nightly"].clone()), draft);
    }
}

impl Shop {
    /// Lets time pass.
    pub(super) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time.to_std().unwrap_or(Duration::ZERO));
    }

    /// Makes a VM whose guest has something on its disk.
    pub(super) fn add_vm(&mut self, server: usize, name: &str) {
        let disk = super::shop::DISK as u64;
        self.servers[server].lab().add_vm(&LabVm::new(name).capacity(disk)).unwrap();
        self.know_guest(server, name);
        for _ in 0..4 {
            self.write(name);
        }
    }
}
