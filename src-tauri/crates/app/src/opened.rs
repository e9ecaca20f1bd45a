//! Things that are opened once and kept. What takes long to open holds up nobody who wants another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A slot is held while its thing is opened.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// What is open, by id.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    slots: Mutex<HashMap<String, Slot<T>>>,
}

impl<T> Default for Opened<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T: Clone> Opened<T> {
    /// Returns what is open under an id, or opens it. Others who want the same wait for that. The
    /// second value says whether it was opened just now.
    pub(crate) fn get_or_open<E>(
        &self,
        id: &str,
        open: impl FnOnce() -> Result<T, E>,
    ) -> Result<(T, bool), E> {
        let slot = self.slots().entry(id.to_owned()).or_default().clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*slot {
            return Ok((open.clone(), false));
        }
        let opened = open()?;
        *slot = Some(opened.clone());
        Ok((opened, true))
    }

    /// Keeps something that was opened elsewhere.
    pub(crate) fn keep(&self, id: &str, open: T) {
        self.slots().insert(id.to_owned(), Arc::new(Mutex::new(Some(open))));
    }

    /// Forgets what is open under an id. Who is opening it just now has it for himself.
    pub(crate) fn forget(&self, id: &str) {
        self.slots().remove(id);
    }

    /// Returns all that is open, without what is being opened.
    pub(crate) fn all(&self) -> Vec<T> {
        let slots = self.slots();
        slots.values().filter_map(|slot| slot.try_lock().ok()?.clone()).collect()
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot<T>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_hangs_holds_up_nobody_else() {
        let opened = Opened::default();
        let (begins, begun) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        let hang = move || {
            begins.send(()).unwrap();
            wait.recv().map(|()| 1)
        };
        std::thread::scope(|scope| {
            let hanging = scope.spawn(|| opened.get_or_open("hangs", hang));
            begun.recv().unwrap();
            assert_eq!(opened.get_or_open("other", || Ok::<_, ()>(2)), Ok((2, true)));
            assert_eq!(opened.all(), [2]);
            go_on.send(()).unwrap();
            assert_eq!(hanging.join().unwrap(), Ok((1, true)));
        });
        assert_eq!(opened.get_or_open("hangs", || Err(())), Ok((1, false)), "it is kept");
        opened.forget("hangs");
        assert_eq!(opened.get_or_open("hangs", || Err(())), Err(()));
    }
}
