//! How many requests one host gets at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A host serves no more than this many file requests at once; the next ones get 503.
const MOST: usize = 4;
/// Answers without trouble after which one more request is allowed again.
const RECOVERY: u32 = 64;

/// Lets a few requests through at once, fewer after the host said it is too busy.
#[derive(Debug)]
pub(crate) struct HostGate {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    running: usize,
    good: u32,
}

/// The right to have one request running.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<HostGate>,
}

impl HostGate {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { limit: MOST, running: 0, good: 0 }), freed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub(crate) async fn enter(self: &Arc<Self>) -> Permit {
        loop {
            // Registered before looking, so that no release in between is missed.
            let freed = self.freed.notified();
            {
                let mut state = self.state();
                if state.running < state.limit {
                    state.running += 1;
                    return Permit { gate: Arc::clone(self) };
                }
            }
            freed.await;
        }
    }

    /// Notes that the host was too busy.
    pub(crate) fn busy(&self) {
        let mut state = self.state();
        state.limit = (state.limit / 2).max(1);
        state.good = 0;
    }

    /// Notes an answer without trouble.
    pub(crate) fn good(&self) {
        let mut state = self.state();
        state.good += 1;
        if state.good >= RECOVERY && state.limit < MOST {
            state.limit += 1;
            state.good = 0;
            drop(state);
            self.freed.notify_one();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.state().running -= 1;
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn fits(gate: &Arc<HostGate>, held: &mut Vec<Permit>) -> usize {
        while let Ok(permit) = tokio::time::timeout(Duration::from_millis(20), gate.enter()).await {
            held.push(permit);
        }
        held.len()
    }

    #[tokio::test]
    async fn the_limit_halves_when_busy_and_recovers_slowly() {
        let gate = Arc::new(HostGate::new());
        let mut held = Vec::new();
        assert_eq!(fits(&gate, &mut held).await, 4);
        held.pop();
        assert_eq!(fits(&gate, &mut held).await, 4, "a place that is freed is used again");
        gate.busy();
        held.clear();
        assert_eq!(fits(&gate, &mut held).await, 2);
        for _ in 0..3 {
            gate.busy();
        }
        held.clear();
        assert_eq!(fits(&gate, &mut held).await, 1, "one always goes through");
        for _ in 0..RECOVERY * 10 {
            gate.good();
        }
        assert_eq!(fits(&gate, &mut held).await, 4, "and never more than four");
    }
}
