//! What a computer keeps of a repository between two looks at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{BlobStore, Deletion, ObjectCache, Repository};

use crate::support::*;

#[derive(Default)]
struct Kept(Mutex<BTreeMap<String, Vec<u8>>>);

impl ObjectCache for Kept {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        self.0.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }

    fn retain(&self, names: &[String]) {
        self.0.lock().unwrap().retain(|name, _| names.binary_search(name).is_ok());
    }
}

/// Opens the repository anew and returns how many calls a list of its recovery points takes.
fn listing(store: &Arc<dyn BlobStore>, kept: &Arc<Kept>) -> (u64, kuramori_repo::PointList) {
    let counted = Arc::new(FaultyStore::new(Arc::clone(store), When::Never, Fault::Io));
    let repository = open(&(counted.clone() as Arc<dyn BlobStore>)).unwrap();
    repository.keep_in(kept.clone());
    let before = counted.calls();
    let list = repository.points().unwrap();
    (counted.calls() - before, list)
}

fn delete(repository: &Repository, point: kuramori_repo::RecoveryPointId) {
    let deletion =
        Deletion { writer: writer(), rule: "test".to_owned(), delay: Duration::from_hours(1) };
    repository.delete_points(&[point], &deletion, clock().as_ref()).unwrap();
}

#[test]
fn later_looks_read_only_what_is_new() {
    let (store, kept) = (memory(), Arc::new(Kept::default()));
    let repository = create(&store);
    // More than are read one after the other.
    let points: Vec<_> = (0..40)
        .map(|n| back_up(&repository, &format!("vm-{n}"), &noise(n, CHUNK)).unwrap())
        .collect();
    delete(&repository, points[0]);
    // Sessions, points, tombs and what computers left, of which the one object is read.
    let lists = 4 + 1;
    let (calls, first) = listing(&store, &kept);
    assert_eq!(calls, 40 + 40 + 1 + lists, "each outcome, manifest and tomb");
    assert_eq!((first.points.len(), first.deleted.len()), (39, 1));
    let (calls, again) = listing(&store, &kept);
    assert_eq!((calls, &again), (lists, &first), "nothing is new");
    back_up(&repository, "one more", &noise(99, CHUNK)).unwrap();
    let (calls, more) = listing(&store, &kept);
    assert_eq!((calls, more.points.len()), (lists + 2, 40));
}

#[test]
fn deletions_show_at_once_and_what_is_gone_is_let_go() {
    let (store, kept) = (memory(), Arc::new(Kept::default()));
    let repository = create(&store);
    let point = back_up(&repository, "web", &noise(1, CHUNK)).unwrap();
    let other = back_up(&repository, "db", &noise(2, CHUNK)).unwrap();
    assert_eq!(listing(&store, &kept).1.points.len(), 2);
    delete(&repository, point);
    let list = listing(&store, &kept).1;
    assert_eq!((list.points.len(), list.deleted.len()), (1, 1));
    repository.undelete(point, writer(), clock().as_ref()).unwrap();
    assert_eq!(listing(&store, &kept).1.points.len(), 2);
    let deletion = Deletion { writer: writer(), rule: String::new(), delay: Duration::ZERO };
    repository.delete_points(&[point], &deletion, clock().as_ref()).unwrap();
    let mut options = kuramori_repo::PruneOptions::new(writer());
    options.confirmed = true;
    repository.prune(&options, clock().as_ref()).unwrap();
    let list = listing(&store, &kept).1;
    assert_eq!(list.points.iter().map(|p| p.id).collect::<Vec<_>>(), [other]);
    assert_eq!(kept.0.lock().unwrap().len(), 2, "an outcome and a manifest are left");
}

#[test]
fn an_entry_that_is_not_what_lies_in_the_repository_shows_nothing_and_goes() {
    let (store, kept) = (memory(), Arc::new(Kept::default()));
    let repository = create(&store);
    for name in ["web", "db"] {
        back_up(&repository, name, &noise(1, CHUNK)).unwrap();
    }
    let first = listing(&store, &kept).1;
    let sound = kept.0.lock().unwrap().clone();
    let names: Vec<String> = sound.keys().cloned().collect();
    // Each entry with a flipped byte, and with the content of another.
    for name in &names {
        for other in &names {
            let mut bytes = sound[other].clone();
            if name == other {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            kept.put(name, &bytes);
            assert_eq!(listing(&store, &kept).1, first);
            assert_eq!(*kept.0.lock().unwrap(), sound, "{name} was made good");
        }
    }
}

#[test]
fn a_cache_hides_no_loss() {
    let (store, kept) = (memory(), Arc::new(Kept::default()));
    let repository = create(&store);
    back_up(&repository, "web", &noise(1, CHUNK)).unwrap();
    listing(&store, &kept);
    let manifest = store.list("points/").unwrap().remove(0).name;
    store.delete(&manifest).unwrap();
    let list = listing(&store, &kept).1;
    assert_eq!((list.points.len(), list.damaged.len()), (0, 1), "what is gone is gone");
}
