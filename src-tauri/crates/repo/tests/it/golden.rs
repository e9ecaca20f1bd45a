//! A repository of format 1 as it was first released, kept for ever: every later version opens,
//! checks and restores it. And what a check says when any part of such a repository is damaged.

use std::sync::Arc;
use std::time::Duration;

use kuramori_base::Secret;
use kuramori_block::ByteLen;
use kuramori_repo::{
    BlobEntry, BlobName, BlobStore, CheckOptions, CheckReport, CreateOptions, DataCheck, Deletion,
    KdfCost, LocalStore, MemoryStore, NewKey, OpenOptions, PruneOptions, RECYCLE_BIN,
    RepoErrorKind, Repository, SessionOptions, Unlock, WriterId,
};

use crate::support::{CHUNK, clock, draft, noise, open_options, restore, save};

const PASSPHRASE: &str = "golden passphrase";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v1/repository");

fn passphrase() -> Unlock {
    Unlock::Passphrase(Secret::from(PASSPHRASE))
}

/// What the disks of the fixture hold: text that compresses, noise that does not, zeros between.
fn images() -> [Vec<u8>; 3] {
    let mut first = vec![0; 20 * CHUNK + 512];
    first[2 * CHUNK..6 * CHUNK].copy_from_slice(&noise(1, 4 * CHUNK));
    for (byte, at) in first[9 * CHUNK..12 * CHUNK].iter_mut().zip(0usize..) {
        *byte = b'a' + u8::try_from(at / 700 % 26).unwrap();
    }
    first[20 * CHUNK..].fill(7);
    let mut second = first.clone();
    second[3 * CHUNK..4 * CHUNK].copy_from_slice(&noise(2, CHUNK));
    // A map of two heights.
    let mut other = vec![0; 300 * CHUNK];
    other[290 * CHUNK..291 * CHUNK].copy_from_slice(&noise(3, CHUNK));
    other[..CHUNK].copy_from_slice(&first[2 * CHUNK..3 * CHUNK]);
    [first, second, other]
}

/// Adds what is not a backup: one recovery point that is gone, one in the recycle bin, a hold, the
/// records of a collection, exported settings, a session that was given up and one that was cut off, a check record.
fn add_records(repository: &Repository) {
    let writer = WriterId::from_bytes([7; 16]);
    let extra = |name: &str| crate::support::back_up(repository, name, &noise(5, 512)).unwrap();
    let (gone, binned, held) = (extra("gone"), extra("binned"), extra("held"));
    let deletion = |delay| Deletion { writer, rule: "test".to_owned(), delay };
    repository.delete_points(&[gone], &deletion(Duration::ZERO), clock().as_ref()).unwrap();
    let options = PruneOptions { confirmed: true, ..PruneOptions::new(writer) };
    repository.prune(&options, clock().as_ref()).unwrap();
    repository.delete_points(&[binned], &deletion(RECYCLE_BIN), clock().as_ref()).unwrap();
    repository.hold(held, "test", writer, clock().as_ref()).unwrap();
    repository.export_settings(writer, "test", b"{}", clock().as_ref()).unwrap();
    for seed in [1, 2] {
        let file = Unlock::KeyFile(Secret::new(noise(seed, 64)));
        let key = NewKey::Chosen(&file, KdfCost::INSECURE_FOR_TESTS);
        let added = repository.add_key(key, clock().as_ref()).unwrap();
        if seed == 2 {
            repository.remove_key(added.key.id, clock().as_ref()).unwrap();
        }
    }
    let given_up = repository.begin(SessionOptions::new(writer), clock()).unwrap();
    save(&given_up, &noise(9, CHUNK), None).unwrap();
    given_up.abandon().unwrap();
    drop(repository.begin(SessionOptions::new(writer), clock()).unwrap());
    repository.check(&CheckOptions::new(DataCheck::All), clock().as_ref()).unwrap();
}

/// Fills an empty store: two recovery points of one VM, one of another with two disks, and
/// records of every other kind.
fn make(store: &Arc<dyn BlobStore>) {
    let options = CreateOptions {
        chunk_len: ByteLen::new(CHUNK as u64),
        kdf: KdfCost::INSECURE_FOR_TESTS,
        open: open_options(),
        ..CreateOptions::named("golden")
    };
    let created = Repository::create(Arc::clone(store), &passphrase(), options, clock().as_ref());
    let repository = created.unwrap().repository;
    let [first, second, other] = images();
    let session = || {
        let writer = WriterId::from_bytes([7; 16]);
        repository.begin(SessionOptions::new(writer), clock()).unwrap()
    };
    for image in [&first, &second] {
        let session = session();
        let saved = save(&session, image, None).unwrap();
        session.commit(draft("first", vec![saved])).unwrap();
    }
    let both = session();
    let disks = vec![save(&both, &other, None).unwrap(), save(&both, &first, None).unwrap()];
    both.commit(draft("other", disks)).unwrap();
    add_records(&repository);
}

