"""Export of a running VM's snapshot, import of qemu-img's stream, lease life; bytes compared by qemu-img."""
import os
import subprocess
import tempfile
import time

from common import *  # noqa: F403


def lease_ready(lease):
    for _ in range(200):
        if lease.state == vim.HttpNfcLease.State.ready:
            return lease.info
        if lease.state == vim.HttpNfcLease.State.error:
            raise lease.error
        time.sleep(0.02)
    raise SystemExit("FAILED: the lease does not get ready")


def connect(lab, url):
    """Opens a device URL, putting in our address where a host writes `*`."""
    parts = urllib.parse.urlsplit(url)
    if lab.shape == "esxi":
        check(parts.netloc == "*", "a host does not name itself")
    else:
        check(parts.netloc == f"{lab.host}:{lab.port}", "a vCenter names the host")
    return http.client.HTTPSConnection(lab.host, lab.port, context=lab.context), parts.path


def qemu(*args):
    return subprocess.run(["qemu-img", *args], check=True, capture_output=True, text=True).stdout


def export(lab, si, folder):
    vm = find_vm(si, "two")
    raises(vim.fault.InvalidPowerState, vm.ExportVm, "exporting a running VM")
    snap = snapshot(si, vm, "export")
    lease = snap.ExportSnapshot()
    info = lease_ready(lease)
    check(info.leaseTimeout == 300 and info.entity == vm, "the lease tells about itself")
    check(len(info.deviceUrl) == 2, "each disk has its URL")
    check(info.totalDiskCapacityInKB == (32 + 16) * 1024, "capacities add up")
    wire = {}
    for number, device in enumerate(info.deviceUrl):
        check(device.key == f"/{vm._moId}/ParaVirtualSCSIController0:{number}", "the key names the slot")
        lab.write("two", number, 4096, b"written during the export")
        connection, path = connect(lab, device.url)
        connection.request("GET", path)
        answer = connection.getresponse()
        check(answer.status == 200, f"the export is sent, not {answer.status}")
        stream = os.path.join(folder, device.targetId)
        with open(stream, "wb") as file:
            file.write(answer.read())
        wire[device.key] = os.path.getsize(stream)
        lease.HttpNfcLeaseProgress(50 * (number + 1))
        described = json.loads(qemu("info", "--output=json", stream))
        check(described["virtual-size"] == os.path.getsize(lab.images["two"][number]), "qemu-img sees the size")
        check("streamOptimized" in json.dumps(described), "qemu-img sees a streamOptimized VMDK")
        qemu("compare", "-f", "vmdk", "-F", "raw", stream, lab.images["two"][number])
    for entry in lease.HttpNfcLeaseGetManifest():
        check(entry.size == wire[entry.key], "the manifest tells the size")
        with open(os.path.join(folder, f"disk-{entry.key[-1]}.vmdk"), "rb") as file:
            check(hashlib.sha1(file.read()).hexdigest() == entry.sha1, "and the checksum")
    raises(vim.fault.TaskInProgress, lambda: wait(si, vm.Destroy_Task()), "destroying a VM with a lease")
    lease.HttpNfcLeaseComplete()
    check(lease.state == "done", "the lease is done")
    raises(vim.fault.InvalidState, lease.HttpNfcLeaseComplete, "completing twice")
    remove(si, snap)
    check(lab.read("two", 0)[4096:4121] == b"written during the export", "the guest's write is there")
    stats = json.loads(lab.control("GET", "/lab/v1/stats"))["exports"]["two/disk-0.vmdk"]
    check(stats["wire_bytes"] == wire[f"/{vm._moId}/ParaVirtualSCSIController0:0"], "bytes are counted")


def spec_for(name, sizes, network):
    D = vim.vm.device
    changes = [
        D.VirtualDeviceSpec(
            operation="add",
            device=D.ParaVirtualSCSIController(key=-1000, busNumber=0, sharedBus="noSharing"),
        )
    ]
    for unit, size in enumerate(sizes):
        backing = D.VirtualDisk.FlatVer2BackingInfo(
            fileName="[datastore2]", diskMode="persistent", thinProvisioned=True
        )
        disk = D.VirtualDisk(
            key=-2000 - unit, controllerKey=-1000, unitNumber=unit, backing=backing, capacityInKB=size // 1024
        )
        changes.append(D.VirtualDeviceSpec(operation="add", fileOperation="create", device=disk))
    nic = D.VirtualVmxnet3(
        key=-4000,
        backing=D.VirtualEthernetCard.NetworkBackingInfo(deviceName=network),
        connectable=D.VirtualDevice.ConnectInfo(startConnected=False, connected=False, allowGuestControl=False),
        addressType="manual",
        macAddress="00:50:56:01:02:03",
    )
    changes.append(D.VirtualDeviceSpec(operation="add", device=nic))
    return vim.vm.VmImportSpec(
        configSpec=vim.vm.ConfigSpec(
            name=name,
            version="vmx-19",
            guestId="debian12_64Guest",
            firmware="efi",
            files=vim.vm.FileInfo(vmPathName="[datastore2]"),
            numCPUs=3,
            memoryMB=1024,
            deviceChange=changes,
            extraConfig=[vim.option.OptionValue(key="a.b", value="c")],
        )
    )


def places(si):
    content = si.content
    center = content.rootFolder.childEntity[0]
    while not isinstance(center, vim.Datacenter):
        center = center.childEntity[0]
    return center.hostFolder.childEntity[0].resourcePool, center.vmFolder


