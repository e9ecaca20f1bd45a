//! Properties of hosts.

use super::Scope;
use crate::Shape;
use crate::value::{Obj, Ref, Value};

pub(crate) const BUILD: &str = "24022510";
pub(crate) const VERSION: &str = "8.0.3";

/// The product as `about` and a host's configuration show it.
pub(crate) fn about(scope: Scope<'_>, shape: Shape, instance_uuid: &str) -> Obj {
    let version = match shape {
        Shape::Esxi => scope.core.options.host.unwrap_or((VERSION, BUILD)),
        Shape::Vcenter => (VERSION, BUILD),
    };
    product(shape, instance_uuid, version)
}

fn product(shape: Shape, instance_uuid: &str, (version, build): (&str, &str)) -> Obj {
    let (name, line, api, product) = match shape {
        Shape::Esxi => ("VMware ESXi", "embeddedEsx", "HostAgent", "VMware ESX Server"),
        Shape::Vcenter => {
            ("VMware vCenter Server", "vpx", "VirtualCenter", "VMware VirtualCenter Server")
        }
    };
    let instance = (shape == Shape::Vcenter).then_some(instance_uuid);
    Obj::new("AboutInfo")
        .set("name", name)
        .set("fullName", format!("{name} {version} build-{build} (Kuramori lab)"))
        .set("vendor", "VMware, Inc.")
        .set("version", version)
        .set("build", build)
        .set("localeVersion", "INTL")
        .set("localeBuild", "000")
        .set("osType", if shape == Shape::Esxi { "vmnix-x86" } else { "linux-x64" })
        .set("productLineId", line)
        .set("apiType", api)
        .set("apiVersion", "8.0.3.0")
        .opt("instanceUuid", instance)
        .set("licenseProductName", product)
        .set("licenseProductVersion", "8.0")
}

fn uuid(scope: Scope<'_>, id: &str) -> String {
    let first = scope.world.inventory.kind("HostSystem").next().is_some_and(|n| n.at.id == id);
    if let Some(set) = scope.core.options.host_uuid.as_ref().filter(|_| first) {
        return set.clone();
    }
    let sum = id.bytes().fold(7u128, |a, b| a.wrapping_mul(31).wrapping_add(u128::from(b)));
    uuid::Uuid::from_u128(0x4c4c_4544_0000_4000_8000_0000_0000_0000 | sum).to_string()
}

pub(crate) fn property(scope: Scope<'_>, obj: &Ref, name: &str) -> Option<Value> {
    let inventory = &scope.world.inventory;
    let version = scope.core.options.host.unwrap_or((VERSION, BUILD));
    let product = || product(Shape::Esxi, "", version);
    Some(match name {
        "summary" => summary(scope, obj).into(),
        "runtime" => runtime(scope).into(),
        "config" => {
            let netconfig = Obj::new("VirtualNicManagerNetConfig")
                .set("nicType", "management")
                .set("multiSelectAllowed", true)
                .set("candidateVnic", Value::list("HostVirtualNic", [vnic()]))
                .set(
                    "selectedVnic",
                    Value::strings(["VirtualNicManagerNetConfig.management.vmk0"]),
                );
            let manager = Obj::new("HostVirtualNicManagerInfo")
                .set("netConfig", Value::list("VirtualNicManagerNetConfig", [netconfig]));
            Obj::new("HostConfigInfo")
                .set("host", obj.clone())
                .set("product", product())
                .choice("lockdownMode", "lockdownDisabled")
                .set("virtualNicManagerInfo", manager)
                .into()
        }
        "hardware" => {
            let system = Obj::new("HostSystemInfo")
                .set("vendor", "Kuramori")
                .set("model", "Lab")
                .set("uuid", uuid(scope, &obj.id));
            Obj::new("HostHardwareInfo").set("systemInfo", system).into()
        }
        "configManager" => Obj::new("HostConfigManager")
            .set("datastoreSystem", Ref::new("HostDatastoreSystem", "ha-datastoresystem"))
            .into(),
        "vm" => Value::refs(
            scope
                .world
                .vms
                .values()
                .filter(|v| v.state.host == obj.id)
                .map(crate::world::Vm::reference),
        ),
        "datastore" => Value::refs(inventory.kind("Datastore").map(|n| n.at.clone())),
        "network" => Value::refs(inventory.kind("Network").map(|n| n.at.clone())),
        _ => return super::node::property(scope, obj, name),
    })
}

fn vnic() -> Obj {
    let ip = Obj::new("HostIpConfig")
        .set("dhcp", false)
        .set("ipAddress", "127.0.0.1")
        .set("subnetMask", "255.0.0.0");
    let spec = Obj::new("HostVirtualNicSpec").set("ip", ip).set("mac", "00:50:56:00:00:01");
    Obj::new("HostVirtualNic")
        .set("device", "vmk0")
        .set("key", "VirtualNicManagerNetConfig.management.vmk0")
        .set("portgroup", "Management Network")
        .set("spec", spec)
}

fn runtime(scope: Scope<'_>) -> Obj {
    Obj::new("HostRuntimeInfo")
        .choice("connectionState", "connected")
        .choice("powerState", "poweredOn")
        .set("inMaintenanceMode", false)
        .set("bootTime", scope.core.clock.now())
}

fn summary(scope: Scope<'_>, obj: &Ref) -> Obj {
    let inventory = &scope.world.inventory;
    let name = inventory.node(&obj.id).map_or("", |n| n.name);
    let config = Obj::new("HostConfigSummary")
        .set("name", name)
        .set("port", 443)
        .set("sslThumbprint", scope.core.identity.sha1.as_str())
        .set("product", about(scope, Shape::Esxi, ""))
        .set("vmotionEnabled", false)
        .set("faultToleranceEnabled", false);
    let hardware = Obj::new("HostHardwareSummary")
        .set("vendor", "Kuramori")
        .set("model", "Lab")
        .set("uuid", uuid(scope, &obj.id))
        .set("memorySize", 64i64 << 30)
        .set("cpuModel", "Lab CPU")
        .set("cpuMhz", 2400)
        .set("numCpuPkgs", Value::Short(1))
        .set("numCpuCores", Value::Short(8))
        .set("numCpuThreads", Value::Short(16))
        .set("numNics", 1)
        .set("numHBAs", 1);
    Obj::new("HostListSummary")
        .set("host", obj.clone())
        .set("hardware", hardware)
        .set("runtime", runtime(scope))
        .set("config", config)
        .set("quickStats", Obj::new("HostListSummaryQuickStats"))
        .choice("overallStatus", "green")
        .set("rebootRequired", false)
        .opt("managementServerIp", manager(scope))
}

fn manager(scope: Scope<'_>) -> Option<&str> {
    match scope.core.shape {
        Shape::Vcenter => Some("127.0.0.1"),
        Shape::Esxi => scope.core.options.managed_by.as_deref(),
    }
}
