//! What the records of all collections say.

use std::collections::{BTreeMap, HashSet};

use kuramori_base::Clock;

use super::Collector;
use crate::error::RepoError;
use crate::format::collection::{Done, Final, MAX_COLLECTION, Plan};
use crate::format::envelope::ObjectType;
use crate::format::names::{self, Step};
use crate::ids::ObjectHash;
use crate::inner::Inner;
use crate::load::is_damage;
use crate::store::StoreError;

/// Which records of one collection there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    pub(super) plan: bool,
    pub(super) decided: bool,
    pub(super) done: bool,
}

/// Deleted recovery points whose records collections removed.
#[derive(Default)]
pub(crate) struct Retirees {
    /// Their manifests.
    pub(crate) manifests: HashSet<ObjectHash>,
    /// Whether there may be more, in records that cannot be read.
    pub(crate) unclear: bool,
}

/// What is known of a collection that is not done.
enum Stage {
    Planned(Plan),
    Decided(Final),
    /// Its final record cannot be read: nobody may refer to what it planned.
    Unclear(Plan),
}

impl Inner {
    /// Lists all collections.
    pub(super) fn collections(&self) -> Result<BTreeMap<u64, Records>, RepoError> {
        let mut all: BTreeMap<u64, Records> = BTreeMap::new();
        for entry in self.store.list(names::GC)? {
            let Some((number, step)) = names::collection_of(&entry.name) else {
                return Err(RepoError::TooNew {
                    location: self.store.location(),
                    feature: format!("a way of collecting unused packs ({})", entry.name),
                });
            };
            let records = all.entry(number).or_default();
            match step {
                Step::Plan => records.plan = true,
                Step::Final => records.decided = true,
                Step::Done => records.done = true,
            }
        }
        Ok(all)
    }

    /// Returns the packs that some collection wants to remove or is removing. A plan that cannot be
    /// read and that nothing was decided on is given up: nobody could respect it.
    pub(crate) fn condemned(&self, clock: &dyn Clock) -> Result<HashSet<ObjectHash>, RepoError> {
        let mut packs = HashSet::new();
        for (number, records) in self.collections()? {
            if records.done {
                continue;
            }
            let stage = match self.stage(number, records) {
                Err(error) if is_damage(&error) && !records.decided => {
                    match self.give_up(number, clock) {
                        Ok(()) => continue,
                        Err(RepoError::Collecting) => {
                            self.stage(number, Records { decided: true, ..records })
                        }
                        Err(error) => Err(error),
                    }
                }
                other => other,
            };
            match stage? {
                Some(Stage::Planned(plan) | Stage::Unclear(plan)) => packs.extend(plan.packs),
                Some(Stage::Decided(Final::Decided { packs: decided, .. })) => {
                    packs.extend(decided);
                }
                Some(Stage::Decided(Final::Aborted)) | None => {}
            }
        }
        Ok(packs)
    }

    /// Gives up a collection that nothing was decided on.
    ///
    /// # Errors
    /// [`RepoError::Collecting`] when it decided after all.
    fn give_up(&self, number: u64, clock: &dyn Clock) -> Result<(), RepoError> {
        let (name, object) = (names::collection(number, Step::Final), ObjectType::CollectionFinal);
        match self.put_record(&name, object, &Final::Aborted, clock) {
            Err(RepoError::Store(StoreError::Exists { .. })) => Err(RepoError::Collecting),
            other => other,
        }
    }

    /// Returns the manifests of deleted recovery points whose records collections removed.
    pub(crate) fn retired(&self) -> Result<Retirees, RepoError> {
        let mut found = Retirees::default();
        for (number, records) in self.collections()? {
            if !records.decided {
                continue;
            }
            match self.stage(number, records)? {
                Some(Stage::Decided(Final::Decided { points, .. })) => {
                    found.manifests.extend(points.into_iter().map(|point| point.manifest));
                }
                Some(Stage::Unclear(_)) => found.unclear = true,
                _ => {}
            }
        }
        Ok(found)
    }

    /// Returns the number of the last collection that decided, if there was one, else 0.
    pub(crate) fn last_decided(&self) -> Result<u64, RepoError> {
        let all = self.collections()?;
        Ok(all.iter().rev().find(|(_, records)| records.decided).map_or(0, |(number, _)| *number))
    }

    /// Opens a record of a collection, to see whether it can be read.
    pub(crate) fn open_collection(&self, number: u64, step: Step) -> Result<(), RepoError> {
        match step {
            Step::Plan => self.plan(number).map(drop),
            Step::Done => self.done(number).map(drop),
            Step::Final => {
                let object = ObjectType::CollectionFinal;
                self.collection_record::<Final>(number, step, object).map(drop)
            }
        }
    }

    fn stage(&self, number: u64, records: Records) -> Result<Option<Stage>, RepoError> {
        if records.decided {
            let decision: Result<Final, _> =
                self.collection_record(number, Step::Final, ObjectType::CollectionFinal);
            match decision {
                Ok(decision) => return Ok(Some(Stage::Decided(decision))),
                Err(error) if is_damage(&error) => {}
                Err(error) => return Err(error),
            }
            return Ok(Some(Stage::Unclear(self.plan(number)?)));
        }
        if records.plan { self.plan(number).map(|p| Some(Stage::Planned(p))) } else { Ok(None) }
    }

    fn plan(&self, number: u64) -> Result<Plan, RepoError> {
        self.collection_record(number, Step::Plan, ObjectType::CollectionPlan)
    }

    /// Reads when a collection was done.
    pub(super) fn done(&self, number: u64) -> Result<Done, RepoError> {
        self.collection_record(number, Step::Done, ObjectType::CollectionDone)
    }

    pub(super) fn collection_record<T: for<'b> minicbor::Decode<'b, ()>>(
        &self,
        number: u64,
        step: Step,
        object: ObjectType,
    ) -> Result<T, RepoError> {
        let name = names::collection(number, step);
        let body = self.open_object(&name, object, name.as_str(), MAX_COLLECTION)?;
        self.decode(&name, &body)
    }
}

impl Collector<'_> {
    /// Completes or gives up what earlier collections left, and returns the next number.
    pub(super) fn finish_earlier(&mut self) -> Result<u64, RepoError> {
        let all = self.inner.collections()?;
        for (number, records) in &all {
            if records.done {
                continue;
            }
            self.go_on()?;
            match self.inner.stage(*number, *records) {
                Ok(Some(Stage::Decided(decision @ Final::Decided { .. }))) => {
                    self.sweep(*number, &decision)?;
                }
                Ok(Some(Stage::Planned(plan))) => {
                    self.expect_dead(&plan)?;
                    self.inner.give_up(*number, self.clock)?;
                }
                // Nobody can go on with it, and nobody refers to what it planned.
                Ok(Some(Stage::Decided(Final::Aborted) | Stage::Unclear(_)) | None) => {}
                // A plan that cannot be read is given up; a session could not respect it.
                Err(error) if is_damage(&error) && !records.decided => {
                    self.inner.give_up(*number, self.clock)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all.last_key_value().map_or(1, |(number, _)| number.saturating_add(1)))
    }

    /// A plan made just now by another computer is left alone: its collection is at work. One of
    /// this installation is dead, since its lock is ours.
    fn expect_dead(&self, plan: &Plan) -> Result<(), RepoError> {
        let age = (self.clock.now() - plan.time).to_std().unwrap_or_default();
        if plan.writer != self.options.writer && age < self.options.lease {
            return Err(RepoError::Collecting);
        }
        Ok(())
    }
}
