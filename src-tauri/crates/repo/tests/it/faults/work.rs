//! Everything a repository can be asked to change, in one small life.

use std::path::Path;
use std::time::Duration;

use kuramori_repo::{
    CheckOptions, DataCheck, Deletion, KdfCost, NewKey, RECYCLE_BIN, RecoveryPointId,
    RepairOptions, RepoError, Repository,
};

use super::history::{Event, Place, image, key_number, name};
use crate::support::{draft, save};

/// Told of each part of the work as it begins, and of what is begun and promised.
pub(crate) trait Witness {
    fn part(&self, part: &'static str);
    fn event(&self, event: Event);
    /// Damages a file from outside.
    fn damage(&self, file: &Path, content: &[u8]);
}

const DAY: Duration = Duration::from_hours(24);

/// Does everything once. Ends at the first error.
pub(crate) fn live(place: &Place, folder: &Path, witness: &dyn Witness) -> Result<(), RepoError> {
    let life = Life { place, witness };
    witness.part("create");
    let repository = place.create()?;
    witness.event(Event::Created);
    let first = life.back_up(&repository, 1)?;
    let second = life.back_up(&repository, 2)?;
    let third = life.back_up(&repository, 3)?;
    life.keys(&repository)?;
    life.recycle(&repository, third)?;
    witness.part("forget");
    witness.event(Event::Deleting(first));
    repository.delete_points(&[first], &life.deletion(Duration::ZERO), place.clock.as_ref())?;
    witness.event(Event::Deleted(first));
    life.dead_session(&repository)?;
    life.beat()?;
    witness.part("prune");
    repository.prune(&place.prune_options(), place.clock.as_ref())?;
    witness.part("check");
    for _ in 0..2 {
        repository.check(&CheckOptions::new(DataCheck::All), place.clock.as_ref())?;
    }
    witness.part("hold");
    let hold = repository.hold(second, "audit", place.writer, place.clock.as_ref())?;
    repository.release(hold)?;
    witness.part("rebuild index");
    repository.rebuild_index(&place.session(), &place.clock())?;
    life.repair(&repository, folder)?;
    witness.part("empty trash");
    place.clock.advance(DAY);
    repository.prune(&place.prune_options(), place.clock.as_ref())?;
    life.back_up(&repository, 4).map(drop)
}

struct Life<'a> {
    place: &'a Place,
    witness: &'a dyn Witness,
}

impl Life<'_> {
    fn deletion(&self, delay: Duration) -> Deletion {
        Deletion { writer: self.place.writer, rule: "test".to_owned(), delay }
    }

    fn back_up(&self, repository: &Repository, vm: u64) -> Result<RecoveryPointId, RepoError> {
        self.witness.part("backup");
        let session = repository.begin(self.place.session(), self.place.clock())?;
        let saved = save(&session, &image(vm), None)?;
        self.witness.part("commit");
        let point = session.commit(draft(&name(vm), vec![saved]))?;
        self.witness.event(Event::Saved(point));
        Ok(point)
    }

    /// A session that was left without an end, as after a crash.
    fn dead_session(&self, repository: &Repository) -> Result<(), RepoError> {
        self.witness.part("backup");
        let session = repository.begin(self.place.session(), self.place.clock())?;
        save(&session, &image(9), None).map(drop)
    }

    /// A session that lasts until it has given two signs of life, and then comes to nothing.
    fn beat(&self) -> Result<(), RepoError> {
        self.witness.part("beat");
        let place = Place { beat: Duration::from_millis(3), ..self.place.clone() };
        let session = place.open()?.begin(place.session(), place.clock())?;
        let beat = |name: &str| name.split_once(".beat-")?.1.parse::<u32>().ok();
        let second = |name: &str| beat(name).is_some_and(|n| n >= 2);
        while !place.store.list("sessions/")?.iter().any(|entry| second(entry.name.as_str())) {
            std::thread::sleep(Duration::from_millis(1));
        }
        session.abandon()
    }

    fn keys(&self, repository: &Repository) -> Result<(), RepoError> {
        let (place, clock) = (self.place, self.place.clock.as_ref());
        let (first, second) = (key_number(1), key_number(2));
        let [first, second] =
            [&first, &second].map(|k| NewKey::Chosen(k, KdfCost::INSECURE_FOR_TESTS));
        self.witness.part("key add");
        let old = repository.add_key(first, clock)?;
        self.witness.event(Event::KeyAdded(1));
        self.witness.part("key change");
        self.witness.event(Event::KeyChanging(1, 2));
        repository.change_key(old.key.id, second, clock)?.removed?;
        self.witness.event(Event::KeyChanged(1, 2));
        place.open_with(&key_number(2)).map(drop)
    }

    fn recycle(&self, repository: &Repository, point: RecoveryPointId) -> Result<(), RepoError> {
        let clock = self.place.clock.as_ref();
        self.witness.part("forget");
        self.witness.event(Event::Moving(point));
        repository.delete_points(&[point], &self.deletion(RECYCLE_BIN), clock)?;
        self.witness.event(Event::Binned(point));
        self.witness.part("undelete");
        self.witness.event(Event::Moving(point));
        repository.undelete(point, self.place.writer, clock)?;
        self.witness.event(Event::TakenBack(point));
        Ok(())
    }

    /// Every index object is cut short, which loses nothing: the packs say the same.
    fn repair(&self, repository: &Repository, folder: &Path) -> Result<(), RepoError> {
        self.witness.part("repair");
        for file in fs_err::read_dir(folder.join("index").join("0")).expect("the index") {
            let path = file.expect("an index object").path();
            let bytes = fs_err::read(&path).expect("an index object");
            self.witness.event(Event::Damaging);
            self.witness.damage(&path, bytes.split_at(bytes.len() / 2).0);
        }
        let options = RepairOptions { from: None, dry_run: false, session: self.place.session() };
        repository.repair(&options, &self.place.clock())?;
        self.witness.event(Event::Repaired);
        Ok(())
    }
}
