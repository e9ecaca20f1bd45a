"""Injected faults, strictness, locks and limits, as a client meets them."""
import concurrent.futures
import re
import socket

from common import *  # noqa: F403


def soap(lab, si, body, action='"urn:vim25/8.0.3.0"'):
    connection = http.client.HTTPSConnection(lab.host, lab.port, context=lab.context)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:q="http://www.w3.org/2001/XMLSchema-instance"><e:Body>' + body + "</e:Body></e:Envelope>"
    )
    headers = {"Content-Type": "text/xml; charset=utf-8", "Cookie": si._stub.cookie}
    if action:
        headers["SOAPAction"] = action
    connection.request("POST", "/sdk", body=text, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def strict(lab, si, vm):
    head = f'<CreateSnapshot_Task xmlns="urn:vim25"><_this type="VirtualMachine">{vm._moId}</_this>'
    for inner in (
        "<memory>false</memory><name>a</name><quiesce>false</quiesce>",
        "<name>a</name><memory>false</memory><quiesce>false</quiesce><extra/>",
        "<name>a</name><memory>false</memory>",
    ):
        status, text = soap(lab, si, head + inner + "</CreateSnapshot_Task>")
        check(status == 500 and "InvalidRequestFault" in text, f"{inner} is refused")
    head = f'<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">{vm._moId}</_this><spec><deviceChange><operation>edit</operation>'
    status, text = soap(lab, si, head + "<device><key>2000</key></device></deviceChange></spec></ReconfigVM_Task>")
    check(status == 500 and "xsi:type" in text, "a device without its type is refused")
    status, text = soap(lab, si, '<!DOCTYPE a><CurrentTime xmlns="urn:vim25"/>')
    check(status == 500 and "InvalidRequestFault" in text, "document types are refused")
    for action in (None, "urn:vim25/7.0", '"urn:vim25/8.0.3.0"'):
        status, _ = soap(
            lab, si, '<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime>', action
        )
        check(status == 200, f"SOAPAction {action} is accepted")
    prefixed = (
        '<v:RetrieveProperties xmlns:v="urn:vim25"><v:_this type="PropertyCollector">'
        + si.content.propertyCollector._moId
        + '</v:_this><v:specSet><v:propSet><v:type>VirtualMachine</v:type><v:pathSet>name</v:pathSet></v:propSet>'
        f'<v:objectSet><v:obj type="VirtualMachine">{vm._moId}</v:obj><v:selectSet q:type="v:TraversalSpec"><v:name>x</v:name>'
        "<v:type>VirtualMachine</v:type><v:path>network</v:path></v:selectSet></v:objectSet></v:specSet></v:RetrieveProperties>"
    )
    status, text = soap(lab, si, prefixed)
    check(status == 200 and "one" in text, "any prefix will do")


SNAPSHOT_FAULTS = (
    "TaskInProgress ApplicationQuiesceFault FilesystemQuiesceFault SnapshotFault MultipleSnapshotsNotSupported "
    "ToolsUnavailable FileFault NoDiskSpace InvalidState InvalidPowerState NotSupported RestrictedVersion"
).split()
CBT_FAULTS = [
    ("InvalidArgument", "changeId"), ("InvalidArgument", "startOffset"), ("InvalidArgument", "deviceKey"),
    ("FileFault", "vim.hostd.vmsvc.cbt.noTrack"), ("FileFault", "vim.hostd.vmsvc.cbt.noEpoch"),
    ("FileFault", "vim.hostd.vmsvc.cbt.cannotGetChanges"), ("NotFound", None), ("NotAuthenticated", None),
    ("SystemError", None),
]


def named(name):
    for space in (vim.fault, vmodl.fault):
        if hasattr(space, name):
            return getattr(space, name)
    raise SystemExit(f"FAILED: pyVmomi has no fault {name}")


def injected(lab, si, vm):
    for name in SNAPSHOT_FAULTS:
        lab.fault(point="CreateSnapshot_Task", fault=name, times=1)
        raises(named(name), lambda: snapshot(si, vm, "never"), name)
    check(vm.snapshot is None, "a failed snapshot leaves nothing")
    snap = snapshot(si, vm, "faults")
    disk = disks(snap.config)[0]
    for name, key in CBT_FAULTS:
        spec = {"point": "QueryChangedDiskAreas", "fault": name, "times": 1}
        lab.fault(**spec, **({"key": key} if key else {}))
        fault = raises(named(name), lambda: vm.QueryChangedDiskAreas(snap, disk.key, 0, "*"), name)
        if name == "FileFault":
            check(fault.faultMessage[0].key == key, "the message key is the asked one")
        if name == "InvalidArgument":
            check(fault.invalidProperty == key, "the property is the asked one")

    flat = "[datastore1] one/one-flat.vmdk"
    for status in (401, 403, 404, 500, 502, 503):
        lab.fault(kind="status", point="folder", status=status, times=1)
        check(lab.folder(si, flat, {"Range": "bytes=0-9"})[0] == status, f"/folder answers {status} once")
    lab.fault(kind="ignore-range", point="folder")
    check(lab.folder(si, "[datastore1] one/one.vmdk", {"Range": "bytes=1-9"})[0] == 200, "a range is ignored")
    lab.clear_faults()
    check(lab.folder(si, flat, {"Range": "bytes=1-9"})[0] == 206, "and honoured again")
    lab.fault(kind="cut", point="folder", after_bytes=100_000, times=1)
    try:
        lab.folder(si, flat, {"Range": "bytes=0-999999"})
        check(False, "the connection was not cut")
    except http.client.IncompleteRead as cut:
        check(len(cut.partial) == 100_000, f"cut after the asked number of bytes, not {len(cut.partial)}")
    wait(si, vm.RemoveAllSnapshots_Task())


def limits(lab, si, vm):
    lab.fault(kind="slow", point="folder", bytes_per_second=2_000_000)
    snap = snapshot(si, vm, "limits")
    path = "[datastore1] one/one-flat.vmdk"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lab.folder(si, path, {"Range": "bytes=0-999999"})[0], range(8)))
    check(sorted(set(answers)) == [206, 503] and answers.count(206) >= 4, f"more than 4 at once are refused: {answers}")
    check(json.loads(lab.control("GET", "/lab/v1/stats"))["folder_peak"] == 4, "4 were served at once")
    lab.clear_faults()

    # A reader keeps the chain from being merged.
    lab.fault(kind="slow", point="folder", bytes_per_second=300_000)
    connection = http.client.HTTPSConnection(lab.host, lab.port, context=lab.context)
    dc_path = "ha-datacenter" if lab.shape == "esxi" else "Sites/DC1"
    query = urllib.parse.urlencode({"dcPath": dc_path, "dsName": "datastore1"})
    connection.request("GET", "/folder/one/one-flat.vmdk?" + query, headers={"Cookie": si._stub.cookie})
    answer = connection.getresponse()
    answer.read(1000)
    remove(si, snap)
    check(vm.runtime.consolidationNeeded and vm.snapshot is None, "consolidation is needed while somebody reads")
    answer.close()
    connection.close()
    lab.clear_faults()
    wait(si, vm.ConsolidateVMDisks_Task())
    check(not vm.runtime.consolidationNeeded, "consolidating helps")
    check(len(lab.vm_info("one")["disks"][0]["chain"]) == 1, "the chain is one link again")


