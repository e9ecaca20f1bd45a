use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kuramori_base::Clock;

/// The least that counts as sleep: time servers and busy computers make smaller gaps.
const LEAST: Duration = Duration::from_secs(30);

/// Tells how long a computer slept between two moments, each of wall clock and monotonic time.
///
/// Where the monotonic clock stops during sleep (Linux, macOS), the wall clock is ahead by the
/// time asleep. Where it does not (Windows), both have run on, far past `expected`, the time that
/// was to lie between the two moments. `None` when neither amounts to half a minute.
///
/// A wall clock that somebody sets forward looks like sleep on Linux and macOS, so this is for
/// telling people and for looking again at what may have changed, not for decisions.
pub fn slept(
    from: (DateTime<Utc>, Duration),
    to: (DateTime<Utc>, Duration),
    expected: Duration,
) -> Option<Duration> {
    let ran = to.1.saturating_sub(from.1);
    let wall = (to.0 - from.0).to_std().unwrap_or_default();
    let ahead = wall.saturating_sub(ran);
    // Both must have run on: a program that was held up still sees them agree, and so does one
    // after sleep. That case cannot be told apart and is taken for sleep only when it is long.
    let late = ran.min(wall).saturating_sub(expected);
    let asleep = ahead.max(if late >= LEAST * 2 { late } else { Duration::ZERO });
    (asleep >= LEAST).then_some(asleep)
}

/// Notices from regular looks that the computer slept.
pub struct GapDetector {
    clock: Arc<dyn Clock>,
    every: Duration,
    last: Option<(DateTime<Utc>, Duration)>,
}

impl GapDetector {
    /// Makes a detector that will be asked every `every`.
    pub fn new(clock: Arc<dyn Clock>, every: Duration) -> Self {
        Self { clock, every, last: None }
    }

    /// Returns how long the computer slept since the last look, if it did.
    pub fn look(&mut self) -> Option<Duration> {
        let now = (self.clock.now(), self.clock.monotonic());
        let last = self.last.replace(now)?;
        slept(last, now, self.every)
    }
}

#[cfg(test)]
mod tests {
    use kuramori_base::ManualClock;
    use proptest::prelude::*;

    use super::*;

    const fn minutes(n: u64) -> Duration {
        Duration::from_secs(60 * n)
    }

    fn at(wall: Duration, ran: Duration) -> (DateTime<Utc>, Duration) {
        (DateTime::UNIX_EPOCH + minutes(1000) + wall, ran)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn sleep_is_noticed_whether_or_not_the_monotonic_clock_runs_on() {
        let from = at(Duration::ZERO, Duration::ZERO);
        let seen = |wall, ran| slept(from, at(wall, ran), SECOND);
        assert_eq!(seen(minutes(42) + SECOND, SECOND), Some(minutes(42)), "it stood still");
        assert_eq!(seen(minutes(42) + SECOND, minutes(42) + SECOND), Some(minutes(42)), "it ran");
        assert_eq!(seen(SECOND, SECOND), None);
        assert_eq!(seen(SECOND * 20, SECOND), None, "a time server's step");
        assert_eq!(seen(SECOND * 50, SECOND * 50), None, "a busy computer");
        let back = (DateTime::UNIX_EPOCH, SECOND);
        assert_eq!(slept(from, back, SECOND), None, "a clock set back");
        let late_and_back = (DateTime::UNIX_EPOCH, minutes(42));
        assert_eq!(slept(from, late_and_back, SECOND), None, "nothing is told from a wrong clock");
    }

    #[test]
    fn each_sleep_is_told_once() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let mut detector = GapDetector::new(clock.clone(), SECOND);
        assert_eq!(detector.look(), None, "the first look has nothing to compare with");
        clock.advance(SECOND);
        assert_eq!(detector.look(), None);
        clock.set(clock.now() + minutes(90));
        clock.advance(SECOND);
        assert_eq!(detector.look(), Some(minutes(90)));
        clock.advance(SECOND);
        assert_eq!(detector.look(), None);
    }

    proptest! {
        #[test]
        fn what_is_told_is_never_more_than_what_passed(wall in 0u64..1 << 40, ran in 0u64..1 << 40) {
            let (wall, ran) = (Duration::from_millis(wall), Duration::from_millis(ran));
            let from = at(Duration::ZERO, Duration::ZERO);
            if let Some(asleep) = slept(from, at(wall, ran), SECOND) {
                prop_assert!(asleep <= wall && asleep >= LEAST);
            }
        }

        #[test]
        fn looks_in_time_tell_nothing(steps in prop::collection::vec(0u64..29_000, 1..50)) {
            let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
            let mut detector = GapDetector::new(clock.clone(), SECOND);
            for step in steps {
                clock.advance(Duration::from_millis(step));
                prop_assert_eq!(detector.look(), None);
            }
        }
    }
}
