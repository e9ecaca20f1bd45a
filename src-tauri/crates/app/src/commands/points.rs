use kuramori_engine::{RunEvent, WholeReason};
use kuramori_repo::{Consistency, DiskSummary, Manifest, ReadMode, RecoveryPoint, SourceKind};

use super::Handler;
use crate::app::App;
use crate::dto::{
    ConsistencyView, ErrorCode, FindPointsRequest, Language, ListPointsRequest, PointDiskView,
    PointList, PointRequest, PointView, ReadModeView, SourceKindView, UnreadableRepository,
};
use crate::error::AppError;
use crate::messages;
use crate::place::Place;
use crate::schema::command;
use crate::settings::RepositoryEntry;

/// Most recovery points that one question finds.
const MOST: usize = 500;

impl Handler for command::PointsList {
    async fn handle(app: &App, request: ListPointsRequest) -> Result<PointList, AppError> {
        app.blocking(move |app| {
            let wanted = |point: &Manifest| {
                let is_it = |vm: &String| {
                    point.vm.name == *vm || point.vm.instance_uuid.as_ref() == Some(vm)
                };
                request.vm.as_ref().is_none_or(is_it)
            };
            match &request.repository_id {
                Some(id) => app.place(id)?.points_where(wanted, app.language()),
                None => Ok(everywhere(app, wanted)),
            }
        })
        .await
    }
}

impl Handler for command::PointsGet {
    async fn handle(app: &App, request: PointRequest) -> Result<PointView, AppError> {
        app.blocking(move |app| {
            let PointRequest { repository_id, point_id } = request;
            let place = app.place(&repository_id)?;
            let is_it = |point: &Manifest| point.id.to_hex() == point_id;
            let found = place.points_where(is_it, app.language())?.points.pop();
            found.ok_or_else(|| AppError::new(ErrorCode::PointNotFound, &point_id))
        })
        .await
    }
}

impl Handler for command::PointsFind {
    async fn handle(app: &App, request: FindPointsRequest) -> Result<PointList, AppError> {
        app.blocking(move |app| {
            let words: Vec<_> = request.text.split_whitespace().map(str::to_lowercase).collect();
            let is_in = |point: &Manifest| {
                let (name, id) = (point.vm.name.to_lowercase(), point.id.to_hex());
                words.iter().any(|word| name.contains(word) || id.starts_with(word))
            };
            let mut list = everywhere(app, is_in);
            list.points.truncate(usize::try_from(request.limit).unwrap_or(MOST).min(MOST));
            Ok(list)
        })
        .await
    }
}

/// The wanted recovery points of all repositories, newest first.
fn everywhere(app: &App, wanted: impl Fn(&Manifest) -> bool) -> PointList {
    let mut list = PointList { points: Vec::new(), unreadable: Vec::new() };
    for entry in &app.inner.settings.get().repositories {
        let of_one = app.place(&entry.id);
        match of_one.and_then(|place| place.points_where(&wanted, app.language())) {
            Ok(of_one) => {
                list.points.extend(of_one.points);
                list.unreadable.extend(of_one.unreadable);
            }
            Err(error) => list.unreadable.push(unreadable(entry, &error, app.language())),
        }
    }
    list.points.sort_by_key(|p| std::cmp::Reverse(p.taken_at));
    list
}

/// Says that a repository cannot be read.
pub(crate) fn unreadable(
    entry: &RepositoryEntry,
    error: &AppError,
    language: Language,
) -> UnreadableRepository {
    let (repository_id, name) = (entry.id.clone(), entry.name.clone());
    UnreadableRepository { repository_id, name, error: error.view(language) }
}

pub(super) fn source_view(source: SourceKind) -> SourceKindView {
    match source {
        SourceKind::Vm => SourceKindView::Vm,
        SourceKind::Image => SourceKindView::Image,
    }
}

/// Shows a recovery point.
pub(crate) fn point_view(point: &RecoveryPoint, place: &Place, language: Language) -> PointView {
    let sizes = point.sizes();
    PointView {
        id: point.id.to_hex(),
        short_id: point.id.to_string(),
        repository_id: place.id.clone(),
        repository_name: place.name.clone(),
        source: source_view(point.source),
        vm_name: point.vm.name.clone(),
        instance_uuid: point.vm.instance_uuid.clone(),
        taken_at: point.time,
        finished_at: point.committed,
        consistency: match point.consistency {
            Consistency::Crash => ConsistencyView::Crash,
            Consistency::FileSystem => ConsistencyView::FileSystem,
            Consistency::Application => ConsistencyView::Application,
        },
        disks: (0..).zip(&point.disks).map(|(i, d)| disk_view(i, d, language)).collect(),
        capacity: point.disks.iter().map(|d| d.capacity.get()).sum(),
        read: sizes.read.get(),
        new: sizes.new.get(),
        stored: sizes.stored.get(),
        warnings: warnings(point, language),
        not_included: point.not_included.clone(),
    }
}

/// What is worth a look: first what was found out later, then what the run said.
fn warnings(point: &RecoveryPoint, language: Language) -> Vec<String> {
    let unproven = point.disks.iter().filter(|disk| disk.unproven);
    let unproven = unproven.map(|disk| messages::unproven(&disk.label, language));
    unproven.chain(point.warnings.iter().map(|w| warning(w, language))).collect()
}

/// Says what a recovery point recorded as a warning. One that another version wrote, or that is
/// plain text, is shown as it is.
fn warning(recorded: &str, language: Language) -> String {
    match RunEvent::from_record(recorded) {
        Some(event) => messages::event(&event, language),
        None => recorded.to_owned(),
    }
}

fn disk_view(index: u32, disk: &DiskSummary, language: Language) -> PointDiskView {
    // A reason of another version is shown as it was written.
    let why = |code: &String| match WholeReason::from_code(code) {
        Some(reason) => messages::whole_reason(reason, language).to_owned(),
        None => code.clone(),
    };
    let (read_mode, reason) = match &disk.read_mode {
        ReadMode::Whole { reason } => (ReadModeView::Whole, Some(why(reason))),
        ReadMode::Allocated { reason } => (ReadModeView::Allocated, Some(why(reason))),
        ReadMode::Changed { .. } => (ReadModeView::Changed, None),
    };
    PointDiskView {
        index,
        unproven: disk.unproven,
        label: disk.label.clone(),
        capacity: disk.capacity.get(),
        read_mode,
        reason,
        transport: disk.transport.clone(),
        read: disk.sizes.read.get(),
        new: disk.sizes.new.get(),
        stored: disk.sizes.stored.get(),
    }
}
