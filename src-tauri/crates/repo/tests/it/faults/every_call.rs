//! Every call of a store fails once, in each way a store can fail, in whatever is being done.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use kuramori_repo::testing::{Fault, FaultyStore, When};
use kuramori_repo::{
    BlobStore, CheckOptions, DataCheck, Deletion, FormatError, KdfCost, MemoryStore, NewKey,
    RecoveryPointId, RepairOptions, Repository, SlotKind,
};

use super::history::{Event, History, Place, key_number};
use crate::support::restore;

/// A repository in the middle of its life.
struct Scene {
    memory: MemoryStore,
    history: History,
    points: [RecoveryPointId; 3],
    folder: tempfile::TempDir,
}

impl Scene {
    /// Three recovery points, of which the first is deleted and not collected yet.
    fn new() -> Self {
        let folder = super::quick_folder();
        let memory = Arc::new(MemoryStore::new());
        let place = Place::new(Arc::clone(&memory) as _, folder.path(), 1);
        let repository = place.create().unwrap();
        let points = [1, 2, 3].map(|vm| place.back_up(&repository, vm).unwrap());
        let deletion =
            Deletion { writer: place.writer, rule: String::new(), delay: Duration::ZERO };
        repository.delete_points(&points[..1], &deletion, place.clock.as_ref()).unwrap();
        let old = key_number(1);
        let old = NewKey::Chosen(&old, KdfCost::INSECURE_FOR_TESTS);
        repository.add_key(old, place.clock.as_ref()).unwrap();
        let mut history = History::default();
        let events = [Event::Created, Event::Deleted(points[0]), Event::KeyAdded(1)];
        let saved = points[1..].iter().map(|point| Event::Saved(*point));
        events.into_iter().chain(saved).for_each(|event| history.add(event));
        Self { memory: memory.duplicate(), history, points, folder }
    }
}

/// Work on an open repository. What it promises is entered in the history.
type Work = fn(&Scene, &Place, &Repository, &mut History) -> anyhow::Result<()>;

fn back_up(
    _: &Scene,
    place: &Place,
    repository: &Repository,
    history: &mut History,
) -> anyhow::Result<()> {
    let point = place.back_up(repository, 4)?;
    history.add(Event::Saved(point));
    Ok(())
}

fn prune(_: &Scene, place: &Place, repository: &Repository, _: &mut History) -> anyhow::Result<()> {
    repository.prune(&place.prune_options(), place.clock.as_ref())?;
    Ok(())
}

fn read(scene: &Scene, _: &Place, repository: &Repository, _: &mut History) -> anyhow::Result<()> {
    let image = restore(repository, scene.points[1], 0)?;
    assert!(image == super::history::image(2), "wrong bytes");
    Ok(())
}

fn check(_: &Scene, place: &Place, repository: &Repository, _: &mut History) -> anyhow::Result<()> {
    let report = repository.check(&CheckOptions::new(DataCheck::All), place.clock.as_ref())?;
    // One object that cannot be read while others can is called damaged, with the cause.
    match report.damaged.first() {
        None => Ok(()),
        Some(damage) => match &damage.reason {
            FormatError::Unreadable(cause) => anyhow::bail!("{cause}"),
            other => panic!("{} is not damaged: {other}", damage.object),
        },
    }
}

fn change_key(
    _: &Scene,
    place: &Place,
    repository: &Repository,
    history: &mut History,
) -> anyhow::Result<()> {
    history.add(Event::KeyChanging(1, 2));
    let keys = repository.keys()?;
    let Some(old) = keys.iter().find(|key| key.kind == SlotKind::Passphrase) else {
        anyhow::bail!("a key is missing");
    };
    let new = key_number(2);
    let new = NewKey::Chosen(&new, KdfCost::INSECURE_FOR_TESTS);
    repository.change_key(old.id, new, place.clock.as_ref())?.removed?;
    history.add(Event::KeyChanged(1, 2));
    Ok(())
}

fn delete(
    scene: &Scene,
    place: &Place,
    repository: &Repository,
    history: &mut History,
) -> anyhow::Result<()> {
    let point = scene.points[1];
    let delay = Duration::from_hours(1);
    let deletion = Deletion { writer: place.writer, rule: String::new(), delay };
    history.add(Event::Moving(point));
    repository.delete_points(&[point], &deletion, place.clock.as_ref())?;
    history.add(Event::Binned(point));
    history.add(Event::Moving(point));
    repository.undelete(point, place.writer, place.clock.as_ref())?;
    history.add(Event::TakenBack(point));
    Ok(())
}

fn repair(
    _: &Scene,
    place: &Place,
    repository: &Repository,
    _: &mut History,
) -> anyhow::Result<()> {
    repository.rebuild_index(&place.session(), &place.clock())?;
    let options = RepairOptions { from: None, dry_run: false, session: place.session() };
    repository.repair(&options, &place.clock())?;
    Ok(())
}

/// The whole sentence a person would be shown.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    let mut source: Option<&dyn Error> = error.source();
    while let Some(cause) = source {
        write!(text, ": {cause}").unwrap();
        source = cause.source();
    }
    text
}

/// Does the work with a failure at each call in turn, until it gets through.
fn at_every_call(work: Work) {
    let scene = Scene::new();
    let faults = [
        (Fault::Full, When::Once as fn(u64) -> When),
        (Fault::Io, When::Once),
        (Fault::Stale, When::Once),
        (Fault::Io, When::Short),
    ];
    for (fault, when) in faults {
        for call in 0.. {
            let under: Arc<dyn BlobStore> = Arc::new(scene.memory.duplicate());
            let faulty = Arc::new(FaultyStore::new(Arc::clone(&under), when(call), fault));
            let place = Place::new(Arc::clone(&faulty) as _, scene.folder.path(), 1);
            let mut history = scene.history.clone();
            let result = place
                .open()
                .map_err(anyhow::Error::from)
                .and_then(|repository| work(&scene, &place, &repository, &mut history));
            let through = faulty.calls() <= call;
            let what = format!("{fault:?} in call {call}: {result:?}");
            match &result {
                Ok(()) => {}
                Err(error) => {
                    assert!(!through, "nothing failed: {what}");
                    let said = sentence(error);
                    assert!(said.contains(fault.text()), "the cause is lost in {said:?}: {what}");
                }
            }
            let place = Place { store: under, ..place };
            let kept = match when(call) {
                When::Short(_) => place.verify_beside_rubbish(&history),
                _ => place.verify(&history),
            };
            if let Err(error) = kept {
                panic!("{what}, then {error:#}");
            }
            if through {
                assert!(call > 10, "this has many calls, not {call}");
                break;
            }
        }
    }
}

macro_rules! at_every_call {
    ($($name:ident: $work:ident;)*) => {$(
        #[test]
        fn $name() {
            at_every_call($work);
        }
    )*};
}

at_every_call! {
    a_backup_survives_every_failing_call: back_up;
    a_collection_survives_every_failing_call: prune;
    a_restore_survives_every_failing_call: read;
    a_check_survives_every_failing_call: check;
    a_change_of_keys_survives_every_failing_call: change_key;
    a_deletion_survives_every_failing_call: delete;
    a_repair_survives_every_failing_call: repair;
}
