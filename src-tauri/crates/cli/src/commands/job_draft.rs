//! Jobs as they are typed.

use kuramori_app::dto::{
    ConditionView, DiskChoiceView, Empty, ErrorCode, GroupView, InventoryRequest, InventoryView,
    JobDraft, PickView, ScheduleView, SourceView, SpansView, VmView,
};
use kuramori_app::schema::command;
use kuramori_app::{AppError, Client};

use crate::args::{Disked, DraftArgs, Named, Ruled, SpanArgs};

pub(super) async fn create(
    app: &Client,
    name: String,
    args: DraftArgs,
) -> Result<JobDraft, AppError> {
    let repository_id = match &args.repo {
        Some(repo) => repo.clone(),
        None => match app.repository_names().await?.as_slice() {
            [only] => only.clone(),
            _ => return Err(AppError::new(ErrorCode::InvalidInput, "no repository: use --repo")),
        },
    };
    let known = preset(app, args.preset.as_deref()).await?;
    Ok(JobDraft {
        name,
        sources: sources(app, &args).await?,
        without: ruled(app, &args.leave_out_rules).await?,
        leave_out_disks: disks(app, &args.leave_out_disks).await?,
        leave_out: args.leave_out,
        repository_id,
        limit: args.limit,
        schedules: args.at,
        spans: spans(args.spans, known.unwrap_or_default()),
        zone: args.zone,
        retry_minutes: vec![10, 20, 40],
        catch_up_hours: 12,
        rpo_minutes: args.rpo.map(|hours| hours.saturating_mul(60)),
    })
}

pub(super) async fn edit(
    app: &Client,
    before: JobDraft,
    rename: Option<String>,
    args: DraftArgs,
) -> Result<JobDraft, AppError> {
    let chosen = sources(app, &args).await?;
    let known = preset(app, args.preset.as_deref()).await?;
    let (without, disks) =
        (ruled(app, &args.leave_out_rules).await?, disks(app, &args.leave_out_disks).await?);
    Ok(JobDraft {
        name: rename.unwrap_or(before.name),
        sources: if chosen.is_empty() { before.sources } else { chosen },
        leave_out: if args.leave_out.is_empty() { before.leave_out } else { args.leave_out },
        without: if without.is_empty() { before.without } else { without },
        leave_out_disks: if disks.is_empty() { before.leave_out_disks } else { disks },
        repository_id: args.repo.unwrap_or(before.repository_id),
        limit: args.limit.or(before.limit),
        schedules: schedules(before.schedules, args.at),
        spans: spans(args.spans, known.unwrap_or(before.spans)),
        zone: args.zone.or(before.zone),
        retry_minutes: before.retry_minutes,
        catch_up_hours: before.catch_up_hours,
        rpo_minutes: args.rpo.map(|hours| hours.saturating_mul(60)).or(before.rpo_minutes),
    })
}

/// A schedule for the same time as one before is that one: what it made is kept by it.
fn schedules(before: Vec<ScheduleView>, wanted: Vec<ScheduleView>) -> Vec<ScheduleView> {
    if wanted.is_empty() {
        return before;
    }
    let same = |one: ScheduleView| {
        let known = before.iter().find(|before| before.when == one.when);
        ScheduleView {
            id: known.and_then(|known| known.id.clone()),
            effective_from: one.effective_from.or(known.and_then(|known| known.effective_from)),
            until: one.until.or(known.and_then(|known| known.until)),
            allowed: one.allowed.or(known.and_then(|known| known.allowed.clone())),
            ..one
        }
    };
    wanted.into_iter().map(same).collect()
}

/// What is not given stays as it was.
fn spans(args: SpanArgs, before: SpansView) -> SpansView {
    SpansView {
        last: args.keep_last.unwrap_or(before.last),
        daily: args.keep_daily.unwrap_or(before.daily),
        weekly: args.keep_weekly.unwrap_or(before.weekly),
        monthly: args.keep_monthly.unwrap_or(before.monthly),
        yearly: args.keep_yearly.unwrap_or(before.yearly),
    }
}

