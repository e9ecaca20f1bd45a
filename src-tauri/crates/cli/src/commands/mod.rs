//! What each command does.

mod deletion;
mod image;
mod job;
mod job_draft;
mod keys;
mod load;
mod notices;
mod points;
mod protection;
mod repo;
mod restore;
mod retention;
mod runs;
mod serve;
mod server;
mod settings;
mod update;
mod upkeep;

use std::sync::Arc;

use kuramori_app::AppError;
use kuramori_app::dto::{ColdBackup, ErrorCode, InventoryRequest, StartBackupRequest};
use kuramori_app::platform::Roots;
use kuramori_app::schema::command;

use crate::args::{Args, BackupArgs, Command, View};
use crate::context::Context;
use crate::output::{Done, Output};
use crate::text;

pub(crate) async fn run(args: Args, output: &Output) -> Result<Done, AppError> {
    let context = Context {
        state: args.state,
        secrets: args.secrets,
        hardware: args.hardware.as_deref().map(Roots::below).unwrap_or_default(),
        output: *output,
        opened: Arc::default(),
    };
    let done = Box::pin(carry_out(&context, args.command)).await;
    context.leave().await;
    done
}

async fn carry_out(context: &Context, command: Command) -> Result<Done, AppError> {
    match command {
        Command::Settings(command) => settings::run(context, command).await,
        Command::Runs(command) => runs::run(context, command).await,
        Command::Server(command) => server::run(context, command).await,
        Command::Inventory { server, view } => inventory(context, server, view).await,
        Command::Repo(command) => repo::run(context, command).await,
        Command::Backup(args) => backup(context, args).await,
        Command::Job(command) => job::run(context, command).await,
        Command::Schedule(command) => job::schedule(context, command).await,
        Command::Serve => Box::pin(serve::serve(context)).await,
        Command::Points(command) => points::run(context, command).await,
        Command::Retention(command) => retention::run(context, command).await,
        Command::Protection(command) => protection::run(context, command).await,
        Command::Classes(args) => protection::classes(context, args).await,
        Command::Alerts(command) => protection::alerts(context, command).await,
        Command::Restore(command) => restore::run(context, command).await,
        Command::Image(command) => image::run(context, command).await,
        Command::Load(args) => load::run(context, args).await,
        Command::Notices(command) => notices::run(context, command).await,
        Command::Update(command) => update::run(context, command).await,
    }
}

async fn inventory(
    context: &Context,
    server_id: String,
    view: Option<View>,
) -> Result<Done, AppError> {
    let app = context.client().await?;
    let request = InventoryRequest { server_id, refresh: true };
    let inventory = app.call::<command::InventoryGet>(request).await?;
    let trees = &inventory.trees;
    let tree = view.map(|view| match view {
        View::Hosts => &trees.hosts,
        View::Folders => &trees.folders,
        View::Storage => &trees.storage,
        View::Tags => &trees.tags,
    });
    match tree {
        None => context.output.answer(&inventory, text::inventory),
        Some(tree) => context.output.answer(tree, |tree| text::tree(&inventory, tree)),
    }
    Ok(Done::Well)
}

async fn backup(context: &Context, args: BackupArgs) -> Result<Done, AppError> {
    let app = context.client().await?;
    let request = InventoryRequest { server_id: args.server.clone(), refresh: true };
    let inventory = app.call::<command::InventoryGet>(request).await?;
    let mut vms = Vec::with_capacity(args.vms.len());
    for wanted in &args.vms {
        let is_it = |vm: &&kuramori_app::dto::VmView| vm.reference == *wanted || vm.name == *wanted;
        let mut found = inventory.vms.iter().filter(is_it);
        let vm = found.next().ok_or_else(|| AppError::new(ErrorCode::VmNotFound, wanted))?;
        if found.next().is_some() {
            return Err(AppError::new(
                ErrorCode::InvalidInput,
                format!("“{wanted}”, since several VMs are called so: use the reference"),
            ));
        }
        vms.push(vm.reference.clone());
    }
    let request = StartBackupRequest {
        server_id: args.server,
        vms,
        repository_id: args.repo,
        limit: args.limit,
        cold: args.cold.then_some(ColdBackup { shut_down: args.shut_down }),
    };
    let started = app.call::<command::BackupStart>(request).await?;
    context.follow(&app, &started.run_id).await
}
