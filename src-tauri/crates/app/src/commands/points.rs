use kuramori_engine::{RunEvent, WholeReason};
use kuramori_repo::{Consistency, DiskSummary, ReadMode, RecoveryPoint, SourceKind};

use super::Handler;
use crate::app::App;
use crate::dto::{
    ConsistencyView, Language, ListPointsRequest, PointDiskView, PointList, PointView,
    ReadModeView, SourceKindView, UnreadableRepository,
};
use crate::error::AppError;
use crate::messages;
use crate::place::Place;
use crate::schema::command;

impl Handler for command::PointsList {
    async fn handle(app: &App, request: ListPointsRequest) -> Result<PointList, AppError> {
        app.blocking(move |app| {
            let settings = app.inner.settings.get();
            let mut list = PointList { points: Vec::new(), unreadable: Vec::new() };
            if let Some(wanted) = &request.repository_id {
                list = app.place(wanted)?.points(app.language())?;
            } else {
                for entry in &settings.repositories {
                    match app.place(&entry.id).and_then(|p| p.points(app.language())) {
                        Ok(of_one) => {
                            list.points.extend(of_one.points);
                            list.unreadable.extend(of_one.unreadable);
                        }
                        Err(error) => list.unreadable.push(UnreadableRepository {
                            repository_id: entry.id.clone(),
                            name: entry.name.clone(),
                            error: error.view(app.language()),
                        }),
                    }
                }
                list.points.sort_by_key(|p| std::cmp::Reverse(p.taken_at));
            }
            if let Some(vm) = &request.vm {
                list.points.retain(|p| p.vm_name == *vm || p.instance_uuid.as_ref() == Some(vm));
            }
            Ok(list)
        })
        .await
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
        source: match point.source {
            SourceKind::Vm => SourceKindView::Vm,
            SourceKind::Image => SourceKindView::Image,
        },
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