fn open(store: &Arc<dyn BlobStore>) -> Repository {
    let options = OpenOptions { lock_folder: None, ..open_options() };
    Repository::open(Arc::clone(store), &passphrase(), options).unwrap()
}

/// The fixture, in memory: nothing may be written to it.
fn fixture() -> MemoryStore {
    let (files, memory) = (LocalStore::new(FOLDER), MemoryStore::new());
    for BlobEntry { name, .. } in files.list("").unwrap() {
        memory.overwrite(&name, files.get(&name, u64::MAX).unwrap());
    }
    memory
}

fn assert_restores(repository: &Repository) {
    let [first, second, other] = images();
    let points = repository.points().unwrap();
    assert_eq!(points.damaged, []);
    let found: Vec<_> = points.points.iter().map(|p| (p.vm.name.as_str(), p.disks.len())).collect();
    assert_eq!(found, [("first", 1), ("first", 1), ("other", 2), ("held", 1)]);
    let deleted: Vec<_> = points.deleted.iter().map(|d| d.point.vm.name.as_str()).collect();
    assert_eq!(deleted, ["binned"]);
    let held = repository.holds().unwrap();
    assert_eq!(held.iter().map(|h| h.point).collect::<Vec<_>>(), [points.points[3].id]);
    let expected: [&[&Vec<u8>]; 3] = [&[&first], &[&second], &[&other, &first]];
    for (point, images) in points.points.iter().zip(expected) {
        for (image, disk) in images.iter().zip(0..) {
            assert!(restore(repository, point.id, disk).unwrap() == **image, "{disk} differs");
        }
        let manifest = repository.point(point.id).unwrap();
        assert_eq!(
            (manifest.config.as_slice(), manifest.sequence),
            (b"<vm/>".as_slice(), point.sequence)
        );
    }
}

#[test]
fn the_repository_of_the_first_release_opens_checks_and_restores() {
    let memory = fixture();
    let size: u64 = memory.list("").unwrap().iter().map(|file| file.size).sum();
    assert!((20_000..300_000).contains(&size), "the fixture is small: {size}");
    let store: Arc<dyn BlobStore> = Arc::new(memory);
    let stub = Repository::probe(store.as_ref()).unwrap();
    assert_eq!((stub.slots.len(), stub.chunk_len.get()), (3, CHUNK as u64));
    let repository = open(&store);
    assert_eq!(repository.name(), "golden");
    assert_restores(&repository);
    let report = repository.check(&CheckOptions::new(DataCheck::All), clock().as_ref()).unwrap();
    assert!(report.is_sound(), "{:?}", report.damaged);
    let session = repository.begin(SessionOptions::new(WriterId::from_bytes([8; 16])), clock());
    let session = session.unwrap();
    let saved = save(&session, &images()[0], None).unwrap();
    assert_eq!(saved.new_bytes.get(), 0, "and is written to as before");
    session.commit(draft("first", vec![saved])).unwrap();
}

/// Makes what would be the fixture today: in the folder that `KURAMORI_FIXTURE` names, to keep it,
/// else in one that goes away. What is kept once never changes.
#[test]
fn what_is_written_today_restores() {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("KURAMORI_FIXTURE").map(std::path::PathBuf::from);
    let folder = kept.unwrap_or_else(|| folder.path().join("repository"));
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder));
    make(&store);
    assert_restores(&open(&store));
}

/// Checks a damaged repository. Where it cannot even be opened, that says which object it is.
fn look(memory: MemoryStore) -> Option<CheckReport> {
    let store: Arc<dyn BlobStore> = Arc::new(memory);
    let key_file = crate::support::key_file();
    match Repository::open(Arc::clone(&store), &key_file, open_options()) {
        Ok(repository) => {
            let options = CheckOptions::new(DataCheck::All);
            Some(repository.check(&options, clock().as_ref()).unwrap())
        }
        Err(error) => {
            assert_eq!(error.kind(), RepoErrorKind::Damaged, "{error:?}");
            None
        }
    }
}

