//! What may be longer than the limits, and why. An entry that is no longer needed is an error.

/// One exception.
pub(super) struct Allowance {
    /// A path from the root, or `path::function`.
    pub(super) what: &'static str,
    /// Lines it may have.
    pub(super) lines: usize,
    /// Why splitting it would make it harder to read.
    pub(super) reason: &'static str,
}

/// The exceptions.
pub(super) const ALLOW: &[Allowance] = &[];
