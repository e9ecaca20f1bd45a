use kuramori_app::dto::{ErrorView, Language};
use kuramori_app::{App, AppError};
use serde_json::Value;
use tauri::State;

/// The application, or why it could not be opened.
pub(crate) struct Opened(pub(crate) Result<App, AppError>);

impl Opened {
    /// Returns the application.
    #[expect(clippy::result_large_err, reason = "it is the error every command answers with")]
    pub(crate) fn app(&self) -> Result<&App, ErrorView> {
        self.0.as_ref().map_err(|e| e.view(Language::En))
    }
}

/// Runs any command of the application. The only way from the window to the application.
#[tauri::command]
pub(crate) async fn rpc(
    opened: State<'_, Opened>,
    command: String,
    request: Value,
) -> Result<Value, ErrorView> {
    opened.app()?.clone().dispatch(&command, request).await
}
