//! Which virtual hardware the hosts support.

use super::Fault;
use super::call::{Call, Reply};
use crate::core::Core;
use crate::value::{Obj, Value};
use crate::world::World;

impl Call<'_> {
    pub(crate) fn hardware_versions(&self) -> Reply {
        let world = self.core.world();
        let hosts = |version: u16| {
            let hosts = world.inventory.kind("HostSystem").map(|n| &n.at);
            Value::refs(hosts.filter(|at| version <= highest(self.core, &world, &at.id)).cloned())
        };
        let default = self.core.options.hardware;
        let option = |version: u16| {
            Obj::new("VirtualMachineConfigOptionDescriptor")
                .set("key", format!("vmx-{version:02}"))
                .set("description", format!("Hardware version {version}"))
                .set("host", hosts(version))
                .set("createSupported", version >= 4)
                .set("defaultConfigOption", version == default)
                .set("runSupported", true)
                .set("upgradeSupported", version > 4)
        };
        let options = (3..=default).map(option);
        Reply::Value(Value::list("VirtualMachineConfigOptionDescriptor", options))
    }
}

/// Returns the highest version that a host has.
fn highest(core: &Core, world: &World, host: &str) -> u16 {
    let first = world.inventory.kind("HostSystem").next().is_some_and(|n| n.at.id == host);
    core.options.older_host.filter(|_| first).unwrap_or(core.options.hardware)
}

/// Refuses hardware that a host does not have.
pub(crate) fn supported(core: &Core, version: &str, host: &str) -> Result<(), Fault> {
    let number = version.strip_prefix("vmx-").and_then(|n| n.parse::<u16>().ok());
    if number.is_some_and(|number| number <= highest(core, &core.world(), host)) {
        return Ok(());
    }
    let text = format!("The hardware version {version} is not supported by the host.");
    let host = core.world().inventory.kind("HostSystem").next().map(|n| (n.name, n.at.clone()));
    let fault = Fault::new("VirtualHardwareVersionNotSupported", text);
    Err(match host {
        Some((name, at)) => fault.with("hostName", name).with("host", at),
        None => fault,
    })
}
