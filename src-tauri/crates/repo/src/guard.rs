//! The rules of the protocol that keep a recovery point whole, by name.
//!
//! Programs have all of them. Tests may leave one out, to see that the simulator notices.

/// A rule of the protocol.
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "tests name them"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// A session writes its record before it looks which packs are condemned.
    OpenBeforePlans,
    /// A session does not refer to condemned packs.
    AvoidCondemned,
    /// A session commits by creating its outcome where there is none.
    OutcomeRegister,
    /// A collection writes its plan before it lists sessions.
    PlanBeforeSessions,
    /// A collection ends the sessions it found before it looks what is in use.
    Revoke,
    /// A collection looks once more what is in use after the sessions have ended.
    MarkAgain,
    /// A collection keeps what sessions read.
    KeepForReaders,
    /// A collection decides by creating its final record where there is none.
    FinalRegister,
}
