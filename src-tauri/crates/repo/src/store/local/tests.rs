use super::*;

fn store(folder: &Path) -> LocalStore {
    let store = LocalStore::new(folder);
    store.prepare().unwrap();
    store
}

#[test]
fn a_store_says_whether_it_is_durable_and_keeps_the_name_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert_eq!(store.location(), folder.path().display().to_string());
    assert_eq!(store.capabilities().durable, store.weak.get().is_none());
    store.note(Durability::Weak { reason: "test".to_owned() });
    assert!(!store.capabilities().durable, "one refusal is enough");
}

#[test]
fn a_broken_object_of_another_size_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let name = BlobName::new("packs/ab/ab01").unwrap();
    store.put(&name, b"first").unwrap();
    fs::write(store.path(&name), b"fir").unwrap();
    store.put(&name, b"first").unwrap();
    assert_eq!(store.get(&name, 10).unwrap(), b"first");
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0, "no rest is left");
}

#[test]
fn causes_are_told_apart() {
    let store = LocalStore::new("/somewhere");
    let error = |kind: io::ErrorKind| store.error("writing", "x", 1, kind.into());
    assert!(matches!(error(io::ErrorKind::StorageFull), StoreError::Full { .. }));
    assert!(matches!(error(io::ErrorKind::QuotaExceeded), StoreError::Full { .. }));
    assert!(matches!(error(io::ErrorKind::ReadOnlyFilesystem), StoreError::Denied { .. }));
    assert!(matches!(error(io::ErrorKind::PermissionDenied), StoreError::Denied { .. }));
    let stale = error(io::ErrorKind::StaleNetworkFileHandle);
    assert!(matches!(stale, StoreError::Unreachable { .. }));
    assert!(matches!(error(io::ErrorKind::Other), StoreError::Io { .. }));
}
