//! `config` of VMs and snapshots.

use super::{Scope, devices};
use crate::config::Special;
use crate::value::{Obj, Value};
use crate::world::{Boot, SnapDisk, Snapshot, Vm, VmConf};

/// Returns the name of a guest system as a person reads it.
pub(crate) fn guest_name(id: &str) -> String {
    match id {
        "debian12_64Guest" => "Debian GNU/Linux 12 (64-bit)",
        "debian11_64Guest" => "Debian GNU/Linux 11 (64-bit)",
        "ubuntu64Guest" => "Ubuntu Linux (64-bit)",
        "windows2019srv_64Guest" => "Microsoft Windows Server 2019 (64-bit)",
        "windows2019srvNext_64Guest" => "Microsoft Windows Server 2022 (64-bit)",
        "windows9Server64Guest" => "Microsoft Windows Server 2016 (64-bit)",
        "windows11_64Guest" => "Microsoft Windows 11 (64-bit)",
        "otherGuest" => "Other (32-bit)",
        other => return other.trim_end_matches("Guest").to_string(),
    }
    .to_string()
}

pub(crate) fn of_vm(scope: Scope<'_>, vm: &Vm) -> Obj {
    let disks = vm.disks.iter().map(|disk| {
        let meta = disk.meta();
        let change = disk.change_id().map(|c| c.to_string());
        devices::DiskView { link: meta.current, capacity: meta.capacity, change, meta }
    });
    let visitors = vm.visitors.iter().map(|visitor| {
        let (link, meta) = (visitor.meta.link, visitor.shown());
        devices::DiskView { link, capacity: meta.capacity, change: None, meta }
    });
    info(scope, vm, &vm.state.conf, disks.chain(visitors).collect())
}

pub(crate) fn of_snapshot(scope: Scope<'_>, vm: &Vm, snapshot: &Snapshot) -> Obj {
    let view = |held: &SnapDisk| {
        let meta = vm.disk_uuid(&held.uuid)?.meta();
        Some(devices::DiskView {
            link: held.link,
            capacity: held.capacity,
            change: held.change_id.clone(),
            meta,
        })
    };
    info(scope, vm, &snapshot.conf, snapshot.disks.iter().filter_map(view).collect())
}

fn info(scope: Scope<'_>, vm: &Vm, conf: &VmConf, disks: Vec<devices::DiskView>) -> Obj {
    plain(scope, vm, conf, disks).opt("ftInfo", pair(vm)).opt("managedBy", owner(vm))
}

fn plain(scope: Scope<'_>, vm: &Vm, conf: &VmConf, disks: Vec<devices::DiskView>) -> Obj {
    let files = Obj::new("VirtualMachineFileInfo")
        .set("vmPathName", vm.path_of(&format!("{}.vmx", vm.state.dir)))
        .set("snapshotDirectory", vm.path_of(""))
        .set("suspendDirectory", vm.path_of(""))
        .set("logDirectory", vm.path_of(""));
    let flags = Obj::new("VirtualMachineFlagInfo")
        .set("disableAcceleration", false)
        .set("enableLogging", true)
        .set("useToe", false)
        .set("runWithDebugInfo", false)
        .set("diskUuidEnabled", conf.extra.get("disk.EnableUUID").is_none_or(|on| on != "FALSE"))
        .set("vbsEnabled", false)
        .set("vvtdEnabled", false);
    let tools = Obj::new("ToolsConfigInfo")
        .set("toolsVersion", 12389)
        .set("afterPowerOn", true)
        .set("afterResume", true)
        .set("beforeGuestStandby", true)
        .set("beforeGuestShutdown", true)
        .set("toolsUpgradePolicy", "manual")
        .set("syncTimeWithHost", false);
    let powers = Obj::new("VirtualMachineDefaultPowerOpInfo")
        .set("powerOffType", "soft")
        .set("suspendType", "hard")
        .set("resetType", "soft")
        .set("standbyAction", "checkpoint");
    let boot = Obj::new("VirtualMachineBootOptions")
        .set("bootDelay", 0i64)
        .set("enterBIOSSetup", false)
        .set("efiSecureBootEnabled", conf.secure_boot)
        .set("bootRetryEnabled", false)
        .set("bootRetryDelay", 10_000i64)
        .set("bootOrder", boot_order(&conf.boot_order));
    let hardware = Obj::new("VirtualHardware")
        .set("numCPU", conf.cpus)
        .set("numCoresPerSocket", conf.cores)
        .set("memoryMB", i32::try_from(conf.memory_mb).unwrap_or(i32::MAX))
        .set("device", Value::list("VirtualDevice", devices::all(scope, conf, &disks)));
    Obj::new("VirtualMachineConfigInfo")
        .set("changeVersion", vm.change_version())
        .set("modified", vm.state.created)
        .set("name", conf.name.as_str())
        .set("guestFullName", guest_name(&conf.guest_id))
        .set("version", conf.version.as_str())
        .set("uuid", conf.uuid.as_str())
        .set("instanceUuid", conf.instance_uuid.as_str())
        .set("npivTemporaryDisabled", true)
        .set("template", vm.state.special == Some(Special::Template))
        .set("guestId", conf.guest_id.as_str())
        .set("alternateGuestName", "")
        .set("annotation", conf.annotation.as_str())
        .set("files", files)
        .set("tools", tools)
        .set("flags", flags)
        .set("defaultPowerOps", powers)
        .set("hardware", hardware)
        .set("cpuAllocation", allocation(1000))
        .set("memoryAllocation", allocation(conf.memory_mb * 10))
        .set("memoryHotAddEnabled", false)
        .set("cpuHotAddEnabled", false)
        .set("cpuHotRemoveEnabled", false)
        .set("extraConfig", Value::list("OptionValue", extra(vm, conf, &disks)))
        .set("bootOptions", boot)
        .opt("changeTrackingEnabled", conf.change_tracking)
        .set("firmware", conf.firmware.as_str())
        .set("guestAutoLockEnabled", false)
        .set("memoryReservationLockedToMax", false)
        .set("nestedHVEnabled", false)
}

