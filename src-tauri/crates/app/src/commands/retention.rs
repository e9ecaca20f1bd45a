//! What is kept, what goes, what went, and what brings it back.

use super::Handler;
use crate::app::App;
use crate::dto::{
    DeletedPoints, Empty, ErrorCode, HoldList, LedgerRequest, LedgerView, PointsRequest,
    RetentionView, Topic, WhatIfRequest,
};
use crate::error::AppError;
use crate::jobs::{self, JobWork};
use crate::place::Writer;
use crate::retention::OfJob;
use crate::schema::command;

impl Handler for command::RetentionWhatIf {
    async fn handle(app: &App, request: WhatIfRequest) -> Result<RetentionView, AppError> {
        app.blocking(move |app| {
            let job = jobs::to_job(app, request.job_id.as_deref(), &request.draft)?;
            let place = app.place(&JobWork::of(&job)?.repository)?;
            // One that is new has made nothing: what there is of its VMs shows what it will do.
            let vms = request.job_id.is_none().then(|| jobs::picked(&request.draft));
            let coming = jobs::coming(app, &job);
            let rule = OfJob { id: job.id.to_string(), rule: job.retention() };
            let by = (app.language(), &*app.inner.clock);
            place.what_if_job(&rule, vms.as_ref(), &coming, by)
        })
        .await
    }
}

impl Handler for command::RetentionLedger {
    async fn handle(app: &App, request: LedgerRequest) -> Result<LedgerView, AppError> {
        app.blocking(move |app| app.place(&request.repository_id)?.ledger()).await
    }
}

impl Handler for command::PointsDeleted {
    async fn handle(app: &App, request: LedgerRequest) -> Result<DeletedPoints, AppError> {
        app.blocking(move |app| app.place(&request.repository_id)?.recycle_bin()).await
    }
}

impl Handler for command::PointsUndelete {
    async fn handle(app: &App, request: PointsRequest) -> Result<Empty, AppError> {
        app.blocking(move |app| {
            let (place, clock) = (app.place(&request.repository_id)?, &*app.inner.clock);
            let writer = Writer(crate::access::writer(app)?);
            for point in named(&request)? {
                place.undelete(&place.find(point)?, writer, clock)?;
            }
            app.inner.events.changed(Topic::Points, None);
            Ok(Empty {})
        })
        .await
    }
}

impl Handler for command::PointsHold {
    async fn handle(app: &App, request: PointsRequest) -> Result<HoldList, AppError> {
        app.blocking(move |app| {
            let (place, clock) = (app.place(&request.repository_id)?, &*app.inner.clock);
            let writer = Writer(crate::access::writer(app)?);
            let mut holds = Vec::new();
            for point in named(&request)? {
                holds.push(place.hold(&place.find(point)?, &request.reason, writer, clock)?);
            }
            app.inner.events.changed(Topic::Points, None);
            Ok(HoldList { holds })
        })
        .await
    }
}

fn named(request: &PointsRequest) -> Result<&[String], AppError> {
    if request.points.is_empty() {
        return Err(AppError::new(ErrorCode::InvalidInput, "no recovery point"));
    }
    Ok(&request.points)
}
