//! One stream of events for all who watch.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::broadcast;

use crate::dto::{Event, RunView, Topic};

/// Events kept for a slow listener; a listener that falls behind further is told so by its channel
/// and asks for everything again.
const BACKLOG: usize = 256;

/// Sends events to all listeners.
pub(crate) struct EventHub {
    seq: AtomicU64,
    sender: broadcast::Sender<Event>,
}

impl EventHub {
    pub(crate) fn new() -> Self {
        Self { seq: AtomicU64::new(0), sender: broadcast::channel(BACKLOG).0 }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// Tells that something changed.
    pub(crate) fn changed(&self, topic: Topic, id: Option<String>) {
        self.send(topic, id, None);
    }

    /// Tells how a run stands.
    pub(crate) fn run(&self, view: RunView) {
        self.send(Topic::Run, Some(view.summary.id.clone()), Some(Box::new(view)));
    }

    fn send(&self, topic: Topic, id: Option<String>, run: Option<Box<RunView>>) {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        // Nobody listening is fine: state is asked for, events only say when to ask.
        drop(self.sender.send(Event { seq, topic, id, run }));
    }
}
