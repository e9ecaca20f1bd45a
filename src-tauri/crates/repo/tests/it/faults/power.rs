//! The power goes after every step of a small life, and what was not synced is lost in any way.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex};

use kuramori_platform::fs::watch;
use kuramori_repo::LocalStore;
use kuramori_repo::testing::{Forgotten, Image, Recorder, WithoutSyncs};

use super::history::{Event, History, Place};
use super::quick_folder;
use super::work::{Witness, live};

/// What happened, and after how many steps.
struct Record {
    recorder: Arc<Recorder>,
    events: Mutex<Vec<(usize, Event)>>,
}

impl Witness for Record {
    fn part(&self, _part: &'static str) {}

    fn event(&self, event: Event) {
        self.events.lock().unwrap().push((self.recorder.count(), event));
    }

    fn damage(&self, file: &Path, content: &[u8]) {
        fs_err::write(file, content).unwrap();
        self.recorder.replaced(file, content);
    }
}

impl Record {
    /// Lives once, without a cut.
    fn take() -> Self {
        let folder = quick_folder();
        let place = folder.path().join("medium");
        fs_err::create_dir(&place).unwrap();
        let recorder = Arc::new(Recorder::new(&place));
        let record = Self { recorder: Arc::clone(&recorder), events: Mutex::default() };
        let _watched = watch(&place, recorder);
        let repository = place.join("repository");
        let store = Arc::new(LocalStore::new(&repository));
        live(&Place::new(store, folder.path(), 1), &repository, &record).unwrap();
        record
    }

    /// What was promised when the power goes after so many steps.
    fn history(&self, steps: usize) -> History {
        let mut history = History::default();
        for (_, event) in self.events.lock().unwrap().iter().filter(|(at, _)| *at <= steps) {
            history.add(*event);
        }
        history
    }

    /// Cuts the power after some of the steps, and returns how many different images that gave,
    /// and the first that broke a promise.
    fn cut(
        &self,
        steps: impl Iterator<Item = usize>,
        forgotten: Forgotten,
    ) -> (usize, Option<String>) {
        let mut seen = HashSet::new();
        let mut images = 0;
        for step in steps {
            let history = self.history(step);
            for image in self.recorder.images(step, forgotten) {
                let image = essential(image);
                if !seen.insert(digest(&(&image, format!("{history:?}")))) {
                    continue;
                }
                images += 1;
                if let Err(error) = verify(&image, &history) {
                    return (images, Some(format!("after step {step}: {error:#}")));
                }
            }
        }
        (images, None)
    }
}

/// Files without a name of their own yet matter to nobody.
fn essential(mut image: Image) -> Image {
    image.files.retain(|path, _| !path.starts_with("repository/tmp/"));
    image
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn verify(image: &Image, history: &History) -> anyhow::Result<()> {
    let folder = quick_folder();
    let _watched = watch(folder.path(), Arc::new(WithoutSyncs));
    image.write(folder.path())?;
    let store = Arc::new(LocalStore::new(folder.path().join("repository")));
    Place::new(store, folder.path(), 1).verify(history)
}

fn every_fourth(from: usize) {
    let record = Record::take();
    let count = record.recorder.count();
    let (images, broken) = record.cut((from..=count).step_by(4), Forgotten::Nothing);
    println!("{images} images of {count} steps");
    assert_eq!(broken, None);
    assert!(count > 400 && images > 200, "{images} images of {count} steps are too few");
}

#[test]
fn power_cuts_break_no_promise_1() {
    every_fourth(0);
}

#[test]
fn power_cuts_break_no_promise_2() {
    every_fourth(1);
}

#[test]
fn power_cuts_break_no_promise_3() {
    every_fourth(2);
}

#[test]
fn power_cuts_break_no_promise_4() {
    every_fourth(3);
}

/// A store that does not bring things onto the medium must be found out, or the cuts are no cuts.
fn is_noticed(forgotten: Forgotten) {
    let record = Record::take();
    let (_, broken) = record.cut(0..=record.recorder.count(), forgotten);
    println!("{broken:?}");
    assert!(broken.is_some(), "nobody noticed {forgotten:?}");
}

#[test]
fn files_that_were_never_synced_are_noticed() {
    is_noticed(Forgotten::FileSync);
}

#[test]
fn folders_that_were_never_synced_are_noticed() {
    is_noticed(Forgotten::FolderSync);
}