fn boot_order(order: &[Boot]) -> Value {
    let entry = |boot: &Boot| match boot {
        Boot::Disk(key) => {
            Obj::new("VirtualMachineBootOptionsBootableDiskDevice").set("deviceKey", *key)
        }
        Boot::Card(key) => {
            Obj::new("VirtualMachineBootOptionsBootableEthernetDevice").set("deviceKey", *key)
        }
        Boot::Cdrom => Obj::new("VirtualMachineBootOptionsBootableCdromDevice"),
        Boot::Floppy => Obj::new("VirtualMachineBootOptionsBootableFloppyDevice"),
    };
    Value::list("VirtualMachineBootOptionsBootableDevice", order.iter().map(entry))
}

/// The other half of a fault-tolerant VM.
fn pair(vm: &Vm) -> Option<Obj> {
    (vm.state.special == Some(Special::FaultTolerant)).then(|| {
        let vmx = vm.path_of(&format!("{}.vmx", vm.state.dir));
        Obj::new("FaultToleranceConfigInfo")
            .set("role", 1)
            .set("instanceUuids", Value::strings([vm.state.conf.instance_uuid.as_str()]))
            .set("configPaths", Value::strings([vmx]))
    })
}

/// Who made a VM that no person did.
fn owner(vm: &Vm) -> Option<Obj> {
    (vm.state.special == Some(Special::Agent)).then(|| {
        Obj::new("ManagedByInfo")
            .set("extensionKey", "com.vmware.vim.eam")
            .set("type", "cluster-agent")
    })
}

fn allocation(shares: i64) -> Obj {
    let shares = Obj::new("SharesInfo")
        .set("shares", i32::try_from(shares).unwrap_or(i32::MAX))
        .choice("level", "normal");
    Obj::new("ResourceAllocationInfo")
        .set("reservation", 0i64)
        .set("expandableReservation", false)
        .set("limit", -1i64)
        .set("shares", shares)
}

fn extra(vm: &Vm, conf: &VmConf, disks: &[devices::DiskView]) -> Vec<Obj> {
    let option =
        |key: String, value: String| Obj::new("OptionValue").set("key", key).set("value", value);
    let mut all: Vec<Obj> = conf.extra.iter().map(|(k, v)| option(k.clone(), v.clone())).collect();
    all.push(option("nvram".to_string(), format!("{}.nvram", vm.state.dir)));
    if conf.change_tracking == Some(true) {
        all.push(option("ctkEnabled".to_string(), "true".to_string()));
        for disk in disks.iter().filter(|d| d.change.is_some()) {
            let key = format!("scsi0:{}.ctkEnabled", disk.meta.unit);
            all.push(option(key, "TRUE".to_string()));
        }
    }
    all
}
