//! What happens before there is a window: the state folder, the log, and whether a window is
//! possible at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kuramori_app::dto::{ErrorCode, Language};
use kuramori_app::platform::Roots;
use kuramori_app::{App, AppError, AppOptions, SecretsChoice, SystemClock};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Days for which the program's own log is kept.
const LOG_FILES: usize = 14;

/// Returns the state folder: the one named in the environment, else the user's.
pub(crate) fn state() -> Result<PathBuf, AppError> {
    match std::env::var_os("KURAMORI_STATE") {
        Some(state) => Ok(state.into()),
        None => App::default_state(),
    }
}

/// Opens the application.
///
/// # Errors
/// As [`App::open_to_confirm`], to which `token` goes.
pub(crate) async fn open(token: Option<String>) -> Result<App, AppError> {
    let state = state()?;
    // For machines without a keychain, chosen on purpose as with the command line's `--secrets`.
    let secrets = match std::env::var("KURAMORI_SECRETS") {
        Ok(choice) => choice.parse().map_err(|why: String| {
            AppError::new(ErrorCode::InvalidInput, format!("KURAMORI_SECRETS={choice}")).detail(why)
        })?,
        Err(_) => SecretsChoice::Keychain,
    };
    let (hardware, clock) = (Roots::default(), Arc::new(SystemClock::new()));
    let options = AppOptions { state, secrets, notices: true, hardware, clock };
    let open = move || App::open_to_confirm(options, token.as_deref());
    let opened = tauri::async_runtime::spawn_blocking(open).await;
    opened.unwrap_or_else(|e| Err(AppError::new(ErrorCode::Internal, "").because(&e)))
}

/// Starts the program's log: to the terminal, and to a file a day under the state folder, since a
/// program started from a menu has no terminal. What cannot be logged there is said on the other.
pub(crate) fn log(state: Result<&Path, &AppError>) {
    let filter = || {
        EnvFilter::try_from_env("KURAMORI_LOG")
            .unwrap_or_else(|_| EnvFilter::new("warn,kuramori=info"))
    };
    let terminal = fmt::layer().with_writer(std::io::stderr);
    let base = tracing_subscriber::registry().with(filter()).with(terminal);
    match state.map_err(ToString::to_string).and_then(|s| log_file(s).map_err(|e| e.to_string())) {
        Ok(file) => base.with(fmt::layer().with_ansi(false).with_writer(file)).init(),
        Err(why) => {
            base.init();
            tracing::warn!(why, "there is no log file");
        }
    }
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, "a part of the program failed");
        usual(panic);
    }));
}

fn log_file(state: &Path) -> Result<std::sync::Mutex<RollingFileAppender>, AppError> {
    let folder = App::log_folder(state)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("kuramori")
        .filename_suffix("log")
        .max_log_files(LOG_FILES)
        .build(&folder);
    file.map(std::sync::Mutex::new).map_err(|e| {
        AppError::new(ErrorCode::StateDamaged, folder.display().to_string()).because(&e)
    })
}

/// Checks what the window is made of, so that its absence is a sentence and not a crash.
///
/// # Errors
/// [`ErrorCode::WebviewMissing`] on Windows without the WebView2 runtime,
/// [`ErrorCode::WindowFailed`] on Linux without a display.
pub(crate) fn check_window() -> Result<(), AppError> {
    if cfg!(windows) {
        let version = tauri::webview_version().map_err(|e| {
            AppError::new(ErrorCode::WebviewMissing, "Microsoft Edge WebView2 Runtime").because(&e)
        })?;
        tracing::info!(version, "the WebView2 runtime is installed");
    }
    if cfg!(target_os = "linux") {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
            let none = "neither DISPLAY nor WAYLAND_DISPLAY is set";
            return Err(AppError::new(ErrorCode::WindowFailed, "").detail(none));
        }
    }
    Ok(())
}

/// Tells the user why there is no window, in the log and in a box on the screen. Returns when the
/// box is closed.
pub(crate) fn explain(error: &AppError) {
    tracing::error!(%error, causes = ?error.causes, "there is no window");
    let view = error.view(Language::of_system());
    let mut text = format!("{}\n\n{}", view.title, view.risk);
    for hint in &view.hints {
        text.push_str(&format!("\n\n• {hint}"));
    }
    if error.code == ErrorCode::WindowFailed {
        text.push_str(&format!("\n\n{}", view.detail));
        if cfg!(target_os = "linux") {
            // The box would need the display that is missing.
            return;
        }
    }
    rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title("Kuramori")
        .set_description(text)
        .show();
}
