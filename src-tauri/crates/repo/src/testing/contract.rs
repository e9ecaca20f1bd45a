use std::sync::Barrier;

use crate::store::{BlobName, BlobStore, StoreError};

const LIMIT: u64 = 1 << 20;

fn name(text: &str) -> BlobName {
    BlobName::new(text).expect("the test uses good names")
}

/// Checks what every store promises, on a store that was just made.
///
/// # Panics
/// When a promise is broken, saying which.
pub fn blob_store_contract(store: &dyn BlobStore) {
    store.prepare().expect("an empty place can be prepared");
    store.prepare().expect("a creation that was cut short can be done again");
    reads_and_ranges(store);
    names_and_sizes(store);
    exclusive_create(store);
    missing_objects(store);
    set_aside(store);
    store.put(&name("format"), b"x").expect("put");
    let occupied = store.prepare();
    assert!(matches!(occupied, Err(StoreError::Occupied { .. })), "a used place is refused");
}

fn reads_and_ranges(store: &dyn BlobStore) {
    let object = name("packs/ab/abcd");
    let bytes: Vec<u8> = (0..=255u8).cycle().take(700_001).collect();
    store.put(&object, &bytes).expect("put");
    store.put(&object, &bytes).expect("putting the same again is fine");
    assert_eq!(store.get(&object, LIMIT).expect("get"), bytes, "what was put comes back");
    assert_eq!(store.size(&object).expect("size"), bytes.len() as u64, "the size is right");
    let range = store.get_range(&object, 300, 5).expect("range");
    assert_eq!(Some(range.as_slice()), bytes.get(300..305), "a range is exact");
    let end = bytes.len() as u64;
    assert_eq!(store.get_range(&object, end, 0).expect("empty range"), b"");
    for (offset, len) in [(end - 1, 2), (end, 1), (u64::MAX / 2, 1)] {
        let short = store.get_range(&object, offset, len);
        assert!(matches!(short, Err(StoreError::Short { .. })), "a range past the end is an error");
    }
    let limited = store.get(&object, 700_000);
    assert!(matches!(limited, Err(StoreError::TooLarge { .. })), "limits hold");
    store.put(&name("packs/ab/empty"), b"").expect("an empty object can be put");
    assert_eq!(store.get(&name("packs/ab/empty"), 0).expect("get"), b"");
}

fn names_and_sizes(store: &dyn BlobStore) {
    store.put(&name("points/aa/1"), b"1").expect("put");
    store.put(&name("points/ab/2"), b"22").expect("put");
    let list = |prefix: &str| -> Vec<(String, u64)> {
        let entries = store.list(prefix).expect("list");
        let names = store.list_names(prefix).expect("names");
        let listed: Vec<_> = entries.iter().map(|entry| &entry.name).collect();
        assert_eq!(names.iter().collect::<Vec<_>>(), listed, "names alone are the same list");
        entries.into_iter().map(|entry| (entry.name.to_string(), entry.size)).collect()
    };
    let both = [("points/aa/1".to_owned(), 1), ("points/ab/2".to_owned(), 2)];
    assert_eq!(list("points/"), both, "lists are sorted and have sizes");
    assert_eq!(list("points/ab"), both.get(1..).unwrap_or_default(), "a prefix may end in a name");
    assert_eq!(list("later/"), [], "a folder nobody made yet is empty");
    assert_eq!(list("").len(), 4, "the empty prefix lists everything");
    store.delete(&name("points/aa/1")).expect("delete");
    assert_eq!(list("points/").len(), 1, "what was deleted is gone");
}

fn exclusive_create(store: &dyn BlobStore) {
    let object = name("sessions/1.outcome");
    store.put_new(&object, b"first").expect("the first create wins");
    let second = store.put_new(&object, b"other");
    assert!(matches!(second, Err(StoreError::Exists { .. })), "the second create loses");
    assert_eq!(store.get(&object, LIMIT).expect("get"), b"first", "the loser changes nothing");
    let race = name("sessions/2.outcome");
    let barrier = Barrier::new(8);
    let wins: usize = std::thread::scope(|scope| {
        let attempt = |n: u8| {
            let (barrier, race) = (&barrier, &race);
            scope.spawn(move || {
                barrier.wait();
                usize::from(store.put_new(race, &[n; 4096]).is_ok())
            })
        };
        let threads: Vec<_> = (0..8).map(attempt).collect();
        threads.into_iter().map(|t| t.join().expect("no attempt panics")).sum()
    });
    assert_eq!(wins, 1, "of several creates at once exactly one wins");
    let bytes = store.get(&race, LIMIT).expect("get");
    let first = bytes.first().copied();
    assert!(bytes.len() == 4096 && bytes.iter().all(|b| Some(*b) == first), "it won whole");
    for object in [object, race] {
        store.delete(&object).expect("delete");
    }
}

fn set_aside(store: &dyn BlobStore) {
    let (object, aside) = (name("packs/ac/acac"), name("trash/7/acac"));
    store.put(&object, b"pack").expect("put");
    store.set_aside(&object, &aside).expect("an object can be set aside");
    assert_eq!(store.get(&aside, LIMIT).expect("get"), b"pack", "it is there as it was");
    assert!(matches!(store.get(&object, LIMIT), Err(StoreError::NotFound { .. })), "and not here");
    let again = store.set_aside(&object, &aside);
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "what is gone is gone: {again:?}");
    assert_eq!(store.list("trash/").expect("list").len(), 1);
    store.delete(&aside).expect("delete");
}

fn missing_objects(store: &dyn BlobStore) {
    let missing = name("packs/00/none");
    let errors = [
        store.get(&missing, LIMIT).err(),
        store.get_range(&missing, 0, 1).err(),
        store.size(&missing).err(),
        store.delete(&missing).err(),
    ];
    for error in errors {
        assert!(
            matches!(error, Some(StoreError::NotFound { .. })),
            "missing is missing: {error:?}"
        );
    }
}
