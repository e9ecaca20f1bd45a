use std::path::PathBuf;

use kuramori_app::dto::{
    ErrorCode, RestoreDiskRequest, RestoreInPlaceRequest, StopVm, VmIdentityChoice,
};
use kuramori_app::schema::command;
use kuramori_app::{AppError, CancelToken, NewVmChoice, NoProgress, PointRef, Writer};
use serde::Serialize;

use crate::args::{IdentityChoice, ImageFormat, RepoArgs, RestoreCommand, RestoreVmArgs};
use crate::context::{Context, blocking, clock, full};
use crate::input;
use crate::output::{Done, Output};

/// A file that was written.
#[derive(Serialize)]
struct Written {
    path: String,
    point_id: String,
    /// Why nothing kept the recovery point from being removed meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    unprotected: Option<String>,
}

pub(super) async fn run(context: &Context, command: RestoreCommand) -> Result<Done, AppError> {
    match command {
        RestoreCommand::Disk { point, repo, disk, format: ImageFormat::Raw, output } => {
            disk_to_file(context, &point, repo, disk, output).await
        }
        RestoreCommand::Vm(args) if args.in_place => in_place(context, args).await,
        RestoreCommand::Vm(RestoreVmArgs {
            point,
            repo,
            server,
            datastore,
            disk_datastore,
            name,
            identity,
            ..
        }) => {
            let missing = |what| AppError::new(ErrorCode::InvalidInput, what);
            let datastore = datastore.ok_or_else(|| missing("--datastore is missing"))?;
            let identity = match identity {
                IdentityChoice::New => VmIdentityChoice::New,
                IdentityChoice::Keep => VmIdentityChoice::Keep,
            };
            let disks = disk_datastore.into_iter().collect();
            let target = NewVmChoice { datastore, disks, name, identity };
            let app = context.app().await?;
            let found = if repo.repo_path.is_some() {
                let place = context.place(&repo).await?.place;
                blocking(move || place.find(&point)).await?
            } else {
                context.point(&app, repo.repo.as_deref(), &point).await?
            };
            let started = app.restore_vm(found, &server, target).await?;
            context.follow_here(&app, &started.run_id).await
        }
    }
}

/// Puts disks back into the VM they were of, once its name was typed.
async fn in_place(context: &Context, args: RestoreVmArgs) -> Result<Done, AppError> {
    let app = context.app().await?;
    let found = context.point(&app, args.repo.repo.as_deref(), &args.point).await?;
    let stop = match (args.shut_down, args.power_off) {
        (_, true) => StopVm::PowerOff,
        (true, false) => StopVm::ShutDown,
        (false, false) => StopVm::No,
    };
    let mut request = RestoreInPlaceRequest {
        repository_id: found.repository_id().to_owned(),
        point_id: found.id(),
        server_id: args.server,
        confirm: String::new(),
        stop,
        turn_on: args.power_on,
    };
    request.confirm = if let Some(name) = args.confirm {
        name
    } else {
        let plan = app.call::<command::RestoreInPlacePlan>(request.clone()).await?;
        Output::note(&format!(
            "The disks of {} are exchanged for those of the recovery point. It is saved first, \
             and the disks it has stay as files. Type its name to go on:",
            plan.vm_name
        ));
        blocking(input::line).await?
    };
    let started = app.call::<command::RestoreInPlace>(request).await?;
    context.follow_here(&app, &started.run_id).await
}

/// Writes a disk to a file: as a run where there is a state folder, else on its own.
pub(super) async fn disk_to_file(
    context: &Context,
    wanted: &str,
    repo: RepoArgs,
    disk: u32,
    output: PathBuf,
) -> Result<Done, AppError> {
    let path = full(&output);
    if repo.repo_path.is_none() {
        let app = context.app().await?;
        let found = context.point(&app, repo.repo.as_deref(), wanted).await?;
        let request = RestoreDiskRequest {
            repository_id: found.repository_id().to_owned(),
            point_id: found.id(),
            disk,
            path: path.display().to_string(),
        };
        let started = app.call::<command::RestoreDisk>(request).await?;
        return context.follow_here(&app, &started.run_id).await;
    }
    let opened = context.place(&repo).await?;
    let wanted = wanted.to_owned();
    let cancel = CancelToken::new();
    let stop = cancel.clone();
    let file = path.clone();
    let work = blocking(move || {
        let point: PointRef = opened.place.find(&wanted)?;
        let disk = usize::try_from(disk).unwrap_or(usize::MAX);
        let opened = point.read(Writer::once()?, clock())?;
        let unprotected = opened.unprotected();
        opened.write_disk(disk, &file, &NoProgress, &cancel)?;
        Ok((point.id(), unprotected))
    });
    tokio::pin!(work);
    let (point_id, unprotected) = tokio::select! {
        done = &mut work => done?,
        _ = tokio::signal::ctrl_c() => {
            stop.cancel();
            work.await?
        }
    };
    let written = Written { path: path.display().to_string(), point_id, unprotected };
    context.output.answer(&written, |w| match &w.unprotected {
        None => format!("{} is complete.", w.path),
        Some(why) => format!(
            "{} is complete.\nThe repository could not be told that it was being read: {why}",
            w.path
        ),
    });
    Ok(Done::Well)
}
