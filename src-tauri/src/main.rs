//! The desktop app.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod dialogs;
mod events;
mod rpc;
mod window;

use std::process::ExitCode;
use std::sync::Arc;

use kuramori_app::dto::ErrorCode;
use kuramori_app::{App, AppError, AppOptions, SecretsChoice, SystemClock};
use tauri::Manager;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("KURAMORI_LOG"))
        .with_writer(std::io::stderr)
        .init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "Tauri's context ends the program when its own assets are damaged"
)]
fn run() -> tauri::Result<()> {
    let mut builder = tauri::Builder::default().plugin(tauri_plugin_dialog::init());
    // A test drives windows of its own; a second start by a person shows the first one's.
    if std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_none() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| {
            window::show(app);
        }));
    }
    builder
        .invoke_handler(tauri::generate_handler![
            rpc::rpc,
            events::subscribe,
            dialogs::pick_folder,
            dialogs::pick_save_file,
            dialogs::save_text,
        ])
        .setup(|tauri| {
            tauri.manage(rpc::Opened(open()));
            window::create(tauri.handle())?;
            if let Ok(app) = &tauri.state::<rpc::Opened>().0 {
                let app = app.clone();
                tauri::async_runtime::spawn(async move { app.recover().await });
            }
            Ok(())
        })
        .on_window_event(window::on_event)
        .run(tauri::generate_context!())
}

/// Opens the application. A failure is shown in the window, which then answers every command
/// with it.
fn open() -> Result<App, AppError> {
    let state = match std::env::var_os("KURAMORI_STATE") {
        Some(state) => state.into(),
        None => App::default_state()?,
    };
    // For machines without a keychain, chosen on purpose as with the command line's `--secrets`.
    let secrets = match std::env::var("KURAMORI_SECRETS") {
        Ok(choice) => choice.parse().map_err(|why: String| {
            AppError::new(ErrorCode::InvalidInput, format!("KURAMORI_SECRETS={choice}")).detail(why)
        })?,
        Err(_) => SecretsChoice::Keychain,
    };
    App::open(AppOptions { state, secrets, notices: true, clock: Arc::new(SystemClock::new()) })
}
