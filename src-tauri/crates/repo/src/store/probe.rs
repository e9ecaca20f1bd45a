//! Finding out what a store really does, with objects that come and go.
//!
//! One client cannot find out everything: whether two computers that create the same name at the
//! same time agree on who was first shows only for the threads of this one.

use std::sync::Barrier;

use super::{BlobName, BlobStore, Capabilities, StoreError};
use crate::error::RepoError;
use crate::format::names;

/// How many threads create the same name, and how often that is tried.
const CALLERS: u8 = 4;
const ROUNDS: u8 = 3;
/// Longer than any name the format knows.
const LONG: usize = 150;
const LIMIT: u64 = 1 << 20;

/// A promise that repositories rest on, and that a store does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrokenPromise {
    /// Several that create the same name are each told that they were first, or what they created
    /// is mixed.
    ExclusiveCreate,
    /// What was just written does not read back, or has another size.
    ReadAfterWrite,
    /// Lists leave out what was just written, or name what was just removed.
    ListAfterWrite,
    /// A renamed object is under its old name, or not whole under its new one.
    Rename,
    /// Names of 150 characters are refused.
    LongNames,
}

impl BrokenPromise {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ExclusiveCreate => "two that create the same file are both told to be the first",
            Self::ReadAfterWrite => "a file that was just written does not read back",
            Self::ListAfterWrite => "folders do not show what was just written or removed",
            Self::Rename => "a renamed file is not whole under its new name alone",
            Self::LongNames => "names of 150 characters are refused",
        }
    }
}

/// Tries what the store promises. Leaves nothing behind, unless it is cut short.
///
/// # Errors
/// [`RepoError::Unsuitable`] for the first promise it breaks; what the store says.
pub(crate) fn probe(store: &dyn BlobStore) -> Result<Capabilities, RepoError> {
    let number = getrandom::u64()
        .map_err(|e| RepoError::System { what: "random bytes", detail: e.to_string() })?;
    let stem = format!("{number:016x}");
    let mut made = Vec::new();
    let tried = try_all(store, &stem, &mut made);
    for name in made {
        match store.delete(&name) {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => tracing::debug!(%error, "an object of a probe stays behind"),
        }
    }
    tried.map(|()| store.capabilities())
}

fn try_all(store: &dyn BlobStore, stem: &str, made: &mut Vec<BlobName>) -> Result<(), RepoError> {
    let broken = |promise| RepoError::Unsuitable { location: store.location(), promise };
    for round in 0..ROUNDS {
        let name = names::probe(&format!("{stem}-{round}"));
        made.push(name.clone());
        if !one_wins(store, &name)? {
            return Err(broken(BrokenPromise::ExclusiveCreate));
        }
    }
    let (old, new) = (names::probe(stem), names::probe(&format!("{stem}-moved")));
    made.extend([old.clone(), new.clone()]);
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(10_000).collect();
    store.put_new(&old, &bytes)?;
    if !reads_as(store, &old, &bytes)? || store.size(&old)? != bytes.len() as u64 {
        return Err(broken(BrokenPromise::ReadAfterWrite));
    }
    let listed = |name: &BlobName| -> Result<bool, StoreError> {
        let found = store.list(names::PROBES)?;
        Ok(found.iter().any(|entry| entry.name == *name && entry.size == bytes.len() as u64))
    };
    if !listed(&old)? {
        return Err(broken(BrokenPromise::ListAfterWrite));
    }
    store.set_aside(&old, &new)?;
    if is_there(store, &old)? || !reads_as(store, &new, &bytes)? {
        return Err(broken(BrokenPromise::Rename));
    }
    if listed(&old)? || !listed(&new)? {
        return Err(broken(BrokenPromise::ListAfterWrite));
    }
    store.delete(&new)?;
    if is_there(store, &new)? || listed(&new)? {
        return Err(broken(BrokenPromise::ListAfterWrite));
    }
    let long = names::probe(&format!("{stem}-{}", "n".repeat(LONG - stem.len())));
    made.push(long.clone());
    match store.put_new(&long, &bytes) {
        Ok(()) => Ok(()),
        Err(StoreError::Io { .. }) => Err(broken(BrokenPromise::LongNames)),
        Err(error) => Err(error.into()),
    }
}

/// Lets several threads create a name at once, and then one more.
fn one_wins(store: &dyn BlobStore, name: &BlobName) -> Result<bool, RepoError> {
    let start = Barrier::new(usize::from(CALLERS));
    let content = |caller: u8| vec![caller; 4096];
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let callers = (0..CALLERS).map(|caller| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                store.put_new(name, &content(caller))
            })
        });
        let callers: Vec<_> = callers.collect();
        callers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut winners = Vec::new();
    for (caller, outcome) in (0..CALLERS).zip(outcomes) {
        let failed = |_| RepoError::System { what: "a thread", detail: "it panicked".to_owned() };
        match outcome.map_err(failed)? {
            Ok(()) => winners.push(caller),
            Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let late = match store.put_new(name, &content(u8::MAX)) {
        Ok(()) => false,
        Err(StoreError::Exists { .. }) => true,
        Err(error) => return Err(error.into()),
    };
    match winners.as_slice() {
        [winner] if late => Ok(reads_as(store, name, &content(*winner))?),
        _ => Ok(false),
    }
}

fn reads_as(store: &dyn BlobStore, name: &BlobName, bytes: &[u8]) -> Result<bool, StoreError> {
    match store.get(name, LIMIT) {
        Ok(there) => Ok(there == bytes),
        Err(StoreError::NotFound { .. } | StoreError::Short { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_there(store: &dyn BlobStore, name: &BlobName) -> Result<bool, StoreError> {
    match store.size(name) {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