/// A small repository with every kind of object that is opened without key derivation.
fn small() -> MemoryStore {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn BlobStore> = memory.clone();
    let repository = crate::support::create(&store);
    let mut image = noise(1, 2 * CHUNK);
    image[CHUNK..].fill(b'x');
    crate::support::back_up(&repository, "vm", &image).unwrap();
    add_records(&repository);
    // No program reads what lies in the trash, and the texts for people.
    let read_by_nobody = ["trash/", "readme"].map(|prefix| memory.list(prefix).unwrap());
    for entry in read_by_nobody.concat() {
        memory.delete(&entry.name).unwrap();
    }
    memory.duplicate()
}

/// Asserts that a report speaks of an object, or of what it was a part of.
fn assert_named(report: &CheckReport, name: &BlobName, what: &str) {
    let named = |object: &str| object == name.as_str() || object.contains(name.last_part());
    let found = report.damaged.iter().any(|damage| named(&damage.object));
    assert!(found, "{what}: {:?}", report.damaged);
}

/// A bit of one byte in each turn, chosen by its place. `KURAMORI_SOAK` flips every byte; a usual
/// run every thirteenth, and all of the first and last ones.
#[test]
fn a_check_names_the_object_of_every_flipped_byte() {
    let small = small();
    let step = if std::env::var_os("KURAMORI_SOAK").is_some() { 1 } else { 13 };
    let mut flips = 0;
    for object in small.list("").unwrap() {
        let bytes = small.get(&object.name, u64::MAX).unwrap();
        let edge = |at: usize| at < 64 || at + 64 >= bytes.len();
        for at in (0..bytes.len()).filter(|at| at % step == 0 || edge(*at)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let memory = small.duplicate();
            memory.overwrite(&object.name, flipped);
            let what = format!("{} flipped at {at}", object.name);
            let report = look(memory).unwrap_or_else(|| panic!("{what}: a copy should open"));
            assert_named(&report, &object.name, &what);
            assert_eq!(report.damaged.len(), 1, "{what}: nothing else is: {:?}", report.damaged);
            flips += 1;
        }
    }
    assert!(flips > 1000, "{flips}");
}

#[test]
fn a_check_names_objects_that_were_cut_zeroed_or_lengthened() {
    let small = small();
    for object in small.list("").unwrap() {
        let bytes = small.get(&object.name, u64::MAX).unwrap();
        let mut zeroed = bytes.clone();
        zeroed.fill(0);
        let longer = [bytes.as_slice(), &[0]].concat();
        let cut = |len: usize| bytes.get(..len).unwrap().to_vec();
        let changes = [
            ("empty", vec![]),
            ("cut", cut(bytes.len() / 2)),
            ("one byte short", cut(bytes.len() - 1)),
            ("zeroed", zeroed),
            ("longer", longer),
        ];
        for (what, bytes) in changes {
            let memory = small.duplicate();
            memory.overwrite(&object.name, bytes);
            let what = format!("{} {what}", object.name);
            assert_named(&look(memory).unwrap(), &object.name, &what);
        }
    }
}

#[test]
fn a_check_finds_every_swap_and_every_copy_under_another_name() {
    let small = small();
    let objects = small.list("").unwrap();
    let bytes = |name: &BlobName| small.get(name, u64::MAX).unwrap();
    for a in &objects {
        for b in objects.iter().filter(|b| b.name != a.name && bytes(&b.name) != bytes(&a.name)) {
            let memory = small.duplicate();
            memory.overwrite(&a.name, bytes(&b.name));
            let report = look(memory).unwrap();
            assert_named(&report, &a.name, &format!("{} holds {}", a.name, b.name));
            if a.name < b.name {
                let memory = small.duplicate();
                memory.overwrite(&a.name, bytes(&b.name));
                memory.overwrite(&b.name, bytes(&a.name));
                if let Some(report) = look(memory) {
                    let what = format!("{} and {} swapped", a.name, b.name);
                    assert_named(&report, &a.name, &what);
                    assert_named(&report, &b.name, &what);
                }
            }
        }
        let text = a.name.as_str();
        let Some(last) = text.rsplit_once('/').map(|(_, last)| last) else { continue };
        let other = if last.starts_with('0') { "1" } else { "0" };
        let renamed = text.replace(last, &format!("{other}{}", &last[1..]));
        let memory = small.duplicate();
        let copy = BlobName::new(renamed).unwrap();
        memory.overwrite(&copy, bytes(&a.name));
        assert_named(&look(memory).unwrap(), &copy, "a copy under another name");
    }
}
