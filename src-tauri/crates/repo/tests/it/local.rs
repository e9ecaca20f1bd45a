//! The store in a folder.

use std::sync::Arc;

use kuramori_repo::testing::blob_store_contract;
use kuramori_repo::{
    BlobName, BlobStore, CheckOptions, DataCheck, LocalStore, MemoryStore, RepoErrorKind,
    Repository, StoreError,
};

use crate::support::{
    CHUNK, back_up, begin, clock, create, create_options, draft, key_file, noise, open, restore,
    save,
};

#[test]
fn memory_keeps_the_contract() {
    blob_store_contract(&MemoryStore::new());
}

#[test]
fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    blob_store_contract(&LocalStore::new(folder.path()));
    let left = fs_err::read_dir(folder.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "no temporary file stays");
}

#[test]
fn a_folder_that_does_not_exist_is_made_for_a_new_repository_only() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new");
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(&place));
    assert_eq!(open(&store).map(|_| ()).unwrap_err().kind(), RepoErrorKind::Unreachable);
    assert!(!place.exists(), "looking makes nothing");
    create(&store);
    assert!(place.join("format").exists());
    let deep: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path().join("a/b")));
    assert!(matches!(deep.prepare(), Err(StoreError::Unreachable { .. })));
}

#[test]
fn a_folder_with_other_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("lost+found")).unwrap();
    let store = LocalStore::new(folder.path());
    store.prepare().unwrap();
    fs_err::write(folder.path().join("letter.txt"), "dear").unwrap();
    assert!(matches!(store.prepare(), Err(StoreError::Occupied { .. })));
}

#[test]
fn a_creation_that_was_cut_short_leaves_no_trace_in_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path()));
    create(&store);
    for name in ["format", "format.1", "readme.txt", "readme-format.txt", "readme-recovery.txt"] {
        fs_err::remove_file(folder.path().join(name)).unwrap();
    }
    fs_err::remove_dir_all(folder.path().join("meta")).unwrap();
    let repository = create(&store);
    assert_eq!(store.list("keys/").unwrap().len(), 2, "only its own keys");
    let options = CheckOptions::new(DataCheck::Structure);
    assert!(repository.check(&options, clock().as_ref()).unwrap().is_sound());
}

#[test]
fn no_repository_is_made_over_one_that_lost_its_format_file() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path()));
    back_up(&create(&store), "vm", &noise(1, CHUNK)).unwrap();
    for name in ["format", "format.1", "readme.txt", "readme-format.txt", "readme-recovery.txt"] {
        fs_err::remove_file(folder.path().join(name)).unwrap();
    }
    let made =
        Repository::create(Arc::clone(&store), &key_file(), create_options(), clock().as_ref());
    assert_eq!(made.map(|_| ()).unwrap_err().kind(), RepoErrorKind::Occupied);
    assert_eq!(store.list("keys/").unwrap().len(), 2, "nothing was touched");
}

#[test]
fn a_repository_in_a_folder_works() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.path()));
    let repository = create(&store);
    let image = noise(1, 300 * CHUNK + 512);
    let id = back_up(&repository, "vm", &image).unwrap();
    assert!(restore(&open(&store).unwrap(), id, 0).unwrap() == image);
    let info = open(&store).unwrap().info().unwrap();
    assert_eq!((info.points, info.damaged), (1, 0));
    assert!(info.packs > 10 && info.stored.get() > image.len() as u64);
    fs_err::write(folder.path().join("packs/.DS_Store"), "x").unwrap();
    fs_err::write(folder.path().join("packs/Thumbs.db"), "x").unwrap();
    assert!(restore(&open(&store).unwrap(), id, 0).unwrap() == image, "strangers are ignored");
}

#[test]
fn a_vanished_folder_is_unreachable_and_nothing_is_made_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repo");
    let away = folder.path().join("away");
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(&place));
    let repository = create(&store);
    let first = back_up(&repository, "vm", &noise(1, CHUNK)).unwrap();
    let session = begin(&repository).unwrap();
    let saved = save(&session, &noise(2, 4 * CHUNK), None).unwrap();
    fs_err::rename(&place, &away).unwrap();
    // An empty mount point is left behind.
    fs_err::create_dir(&place).unwrap();
    let error = session.commit(draft("vm", vec![saved])).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::Unreachable, "{error:?}");
    assert_eq!(fs_err::read_dir(&place).unwrap().count(), 0, "not a byte is left there");
    fs_err::remove_dir(&place).unwrap();
    let error = begin(&repository).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), RepoErrorKind::Unreachable, "{error:?}");
    fs_err::rename(&away, &place).unwrap();
    assert_eq!(repository.points().unwrap().points.len(), 1);
    assert!(restore(&repository, first, 0).is_ok());
}

#[test]
fn a_damaged_object_of_the_same_name_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    store.prepare().unwrap();
    let name = BlobName::new("packs/aa/aabb").unwrap();
    store.put(&name, b"whole").unwrap();
    fs_err::write(folder.path().join("packs/aa/aabb"), b"").unwrap();
    store.put(&name, b"whole").unwrap();
    assert_eq!(store.get(&name, 10).unwrap(), b"whole");
}
