use std::collections::VecDeque;
use std::time::Duration;

/// How far back the rate looks.
const WINDOW: Duration = Duration::from_secs(10);

/// Tells a rate from samples of a rising sum.
#[derive(Debug, Default)]
pub(crate) struct Speed {
    samples: VecDeque<(Duration, u64)>,
}

impl Speed {
    /// Notes that the sum stood at `done` at time `at`, and forgets what is too old.
    pub(crate) fn sample(&mut self, at: Duration, done: u64) {
        while self.samples.len() > 1 && at.saturating_sub(self.samples[0].0) > WINDOW {
            self.samples.pop_front();
        }
        self.samples.push_back((at, done));
    }

    /// Returns bytes a second over the window, 0 before two samples.
    pub(crate) fn per_second(&self) -> u64 {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return 0;
        };
        let millis = last.0.saturating_sub(first.0).as_millis();
        if millis == 0 {
            return 0;
        }
        let rate = u128::from(last.1.saturating_sub(first.1)) * 1000 / millis;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// Returns seconds until `left` bytes are done at this rate; `None` while nothing moves.
    pub(crate) fn seconds_left(&self, left: u64) -> Option<u64> {
        match self.per_second() {
            0 => None,
            rate => Some(left.div_ceil(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut speed = Speed::default();
        assert_eq!((speed.per_second(), speed.seconds_left(1)), (0, None));
        for second in 0..30 {
            let done = if second < 15 { second * 1000 } else { 15_000 + (second - 15) * 50 };
            speed.sample(Duration::from_secs(second), done);
        }
        assert_eq!(speed.per_second(), 50, "old samples must not count");
        assert_eq!(speed.seconds_left(101), Some(3));
    }
}
