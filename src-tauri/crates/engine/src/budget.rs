//! How much is done at once on one host and one datastore, by all runs together: backups must not
//! be what makes VMs slow.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kuramori_base::{CancelToken, Cancelled};

/// How often somebody who waits looks whether to stop, or whether the limits are others.
const LOOK: Duration = Duration::from_millis(100);

/// Something that is shared by all that work on a server. The first text is our id of the server,
/// the second the server's own name of the host or datastore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Snapshots being made or removed on a datastore.
    Snapshot(String, String),
    /// Disks being read from a host.
    Host(String, String),
    /// Disks being read from a datastore.
    Datastore(String, String),
}

/// How much may be done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Disks read at once from one host.
    pub per_host: NonZeroUsize,
    /// Disks read at once from one datastore.
    pub per_datastore: NonZeroUsize,
}

impl Default for Budget {
    /// Two disks. Snapshots are always made and removed one at a time on a datastore.
    fn default() -> Self {
        let two = NonZeroUsize::MIN.saturating_add(1);
        Self { per_host: two, per_datastore: two }
    }
}

impl Budget {
    fn of(self, lane: &Lane) -> usize {
        match lane {
            Lane::Snapshot(..) => 1,
            Lane::Host(..) => self.per_host.get(),
            Lane::Datastore(..) => self.per_datastore.get(),
        }
    }
}

/// Lets no more than a budget's work go on at once. One is shared by all that work.
pub struct Budgets {
    budget: Box<dyn Fn() -> Budget + Send + Sync>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    busy: BTreeMap<Lane, usize>,
    /// Who waits for what, in the order in which they came.
    waiting: Vec<(u64, Vec<Lane>)>,
    next: u64,
}

/// The right to work on some lanes, until it is dropped.
pub(crate) struct Turn<'a> {
    budgets: &'a Budgets,
    lanes: Vec<Lane>,
}

impl Budgets {
    /// Makes budgets that ask again and again how much may be done.
    pub fn new(budget: impl Fn() -> Budget + Send + Sync + 'static) -> Self {
        Self { budget: Box::new(budget), state: Mutex::default(), freed: Condvar::new() }
    }

    /// Returns how many disks there could be a turn for at most, as the limits are now.
    pub(crate) fn widest(&self) -> usize {
        let budget = (self.budget)();
        budget.per_host.max(budget.per_datastore).get()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room on all lanes at once, and takes it. Who came first goes first,
    /// unless they want nothing of each other. Tells through `told` when it has to wait. Blocks.
    ///
    /// # Cancellation
    /// Ends the wait within a tenth of a second.
    pub(crate) fn enter(
        &self,
        lanes: Vec<Lane>,
        cancel: &CancelToken,
        told: impl FnOnce(),
    ) -> Result<Turn<'_>, Cancelled> {
        self.wait(self.line_up(lanes, false), cancel, told)
    }

    /// As [`Self::enter`], before all who wait: for what makes room for others, such as removing a
    /// snapshot. Cannot be cancelled.
    pub(crate) fn enter_first(&self, lanes: Vec<Lane>) -> Option<Turn<'_>> {
        self.wait(self.line_up(lanes, true), &CancelToken::new(), || ()).ok()
    }

    fn line_up(&self, mut lanes: Vec<Lane>, first: bool) -> Place<'_> {
        lanes.sort();
        lanes.dedup();
        let mut state = self.state();
        let ticket = state.next;
        state.next += 1;
        let position = if first { 0 } else { state.waiting.len() };
        state.waiting.insert(position, (ticket, lanes.clone()));
        Place { budgets: self, ticket, lanes }
    }

    fn wait(
        &self,
        place: Place<'_>,
        cancel: &CancelToken,
        told: impl FnOnce(),
    ) -> Result<Turn<'_>, Cancelled> {
        let mut told = Some(told);
        loop {
            cancel.check()?;
            let mut state = self.state();
            if state.has_room(place.ticket, &place.lanes, (self.budget)()) {
                for lane in &place.lanes {
                    *state.busy.entry(lane.clone()).or_default() += 1;
                }
                return Ok(Turn { budgets: self, lanes: place.lanes.clone() });
            }
            match told.take() {
                Some(told) => {
                    // Without the lock: whoever listens may take its time.
                    drop(state);
                    told();
                }
                None => drop(self.freed.wait_timeout(state, LOOK)),
            }
        }
    }
}

/// A place among those who wait, given up when it is dropped, however that comes.
struct Place<'a> {
    budgets: &'a Budgets,
    ticket: u64,
    lanes: Vec<Lane>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.budgets.state().waiting.retain(|(ticket, _)| *ticket != self.ticket);
        self.budgets.freed.notify_all();
    }
}

