//! Deleting recovery points, and what keeps or undoes it.

use std::sync::Arc;

use kuramori_app::dto::{DeletedPoints, HoldView, PruneView};
use kuramori_app::{AppError, CancelToken, Forget, ForgetHow, Place, PointRef, Writer};
use serde::Serialize;

use crate::args::{ForgetArgs, RepoArgs};
use crate::context::{Context, Opened, blocking, clock};
use crate::output::Done;
use crate::text;

/// A recovery point or hold that something was done with.
#[derive(Serialize)]
struct Named {
    id: String,
}

pub(super) async fn forget(
    context: &Context,
    repo: RepoArgs,
    args: ForgetArgs,
) -> Result<Done, AppError> {
    let (opened, writer) = open(context, &repo).await?;
    let bin = opened.app.as_ref().map(kuramori_app::App::recycle_bin);
    let how = ForgetHow { at_once: args.now, dry_run: args.dry_run, bin };
    let deleted = blocking(move || {
        let place = &looked(opened, args.despite_alarm)?;
        if args.points.is_empty() {
            let rule = Forget::Except(args.rule.asked());
            return place.forget(&rule, how, writer, clock().as_ref());
        }
        let points: Result<Vec<PointRef>, _> =
            args.points.iter().map(|wanted| place.find(wanted)).collect();
        place.forget(&Forget::Points(&points?), how, writer, clock().as_ref())
    })
    .await?;
    context.output.answer(&deleted, |d| {
        let (count, list) = (d.points.len(), text::deleted(&d.points));
        match (how.dry_run, how.at_once) {
            (true, _) => format!("{list}{count} would be deleted; nothing was changed.\n"),
            (false, true) => {
                format!("{list}{count} deleted for good. `repo prune` frees the space.\n")
            }
            (false, false) => format!("{list}{count} moved to the recycle bin.\n"),
        }
    });
    Ok(Done::Well)
}

pub(super) async fn recycle_bin(context: &Context, repo: &RepoArgs) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let list: DeletedPoints = blocking(move || opened.place.recycle_bin()).await?;
    context.output.answer(&list, |l| text::deleted(&l.points));
    Ok(Done::Well)
}

pub(super) async fn undelete(
    context: &Context,
    repo: &RepoArgs,
    wanted: String,
) -> Result<Done, AppError> {
    let (opened, writer) = open(context, repo).await?;
    let id = blocking(move || {
        let point = opened.place.find(&wanted)?;
        opened.place.undelete(&point, writer, clock().as_ref())?;
        Ok(point.id())
    })
    .await?;
    context.output.answer(&Named { id }, |n| format!("{} is back.\n", n.id));
    Ok(Done::Well)
}

pub(super) async fn hold(
    context: &Context,
    repo: &RepoArgs,
    wanted: String,
    reason: String,
) -> Result<Done, AppError> {
    let (opened, writer) = open(context, repo).await?;
    let hold: HoldView = blocking(move || {
        let point = opened.place.find(&wanted)?;
        opened.place.hold(&point, &reason, writer, clock().as_ref())
    })
    .await?;
    context.output.answer(&hold, |h| text::holds(std::slice::from_ref(h)));
    Ok(Done::Well)
}

pub(super) async fn holds(context: &Context, repo: &RepoArgs) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let list = blocking(move || opened.place.holds()).await?;
    context.output.answer(&list, |l| text::holds(&l.holds));
    Ok(Done::Well)
}

pub(super) async fn release(
    context: &Context,
    repo: &RepoArgs,
    id: String,
) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let named = Named { id: id.clone() };
    blocking(move || opened.place.release(&id)).await?;
    context.output.answer(&named, |n| format!("Hold {} is released.\n", n.id));
    Ok(Done::Well)
}

/// Removes what nothing needs any more. Ctrl-C ends it between two steps.
pub(super) async fn prune(
    context: &Context,
    repo: &RepoArgs,
    dry_run: bool,
    (confirmed, despite_alarm): (bool, bool),
) -> Result<Done, AppError> {
    let (opened, writer) = open(context, repo).await?;
    let place = blocking(move || looked(opened, despite_alarm)).await?;
    let place: Arc<Place> = Arc::new(place);
    let cancel = CancelToken::new();
    let token = cancel.clone();
    let work =
        blocking(move || place.prune((dry_run, confirmed), writer, clock().as_ref(), &token));
    tokio::pin!(work);
    let report: PruneView = tokio::select! {
        done = &mut work => done?,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            work.await?
        }
    };
    context.output.answer(&report, |r| text::pruned(r, dry_run));
    Ok(if report.waits_for > 0 { Done::WithWarnings } else { Done::Well })
}

/// Looks whether VMs changed unusually before anything is deleted: what is held then stays.
fn looked(opened: Opened, despite_alarm: bool) -> Result<Place, AppError> {
    if despite_alarm {
        return Ok(opened.place.despite_alarms());
    }
    let Some(app) = opened.app else { return Ok(opened.place) };
    app.look_before_deletion(opened.place.id())?;
    app.place(opened.place.id())
}

async fn open(context: &Context, repo: &RepoArgs) -> Result<(Opened, Writer), AppError> {
    let opened = context.place(repo).await?;
    let writer = match &opened.app {
        Some(app) => app.writer()?,
        None => Writer::once()?,
    };
    Ok((opened, writer))
}
