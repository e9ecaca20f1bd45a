"""A frozen disk attached to another VM that runs, what a host refuses of that, and its removal."""
from common import *  # noqa: F403

MODE = "independent_nonpersistent"


def change(operation, device, file_operation=None):
    return vim.vm.device.VirtualDeviceSpec(operation=operation, device=device, fileOperation=file_operation)


def attach(si, vm, file, kb, unit, controller=1000, more=(), mode=MODE):
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName=file, diskMode=mode)
    disk = vim.vm.device.VirtualDisk(
        key=-1, backing=backing, controllerKey=controller, unitNumber=unit, capacityInKB=kb
    )
    spec = vim.vm.ConfigSpec(deviceChange=[*more, change("add", disk)])
    wait(si, vm.ReconfigVM_Task(spec))


def detach(si, vm, disk, file_operation=None):
    wait(si, vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change("remove", disk, file_operation)])))


def visitors(vm):
    return [d for d in disks(vm.config) if d.backing.diskMode == MODE]


def refusals(si, own, file, kb, live):
    bad = vim.fault.InvalidDeviceSpec
    raises(bad, lambda: attach(si, own, file, kb, 7), "the controller's own place")
    raises(bad, lambda: attach(si, own, file, kb, 0), "a place that is taken")
    raises(bad, lambda: attach(si, own, file, kb, 1, controller=1003), "a controller that is not there")
    raises(bad, lambda: attach(si, own, file, kb + 4, 4), "another size")
    raises(vim.fault.FileNotFound, lambda: attach(si, own, file[:-5] + "x.vmdk", kb, 4), "no such file")
    raises(vim.fault.FileLocked, lambda: attach(si, own, live, kb, 4), "the link that a running VM writes")
    check(not visitors(own), "nothing was attached")


def run(lab):
    si = lab.login()
    one, own = find_vm(si, "one"), find_vm(si, "two")
    index = si.content.searchIndex
    check(list(index.FindAllByUuid(None, own.config.uuid, True, False)) == [own], "a VM is found by its BIOS UUID")
    snap = snapshot(si, one, "frozen")
    frozen = disks(snap.config)[0]
    file, kb, live = frozen.backing.fileName, frozen.capacityInKB, disks(one.config)[0].backing.fileName
    check(file != live, "the VM writes to another link")
    refusals(si, own, file, kb, live)

    version = own.config.changeVersion
    attach(si, own, file, kb, 5)
    check(own.config.changeVersion != version, "the configuration has another version")
    stale = vim.vm.ConfigSpec(changeVersion=version)
    raises(vim.fault.ConcurrentAccess, lambda: wait(si, own.ReconfigVM_Task(stale)), "a stale version")
    (there,) = visitors(own)
    check(there.backing.uuid == frozen.backing.uuid, "it is the same disk")
    check((there.controllerKey, there.unitNumber, there.key) == (1000, 5, 2005), "it hangs where it was put")
    check(len(disks(one.config)) == 1 and len(disks(own.config)) == 3, "its own VM still has it")
    raises(vim.fault.FileLocked, lambda: attach(si, own, file, kb, 6), "a disk that is attached already")
    flat = file[:-5] + "-flat.vmdk"
    check(lab.folder(si, flat, {"Range": "bytes=0-99"})[0] == 500, "a file that is read elsewhere is locked")
    raises(vim.fault.InvalidDeviceSpec, lambda: detach(si, own, there, "destroy"), "deleting somebody's disk")
    check(len(visitors(own)) == 1, "it still hangs there")

    remove(si, snap)
    check(one.runtime.consolidationNeeded, "a link that is read is not merged")
    detach(si, own, there)
    check(not visitors(own), "it is gone")
    check(lab.folder(si, flat, {"Range": "bytes=0-99"})[0] == 206, "the file is free again")
    wait(si, one.ConsolidateVMDisks_Task())
    check(not one.runtime.consolidationNeeded, "now it is merged")

    again = snapshot(si, one, "again")
    file = disks(again.config)[0].backing.fileName
    controller = vim.vm.device.ParaVirtualSCSIController(key=-100, busNumber=1, sharedBus="noSharing")
    attach(si, own, file, kb, 0, controller=-100, more=[change("add", controller)])
    (there,) = visitors(own)
    check(there.controllerKey == 1001, "it hangs on the controller that came with it")
    detach(si, own, there)
    remove(si, again)
    check(not one.runtime.consolidationNeeded, "in this order nothing is left to merge")
    check(len(disks(own.config)) == 2, "the VM has its own disks")


main(run)
