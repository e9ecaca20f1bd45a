//! Keys: added, changed, removed, and never the last one.

use std::sync::Arc;

use chrono::TimeDelta;
use kuramori_base::{ManualClock, Secret};
use kuramori_repo::{
    BlobName, BlobStore, KdfCost, KeySlot, LocalStore, MemoryStore, NewKey, RepoError,
    RepoErrorKind, Repository, SlotId, SlotKind, Unlock,
};

use crate::support::{
    back_up, clock, create, create_options, key_file, memory, noise, noon, open_options, open_with,
};

const CHEAP: KdfCost = KdfCost::INSECURE_FOR_TESTS;

pub(crate) fn passphrase(text: &str) -> Unlock {
    Unlock::Passphrase(Secret::from(text))
}

pub(crate) fn kinds(keys: &[KeySlot]) -> Vec<SlotKind> {
    keys.iter().map(|key| key.kind).collect()
}

pub(crate) fn id_of(repository: &Repository, kind: SlotKind) -> SlotId {
    repository.keys().unwrap().iter().find(|key| key.kind == kind).unwrap().id
}

fn add(repository: &Repository, unlock: &Unlock) -> KeySlot {
    repository.add_key(NewKey::Chosen(unlock, CHEAP), clock().as_ref()).unwrap().key
}

/// Everything in a store, to see whether anything was touched.
fn content(store: &Arc<dyn BlobStore>) -> Vec<(String, Vec<u8>)> {
    let names = store.list("").unwrap().into_iter().map(|entry| entry.name);
    names.map(|name| (name.to_string(), store.get(&name, u64::MAX).unwrap())).collect()
}

#[test]
fn each_kind_of_key_opens_what_it_was_added_to() {
    let store = memory();
    let repository = create(&store);
    let device = Unlock::new_device().unwrap();
    for unlock in
        [&passphrase("correct horse"), &Unlock::KeyFile(Secret::new(vec![9; 40])), &device]
    {
        let wrong = open_with(&store, unlock).map(|_| ()).unwrap_err();
        assert_eq!(wrong.kind(), RepoErrorKind::WrongKey);
        let added = add(&repository, unlock);
        assert_eq!(open_with(&store, unlock).unwrap().id(), repository.id());
        assert_eq!(repository.resolve_key(&added.id.to_hex()[..8].to_uppercase()).unwrap(), added);
    }
    let added = repository.add_key(NewKey::Recovery, clock().as_ref()).unwrap();
    let paper = Unlock::RecoveryKey(added.recovery_key.unwrap());
    assert_eq!(open_with(&store, &paper).unwrap().id(), repository.id());
    let mut listed = kinds(&repository.keys().unwrap());
    listed.sort_by_key(|kind| *kind as u8);
    use SlotKind as K;
    assert_eq!(
        listed,
        [K::Passphrase, K::RecoveryKey, K::RecoveryKey, K::KeyFile, K::KeyFile, K::Device]
    );
    let error = repository.resolve_key("").unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::KeyNotFound);
    let chosen = NewKey::Chosen(&paper, CHEAP);
    let error = repository.add_key(chosen, clock().as_ref()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::WeakKey, "a recovery key cannot be chosen");
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let store = memory();
    let (old, new) = (passphrase("old passphrase"), passphrase("new passphrase"));
    Repository::create(Arc::clone(&store), &old, create_options(), clock().as_ref()).unwrap();
    let repository = open_with(&store, &old).unwrap();
    let before = id_of(&repository, SlotKind::Passphrase);
    let changed = repository.change_key(before, NewKey::Chosen(&new, CHEAP), clock().as_ref());
    changed.unwrap().removed.unwrap();
    assert_eq!(open_with(&store, &new).unwrap().id(), repository.id());
    assert!(matches!(open_with(&store, &old), Err(RepoError::WrongKey)), "though `format` has it");
    // A backup mends copies of keys; the removed one does not come back.
    back_up(&open_with(&store, &new).unwrap(), "vm", &noise(1, 9000)).unwrap();
    assert!(matches!(open_with(&store, &old), Err(RepoError::WrongKey)));
    let again = repository.change_key(before, NewKey::Chosen(&old, CHEAP), clock().as_ref());
    assert_eq!(again.unwrap_err().kind(), RepoErrorKind::KeyNotFound);
    assert_eq!(repository.keys().unwrap().len(), 2, "and nothing was added");
}

#[test]
fn the_last_key_a_person_can_hold_stays() {
    let store = memory();
    let repository = create(&store);
    let device = add(&repository, &Unlock::new_device().unwrap());
    let recovery = id_of(&repository, SlotKind::RecoveryKey);
    repository.remove_key(recovery, clock().as_ref()).unwrap();
    let last = id_of(&repository, SlotKind::KeyFile);
    let before = content(&store);
    let error = repository.remove_key(last, clock().as_ref()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::LastKey);
    assert!(content(&store) == before, "a refusal touches nothing");
    repository.remove_key(device.id, clock().as_ref()).unwrap();
    assert_eq!(kinds(&repository.keys().unwrap()), [SlotKind::KeyFile]);
    assert!(open_with(&store, &key_file()).is_ok());
}

#[test]
fn a_wrong_key_touches_nothing() {
    let store = memory();
    Repository::create(
        Arc::clone(&store),
        &passphrase("correct horse"),
        create_options(),
        &*clock(),
    )
    .unwrap();
    let before = content(&store);
    for wrong in [passphrase("wrong horse"), key_file(), Unlock::new_device().unwrap()] {
        assert!(matches!(open_with(&store, &wrong), Err(RepoError::WrongKey)));
    }
    assert!(content(&store) == before);
}

