//! Snapshot trees and snapshots.

use super::{Scope, config};
use crate::value::{Obj, Ref, Value};
use crate::world::{Snapshot, Vm};

fn reference(snapshot: &Snapshot) -> Ref {
    Ref::new("VirtualMachineSnapshot", snapshot.id.clone())
}

/// Returns `snapshot` of a VM; unset when there is none.
pub(crate) fn info(vm: &Vm) -> Option<Obj> {
    if vm.state.snapshots.is_empty() {
        return None;
    }
    let current = vm.state.current_snapshot.as_ref();
    Some(
        Obj::new("VirtualMachineSnapshotInfo")
            .opt(
                "currentSnapshot",
                current.map(|id| Ref::new("VirtualMachineSnapshot", id.clone())),
            )
            .set("rootSnapshotList", branches(vm, None)),
    )
}

fn branches(vm: &Vm, parent: Option<&str>) -> Value {
    let children = vm.state.snapshots.iter().filter(|s| s.parent.as_deref() == parent);
    Value::list(
        "VirtualMachineSnapshotTree",
        children.map(|s| {
            Obj::new("VirtualMachineSnapshotTree")
                .set("snapshot", reference(s))
                .set("vm", vm.reference())
                .set("name", s.name.as_str())
                .set("description", s.description.as_str())
                .set("id", s.number)
                .set("createTime", s.created)
                .choice("state", super::vm::power(s.powered_on))
                .set("quiesced", s.quiesced)
                .set("childSnapshotList", branches(vm, Some(&s.id)))
                .set("replaySupported", false)
        }),
    )
}

/// Reads a property of a snapshot.
pub(crate) fn property(
    scope: Scope<'_>,
    vm: &Vm,
    snapshot: &Snapshot,
    name: &str,
) -> Option<Value> {
    Some(match name {
        "config" => config::of_snapshot(scope, vm, snapshot).into(),
        "vm" => vm.reference().into(),
        "childSnapshot" => Value::refs(
            vm.state
                .snapshots
                .iter()
                .filter(|s| s.parent.as_deref() == Some(&snapshot.id))
                .map(reference),
        ),
        _ => return None,
    })
}
