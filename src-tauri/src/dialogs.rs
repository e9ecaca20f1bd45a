use std::path::PathBuf;

use kuramori_app::platform::paths::safe_name;
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;

/// Turns a dialog that calls back into one that can be awaited. A dialog that vanished counts as
/// one that was closed.
async fn chosen(ask: impl FnOnce(Box<dyn FnOnce(Option<FilePath>) + Send>)) -> Option<PathBuf> {
    let (tell, told) = oneshot::channel();
    ask(Box::new(move |path| drop(tell.send(path))));
    told.await.ok().flatten().and_then(|path| path.into_path().ok())
}

fn dialog(app: &AppHandle, title: &str) -> FileDialogBuilder<tauri::Wry> {
    app.dialog().file().set_title(title)
}

/// Lets the user point at a folder.
#[tauri::command]
pub(crate) async fn pick_folder(
    app: AppHandle,
    title: String,
    start: Option<PathBuf>,
) -> Option<String> {
    let mut dialog = dialog(&app, &title).set_can_create_directories(true);
    if let Some(folder) = start.as_deref().and_then(|s| s.ancestors().find(|a| a.is_dir())) {
        dialog = dialog.set_directory(folder);
    }
    let folder = chosen(|tell| dialog.pick_folder(tell)).await?;
    Some(folder.display().to_string())
}

/// Lets the user point at a file whose name has this ending.
#[tauri::command]
pub(crate) async fn pick_file(app: AppHandle, title: String, ending: String) -> Option<String> {
    let dialog = dialog(&app, &title).add_filter(format!("*.{ending}"), &[&ending]);
    let file = chosen(|tell| dialog.pick_file(tell)).await?;
    Some(file.display().to_string())
}

/// Lets the user name a file to write.
#[tauri::command]
pub(crate) async fn pick_save_file(app: AppHandle, title: String, name: String) -> Option<String> {
    let dialog = dialog(&app, &title).set_file_name(safe_name(&name));
    let file = chosen(|tell| dialog.save_file(tell)).await?;
    Some(file.display().to_string())
}

/// Lets the user name a file and writes a text there, such as the recovery key.
#[tauri::command]
pub(crate) async fn save_text(
    app: AppHandle,
    title: String,
    name: String,
    text: String,
) -> Result<Option<String>, String> {
    let dialog = dialog(&app, &title).set_file_name(safe_name(&name));
    let Some(file) = chosen(|tell| dialog.save_file(tell)).await else { return Ok(None) };
    fs_err::write(&file, text).map_err(|e| e.to_string())?;
    Ok(Some(file.display().to_string()))
}
