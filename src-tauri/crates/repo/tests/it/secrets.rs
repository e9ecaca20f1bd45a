//! Nothing readable lies in the store.

use std::sync::Arc;

use kuramori_base::Secret;
use kuramori_repo::{BlobStore, OpenOptions, Repository, Unlock};

use crate::support::{CHUNK, begin, clock, create_options, draft, memory, noise, save};

fn all_bytes(store: &Arc<dyn BlobStore>) -> Vec<u8> {
    let objects = store.list("").unwrap();
    let mut bytes = Vec::new();
    for object in objects {
        bytes.extend_from_slice(object.name.as_str().as_bytes());
        bytes.extend(store.get(&object.name, u64::MAX).unwrap());
    }
    bytes
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_planted_text_is_found_in_the_store() {
    let store = memory();
    let unlock = Unlock::Passphrase(Secret::from("canary-passphrase-7113"));
    let mut options = create_options();
    options.name = "canary-repository-name".to_owned();
    let created =
        Repository::create(Arc::clone(&store), &unlock, options, clock().as_ref()).unwrap();
    let session = begin(&created.repository).unwrap();
    // Neither compressible nor not: both kinds of chunk carry the canary.
    let mut image = noise(1, 2 * CHUNK);
    image[100..122].copy_from_slice(b"canary-in-noise-chunk1");
    image.extend(b"canary-in-text-chunk22".repeat(400));
    let saved = save(&session, &image, None).unwrap();
    let mut draft = draft("canary-vm-name", vec![saved]);
    draft.config = b"canary-config".repeat(3);
    draft.warnings = vec!["canary-warning".to_owned()];
    session.commit(draft).unwrap();
    let bytes = all_bytes(&store);
    assert!(holds(&bytes, b"KURAMORI"), "the search finds what is there");
    for canary in [
        "canary",
        "7113",
        "in-noise-chunk1",
        "in-text-chunk22",
        "vm-name",
        "repository-name",
        "Hard disk",
        "52 aa/7",
        "uuid-of",
    ] {
        assert!(!holds(&bytes, canary.as_bytes()), "{canary:?} must not be readable");
    }
    let key = created.recovery_key.expose();
    for group in key.split('-').collect::<Vec<_>>().windows(2) {
        assert!(!holds(&bytes, group.join("-").as_bytes()), "the recovery key is not stored");
    }
    assert!(Repository::open(store, &unlock, OpenOptions::default()).is_ok());
}

#[test]
fn the_same_data_looks_different_in_every_repository() {
    let image = noise(1, 4 * CHUNK);
    let names = |store: &Arc<dyn BlobStore>| -> Vec<Vec<u8>> {
        let objects = store.list("packs/").unwrap();
        objects.iter().map(|o| store.get(&o.name, u64::MAX).unwrap()).collect()
    };
    let (a, b) = (memory(), memory());
    for store in [&a, &b] {
        let repository = crate::support::create(store);
        crate::support::back_up(&repository, "vm", &image).unwrap();
    }
    for (left, right) in names(&a).iter().zip(&names(&b)) {
        let same = left[64..].chunks_exact(32).filter(|c| holds(&right[64..], c)).count();
        assert_eq!(same, 0, "two repositories share no sealed bytes");
    }
}
