//! Stores that misbehave on purpose, and the suite every store must pass.