impl State {
    fn has_room(&self, ticket: u64, lanes: &[Lane], budget: Budget) -> bool {
        let earlier = self.waiting.iter().take_while(|(other, _)| *other != ticket);
        let overtakes = earlier.flat_map(|(_, wanted)| wanted).any(|lane| lanes.contains(lane));
        let free = |lane| self.busy.get(lane).copied().unwrap_or_default() < budget.of(lane);
        !overtakes && lanes.iter().all(free)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.budgets.state();
        for lane in &self.lanes {
            if let Some(busy) = state.busy.get_mut(lane) {
                *busy -= 1;
                if *busy == 0 {
                    state.busy.remove(lane);
                }
            }
        }
        drop(state);
        self.budgets.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn host(name: &str) -> Lane {
        Lane::Host("s".into(), name.into())
    }

    fn store(name: &str) -> Lane {
        Lane::Datastore("s".into(), name.into())
    }

    fn two() -> Budgets {
        Budgets::new(Budget::default)
    }

    #[test]
    fn never_more_than_the_budget_at_once_and_everybody_gets_a_turn() {
        let (budgets, cancel) = (two(), CancelToken::new());
        let (now, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for n in 0..12 {
                let (budgets, cancel, now, most, done) = (&budgets, &cancel, &now, &most, &done);
                scope.spawn(move || {
                    let lanes = vec![host("a"), store(if n % 2 == 0 { "x" } else { "y" })];
                    let turn = budgets.enter(lanes, cancel, || ()).unwrap();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    now.fetch_sub(1, Ordering::SeqCst);
                    drop(turn);
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!((most.into_inner(), done.into_inner()), (2, 12));
        assert!(budgets.state().busy.is_empty() && budgets.state().waiting.is_empty());
    }

    #[test]
    fn other_hosts_are_not_in_the_way_and_the_first_goes_first() {
        let (budgets, cancel) = (two(), CancelToken::new());
        let _held = [0, 1].map(|_| budgets.enter(vec![host("a")], &cancel, || ()).unwrap());
        let _free = budgets.enter(vec![host("b")], &cancel, || panic!("b is free")).unwrap();
        let state = State {
            busy: BTreeMap::new(),
            waiting: vec![(3, vec![host("a"), store("x")]), (4, vec![store("x")])],
            next: 5,
        };
        let budget = Budget::default();
        assert!(state.has_room(3, &[host("a"), store("x")], budget));
        assert!(!state.has_room(4, &[store("x")], budget), "who came first goes first");
        assert!(state.has_room(5, &[store("y")], budget), "and only there");
    }

    #[test]
    fn one_snapshot_at_a_time_and_a_cancelled_wait_ends_and_is_forgotten() {
        let (budgets, cancel) = (two(), CancelToken::new());
        let lane = || vec![Lane::Snapshot("s".into(), "x".into())];
        let held = budgets.enter(lane(), &cancel, || ()).unwrap();
        let told = AtomicUsize::new(0);
        let stopped = CancelToken::new();
        std::thread::scope(|scope| {
            let wait = scope.spawn(|| {
                let tell = || told.store(told.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
                budgets.enter(lane(), &stopped, tell).is_err()
            });
            while told.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            stopped.cancel();
            assert!(wait.join().unwrap(), "it ends without a turn");
        });
        assert_eq!(told.into_inner(), 1, "told once");
        drop(held);
        drop(budgets.enter(lane(), &cancel, || panic!("nobody is in the way")).unwrap());
    }

    #[test]
    fn what_makes_room_goes_first_and_a_listener_that_breaks_off_blocks_nobody() {
        let (budgets, cancel) = (two(), CancelToken::new());
        let lane = || vec![Lane::Snapshot("s".into(), "x".into())];
        let held = budgets.enter(lane(), &cancel, || ()).unwrap();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let waiting = |count| {
                while budgets.state().waiting.len() < count {
                    std::thread::yield_now();
                }
            };
            scope.spawn(|| {
                let turn = budgets.enter(lane(), &cancel, || ()).unwrap();
                order.lock().unwrap().push("made");
                drop(turn);
            });
            waiting(1);
            scope.spawn(|| {
                let turn = budgets.enter_first(lane()).unwrap();
                order.lock().unwrap().push("removed");
                drop(turn);
            });
            waiting(2);
            drop(held);
        });
        assert_eq!(order.into_inner().unwrap(), ["removed", "made"]);

        let held = budgets.enter(lane(), &cancel, || ()).unwrap();
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = budgets.enter(lane(), &cancel, || panic!("the listener breaks off"));
        }));
        assert!(broken.is_err() && budgets.state().waiting.is_empty());
        drop(held);
    }
}
