//! The items of a run in the order in which they are worked on.
//!
//! What is the run's own goes first, so that it is done with it: whoever waits for another run holds
//! nothing that this one waits for.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kuramori_engine::Moment;

use super::{Item, PausesAt};

/// What has not begun yet.
pub(super) struct Queue {
    items: Mutex<Vec<Queued>>,
    pauses: Option<PausesAt>,
}

struct Queued {
    position: usize,
    item: Item,
    /// Whether it is the run's own already.
    own: bool,
    /// Whether it was told that it waits.
    told: bool,
}

/// What is to be done next.
pub(super) enum Next {
    /// To work on this.
    Item(usize, Box<Item>),
    /// To wait for other runs; these do for the first time.
    Wait(Vec<usize>),
    /// Nothing.
    End,
}

impl Queue {
    /// Queues items; each of the `free` keys is the run's own, for the first item that has it.
    pub(super) fn new(
        items: Vec<Item>,
        mut free: HashSet<String>,
        pauses: Option<PausesAt>,
    ) -> Self {
        let queued = items.into_iter().enumerate().map(|(position, item)| {
            let own = free.remove(&item.key);
            Queued { position, item, own, told: false }
        });
        Self { items: Mutex::new(queued.collect()), pauses }
    }

    fn items(&self) -> MutexGuard<'_, Vec<Queued>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is next. One that was cancelled takes all, so that each item is told as such.
    pub(super) fn next(
        &self,
        cancelled: bool,
        now: DateTime<Utc>,
        claim: impl Fn(&str) -> bool,
    ) -> Next {
        let mut items = self.items();
        let over = self.pauses.is_some_and(|pauses| now >= pauses.at);
        if items.is_empty() || over && !cancelled {
            return Next::End;
        }
        let own = items.iter().position(|queued| queued.own || cancelled);
        let next = own.or_else(|| items.iter().position(|queued| claim(&queued.item.key)));
        if let Some(at) = next {
            let Queued { position, item, .. } = items.remove(at);
            return Next::Item(position, Box::new(item));
        }
        let mut news = Vec::new();
        for queued in items.iter_mut().filter(|queued| !queued.told) {
            queued.told = true;
            news.push(queued.position);
        }
        Next::Wait(news)
    }

    /// Returns how many items were left, if any were, and when they go on.
    pub(super) fn left(&self) -> Option<(u32, Option<Moment>)> {
        let left = u32::try_from(self.items().len()).unwrap_or(u32::MAX);
        (left > 0).then(|| (left, self.pauses.and_then(|pauses| pauses.continues)))
    }
}
