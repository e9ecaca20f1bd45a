//! Where the time of an item went.

use std::time::Duration;

use kuramori_base::Waits;
use kuramori_jobs::Stage;
use serde::{Deserialize, Serialize};

use super::view::phase;
use crate::dto::{Language, PhaseTimeView, TimingView};
use crate::messages;

/// As recorded in the run log, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timing {
    pub(crate) phases: Vec<(Stage, u64)>,
    pub(crate) source: u64,
    pub(crate) limit: u64,
    pub(crate) processor: u64,
    pub(crate) store: u64,
}

/// Phases with the moments at which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases {
    begun: Vec<(Stage, Duration)>,
    ended: Option<Duration>,
}

impl Phases {
    /// A phase begins, and the one before it ends.
    pub(super) fn enter(&mut self, stage: Stage, now: Duration) {
        if self.begun.last().is_none_or(|(last, _)| *last != stage) {
            self.begun.push((stage, now));
        }
    }

    /// The last phase ends.
    pub(super) fn end(&mut self, now: Duration) {
        self.ended.get_or_insert(now);
    }

    /// Returns how long each took, and what was waited for.
    pub(super) fn timing(&self, now: Duration, waits: Waits) -> Timing {
        let mut phases: Vec<(Stage, u64)> = Vec::new();
        let ends = self.begun.iter().skip(1).map(|(_, at)| *at);
        let ends = ends.chain([self.ended.unwrap_or(now)]);
        for ((stage, began), end) in self.begun.iter().zip(ends) {
            let took = millis(end.saturating_sub(*began));
            match phases.iter_mut().find(|(known, _)| known == stage) {
                Some((_, sum)) => *sum = sum.saturating_add(took),
                None => phases.push((*stage, took)),
            }
        }
        Timing {
            phases,
            source: millis(waits.source),
            limit: millis(waits.limit),
            processor: millis(waits.processor),
            store: millis(waits.store),
        }
    }
}

impl Timing {
    /// Shows it to people.
    pub(super) fn view(&self, language: Language) -> TimingView {
        let phases = self.phases.iter();
        let phases = phases.map(|(stage, ms)| PhaseTimeView { phase: phase(*stage), millis: *ms });
        TimingView {
            phases: phases.collect(),
            server_millis: self.source,
            limit_millis: self.limit,
            processor_millis: self.processor,
            repository_millis: self.store,
            bottleneck: messages::bottleneck(self, language),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_add_up_and_the_longest_wait_is_named() {
        let at = Duration::from_millis;
        let mut phases = Phases::default();
        for (stage, now) in
            [(Stage::Check, 10), (Stage::Read, 30), (Stage::Read, 40), (Stage::Remove, 130)]
        {
            phases.enter(stage, at(now));
        }
        phases.enter(Stage::Read, at(150));
        phases.end(at(160));
        phases.end(at(999));
        let waits = Waits { source: at(20), store: at(60), ..Waits::default() };
        let timing = phases.timing(at(2000), waits);
        let expected = [(Stage::Check, 20), (Stage::Read, 110), (Stage::Remove, 20)];
        assert_eq!(timing.phases, expected);
        let words = |timing: &Timing| timing.view(Language::En).bottleneck;
        assert_eq!(words(&timing).unwrap(), "Waited longest for the repository (75 %)");
        let by = |source, limit, processor| Timing { source, limit, processor, ..timing.clone() };
        assert!(words(&by(61, 0, 0)).unwrap().contains("for the server"));
        assert!(words(&by(0, 61, 0)).unwrap().contains("for the limit of speed"));
        assert!(words(&by(0, 0, 61)).unwrap().contains("for this computer’s processor"));
        assert_eq!(words(&Timing::default()), None);
        let kept = serde_json::to_value(&timing).unwrap();
        assert_eq!(serde_json::from_value::<Timing>(kept).unwrap(), timing);
    }
}
