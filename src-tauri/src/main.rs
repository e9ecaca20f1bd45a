//! The desktop app.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod dialogs;
mod events;
mod rpc;
mod startup;
mod window;

use std::process::ExitCode;

use kuramori_app::AppError;
use kuramori_app::dto::ErrorCode;
use kuramori_app::updates::{self, AtStart, Launch};
use tauri::Manager;

fn main() -> ExitCode {
    let state = startup::state();
    startup::log(state.as_deref());
    let token = Launch::token(std::env::args().skip(1));
    if let Ok(state) = &state {
        match updates::at_start(state, token.as_deref()) {
            Ok(AtStart::Go) => {}
            Ok(other) => {
                tracing::info!(?other, "an update is being put in place; it starts the program");
                return ExitCode::SUCCESS;
            }
            // The window says so as well: the state folder cannot be opened then.
            Err(error) => tracing::error!(%error, causes = ?error.causes, "the update is stuck"),
        }
    }
    kuramori_app::announce();
    let ended = startup::check_window().and_then(|()| {
        run(token).map_err(|e| AppError::new(ErrorCode::WindowFailed, "").because(&e))
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            startup::explain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "Tauri's context ends the program when its own assets are damaged"
)]
fn run(token: Option<String>) -> tauri::Result<()> {
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
            dialogs::pick_file,
            dialogs::pick_save_file,
            dialogs::save_text,
        ])
        .setup(|tauri| {
            tauri.manage(rpc::Opened::new(tauri.handle().clone(), token));
            window::create_first(tauri.handle())?;
            // Not left to the window's first question: scheduled work does not wait for a window.
            let handle = tauri.handle().clone();
            tauri::async_runtime::spawn(async move {
                if let Err(error) = handle.state::<rpc::Opened>().app().await {
                    tracing::warn!(code = ?error.code, "it is tried again when the window asks");
                }
            });
            Ok(())
        })
        .on_window_event(window::on_event)
        .build(tauri::generate_context!())?
        .run(|handle, event| {
            // Servers have room for so many sessions: none stays behind.
            if matches!(event, tauri::RunEvent::Exit)
                && let Some(app) =
                    handle.try_state::<rpc::Opened>().and_then(|opened| opened.if_open().cloned())
            {
                tauri::async_runtime::block_on(app.sign_out());
            }
        });
    Ok(())
}
