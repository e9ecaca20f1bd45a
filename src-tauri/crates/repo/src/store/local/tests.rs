use super::*;

fn store(folder: &Path) -> LocalStore {
    let store = LocalStore::new(folder);
    store.prepare().unwrap();
    store
}

#[test]
fn both_ways_without_links_keep_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let name = BlobName::new("packs/ab/ab01").unwrap();
    for way in [create_in_place, move_over] {
        let temp = store.write_temp(&name, b"first").unwrap();
        let path = store.path(&name);
        store.make_parent(&path).unwrap();
        way(&temp, &path, b"first").unwrap();
        assert_eq!(store.get(&name, 10).unwrap(), b"first");
        let second = way(&temp, &path, b"other").unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AlreadyExists);
        store.delete(&name).unwrap();
    }
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
