//! What each command does, by area.

mod backup;
mod in_place;
mod jobs;
mod notices;
mod point_sums;
mod points;
mod recovery;
mod repositories;
mod restore;
mod retention;
mod runs;
mod server_checks;
mod servers;
mod settings;
mod updates;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::dto::{ErrorCode, ErrorView};
use crate::error::AppError;
use crate::exported;
use crate::schema::{Access, Command, command, with_commands};

pub(crate) use backup::Work;
pub(crate) use points::{point_view, unreadable};
pub use restore::NewVmChoice;

/// The work behind a command. Never waits for long work: that becomes a run.
pub(crate) trait Handler: Command {
    /// Answers a request.
    fn handle(
        app: &App,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, AppError>> + Send;
}

impl App {
    /// Runs a command whose types are known at compile time.
    ///
    /// # Errors
    /// What stood in the way, for people.
    #[expect(private_bounds, reason = "every command of the table has a handler")]
    pub async fn call<C: Handler>(&self, request: C::Request) -> Result<C::Response, AppError> {
        let answer = C::handle(self, request).await;
        if C::ACCESS == Access::Admin && answer.is_ok() {
            exported::changed(self);
        }
        answer
    }

    async fn answer<C: Handler>(&self, request: Value) -> Result<Value, AppError>
    where
        C::Request: DeserializeOwned,
        C::Response: Serialize,
    {
        let request = serde_json::from_value(request).map_err(|e| {
            AppError::new(ErrorCode::InvalidInput, format!("the request of {}", C::NAME))
                .because(&e)
        })?;
        let response = self.call::<C>(request).await?;
        serde_json::to_value(response)
            .map_err(|e| AppError::new(ErrorCode::Internal, "").because(&e))
    }
}

macro_rules! dispatch {
    ($($name:literal $type:ident $access:ident ($request:ident) -> $response:ident;)*) => {
        impl App {
            /// Runs a command by its name, with request and response as JSON.
            ///
            /// # Errors
            /// What stood in the way, in the language of the settings.
            pub async fn dispatch(&self, name: &str, request: Value) -> Result<Value, ErrorView> {
                self.answer_by_name(name, request).await.map_err(|e| {
                    tracing::info!(command = name, error = %e, "command failed");
                    e.view(self.language())
                })
            }

            /// Runs a command by its name; the error is for the caller to put into words.
            pub(crate) async fn answer_by_name(
                &self,
                name: &str,
                request: Value,
            ) -> Result<Value, AppError> {
                match name {
                    $($name => self.answer::<command::$type>(request).await,)*
                    _ => Err(AppError::new(
                        ErrorCode::InvalidInput,
                        format!("“{name}” as a command"),
                    )),
                }
            }
        }
    };
}
with_commands!(dispatch);
