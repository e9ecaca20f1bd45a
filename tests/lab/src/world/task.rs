//! Tasks.

use chrono::{DateTime, Utc};

use crate::soap::Fault;
use crate::value::{Ref, Value};

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    Queued,
    Running,
    Success,
    Error,
}

impl TaskState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
        }
    }
}

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// Such as `VirtualMachine.createSnapshot`.
    pub(crate) description: &'static str,
    /// Such as `CreateSnapshot_Task`.
    pub(crate) method: &'static str,
    pub(crate) entity: Ref,
    pub(crate) entity_name: String,
    pub(crate) state: TaskState,
    pub(crate) progress: Option<i32>,
    pub(crate) result: Option<Value>,
    pub(crate) error: Option<Fault>,
    pub(crate) cancel: bool,
    pub(crate) queued: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) completed: Option<DateTime<Utc>>,
}
