//! Running tasks.

use std::sync::Arc;

use super::Core;
use crate::Shape;
use crate::faults::FaultWhen;
use crate::soap::Fault;
use crate::value::{Ref, Value};
use crate::world::Task;
use crate::world::task::TaskState;

/// What a task is about.
#[derive(Clone, Debug)]
pub(crate) struct TaskStart {
    pub(crate) entity: Ref,
    pub(crate) method: &'static str,
    pub(crate) description: &'static str,
    /// The VM no other task may change meanwhile.
    pub(crate) vm: Option<String>,
}

/// What the work of a task may use.
#[derive(Debug)]
pub(crate) struct TaskContext {
    core: Arc<Core>,
    id: String,
}

impl TaskContext {
    /// Shows progress in percent and gives a cancel its chance.
    pub(crate) fn progress(&self, percent: i32) -> Result<(), Fault> {
        if !self.core.options.task_step.is_zero() {
            std::thread::sleep(self.core.options.task_step);
        }
        let mut world = self.core.world();
        let Some(task) = world.tasks.get_mut(&self.id) else { return Ok(()) };
        task.progress = Some(percent);
        let cancel = task.cancel;
        drop(world);
        self.core.notify();
        if cancel {
            return Err(Fault::new("RequestCanceled", "The task was canceled by a user."));
        }
        Ok(())
    }
}

impl Core {
    /// Starts a task and returns its reference.
    pub(crate) fn start_task(
        self: &Arc<Self>,
        start: TaskStart,
        work: impl FnOnce(&TaskContext) -> Result<Option<Value>, Fault> + Send + 'static,
    ) -> Ref {
        let id = self.add_task(&start, TaskState::Queued);
        let reference = Ref::new("Task", id.clone());
        let core = Arc::clone(self);
        self.runtime.spawn_blocking(move || core.run_task(&id, &start, work));
        reference
    }

    /// Adds a task without work, such as the one that stands for a lease.
    pub(crate) fn add_task(&self, start: &TaskStart, state: TaskState) -> String {
        let mut world = self.world();
        let number = world.number();
        let id = match self.shape {
            Shape::Esxi => format!("haTask-{}-vim.{}-{number}", start.entity.id, start.description),
            Shape::Vcenter => format!("task-{number}"),
        };
        let entity_name = world
            .vms
            .get(&start.entity.id)
            .map(|vm| vm.state.conf.name.clone())
            .unwrap_or_default();
        let now = self.clock.now();
        let task = Task {
            id: id.clone(),
            description: start.description,
            method: start.method,
            entity: start.entity.clone(),
            entity_name,
            state,
            progress: None,
            result: None,
            error: None,
            cancel: false,
            queued: now,
            started: (state == TaskState::Running).then_some(now),
            completed: None,
        };
        world.tasks.insert(id.clone(), task);
        id
    }

    fn run_task(
        self: &Arc<Self>,
        id: &str,
        start: &TaskStart,
        work: impl FnOnce(&TaskContext) -> Result<Option<Value>, Fault>,
    ) {
        let context = TaskContext { core: Arc::clone(self), id: id.to_string() };
        {
            let mut world = self.world();
            if let Some(task) = world.tasks.get_mut(id) {
                task.state = TaskState::Running;
                task.started = Some(self.clock.now());
            }
        }
        let result = self.attempt(&context, start, work);
        self.finish_task(id, result);
    }

    fn attempt(
        self: &Arc<Self>,
        context: &TaskContext,
        start: &TaskStart,
        work: impl FnOnce(&TaskContext) -> Result<Option<Value>, Fault>,
    ) -> Result<Option<Value>, Fault> {
        context.progress(0)?;
        self.faults.hold(start.method, |w| w == FaultWhen::Usual, || self.stopping());
        if self.stopping() {
            return Err(Fault::system("the lab is stopping"));
        }
        if let Some(fault) = self.faults.fault(start.method, |s| s.when == FaultWhen::Usual) {
            return Err(fault);
        }
        self.claim(start, &context.id)?;
        let result = work(context);
        if let Some(id) = &start.vm
            && let Some(vm) = self.world().vms.get_mut(id)
        {
            vm.busy = None;
        }
        self.faults.hold(start.method, |w| w == FaultWhen::After, || self.stopping());
        let late = |s: &crate::faults::FaultSpec| s.when == FaultWhen::After;
        match self.faults.fault(start.method, late) {
            Some(fault) => Err(fault),
            None => result,
        }
    }

    fn claim(&self, start: &TaskStart, task: &str) -> Result<(), Fault> {
        let Some(id) = &start.vm else { return Ok(()) };
        let mut world = self.world();
        let vm = world.vms.get_mut(id).ok_or_else(|| Fault::gone(&start.entity))?;
        if let Some(other) = &vm.busy {
            return Err(task_in_progress(other));
        }
        vm.busy = Some(task.to_string());
        Ok(())
    }

    /// Ends a task.
    pub(crate) fn finish_task(&self, id: &str, result: Result<Option<Value>, Fault>) {
        let mut world = self.world();
        if let Some(task) = world.tasks.get_mut(id) {
            task.completed = Some(self.clock.now());
            match result {
                Ok(value) => {
                    task.state = TaskState::Success;
                    task.progress = None;
                    task.result = value;
                }
                Err(fault) => {
                    task.state = TaskState::Error;
                    task.error = Some(fault);
                }
            }
        }
        drop(world);
        self.notify();
    }
}

pub(crate) fn task_in_progress(task: &str) -> Fault {
    Fault::new(
        "TaskInProgress",
        "The operation is not allowed in the current state while another task is in progress.",
    )
    .with("task", Ref::new("Task", task))
}
