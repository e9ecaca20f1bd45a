use std::sync::Arc;

use kuramori_base::SystemClock;

use super::*;
use crate::app::AppOptions;
use crate::secrets::SecretsChoice;

fn app(dir: &Path) -> App {
    App::open(AppOptions {
        state: dir.join("state"),
        secrets: SecretsChoice::Sealed(dir.join("sealing-key")),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: Arc::new(SystemClock::new()),
    })
    .unwrap()
}

fn typed(key: &str, groups: &[u32]) -> Vec<Secret<String>> {
    let group = |number: &u32| key.split('-').nth(*number as usize - 1).unwrap().to_lowercase();
    groups.iter().map(group).map(Secret::new).collect()
}

#[test]
fn a_recovery_key_waits_until_it_was_typed_back() {
    let dir = tempfile::tempdir().unwrap();
    let app = app(dir.path());
    let file = RepositoryKey::KeyFile(Secret::new(vec![7; 32]));
    let created = app.create_repository("place", &dir.path().join("repository"), file).unwrap();
    let (id, key) = (&created.repository.id, &created.recovery_key);
    let keys = || app.place_with_keys(id).unwrap().keys().unwrap().keys;
    assert_eq!(keys().iter().filter(|key| key.this_computer).count(), 1);
    let sheet = app.recovery_sheet(id).unwrap();
    assert!(key.split('-').all(|group| sheet.html.contains(&format!("</small>{group}</li>"))));
    assert_eq!(sheet.asked_groups, created.asked_groups);
    assert_eq!(keys().len(), 3, "the sheet is about the key that waits");

    let asked = &created.asked_groups;
    let swapped: Vec<u32> = asked.iter().rev().copied().collect();
    assert_eq!(app.check_words(id, &typed(key, &swapped)), Some(vec![false, false]));
    assert_eq!(app.check_words(id, &typed(key, &asked[..1])), None);
    assert_eq!(app.check_words(id, &typed(key, asked)), Some(vec![true, true]));
    assert_eq!(app.check_words(id, &typed(key, asked)), None, "it is forgotten");

    let next = app.recovery_sheet(id).unwrap();
    assert!(next.key.id != sheet.key.id && keys().len() == 4, "a new sheet has a new key");
    assert!(!next.html.contains(&format!("</small>{}</li>", key.split('-').next().unwrap())));
}