async fn sources(app: &Client, args: &DraftArgs) -> Result<Vec<SourceView>, AppError> {
    let mut sources = Vec::new();
    for Named { server, name } in &args.vms {
        let inventory = inventory(app, server).await?;
        let is_it = |vm: &&VmView| vm.reference == *name || vm.name == *name;
        let vm = only(inventory.vms.iter().filter(is_it), name, ErrorCode::VmNotFound)?;
        let pick = PickView::Vm {
            instance_uuid: vm.instance_uuid.clone(),
            reference: vm.reference.clone(),
            name: vm.name.clone(),
        };
        sources.push(SourceView { server_id: inventory.server_id.clone(), pick });
    }
    for Named { server, name } in &args.groups {
        let inventory = inventory(app, server).await?;
        let group = only(groups(&inventory, name), name, ErrorCode::GroupNotFound)?;
        let pick = PickView::Group { id: group.id.clone(), name: group.name.clone() };
        sources.push(SourceView { server_id: inventory.server_id.clone(), pick });
    }
    sources.extend(ruled(app, &args.rules).await?);
    let all = args.servers.iter();
    sources.extend(all.map(|id| SourceView { server_id: id.clone(), pick: PickView::All }));
    Ok(sources)
}

/// Finds the containers that rules name.
async fn ruled(app: &Client, rules: &[Ruled]) -> Result<Vec<SourceView>, AppError> {
    let mut sources = Vec::new();
    for Ruled { server, conditions } in rules {
        let mut conditions = conditions.clone();
        for condition in &mut conditions {
            if let ConditionView::Place { id, name } = condition {
                let inventory = inventory(app, server).await?;
                let group = only(groups(&inventory, name), name, ErrorCode::GroupNotFound)?;
                id.clone_from(&group.id);
            }
        }
        let pick = PickView::Rule { conditions };
        sources.push(SourceView { server_id: server.clone(), pick });
    }
    Ok(sources)
}

async fn disks(app: &Client, wanted: &[Disked]) -> Result<Vec<DiskChoiceView>, AppError> {
    let mut choices = Vec::new();
    for Disked { server, vm: name, disk: label } in wanted {
        let inventory = inventory(app, server).await?;
        let is_it = |vm: &&VmView| vm.reference == *name || vm.name == *name;
        let vm = only(inventory.vms.iter().filter(is_it), name, ErrorCode::VmNotFound)?;
        let disk = vm.disks.iter().find(|disk| disk.label == *label).ok_or_else(|| {
            AppError::new(ErrorCode::InvalidInput, format!("“{label}” as a disk of {name}"))
        })?;
        choices.push(DiskChoiceView {
            server_id: inventory.server_id.clone(),
            instance_uuid: vm.instance_uuid.clone(),
            reference: vm.reference.clone(),
            vm_name: vm.name.clone(),
            uuid: disk.uuid.clone(),
            key: disk.key,
            label: disk.label.clone(),
        });
    }
    Ok(choices)
}

async fn preset(app: &Client, id: Option<&str>) -> Result<Option<SpansView>, AppError> {
    let Some(id) = id else { return Ok(None) };
    let presets = app.call::<command::JobsPresets>(Empty {}).await?;
    let found = presets.retention.into_iter().find(|preset| preset.id == id);
    let unknown = || AppError::new(ErrorCode::InvalidInput, format!("“{id}” as a preset"));
    found.map(|preset| Some(preset.spans)).ok_or_else(unknown)
}

/// Returns the containers of a name; one that stands in several trees is one.
fn groups<'i>(inventory: &'i InventoryView, name: &str) -> impl Iterator<Item = &'i GroupView> {
    let trees = &inventory.trees;
    let all = [&trees.hosts, &trees.folders, &trees.storage, &trees.tags];
    let groups = all.into_iter().flat_map(|tree| &tree.groups);
    let mut found: Vec<_> = groups.filter(|g| !g.id.is_empty() && g.name == name).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    found.into_iter()
}

fn only<T>(
    mut found: impl Iterator<Item = T>,
    name: &str,
    missing: ErrorCode,
) -> Result<T, AppError> {
    let one = found.next().ok_or_else(|| AppError::new(missing, name))?;
    if found.next().is_some() {
        let what = format!("“{name}”, since several are called so");
        return Err(AppError::new(ErrorCode::InvalidInput, what));
    }
    Ok(one)
}

async fn inventory(app: &Client, server: &str) -> Result<InventoryView, AppError> {
    let request = InventoryRequest { server_id: server.to_owned(), refresh: true };
    app.call::<command::InventoryGet>(request).await
}
