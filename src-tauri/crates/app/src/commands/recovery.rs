use kuramori_base::Secret;

use super::Handler;
use crate::app::App;
use crate::dto::{
    CheckRecoveryWordsRequest, ErrorCode, RecoverySheetRequest, RecoverySheetView,
    RecoveryWordsChecked,
};
use crate::error::AppError;
use crate::schema::command;

impl Handler for command::RepositoriesRecoverySheet {
    async fn handle(
        app: &App,
        request: RecoverySheetRequest,
    ) -> Result<RecoverySheetView, AppError> {
        app.blocking(move |app| app.recovery_sheet(&request.repository_id)).await
    }
}

impl Handler for command::RepositoriesCheckRecoveryWords {
    async fn handle(
        app: &App,
        request: CheckRecoveryWordsRequest,
    ) -> Result<RecoveryWordsChecked, AppError> {
        let typed: Vec<Secret<String>> = request.words.into_iter().map(Secret::new).collect();
        let right = app.check_words(&request.repository_id, &typed).ok_or_else(|| {
            let what = "typed groups, since no new recovery key waits for them";
            AppError::new(ErrorCode::InvalidInput, what)
        })?;
        Ok(RecoveryWordsChecked { right })
    }
}
