//! Signs of life of a session, while it lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use kuramori_base::Clock;

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::format::names;
use crate::format::session::Beat;
use crate::ids::SessionId;
use crate::inner::Inner;
use crate::store::StoreError;

/// Writes a record now and then, in a thread of its own, until it is dropped. Collections wait for
/// a session that gives signs of life; that it gives none ends nothing that has committed.
pub(crate) struct Heart {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    last: Arc<AtomicU64>,
}

impl Heart {
    /// Begins. `watch` is set when the session is found to have ended.
    pub(crate) fn start(
        inner: Arc<Inner>,
        session: SessionId,
        clock: Arc<dyn Clock>,
        watch: Option<Arc<AtomicBool>>,
    ) -> Result<Self, RepoError> {
        let every = inner.options.beat;
        let (stop, stopped) = bounded::<()>(0);
        let last = Arc::new(AtomicU64::new(0));
        let number = Arc::clone(&last);
        let body = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if let Some(watch) = &watch
                    && inner.is_ended(session)
                {
                    watch.store(true, Ordering::Relaxed);
                    break;
                }
                let number = number.fetch_add(1, Ordering::Relaxed) + 1;
                if let Err(error) = beat(&inner, session, number, clock.as_ref()) {
                    tracing::debug!(%error, "a sign of life could not be written");
                }
            }
        };
        let thread = std::thread::Builder::new().name("repo-beat".to_owned()).spawn(body);
        let thread =
            thread.map_err(|e| RepoError::System { what: "a thread", detail: e.to_string() })?;
        Ok(Self { stop: Some(stop), thread: Some(thread), last })
    }

    /// Ends, and returns the number of the last sign of life if there was one.
    pub(crate) fn stop(self) -> Option<u64> {
        let last = Arc::clone(&self.last);
        drop(self);
        Some(last.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }
}

fn beat(
    inner: &Inner,
    session: SessionId,
    number: u64,
    clock: &dyn Clock,
) -> Result<(), RepoError> {
    let record = Beat { time: clock.now() };
    inner.put_record(&names::beat(session, number), ObjectType::SessionBeat, &record, clock)?;
    match inner.store.delete(&names::beat(session, number.saturating_sub(1))) {
        Err(StoreError::NotFound { .. }) => Ok(()), // the first has none before it
        other => Ok(other?),
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a session's signs of life ended abnormally");
        }
    }
}
