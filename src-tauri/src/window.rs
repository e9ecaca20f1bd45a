use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
};

use crate::rpc::Opened;

/// Label of the one window.
const MAIN: &str = "main";

/// Given by the system when it starts the program as the user signs in.
const MINIMIZED: &str = "--minimized";

/// Opens the first window: out of the way when nobody asked for it.
pub(crate) fn create_first(app: &AppHandle) -> tauri::Result<()> {
    let window = create(app)?;
    if std::env::args().any(|arg| arg == MINIMIZED) { window.minimize() } else { Ok(()) }
}

/// Opens the window.
fn create(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Kuramori")
        .inner_size(1280.0, 800.0)
        .min_inner_size(1100.0, 700.0)
        .on_navigation(|url| matches!(url.scheme(), "tauri" | "http" | "https") && is_own(url))
        .build()
}

/// Only the app's own pages are ever shown: the built ones, or the development server's.
fn is_own(url: &tauri::Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "tauri.localhost" | "127.0.0.1"))
}

/// Brings the window to the front, opening it again where it was closed.
pub(crate) fn show(app: &AppHandle) {
    let shown = match app.get_webview_window(MAIN) {
        Some(window) => {
            window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus())
        }
        None => create(app).map(drop),
    };
    if let Err(error) = shown {
        tracing::error!(%error, "the window could not be shown");
    }
}

/// Closing the window does not stop a run: it goes on unseen, and the program ends with it.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let Some(app) = window.state::<Opened>().if_open().cloned() else { return };
    if !app.is_working() {
        return;
    }
    api.prevent_close();
    if let Err(error) = window.hide() {
        tracing::error!(%error, "the window could not be hidden");
    }
    let handle = window.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        app.idle().await;
        let hidden = handle
            .get_webview_window(MAIN)
            .is_none_or(|w| w.is_visible().is_ok_and(|visible| !visible));
        if hidden {
            handle.exit(0);
        }
    });
}
