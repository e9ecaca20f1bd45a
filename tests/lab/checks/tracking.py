"""Snapshots, guest writes, CBT with paging, ranged reads of frozen disks, merging."""
from common import *  # noqa: F403


def read_frozen(lab, si, path, length):
    """Reads a frozen disk in ranges of odd size."""
    out, step = bytearray(), 3_000_001
    while len(out) < length:
        last = min(len(out) + step, length) - 1
        status, headers, data = lab.folder(si, path, {"Range": f"bytes={len(out)}-{last}"})
        check(status == 206, f"a range is answered with 206, not {status}")
        check(headers["Content-Range"] == f"bytes {len(out)}-{last}/{length}", "the range is the asked one")
        out += data
    return bytes(out)


def flat(path):
    return path.removesuffix(".vmdk") + "-flat.vmdk"


def run(lab):
    si = lab.login()
    rng = random.Random(7)
    vm = find_vm(si, "one")
    with open(lab.images["one"][0], "rb") as file:
        image = bytearray(file.read())
    length = len(image)

    # Before tracking is in effect nothing has a change id, and the query says so.
    first = snapshot(si, vm, "before tracking")
    disk = disks(first.config)[0]
    check(disk.backing.changeId is None, "no change id without tracking")
    fault = raises(
        vim.fault.FileFault, lambda: vm.QueryChangedDiskAreas(first, disk.key, 0, "*"), "a query without tracking"
    )
    check(fault.faultMessage[0].key == "vim.hostd.vmsvc.cbt.noTrack", "the message key says why")
    remove(si, first)
    enable_tracking(si, vm)

    full = snapshot(si, vm, "full")
    disk = disks(full.config)[0]
    check(disk.capacityInBytes == length, "the disk is as large as its image")
    check(disk.backing.fileName == "[datastore1] one/one.vmdk", "the base holds the frozen state")
    live = disks(vm.config)[0]
    check(live.backing.fileName.startswith("[datastore1] one/one-00000"), "the VM writes to a delta")
    check(live.backing.parent.fileName == disk.backing.fileName, "the delta builds on the base")
    check(disk.backing.changeId, "a tracked disk has a change id")
    allocated, _ = changed_areas(vm, full, disk, "*")
    covered = bytearray(length)
    for start, size in allocated:
        covered[start:start + size] = image[start:start + size]
    check(covered == image, "what is not allocated is zero")
    check(sum(size for _, size in allocated) < length, "a thin disk is not all allocated")

    # The guest goes on writing while the frozen state is read.
    stop = threading.Event()
    writes = []

    def guest():
        while not stop.is_set() and len(writes) < 400:
            for offset, data in scattered(rng, length // 16, 20):
                lab.write("one", 0, offset, data)
                writes.append((offset, data))

    thread = threading.Thread(target=guest, daemon=True)
    thread.start()
    frozen = read_frozen(lab, si, flat(disk.backing.fileName), length)
    stop.set()
    thread.join()
    check(frozen == bytes(image), "a snapshot's bytes do not change")
    check(lab.read("one", 0, "full") == bytes(image), "the owner sees the same frozen bytes")
    status, _, _ = lab.folder(si, "[datastore1] one/" + live.backing.fileName.rsplit("/")[-1].removesuffix(".vmdk") + "-delta.vmdk")
    check(status == 500, f"the running VM's link is locked, not {status}")
    status, _, _ = lab.folder(si, flat(disk.backing.fileName), cookie=False)
    check(status == 401, "nobody reads without a session")
    status, headers, _ = lab.folder(si, flat(disk.backing.fileName), method="HEAD")
    check(status == 200 and int(headers["Content-Length"]) == length, "HEAD tells the length")
    status, _, data = lab.folder(si, disk.backing.fileName)
    check(status == 200 and b'VMFS "one-flat.vmdk"' in data, "the descriptor names the extent")
    check(lab.folder(si, "[datastore1] one/none")[0] == 404, "a missing file is 404")
    check(lab.folder(si, flat(disk.backing.fileName), {"Range": f"bytes={length}-"})[0] == 416, "past the end is 416")

    # More than 2000 separate areas, then compare bytes.
    blocks = length // BLOCK
    for block in range(0, blocks, 2):
        data = rng.randbytes(100)
        lab.write("one", 0, block * BLOCK + 77, data)
        writes.append((block * BLOCK + 77, data))
    remove(si, full)
    second = snapshot(si, vm, "second")
    changed_disk = disks(second.config)[0]
    areas, pages = changed_areas(vm, second, changed_disk, disk.backing.changeId)
    check(pages > 1, "more than 2000 areas take more than one answer")
    expected = bytearray(image)
    for offset, data in writes:
        expected[offset:offset + len(data)] = data
    now = lab.read("one", 0, "second")
    check(now == bytes(expected), "merging kept every write")
    rebuilt = bytearray(image)
    for start, size in areas:
        rebuilt[start:start + size] = now[start:start + size]
    check(bytes(rebuilt) == now, "old bytes and changed areas make the new disk")
    exact = {offset // BLOCK for offset, _ in writes} | {(o + len(d) - 1) // BLOCK for o, d in writes}
    check(sum(size for _, size in areas) == len(exact) * BLOCK, "only written blocks are reported")
    check(len(areas) == sum(1 for b in exact if b - 1 not in exact), "adjacent areas are merged")

    # Faults of the query.
    query = lambda change, at=0, key=None: vm.QueryChangedDiskAreas(  # noqa: E731
        second, changed_disk.key if key is None else key, at, change
    )
    check(raises(vmodl.fault.InvalidArgument, lambda: query("*", length), "past the end").invalidProperty == "startOffset", "startOffset")
    check(raises(vmodl.fault.InvalidArgument, lambda: query("rubbish"), "rubbish").invalidProperty == "changeId", "changeId")
    check(raises(vmodl.fault.InvalidArgument, lambda: query("*", 0, 4000), "a NIC").invalidProperty == "deviceKey", "deviceKey")
    lab.control("POST", "/lab/v1/vms/one/disks/0/reset-cbt")
    fault = raises(vim.fault.FileFault, lambda: query(disk.backing.changeId), "an id of another epoch")
    check(fault.faultMessage[0].key == "vim.hostd.vmsvc.cbt.cannotGetChanges", "the message key says why")
    remove(si, second)
    third = snapshot(si, vm, "third")
    new_id = disks(third.config)[0].backing.changeId
    check(new_id.split("/")[0] != disk.backing.changeId.split("/")[0], "a reset begins a new epoch")

    remove(si, third)
    chains(lab, si)
    Disconnect(si)


def chains(lab, si):
    vm = find_vm(si, "two")
    enable_tracking(si, vm)
    third = snapshot(si, vm, "third")
    new_id = disks(third.config)[0].backing.changeId

    # Two snapshots in a chain; the older goes first, then the newer.
    lab.write("two", 0, 12345, b"between")
    fourth = snapshot(si, vm, "fourth")
    third_bytes, fourth_bytes = lab.read("two", 0, "third"), lab.read("two", 0, "fourth")
    check(fourth_bytes[12345:12352] == b"between" and third_bytes != fourth_bytes, "each snapshot has its own bytes")
    tree = vm.snapshot.rootSnapshotList
    check(tree[0].name == "third" and tree[0].childSnapshotList[0].name == "fourth", "the tree shows the order")
    check(vm.snapshot.currentSnapshot == fourth, "the newest is current")
    lab.write("two", 0, 54321, b"after")
    remove(si, third)
    check(lab.read("two", 0, "fourth") == fourth_bytes, "removing the older keeps the newer")
    remove(si, fourth)
    check(vm.snapshot is None and not vm.runtime.consolidationNeeded, "nothing is left")
    info = lab.vm_info("two")
    check(len(info["disks"][0]["chain"]) == 1, "the chain is one link again")
    final = lab.read("two", 0)
    check(final[12345:12352] == b"between" and final[54321:54326] == b"after", "the running disk kept its writes")

    # Reverting throws writes away and begins a new epoch.
    keep = snapshot(si, vm, "keep")
    lab.write("two", 0, 0, b"to be lost")
    wait(si, keep.RevertToSnapshot_Task())
    check(lab.read("two", 0) == final, "reverting restores the bytes")
    check(vm.runtime.powerState == "poweredOff", "the VM is off after reverting")
    remove(si, keep)
    again = snapshot(si, vm, "again")
    check(disks(again.config)[0].backing.changeId.split("/")[0] != new_id.split("/")[0], "and begins a new epoch")
    remove(si, again)
    wait(si, vm.PowerOnVM_Task())
    raises(vim.fault.InvalidPowerState, lambda: wait(si, vm.PowerOnVM_Task()), "powering on twice")


main(run)