def upload(lab, device, stream, chunked, method="POST", keep=None):
    connection, path = connect(lab, device.url)
    with open(stream, "rb") as file:
        data = file.read()[:keep]
    body = (data[i:i + 100_000] for i in range(0, len(data), 100_000)) if chunked else data
    connection.request(method, path, body=body, encode_chunked=chunked, headers={
        "Content-Type": "application/x-vnd.vmware-streamVmdk",
        **({"Transfer-Encoding": "chunked"} if chunked else {}),
    })
    return connection.getresponse().status


def importing(lab, si, folder):
    pool, vm_folder = places(si)
    images = lab.images["two"]
    sizes = [os.path.getsize(i) for i in images]
    streams = []
    for number, image in enumerate(images):
        streams.append(os.path.join(folder, f"import-{number}.vmdk"))
        qemu("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", image, streams[-1])
    lease = pool.ImportVApp(spec_for("restored", sizes, "VM Network"), vm_folder)
    info = lease_ready(lease)
    vm = info.entity
    for number, device in enumerate(info.deviceUrl):
        check(device.importKey == f"/restored/ParaVirtualSCSIController0:{number}", "the import key names the slot")
        status = upload(lab, device, streams[number], chunked=number == 1)
        check(status in (200, 201), f"the upload is taken, not {status}")
        lease.HttpNfcLeaseProgress(50)
    check(len(lease.HttpNfcLeaseGetManifest()) == 2, "both disks are in the manifest")
    lease.HttpNfcLeaseComplete()
    for number, image in enumerate(images):
        with open(image, "rb") as file:
            check(lab.read("restored", number) == file.read(), "the imported disk is the image")
    config = vm.config
    check(config.hardware.numCPU == 3 and config.hardware.memoryMB == 1024, "the settings are kept")
    check(config.firmware == "efi" and any(o.key == "a.b" and o.value == "c" for o in config.extraConfig), "all of them")
    nic = next(d for d in config.hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard))
    check(not nic.connectable.startConnected and nic.macAddress == "00:50:56:01:02:03", "the NIC is disconnected")
    check(disks(config)[0].backing.fileName == "[datastore2] restored/restored.vmdk", "the disk lies where asked")
    check(vm.runtime.powerState == "poweredOff", "an imported VM is off")
    flat = os.path.join(folder, "flat")
    with open(flat, "wb") as file:
        file.write(lab.folder(si, "[datastore2] restored/restored-flat.vmdk")[2])
    qemu("compare", "-f", "raw", "-F", "raw", flat, images[0])

    raises(vim.fault.DuplicateName, lambda: pool.ImportVApp(spec_for("restored", sizes, "VM Network"), vm_folder), "the same name")
    raises(vim.fault.InvalidDeviceSpec, lambda: pool.ImportVApp(spec_for("other", sizes, "No Network"), vm_folder), "no such network")

    # A lease of a VM that is off, and of the imported disk: the way round once more.
    lease = vm.ExportVm()
    device = lease_ready(lease).deviceUrl[0]
    connection, path = connect(lab, device.url)
    connection.request("GET", path)
    again = os.path.join(folder, "again.vmdk")
    with open(again, "wb") as file:
        file.write(connection.getresponse().read())
    qemu("compare", "-f", "vmdk", "-F", "raw", again, images[0])
    lease.HttpNfcLeaseAbort()
    wait(si, vm.Destroy_Task())
    check(lab.folder(si, "[datastore2] restored/restored-flat.vmdk")[0] == 404, "a destroyed VM takes its files along")


def gone(lab, name):
    for _ in range(100):
        if all(v["name"] != name for v in json.loads(lab.control("GET", "/lab/v1/vms"))):
            return
        time.sleep(0.05)
    raise SystemExit(f"FAILED: {name} is still there")


def trouble(lab, si, folder):
    """Abort, time-out and broken streams leave nothing behind."""
    pool, vm_folder = places(si)
    size = os.path.getsize(lab.images["two"][1])
    stream = os.path.join(folder, "import-1.vmdk")
    lease = pool.ImportVApp(spec_for("aborted", [size], "VM Network"), vm_folder)
    info = lease_ready(lease)
    check(upload(lab, info.deviceUrl[0], stream, False, keep=70_000) == 500, "half a stream is refused")
    check(upload(lab, info.deviceUrl[0], lab.images["two"][1], False) == 500, "a raw image is refused")
    lease.HttpNfcLeaseAbort()
    gone(lab, "aborted")
    check(lease.state == "error", "an aborted lease is in error")

    lab.fault(kind="lease-timeout", seconds=3)
    lease = pool.ImportVApp(spec_for("late", [size], "VM Network"), vm_folder)
    lease_ready(lease)
    for _ in range(8):
        time.sleep(0.6)
        lease.HttpNfcLeaseProgress(1)
    check(lease.state == "ready", "progress keeps a lease alive")
    gone(lab, "late")
    check(isinstance(lease.error, vim.fault.Timedout), "a forgotten lease times out")
    raises(vim.fault.Timedout, lambda: lease.HttpNfcLeaseProgress(2), "progress after the time-out")
    lab.clear_faults()

    lab.fault(point="HttpNfcLease", fault="InsufficientResourcesFault", times=1)
    lease = pool.ImportVApp(spec_for("poor", [size], "VM Network"), vm_folder)
    raises(vim.fault.InsufficientResourcesFault, lambda: lease_ready(lease), "a lease that fails")
    gone(lab, "poor")

    # The session ends: the lease goes with it.
    other = lab.login()
    lease = places(other)[0].ImportVApp(spec_for("orphan", [size], "VM Network"), places(other)[1])
    lease_ready(lease)
    Disconnect(other)
    gone(lab, "orphan")


def run(lab):
    si = lab.login()
    with tempfile.TemporaryDirectory() as folder:
        export(lab, si, folder)
        importing(lab, si, folder)
        trouble(lab, si, folder)
    Disconnect(si)


main(run)
