use kuramori_app::dto::{ErrorView, Event};
use tauri::State;
use tauri::ipc::Channel;
use tokio::sync::broadcast::error::RecvError;

use crate::rpc::Opened;

/// Sends everything that changes to the window, until the window goes away.
#[tauri::command]
pub(crate) async fn subscribe(
    opened: State<'_, Opened>,
    channel: Channel<Event>,
) -> Result<(), ErrorView> {
    let mut events = opened.app().await?.subscribe();
    tauri::async_runtime::spawn(async move {
        loop {
            let event = match events.recv().await {
                Ok(event) => event,
                // The window sees the gap in the numbers and asks for everything again.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => break,
            };
            if channel.send(event).is_err() {
                break;
            }
        }
    });
    Ok(())
}
