//! Which virtual hardware the hosts support.

use super::Fault;
use super::call::{Call, Reply};
use crate::core::Core;
use crate::value::{Obj, Value};

impl Call<'_> {
    pub(crate) fn hardware_versions(&self) -> Reply {
        let world = self.core.world();
        let hosts = || Value::refs(world.inventory.kind("HostSystem").map(|n| n.at.clone()));
        let highest = self.core.options.hardware;
        let option = |version: u16| {
            Obj::new("VirtualMachineConfigOptionDescriptor")
                .set("key", format!("vmx-{version:02}"))
                .set("description", format!("Hardware version {version}"))
                .set("host", hosts())
                .set("createSupported", version >= 4)
                .set("defaultConfigOption", version == highest)
                .set("runSupported", true)
                .set("upgradeSupported", version > 4)
        };
        let options = (3..=highest).map(option);
        Reply::Value(Value::list("VirtualMachineConfigOptionDescriptor", options))
    }
}

/// Refuses hardware that the hosts do not have.
pub(crate) fn supported(core: &Core, version: &str) -> Result<(), Fault> {
    let number = version.strip_prefix("vmx-").and_then(|n| n.parse::<u16>().ok());
    if number.is_some_and(|number| number <= core.options.hardware) {
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
