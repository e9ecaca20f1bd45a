//! Which VMs a job saves, at the moment it runs.

use std::collections::{BTreeMap, HashSet};

use kuramori_engine::JobEvent;
use kuramori_jobs::Level;

use super::JobWork;
use super::rules::Seen;
use crate::app::App;
use crate::dto::{DiskChoiceView, ErrorCode, Language, PickView, SourceView, VmDiskView, VmView};
use crate::error::AppError;
use crate::{inventory, messages};

/// A VM that is to be saved.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) server_id: String,
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) disks: Vec<VmDiskView>,
    /// Disks of it that somebody chose to leave out.
    pub(super) leave_out: Vec<DiskChoiceView>,
}

/// What a job's choice comes to.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// What is to be saved.
    pub(super) vms: Vec<Member>,
    /// What was asked for by name and is not there, or cannot be looked up: each with why.
    pub(super) failed: Vec<(String, AppError)>,
    /// What lies in a container and is not meant to be saved: each with why.
    pub(super) left_out: Vec<(String, String)>,
    /// What somebody wished to be left out, by name.
    pub(super) unwanted: Vec<String>,
    /// What else is to be told.
    pub(super) told: Vec<(Level, JobEvent)>,
}

/// Servers as they were read for one look, by their ids.
pub(super) type Servers = BTreeMap<String, Result<Seen, AppError>>;

/// Looks up what a job names now. Servers that are read are added to those that were before.
pub(super) async fn look_up(app: &App, work: &JobWork, servers: &mut Servers) -> Members {
    for source in &work.sources {
        let id = &source.server_id;
        if !servers.contains_key(id) {
            let read = inventory::fresh(app, id).await;
            servers.insert(id.clone(), read.map(|(inventory, tags)| Seen { inventory, tags }));
        }
    }
    look_up_known(app, work, servers)
}

/// Looks up what a job names on servers that were read already, and nothing on others.
pub(super) fn look_up_known(app: &App, work: &JobWork, servers: &Servers) -> Members {
    let mut by_server: BTreeMap<&str, Vec<&PickView>> = BTreeMap::new();
    for source in &work.sources {
        by_server.entry(&source.server_id).or_default().push(&source.pick);
    }
    let mut members = Members::default();
    for (server_id, picks) in by_server {
        match servers.get(server_id) {
            Some(Ok(seen)) => of_server(seen, &picks, work, app.language(), &mut members),
            Some(Err(error)) => {
                let name = |pick: &&PickView| match pick {
                    PickView::Vm { name, .. } | PickView::Group { name, .. } => name.clone(),
                    PickView::Rule { .. } => messages::pick(pick, app.language()),
                    PickView::All => server_name(app, server_id),
                };
                members.failed.extend(picks.iter().map(|pick| (name(pick), error.clone())));
            }
            None => {}
        }
    }
    members
}

fn server_name(app: &App, id: &str) -> String {
    let settings = app.inner.settings.get();
    settings.server(id).map_or_else(|_| id.to_owned(), |server| server.name.clone())
}

fn of_server(
    seen: &Seen,
    picks: &[&PickView],
    work: &JobWork,
    language: Language,
    members: &mut Members,
) {
    let unwanted = unwanted(seen, work, language, members);
    // One that is chosen twice is saved once.
    let (mut taken, mut left) = (HashSet::new(), HashSet::new());
    for pick in picks {
        let words = || messages::pick(pick, language);
        let (vms, named) = match (seen.chosen(pick), pick) {
            (Ok(vms), _) => (vms, matches!(pick, PickView::Vm { .. })),
            (Err(error), PickView::Vm { name, .. } | PickView::Group { name, .. }) => {
                members.failed.push((name.clone(), error));
                continue;
            }
            (Err(error), _) => {
                members.failed.push((words(), error));
                continue;
            }
        };
        if vms.is_empty() {
            members.told.push((Level::Warning, JobEvent::RuleFitsNothing { rule: words() }));
        }
        for vm in vms {
            if !named && unwanted.contains(vm.reference.as_str()) {
                if left.insert(vm.reference.clone()) {
                    members.unwanted.push(vm.name.clone());
                }
            } else if taken.insert(vm.reference.clone()) {
                // What somebody named is tried, whatever is said of it: it may have changed.
                add(seen, vm, named, work, members);
            }
        }
    }
}

/// Returns the references of VMs that are left out. A rule about which nobody can tell leaves out
/// nothing: rather one VM too many is saved than one too few.
fn unwanted<'s>(
    seen: &'s Seen,
    work: &JobWork,
    language: Language,
    members: &mut Members,
) -> HashSet<&'s str> {
    let is_named =
        |vm: &&VmView| work.leave_out.iter().any(|x| *x == vm.name || *x == vm.reference);
    let named = seen.inventory.vms.iter().filter(is_named);
    let mut unwanted: HashSet<&str> = named.map(|vm| vm.reference.as_str()).collect();
    let here = |source: &&SourceView| source.server_id == seen.inventory.server_id;
    for SourceView { pick, .. } in work.without.iter().filter(here) {
        match seen.chosen(pick) {
            Ok(vms) => unwanted.extend(vms.iter().map(|vm| vm.reference.as_str())),
            // One VM that is gone needs not be left out any more.
            Err(error) if error.code == ErrorCode::VmNotFound => {}
            Err(error) => {
                let (rule, reason) = (messages::pick(pick, language), error.to_string());
                members.told.push((Level::Warning, JobEvent::RuleUnknown { rule, reason }));
            }
        }
    }
    unwanted
}

fn add(seen: &Seen, vm: &VmView, named: bool, work: &JobWork, members: &mut Members) {
    match &vm.problem {
        Some(why) if vm.of_system && !named => {
            members.left_out.push((vm.name.clone(), why.clone()));
        }
        Some(why) if !named => {
            let error = AppError::new(ErrorCode::VmNotSupported, &vm.name).detail(why.clone());
            members.failed.push((vm.name.clone(), error));
        }
        _ => {
            let member = member(seen, vm, work);
            for choice in member.leave_out.iter().filter(|choice| !is_there(choice, vm)) {
                let (vm, disk) = (vm.name.clone(), choice.label.clone());
                members.told.push((Level::Info, JobEvent::DiskChoiceGone { vm, disk }));
            }
            members.vms.push(member);
        }
    }
}

fn is_there(choice: &DiskChoiceView, vm: &VmView) -> bool {
    vm.disks.iter().any(|disk| is_disk(choice, disk))
}

/// Returns whether a choice is about a disk, as the engine sees it.
pub(super) fn is_disk(choice: &DiskChoiceView, disk: &VmDiskView) -> bool {
    match (&choice.uuid, &disk.uuid) {
        (Some(chosen), Some(uuid)) => chosen.eq_ignore_ascii_case(uuid),
        _ => choice.key == disk.key && choice.label == disk.label,
    }
}

fn member(seen: &Seen, vm: &VmView, work: &JobWork) -> Member {
    let server_id = &seen.inventory.server_id;
    let about = |choice: &&DiskChoiceView| {
        choice.server_id == *server_id
            && match (&choice.instance_uuid, &vm.instance_uuid) {
                (Some(chosen), Some(uuid)) => chosen == uuid,
                _ => choice.reference == vm.reference,
            }
    };
    Member {
        server_id: server_id.clone(),
        reference: vm.reference.clone(),
        name: vm.name.clone(),
        disks: vm.disks.clone(),
        leave_out: work.leave_out_disks.iter().filter(about).cloned().collect(),
    }
}
