//! Holds reading back, so that backups leave room for others on the network.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kuramori_base::{CancelToken, Cancelled, Clock};

/// Rests may be made up for within this time.
const BURST: Duration = Duration::from_millis(250);
/// How often a waiting reader looks whether it should stop, or the limit is another.
const LOOK: Duration = Duration::from_millis(100);

/// The limit in force now, in bytes a second.
type Limit = Box<dyn Fn() -> Option<NonZeroU64> + Send + Sync>;

/// Lets no more than a number of bytes a second through. One is shared by all that read.
pub struct Throttle {
    clock: Arc<dyn Clock>,
    limit: Limit,
    /// What it is a part of, and must not exceed either.
    whole: Option<Arc<Throttle>>,
    /// When what was let through so far is paid for, on the monotonic clock.
    paid: Mutex<Duration>,
}

impl Throttle {
    /// Makes a throttle that asks for its limit again and again; `None` is no limit.
    pub fn new(
        clock: Arc<dyn Clock>,
        limit: impl Fn() -> Option<NonZeroU64> + Send + Sync + 'static,
    ) -> Self {
        Self { clock, limit: Box::new(limit), whole: None, paid: Mutex::default() }
    }

    /// Makes a throttle for a part of those who share `whole`: both limits hold.
    pub fn within(whole: Arc<Self>, limit: Option<NonZeroU64>) -> Self {
        let part = Self::new(Arc::clone(&whole.clock), move || limit);
        Self { whole: Some(whole), ..part }
    }

    /// Returns the limit in force now, in bytes a second.
    pub(crate) fn limit(&self) -> Option<NonZeroU64> {
        let whole = self.whole.as_ref().and_then(|whole| whole.limit());
        [(self.limit)(), whole].into_iter().flatten().min()
    }

    /// Makes a throttle that lets everything through.
    pub fn open(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, || None)
    }

    /// Waits until `bytes` may be read. Blocks.
    ///
    /// # Cancellation
    /// Ends the wait within a tenth of a second.
    pub(crate) fn take(&self, bytes: u64, cancel: &CancelToken) -> Result<(), Cancelled> {
        if let Some(whole) = &self.whole {
            whole.take(bytes, cancel)?;
        }
        let Some(limit) = (self.limit)() else { return cancel.check() };
        let until = self.reserve(bytes, limit);
        loop {
            cancel.check()?;
            let left = until.saturating_sub(self.clock.monotonic());
            if left.is_zero() || (self.limit)() != Some(limit) {
                return Ok(());
            }
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// Puts the bytes at the end of the queue. Returns when their turn comes.
    fn reserve(&self, bytes: u64, limit: NonZeroU64) -> Duration {
        let cost = Duration::from_secs_f64(bytes as f64 / limit.get() as f64);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = (*paid).max(self.clock.monotonic().saturating_sub(BURST));
        *paid = turn + cost;
        turn
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kuramori_base::ManualClock;

    use super::*;

    fn limit(bytes: u64) -> NonZeroU64 {
        NonZeroU64::new(bytes).unwrap()
    }

    #[test]
    fn bytes_wait_for_those_before_them() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        clock.advance(Duration::from_secs(10));
        let throttle = Throttle::new(clock.clone(), || None);
        let rest = Duration::from_millis(9_750);
        assert_eq!(throttle.reserve(1000, limit(500)), rest, "the first need not wait");
        assert_eq!(throttle.reserve(500, limit(500)), rest + Duration::from_secs(2));
        assert_eq!(throttle.reserve(1, limit(500)), rest + Duration::from_secs(3));
        clock.advance(Duration::from_mins(1));
        let later = Duration::from_millis(69_750);
        assert_eq!(throttle.reserve(1, limit(500)), later, "a rest is not saved up");
    }

    #[test]
    fn no_limit_is_no_wait_and_a_cancelled_reader_waits_no_more() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let cancel = CancelToken::new();
        let open = Throttle::open(clock.clone());
        open.take(u64::MAX, &cancel).unwrap();
        let slow = Throttle::new(clock, || NonZeroU64::new(1));
        slow.take(1 << 40, &cancel).unwrap();
        cancel.cancel();
        assert!(slow.take(1, &cancel).is_err());
    }

    #[test]
    fn a_part_holds_to_its_own_limit_and_that_of_the_whole() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let whole = |bytes| Arc::new(Throttle::new(clock.clone(), move || NonZeroU64::new(bytes)));
        let of = |all, own| Throttle::within(whole(all), NonZeroU64::new(own)).limit();
        assert_eq!(of(5, 0), NonZeroU64::new(5));
        assert_eq!(of(5, 3), NonZeroU64::new(3));
        assert_eq!(of(0, 3), NonZeroU64::new(3));
        assert_eq!(of(0, 0), None);
        let (shared, cancel) = (whole(100), CancelToken::new());
        Throttle::within(shared.clone(), None).take(100, &cancel).unwrap();
        assert_eq!(shared.reserve(1, limit(100)), Duration::from_secs(1), "both were charged");
    }
}
