use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to stop, shared by everyone who works on one run.
///
/// Cancelling never interrupts an operation in the middle: workers look at the token at each
/// extent and leave through their normal clean-up.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    request: Arc<Request>,
}

#[derive(Debug, Default)]
struct Request {
    made: AtomicBool,
    /// A request that counts here too.
    wider: Option<Arc<Request>>,
}

/// Somebody asked for the work to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was cancelled")]
pub struct Cancelled;

impl CancelToken {
    /// Creates a token nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a token for a part of the work: it is cancelled with this one, and can be on its
    /// own.
    #[must_use]
    pub fn part(&self) -> Self {
        let wider = Some(Arc::clone(&self.request));
        Self { request: Arc::new(Request { made: AtomicBool::new(false), wider }) }
    }

    /// Asks everyone who holds a clone or a part to stop.
    pub fn cancel(&self) {
        self.request.made.store(true, Ordering::Release);
    }

    /// Returns whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        let mut request = Some(&self.request);
        while let Some(this) = request {
            if this.made.load(Ordering::Acquire) {
                return true;
            }
            request = this.wider.as_ref();
        }
        false
    }

    /// Returns an error when a stop was asked for, so that `?` leaves the work.
    ///
    /// # Errors
    /// [`Cancelled`] after [`CancelToken::cancel`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_request() {
        let token = CancelToken::new();
        let other = token.clone();
        assert_eq!(other.check(), Ok(()));
        token.cancel();
        assert_eq!(other.check(), Err(Cancelled), "a clone must see the request");
    }

    #[test]
    fn a_part_ends_with_the_whole_and_not_the_whole_with_a_part() {
        let whole = CancelToken::new();
        let (one, other) = (whole.part(), whole.part());
        let of_one = one.part();
        one.cancel();
        assert_eq!((one.check(), of_one.check()), (Err(Cancelled), Err(Cancelled)));
        assert_eq!((whole.check(), other.check()), (Ok(()), Ok(())));
        whole.cancel();
        assert_eq!(other.check(), Err(Cancelled));
    }
}
