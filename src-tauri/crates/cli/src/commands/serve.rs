//! Keeping jobs without a window.

use kuramori_app::AppError;

use crate::context::{Context, PATIENCE};
use crate::output::{Done, Output};

/// Keeps jobs, and does what other programs of this user ask, until it is told to end. What runs
/// then is cut off and made good for at the next start.
pub(super) async fn serve(context: &Context) -> Result<Done, AppError> {
    let app = context.serving()?;
    let answering = app.answer_others("kuramori serve");
    let heard = match &answering {
        Ok(_) => "other commands are carried out here",
        Err(error) => {
            Output::note(&error.causes.join(": "));
            "other commands have to wait until it ends"
        }
    };
    let state = context.state()?;
    Output::note(&format!(
        "Jobs are kept with the state folder {}; {heard}. Ctrl-C ends it.",
        state.display()
    ));
    tokio::select! {
        () = app.keep_guard() => {}
        () = app.keep_inventories_fresh() => {}
        () = app.keep_schedules() => {}
        () = app.keep_notices() => {}
        () = told_to_end() => {}
    }
    // Nobody is to ask for more now.
    drop(answering);
    match app.interrupt().await {
        0 => Output::note("Ended; nothing was running."),
        1 => Output::note("Ended; a run was cut off and is made good for at the next start."),
        runs => Output::note(&format!(
            "Ended; {runs} runs were cut off and are made good for at the next start."
        )),
    }
    app.deliver_notices(PATIENCE).await;
    Ok(Done::Well)
}

/// Returns when somebody wants this to end: Ctrl-C, or whatever keeps services.
#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            Output::note(&format!("Only Ctrl-C ends it safely: {error}"));
            return drop(tokio::signal::ctrl_c().await);
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Returns when somebody wants this to end: Ctrl-C, a closed window, the end of the session.
#[cfg(windows)]
async fn told_to_end() {
    use tokio::signal::windows::{ctrl_break, ctrl_close, ctrl_shutdown};
    let (Ok(mut pause), Ok(mut close), Ok(mut shutdown)) =
        (ctrl_break(), ctrl_close(), ctrl_shutdown())
    else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = pause.recv() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
    }
}
