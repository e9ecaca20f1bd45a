//! Creating, opening, keys.

use std::sync::Arc;

use kuramori_base::{Hint, Secret};
use kuramori_block::ByteLen;
use kuramori_repo::{
    BlobStore, CreateOptions, RepoError, RepoErrorKind, Repository, SlotKind, Unlock,
};

use crate::support::{clock, create, create_options, key_file, memory, noon, open, open_with};

fn passphrase(text: &str) -> Unlock {
    Unlock::Passphrase(Secret::from(text))
}

fn make(store: &Arc<dyn BlobStore>, unlock: &Unlock) -> Result<Secret<String>, RepoError> {
    Repository::create(Arc::clone(store), unlock, create_options(), clock().as_ref())
        .map(|created| created.recovery_key)
}

#[test]
fn passphrase_and_recovery_key_open_it_and_nothing_else_does() {
    let store = memory();
    let recovery = make(&store, &passphrase("correct horse")).unwrap();
    let by_passphrase = open_with(&store, &passphrase("correct horse")).unwrap();
    let sloppy = recovery.expose().to_lowercase().replace('-', " ");
    let by_recovery = open_with(&store, &Unlock::RecoveryKey(Secret::new(sloppy))).unwrap();
    assert_eq!(by_passphrase.id(), by_recovery.id());
    assert_eq!(by_recovery.name(), "test repository");
    let other = make(&memory(), &passphrase("correct horse")).unwrap();
    for wrong in [
        passphrase("correct horsf"),
        passphrase("Correct horse"),
        passphrase(""),
        key_file(),
        Unlock::RecoveryKey(other),
    ] {
        let error = open_with(&store, &wrong).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), RepoError::WrongKey.to_string(), "always the same words");
    }
    let mistyped = recovery.expose().replacen(|c: char| c != '0', "0", 1);
    let error = open_with(&store, &Unlock::RecoveryKey(Secret::new(mistyped))).map(|_| ());
    assert!(matches!(error, Err(RepoError::MistypedRecoveryKey)), "{error:?}");
}

#[test]
fn a_key_file_opens_it_without_key_derivation() {
    let store = memory();
    let options = CreateOptions::named("standard cost");
    Repository::create(Arc::clone(&store), &key_file(), options, clock().as_ref()).unwrap();
    assert!(open(&store).is_ok());
    let other = Unlock::KeyFile(Secret::new(vec![1; 32]));
    assert!(matches!(open_with(&store, &other), Err(RepoError::WrongKey)));
    let short = Unlock::KeyFile(Secret::new(vec![1; 31]));
    assert!(matches!(open_with(&store, &short), Err(RepoError::WrongKey)));
}

#[test]
fn weak_keys_and_bad_options_are_refused() {
    for weak in [passphrase("1234567"), Unlock::KeyFile(Secret::new(vec![1; 31]))] {
        let error = make(&memory(), &weak).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), RepoErrorKind::WeakKey, "{error}");
    }
    for len in [0, 1000, 2048, 3 << 16, 2 << 20] {
        let options = CreateOptions { chunk_len: ByteLen::new(len), ..create_options() };
        let made = Repository::create(memory(), &key_file(), options, clock().as_ref());
        assert_eq!(made.map(|_| ()).unwrap_err().kind(), RepoErrorKind::Invalid, "{len}");
    }
    let options = CreateOptions { name: " ".to_owned(), ..create_options() };
    let made = Repository::create(memory(), &key_file(), options, clock().as_ref());
    assert_eq!(made.map(|_| ()).unwrap_err().kind(), RepoErrorKind::Invalid);
}

#[test]
fn a_second_repository_in_the_same_place_is_refused() {
    let store = memory();
    let id = create(&store).id();
    let error = make(&store, &key_file()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::AlreadyExists, "{error}");
    assert!(!error.hints().is_empty());
    assert_eq!(open(&store).unwrap().id(), id, "the first is untouched");
}

#[test]
fn an_empty_place_is_not_a_repository() {
    let error = open(&memory()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::NotARepository);
    let error = Repository::probe(memory().as_ref()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::NotARepository);
}

#[test]
fn probing_needs_no_key() {
    let store = memory();
    let repository = create(&store);
    let stub = Repository::probe(store.as_ref()).unwrap();
    assert_eq!(stub.id, repository.id());
    assert_eq!(stub.created, noon());
    assert_eq!(stub.chunk_len, ByteLen::new(4096));
    let mut slots = stub.slots;
    slots.sort_by_key(|kind| *kind as u8);
    assert_eq!(slots, [SlotKind::RecoveryKey, SlotKind::KeyFile]);
}

#[test]
fn all_copies_of_a_slot_must_go_before_the_key_is_lost() {
    let store = memory();
    create(&store);
    for slot in store.list("keys/").unwrap() {
        store.delete(&slot.name).unwrap();
    }
    assert!(open(&store).is_ok(), "the format file has copies");
    store.delete(&kuramori_repo::BlobName::new("format").unwrap()).unwrap();
    assert!(open(&store).is_ok(), "so has the second format file");
}
