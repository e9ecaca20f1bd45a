"""What the checks share: connecting with pyVmomi, tasks, snapshots, CBT, /folder and the owner's API."""
import base64  # noqa: F401
import hashlib
import http.client
import json
import random
import ssl
import sys
import threading
import urllib.parse
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl  # noqa: F401

BLOCK = 65536


class Lab:
    """A running lab: what its JSON line says, and the raw images its VMs were made from."""

    def __init__(self, info):
        self.__dict__.update(info)
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port = parts.hostname, parts.port
        self.local = threading.local()
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def login(self, user=None, password=None):
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((self.host, self.port)))
        check(hashlib.sha256(der).hexdigest() == self.certificate_sha256, "the certificate is the announced one")
        return SmartConnect(
            host=self.host,
            port=self.port,
            user=user or self.user,
            pwd=password or self.password,
            sslContext=self.context,
        )

    def control(self, method, path, data=None):
        request = urllib.request.Request(self.control_url + path, method=method, data=data)
        request.add_header("Authorization", "Bearer " + self.token)
        if data is not None and data[:1] in (b"{", b"["):
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def write(self, vm, disk, offset, data):
        """A guest write; each thread keeps its connection."""
        if not hasattr(self.local, "connection"):
            parts = urllib.parse.urlsplit(self.control_url)
            self.local.connection = http.client.HTTPConnection(parts.hostname, parts.port)
        path = f"/lab/v1/vms/{urllib.parse.quote(vm)}/disks/{disk}/write?offset={offset}"
        self.local.connection.request("POST", path, body=data, headers={"Authorization": "Bearer " + self.token})
        answer = self.local.connection.getresponse()
        text = answer.read()
        check(answer.status == 200 and json.loads(text)["written"] == len(data), "all bytes were written")

    def read(self, vm, disk, snapshot=None):
        path = f"/lab/v1/vms/{urllib.parse.quote(vm)}/disks/{disk}/read"
        if snapshot:
            path += "?snapshot=" + urllib.parse.quote(snapshot)
        return self.control("GET", path)

    def fault(self, **spec):
        return json.loads(self.control("POST", "/lab/v1/faults", json.dumps(spec).encode()))["id"]

    def clear_faults(self):
        self.control("DELETE", "/lab/v1/faults")

    def vm_info(self, name):
        for vm in json.loads(self.control("GET", "/lab/v1/vms")):
            if vm["name"] == name:
                return vm
        raise SystemExit(f"the lab has no VM {name}")

    def folder(self, si, path, headers=None, method="GET", body=None, cookie=True):
        """Asks for a datastore path; returns status, headers and bytes."""
        datastore, file = path[1:].split("] ", 1)
        dc_path = "ha-datacenter" if self.shape == "esxi" else "Sites/DC1"
        url = "/folder/" + urllib.parse.quote(file) + "?" + urllib.parse.urlencode(
            {"dcPath": dc_path, "dsName": datastore}
        )
        connection = http.client.HTTPSConnection(self.host, self.port, context=self.context)
        sent = dict(headers or {})
        if cookie:
            sent["Cookie"] = si._stub.cookie
        connection.request(method, url, body=body, headers=sent)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


def raises(kind, call, what):
    try:
        call()
    except kind as fault:
        return fault
    raise SystemExit(f"FAILED: {what} did not raise {kind.__name__}")


def wait(si, task):
    """Waits as pyVim.task does, with a property filter."""
    collector = si.content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=task)],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Task, pathSet=["info"])],
    )
    watch = collector.CreateFilter(spec, True)
    version = ""
    try:
        while True:
            update = collector.WaitForUpdatesEx(version, vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=60))
            check(update is not None, f"{task} did not end in a minute")
            version = update.version
            for change in (c for f in update.filterSet for o in f.objectSet for c in o.changeSet):
                if change.name == "info" and change.val.state in ("success", "error"):
                    if change.val.state == "error":
                        raise change.val.error
                    return change.val.result
    finally:
        watch.Destroy()


def find_vm(si, name):
    content = si.content
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    try:
        for vm in view.view:
            if vm.name == name:
                return vm
    finally:
        view.Destroy()
    raise SystemExit(f"FAILED: there is no VM {name}")


def disks(config):
    return [d for d in config.hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]


def snapshot(si, vm, name):
    return wait(si, vm.CreateSnapshot_Task(name, "made by a check", False, False))


def remove(si, snap):
    wait(si, snap.RemoveSnapshot_Task(False, True))


def enable_tracking(si, vm):
    """Enables CBT and lets it take effect with a snapshot that comes and goes."""
    wait(si, vm.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
    remove(si, snapshot(si, vm, "stun"))
    check(vm.config.changeTrackingEnabled, "tracking is configured")


def changed_areas(vm, snap, disk, change_id):
    """The whole query loop. Returns the areas and the number of answers."""
    at, areas, pages = 0, [], 0
    while at < disk.capacityInBytes:
        info = vm.QueryChangedDiskAreas(snap, disk.key, at, change_id)
        check(info.startOffset == at, "an answer begins where it was asked to")
        check(info.length > 0, "an answer speaks about something")
        check(len(info.changedArea) <= 2000, "an answer holds at most 2000 areas")
        for area in info.changedArea:
            check(at <= area.start and area.start + area.length <= at + info.length, "areas lie in the answer")
            check(not areas or areas[-1][0] + areas[-1][1] <= area.start, "areas rise and do not overlap")
            areas.append((area.start, area.length))
        at += info.length
        pages += 1
    check(at == disk.capacityInBytes, "the answers cover the disk")
    return areas, pages


def scattered(rng, capacity, count):
    """Distinct blocks of a disk, each with bytes to write somewhere inside."""
    for block in rng.sample(range(capacity // BLOCK), count):
        length = rng.randrange(1, 4096)
        offset = block * BLOCK + rng.randrange(0, BLOCK - length)
        yield offset, rng.randbytes(length)


def main(run):
    with open(sys.argv[1], encoding="utf-8") as file:
        lab = Lab(json.load(file))
    random.seed(1)
    run(lab)
    print("ok", sys.argv[0])


__all__ = [name for name in globals() if not name.startswith("_")]
