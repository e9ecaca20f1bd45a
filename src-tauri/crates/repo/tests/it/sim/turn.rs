//! One actor at a time: every call of a store is a point at which another may go on instead.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use kuramori_repo::{BlobEntry, BlobName, BlobStore, Capabilities, MemoryStore, StoreError};

/// Numbers that depend on a seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// Whether something of so many per cent happens.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

struct State {
    rng: Rng,
    /// All that have not finished, and whether they wait at a call.
    actors: BTreeMap<usize, bool>,
    granted: Option<usize>,
    /// Who is asleep, and for how many choices more.
    asleep: BTreeMap<usize, u64>,
}

/// Decides who goes on.
pub(crate) struct Turn {
    state: Mutex<State>,
    changed: Condvar,
}

impl Turn {
    pub(crate) fn new(rng: Rng, actors: usize) -> Arc<Self> {
        let actors = (0..actors).map(|actor| (actor, false)).collect();
        let state = State { rng, actors, granted: None, asleep: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    /// Waits until this actor may make a call.
    fn wait(&self, actor: usize) {
        let mut state = self.state.lock().unwrap();
        state.actors.insert(actor, true);
        state.choose();
        self.changed.notify_all();
        while state.granted != Some(actor) {
            state = self.changed.wait(state).unwrap();
        }
        state.granted = None;
        state.actors.insert(actor, false);
    }

    /// After a record that decides something is the worst moment to fall asleep.
    fn may_fall_asleep(&self, actor: usize) {
        let mut state = self.state.lock().unwrap();
        if state.rng.chance(25) {
            let long = 20 + state.rng.below(150);
            state.asleep.insert(actor, long);
        }
    }

    /// Lets an actor sleep while the others are chosen so many times.
    pub(crate) fn sleep(&self, actor: usize, choices: u64) {
        self.state.lock().unwrap().asleep.insert(actor, choices);
    }

    /// Says that an actor makes no more calls.
    pub(crate) fn finish(&self, actor: usize) {
        let mut state = self.state.lock().unwrap();
        state.actors.remove(&actor);
        state.asleep.remove(&actor);
        state.choose();
        self.changed.notify_all();
    }
}

impl State {
    /// Chooses once everybody waits: then nothing depends on how threads run.
    fn choose(&mut self) {
        if self.granted.is_some() || !self.actors.values().all(|waits| *waits) {
            return;
        }
        self.asleep.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
        let all: Vec<usize> = self.actors.keys().copied().collect();
        let mut awake = all.clone();
        awake.retain(|actor| !self.asleep.contains_key(actor));
        let from = if awake.is_empty() { &all } else { &awake };
        if from.is_empty() {
            return;
        }
        let at = usize::try_from(self.rng.below(from.len() as u64)).unwrap();
        let chosen = from[at];
        self.granted = Some(chosen);
        if self.rng.chance(8) {
            let long = 5 + self.rng.below(120);
            self.asleep.insert(chosen, long);
        }
    }
}

/// The store as one actor sees it.
pub(crate) struct SimStore {
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) turn: Arc<Turn>,
    pub(crate) actor: usize,
    /// After so many calls the actor is dead.
    pub(crate) calls_left: Mutex<u64>,
}

impl SimStore {
    fn call<T>(
        &self,
        call: impl FnOnce(&MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.turn.wait(self.actor);
        let mut left = self.calls_left.lock().unwrap();
        if *left == 0 {
            let source = Arc::new(std::io::Error::other("the actor is dead"));
            return Err(StoreError::Unreachable { location: "memory".to_owned(), source });
        }
        *left -= 1;
        call(&self.memory)
    }
}

impl BlobStore for SimStore {
    fn location(&self) -> String {
        self.memory.location()
    }

    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.call(BlobStore::prepare)
    }

    fn put(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        self.call(|m| m.put(name, bytes))
    }

    fn put_new(&self, name: &BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        let created = self.call(|m| m.put_new(name, bytes));
        self.turn.may_fall_asleep(self.actor);
        created
    }

    fn get(&self, name: &BlobName, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.call(|m| m.get(name, limit))
    }

    fn get_range(&self, name: &BlobName, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        self.call(|m| m.get_range(name, offset, len))
    }

    fn size(&self, name: &BlobName) -> Result<u64, StoreError> {
        self.call(|m| m.size(name))
    }

    fn list(&self, prefix: &str) -> Result<Vec<BlobEntry>, StoreError> {
        self.call(|m| m.list(prefix))
    }

    fn set_aside(&self, name: &BlobName, to: &BlobName) -> Result<(), StoreError> {
        self.call(|m| m.set_aside(name, to))
    }

    fn delete(&self, name: &BlobName) -> Result<(), StoreError> {
        self.call(|m| m.delete(name))
    }
}
