//! What the guest tools report.

use super::Scope;
use crate::faults::FaultKind;
use crate::value::{Obj, Value};
use crate::world::Vm;

pub(crate) fn running(vm: &Vm) -> bool {
    vm.state.tools && vm.state.powered_on
}

/// The sign of life of the guest's tools.
pub(crate) fn heartbeat(scope: Scope<'_>, vm: &Vm) -> &'static str {
    match running(vm) {
        false => "gray",
        true if scope.core.faults.active(FaultKind::FrozenGuest).is_some() => "red",
        true => "green",
    }
}

fn status(vm: &Vm) -> &'static str {
    if running(vm) { "guestToolsRunning" } else { "guestToolsNotRunning" }
}

fn version_status(vm: &Vm) -> &'static str {
    if vm.state.tools { "guestToolsUnmanaged" } else { "guestToolsNotInstalled" }
}

fn host_name(vm: &Vm) -> Option<String> {
    running(vm).then(|| vm.state.conf.name.to_lowercase().replace(' ', "-"))
}

fn address(vm: &Vm) -> Option<String> {
    let digits: u32 =
        vm.state.id.chars().filter_map(|c| c.to_digit(10)).fold(0, |a, d| (a * 10 + d) % 250);
    running(vm).then(|| format!("192.0.2.{}", digits + 2))
}

pub(crate) fn info(vm: &Vm) -> Obj {
    let nics = vm.state.conf.nics.iter().filter(|_| running(vm)).map(|nic| {
        Obj::new("GuestNicInfo")
            .set("network", nic.network.as_str())
            .set("macAddress", nic.mac.as_str())
            .set("connected", nic.connected)
            .set("deviceConfigId", nic.key)
    });
    let state = if vm.state.powered_on { "running" } else { "notRunning" };
    let conf = &vm.state.conf;
    Obj::new("GuestInfo")
        .set("toolsVersionStatus2", version_status(vm))
        .set("toolsRunningStatus", status(vm))
        .set("toolsVersion", if vm.state.tools { "12389" } else { "0" })
        .opt("guestId", running(vm).then_some(conf.guest_id.as_str()))
        .opt("guestFullName", running(vm).then(|| super::config::guest_name(&conf.guest_id)))
        .opt("hostName", host_name(vm))
        .opt("ipAddress", address(vm))
        .set("net", Value::list("GuestNicInfo", nics))
        .set("guestState", state)
        .set("guestOperationsReady", running(vm))
}

pub(crate) fn summary(vm: &Vm) -> Obj {
    Obj::new("VirtualMachineGuestSummary")
        .choice("toolsStatus", if running(vm) { "toolsOk" } else { "toolsNotRunning" })
        .set("toolsVersionStatus2", version_status(vm))
        .set("toolsRunningStatus", status(vm))
        .opt("hostName", host_name(vm))
        .opt("ipAddress", address(vm))
}