def kinds(lab, si, vm):
    lab.fault(kind="restricted-license")
    raises(vim.fault.RestrictedVersion, lambda: vm.CreateSnapshot_Task("a", "", False, False), "a free licence")
    check(si.CurrentTime() is not None and vm.name == "one", "reads go on")
    lab.clear_faults()
    lab.fault(kind="no-permission")
    fault = raises(vim.fault.NoPermission, lambda: vm.CreateSnapshot_Task("a", "", False, False), "no permission")
    check(fault.privilegeId == "VirtualMachine.State.CreateSnapshot", "the privilege is named")
    lab.clear_faults()
    lab.fault(kind="wrong-certificate")
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((lab.host, lab.port)))
    check(hashlib.sha256(der).hexdigest() != lab.certificate_sha256, "another certificate is shown")
    lab.clear_faults()
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((lab.host, lab.port)))
    check(hashlib.sha256(der).hexdigest() == lab.certificate_sha256, "and the right one again")

    hold = lab.fault(kind="hold", point="CreateSnapshot_Task")
    task = vm.CreateSnapshot_Task("held", "", False, False)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(wait, si, task)
        while json.loads(lab.control("GET", "/lab/v1/faults"))[0]["holding"] == 0:
            pass
        check(vm.snapshot is None and not done.done(), "the task is held before it acts")
        lab.control("DELETE", f"/lab/v1/faults/{hold}")
        remove(lab.login(), done.result())
    try:
        urllib.request.urlopen(lab.control_url + "/lab/v1/vms")
        check(False, "the owner's API wants its token")
    except urllib.error.HTTPError as refused:
        check(refused.code == 401, "no token, no answer")


