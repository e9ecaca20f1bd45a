//! The part of the index that lies in a folder of this computer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kuramori_repo::{
    BlobStore, CheckOptions, DataCheck, Deletion, OpenOptions, PruneOptions, Repository,
};

use crate::support::{
    CHUNK, back_up, clock, create, key_file, memory, noise, open, open_options, restore, writer,
};

fn open_in(store: &Arc<dyn BlobStore>, folder: &Path) -> Repository {
    let options = OpenOptions {
        index_folder: Some(folder.join("index")),
        index_in_memory: 0,
        ..open_options()
    };
    Repository::open(Arc::clone(store), &key_file(), options).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(folder.join("index")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn packs(repository: &Repository) -> usize {
    repository.info().unwrap().packs
}

fn assert_sound(repository: &Repository) {
    let report = repository.check(&CheckOptions::new(DataCheck::All), clock().as_ref()).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn what_lies_there_is_known_to_the_next_run() {
    let (store, folder) = (memory(), tempfile::tempdir().unwrap());
    let image = noise(1, 200 * CHUNK);
    let id = back_up(&create(&store), "vm", &image).unwrap();
    let first = open_in(&store, folder.path());
    assert!(restore(&first, id, 0).unwrap() == image);
    assert_eq!(files(folder.path()).len(), 1);
    let (second, before) = (open_in(&store, folder.path()), packs(&first));
    let again = back_up(&second, "vm", &image).unwrap();
    assert!(packs(&second) <= before + 1, "at most the chunk map was stored again");
    assert!(restore(&second, again, 0).unwrap() == image);
    assert_sound(&second);
}

#[test]
fn a_collection_by_another_computer_is_noticed() {
    let (store, folder) = (memory(), tempfile::tempdir().unwrap());
    let (old, new) = (noise(1, 100 * CHUNK), noise(2, 100 * CHUNK));
    let first = back_up(&create(&store), "vm", &old).unwrap();
    back_up(&open(&store).unwrap(), "vm", &new).unwrap();
    assert!(restore(&open_in(&store, folder.path()), first, 0).unwrap() == old);
    let other = open(&store).unwrap();
    let now = Deletion { writer: writer(), rule: "by hand".to_owned(), delay: Duration::ZERO };
    other.delete_points(&[first], &now, clock().as_ref()).unwrap();
    let options = PruneOptions { confirmed: true, ..PruneOptions::new(writer()) };
    other.prune(&options, clock().as_ref()).unwrap();
    let here = open_in(&store, folder.path());
    let again = back_up(&here, "vm", &old).unwrap();
    assert!(restore(&here, again, 0).unwrap() == old, "nothing that is gone counts as stored");
    assert_sound(&here);
}

#[test]
fn damage_there_costs_time_and_no_data() {
    let (store, folder) = (memory(), tempfile::tempdir().unwrap());
    let image = noise(1, 200 * CHUNK);
    let id = back_up(&create(&store), "vm", &image).unwrap();
    assert!(restore(&open_in(&store, folder.path()), id, 0).unwrap() == image);
    for at in [0, 3000, usize::MAX] {
        let file = files(folder.path()).pop().unwrap();
        let mut bytes = fs_err::read(&file).unwrap();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 0x10;
        fs_err::write(&file, &bytes).unwrap();
        let repository = open_in(&store, folder.path());
        let again = back_up(&repository, "vm", &image).unwrap();
        for id in [id, again] {
            assert!(restore(&repository, id, 0).unwrap() == image);
        }
        assert_sound(&repository);
        assert!(restore(&open_in(&store, folder.path()), id, 0).unwrap() == image);
        let [made_anew] = files(folder.path()).try_into().expect("one file");
        assert!(fs_err::read(made_anew).unwrap() != bytes, "the damaged one is gone");
    }
}