/// Two computers that remove one key each at the same moment: the records of both are there.
#[test]
fn removals_that_would_lock_everybody_out_do_not_count() {
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let repository = create(&store);
    let slot = |kind| id_of(&repository, kind);
    let (file, paper) = (slot(SlotKind::KeyFile), slot(SlotKind::RecoveryKey));
    let other: Arc<dyn BlobStore> = Arc::new(kept.duplicate());
    open_with(&other, &key_file()).unwrap().remove_key(file, clock().as_ref()).unwrap();
    repository.remove_key(paper, clock().as_ref()).unwrap();
    let record = BlobName::new(format!("keys/{}.removed", file.to_hex())).unwrap();
    kept.overwrite(&record, other.get(&record, 9999).unwrap());
    assert_eq!(open_with(&store, &key_file()).unwrap().id(), repository.id());
}

#[test]
fn a_removal_must_come_from_somebody_with_the_master_key() {
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let repository = create(&store);
    let (file, paper) =
        (id_of(&repository, SlotKind::KeyFile), id_of(&repository, SlotKind::RecoveryKey));
    let name = |id: SlotId| BlobName::new(format!("keys/{}.removed", id.to_hex())).unwrap();
    repository.remove_key(paper, clock().as_ref()).unwrap();
    let foreign = memory();
    let other = create(&foreign);
    let its = id_of(&other, SlotKind::RecoveryKey);
    other.remove_key(its, clock().as_ref()).unwrap();
    let real = store.get(&name(paper), 9999).unwrap();
    let mut flipped = real.clone();
    flipped[100] ^= 1;
    add(&repository, &passphrase("another key"));
    // Of another slot, of another repository, damaged, none at all.
    for forged in [real, foreign.get(&name(its), 9999).unwrap(), flipped, b"gone".to_vec()] {
        kept.overwrite(&name(file), forged);
        assert!(open_with(&store, &key_file()).is_ok(), "it is not removed");
    }
    repository.remove_key(file, clock().as_ref()).unwrap();
    assert!(matches!(open_with(&store, &key_file()), Err(RepoError::WrongKey)));
}

#[test]
fn slots_of_other_names_and_repositories_do_not_open() {
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let repository = create(&store);
    let unlock = passphrase("correct horse");
    let added = add(&repository, &unlock);
    let name = |id: SlotId, end: &str| BlobName::new(format!("keys/{}{end}", id.to_hex())).unwrap();
    let bytes = store.get(&name(added.id, ""), 9999).unwrap();
    for end in ["", ".1"] {
        store.delete(&name(added.id, end)).unwrap();
    }
    kept.overwrite(&name(SlotId::from_bytes([8; 16]), ""), bytes.clone());
    assert!(matches!(open_with(&store, &unlock), Err(RepoError::WrongKey)), "under another name");
    let foreign = Arc::new(MemoryStore::new());
    create(&(foreign.clone() as Arc<dyn BlobStore>));
    foreign.overwrite(&name(added.id, ""), bytes);
    let foreign: Arc<dyn BlobStore> = foreign;
    assert!(matches!(open_with(&foreign, &unlock), Err(RepoError::WrongKey)));
}

#[test]
fn lost_and_damaged_copies_are_mended_by_the_next_backup() {
    let kept = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = kept.clone();
    let unlock = passphrase("correct horse");
    // Finer than what is stored.
    let now = ManualClock::new(noon() + TimeDelta::nanoseconds(456_789));
    let made = Repository::create(Arc::clone(&store), &key_file(), create_options(), &now).unwrap();
    let chosen = NewKey::Chosen(&unlock, CHEAP);
    let added = made.repository.add_key(chosen, &now).unwrap().key;
    let whole = content(&store);
    let of_added = format!("keys/{}", added.id.to_hex());
    let texts = ["readme.txt", "readme-format.txt", "readme-recovery.txt"];
    let spoils: [fn(&MemoryStore, &BlobName); 3] = [
        |store, name| store.delete(name).unwrap(),
        |store, name| store.overwrite(name, vec![0; 300]),
        |store, name| store.overwrite(name, vec![0; 5000]),
    ];
    for (spoil, is_gone) in spoils.into_iter().zip([true, false, false]) {
        for entry in store.list("keys/").unwrap() {
            // Of a slot that `format` does not know, one copy has to stay.
            if entry.name.as_str() != of_added {
                spoil(&kept, &entry.name);
            }
        }
        if is_gone {
            for text in texts {
                store.delete(&BlobName::new(text).unwrap()).unwrap();
            }
        }
        let repository = open_with(&store, &unlock).unwrap();
        assert_eq!(repository.keys().unwrap().len(), 3);
        back_up(&repository, "vm", &noise(1, 9000)).unwrap();
        for (name, bytes) in &whole {
            let now = store.get(&BlobName::new(name.clone()).unwrap(), u64::MAX).unwrap();
            assert!(now == *bytes, "{name} is as it was");
        }
    }
}

#[test]
fn a_lost_key_folder_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path()));
    create(&store);
    fs_err::remove_dir_all(folder.path().join("keys")).unwrap();
    let repository = open_with(&store, &key_file()).unwrap();
    assert!(matches!(open_with(&store, &passphrase("wrong horse")), Err(RepoError::Store(_))));
    add(&repository_after_mending(&store, &repository), &passphrase("correct horse"));
    assert!(open_with(&store, &passphrase("correct horse")).is_ok());
    let texts = fs_err::read_to_string(folder.path().join("readme.txt")).unwrap();
    assert!(texts.contains("KURAMORI") && texts.contains("バックアップ"), "for people to read");
}

fn repository_after_mending(store: &Arc<dyn BlobStore>, repository: &Repository) -> Repository {
    back_up(repository, "vm", &noise(1, 9000)).unwrap();
    Repository::open(Arc::clone(store), &key_file(), open_options()).unwrap()
}
