use super::Handler;
use crate::app::App;
use crate::dto::{Empty, NoticeTested, NoticesView, SetNoticesRequest, TestNoticeRequest};
use crate::error::AppError;
use crate::exported;
use crate::notices;
use crate::schema::command;

impl Handler for command::NoticesGet {
    async fn handle(app: &App, _: Empty) -> Result<NoticesView, AppError> {
        app.blocking(notices::view).await
    }
}

impl Handler for command::NoticesSet {
    async fn handle(app: &App, request: SetNoticesRequest) -> Result<NoticesView, AppError> {
        app.blocking(move |app| {
            notices::set(app, request)?;
            exported::export_open(app);
            notices::view(app)
        })
        .await
    }
}

impl Handler for command::NoticesTest {
    async fn handle(app: &App, request: TestNoticeRequest) -> Result<NoticeTested, AppError> {
        app.inner.notices.test(request.way, request.ping).await
    }
}
