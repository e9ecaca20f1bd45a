//! Keys under a store that fails or dies at every single call.

use std::sync::Arc;

use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobStore, KdfCost, MemoryStore, NewKey, RepoError, Repository, SlotKind, Unlock,
};

use crate::keys::{id_of, passphrase};
use crate::support::{clock, create_options, key_file, open_with};

const CHEAP: KdfCost = KdfCost::INSECURE_FOR_TESTS;

/// What is done to a repository that the passphrase "old passphrase" opens.
type Work = fn(&Repository, &Unlock) -> Result<(), RepoError>;

fn add(repository: &Repository, new: &Unlock) -> Result<(), RepoError> {
    repository.add_key(NewKey::Chosen(new, CHEAP), clock().as_ref()).map(|_| ())
}

fn change(repository: &Repository, new: &Unlock) -> Result<(), RepoError> {
    let old = repository.resolve_key(&id_of_old(repository)?)?.id;
    repository.change_key(old, NewKey::Chosen(new, CHEAP), clock().as_ref())?.removed
}

fn remove(repository: &Repository, _: &Unlock) -> Result<(), RepoError> {
    let old = repository.resolve_key(&id_of_old(repository)?)?.id;
    repository.remove_key(old, clock().as_ref())
}

fn id_of_old(repository: &Repository) -> Result<String, RepoError> {
    let keys = repository.keys()?;
    let old = keys.iter().find(|key| key.kind == SlotKind::Passphrase);
    Ok(old.map(|key| key.id.to_hex()).unwrap_or_default())
}

fn opens(store: &Arc<dyn BlobStore>, unlock: &Unlock) -> bool {
    match open_with(store, unlock) {
        Ok(_) => true,
        Err(RepoError::WrongKey) => false,
        Err(other) => panic!("opens or does not, never {other}"),
    }
}

/// After the work (`old`, `new`) open it. Whatever fails: the recovery key opens, one of the two
/// does unless both may go, a promise holds, and doing it again ends as planned.
fn at_every_call(work: Work, planned: (bool, bool), when: fn(u64) -> When, fault: Fault) {
    let (old, new) = (passphrase("old passphrase"), key_file());
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let created = Repository::create(store, &old, create_options(), clock().as_ref()).unwrap();
    let paper = Unlock::RecoveryKey(created.recovery_key);
    for call in 0.. {
        let under: Arc<dyn BlobStore> = Arc::new(kept.duplicate());
        let faulty = Arc::new(FaultyStore::new(Arc::clone(&under), when(call), fault));
        let store: Arc<dyn BlobStore> = faulty.clone();
        let result = open_with(&store, &old).and_then(|repository| work(&repository, &new));
        let now = (opens(&under, &old), opens(&under, &new));
        assert!(opens(&under, &paper), "call {call}: the recovery key always opens");
        assert!(now.0 || now.1 || planned == (false, false), "call {call}: nobody is locked out");
        match &result {
            Ok(()) => assert_eq!(now, planned, "call {call}: what was promised is done"),
            Err(RepoError::WrongKey) => panic!("call {call}: a failing store is no wrong key"),
            Err(_) => {}
        }
        let repository = open_with(&under, &paper).unwrap();
        let left = id_of_old(&repository).unwrap();
        if planned.1 && !now.1 {
            work(&repository, &new).expect("it can be done again");
        } else if !planned.0 && now.0 && !left.is_empty() {
            remove(&repository, &new).expect("what is left can be removed");
        }
        let keys = repository.keys().unwrap();
        assert!(opens(&under, &paper) && !keys.is_empty());
        assert_eq!((opens(&under, &old), opens(&under, &new)), planned, "call {call}: then");
        if faulty.calls() <= call {
            assert!(result.is_ok() && call > 8, "call {call}: nothing failed: {result:?}");
            return;
        }
    }
}

fn in_every_way(work: Work, planned: (bool, bool)) {
    at_every_call(work, planned, When::Crash, Fault::Io);
    at_every_call(work, planned, When::CrashAfter, Fault::Unreachable);
    at_every_call(work, planned, When::CrashTorn, Fault::Io);
    at_every_call(work, planned, When::Once, Fault::Full);
    at_every_call(work, planned, When::Once, Fault::Denied);
    at_every_call(work, planned, When::AnswerLost, Fault::Io);
}

#[test]
fn adding_is_whole_or_can_be_done_again() {
    in_every_way(add, (true, true));
}

#[test]
fn changing_never_locks_anybody_out() {
    in_every_way(change, (false, true));
}

#[test]
fn removing_is_whole_or_can_be_done_again() {
    in_every_way(remove, (false, false));
}

#[test]
fn a_removed_key_does_not_come_back_with_its_file() {
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let old = passphrase("old passphrase");
    let created =
        Repository::create(Arc::clone(&store), &old, create_options(), clock().as_ref()).unwrap();
    let before = kept.duplicate();
    let id = id_of(&created.repository, SlotKind::Passphrase);
    created.repository.remove_key(id, clock().as_ref()).unwrap();
    let name = kuramori_repo::BlobName::new(format!("keys/{}", id.to_hex())).unwrap();
    kept.overwrite(&name, before.get(&name, 9999).unwrap());
    assert!(!opens(&store, &old), "somebody copied the file back");
}