def tickets(lab, si):
    dc_path = "ha-datacenter" if lab.shape == "esxi" else "Sites/DC1"
    path = "/folder/one/one.vmx?" + urllib.parse.urlencode({"dcPath": dc_path, "dsName": "datastore1"})
    spec = vim.SessionManager.HttpServiceRequestSpec(method="httpGet", url=f"{lab.url}{path}")
    ticket = si.content.sessionManager.AcquireGenericServiceTicket(spec)

    def get():
        connection = http.client.HTTPSConnection(lab.host, lab.port, context=lab.context)
        connection.request("GET", path, headers={"Cookie": f"vmware_cgi_ticket={ticket.id}"})
        return connection.getresponse().status

    check([get(), get()] == [200, 401], "a ticket is good once")
    basic = base64.b64encode(f"{lab.user}:{lab.password}".encode()).decode()
    status, headers, _ = lab.folder(si, "[datastore1] one/one.vmx", {"Authorization": "Basic " + basic}, cookie=False)
    check(status == 200 and "vmware_soap_session" in headers["Set-Cookie"], "Basic credentials open a session")
    status, _, data = lab.folder(si, "[datastore1] one", {})
    check(status == 200 and b"one-flat.vmdk" in data, "a folder is listed")


def datastore(lab, si):
    status, _, _ = lab.folder(si, "[datastore2] put/a.bin", method="PUT", body=b"x" * 100_000)
    check(status == 201, "a new file is created")
    check(lab.folder(si, "[datastore2] put/a.bin")[2] == b"x" * 100_000, "with its bytes")
    center = si.content.rootFolder.childEntity[0]
    while not isinstance(center, vim.Datacenter):
        center = center.childEntity[0]
    browser = center.datastore[1].browser
    search = vim.host.DatastoreBrowser.SearchSpec(
        details=vim.host.DatastoreBrowser.FileInfo.Details(fileType=True, fileSize=True, modification=True, fileOwner=False),
        matchPattern=["*.bin"],
    )
    results = wait(si, browser.SearchDatastoreSubFolders_Task("[datastore2] ", search))
    found = [(r.folderPath, f.path, f.fileSize) for r in results for f in r.file]
    check(found == [("[datastore2] put", "a.bin", 100_000)], f"the file is found: {found}")
    delete = lambda path: wait(si, si.content.fileManager.DeleteDatastoreFile_Task(path, center))  # noqa: E731
    delete("[datastore2] put")
    check(lab.folder(si, "[datastore2] put/a.bin")[0] == 404, "and gone after it was deleted")
    raises(vim.fault.FileLocked, lambda: delete("[datastore1] one/one-flat.vmdk"), "deleting a disk in use")


def run(lab):
    check(re.fullmatch(r"127\.0\.0\.1", lab.host) and socket.inet_aton(lab.host), "the lab is on loopback")
    si = lab.login()
    vm = find_vm(si, "one")
    if vm.runtime.powerState == "poweredOff":
        wait(si, vm.PowerOnVM_Task())
    strict(lab, si, vm)
    injected(lab, si, vm)
    limits(lab, si, vm)
    kinds(lab, si, vm)
    tickets(lab, si)
    datastore(lab, si)
    Disconnect(si)


main(run)
