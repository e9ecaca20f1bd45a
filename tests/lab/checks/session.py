"""Login, wrong password, inventory with paging, privileges, licences, logout."""
from common import *  # noqa: F403


def run(lab):
    raises(vim.fault.InvalidLogin, lambda: lab.login(password="wrong"), "a wrong password")
    si = lab.login()
    content = si.content
    esxi = lab.shape == "esxi"
    check(content.about.apiType == ("HostAgent" if esxi else "VirtualCenter"), "the shape is as asked")
    check(si.CurrentTime() is not None, "the server tells the time")
    session = content.sessionManager.currentSession
    check(session.userName == lab.user, "the session is ours")
    if not esxi:
        check(content.sessionManager.SessionIsActive(session.key, session.userName), "the session is active")

    collector = content.propertyCollector
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    Q = vmodl.query.PropertyCollector
    paths = [
        "name", "parent", "config.uuid", "config.instanceUuid", "config.template", "config.version",
        "config.guestId", "config.firmware", "config.files.vmPathName", "config.changeTrackingEnabled",
        "config.hardware.device", "config.extraConfig", "config.keyId", "config.ftInfo", "config.managedBy",
        "capability.changeTrackingSupported", "runtime.powerState", "runtime.connectionState", "runtime.host",
        "runtime.consolidationNeeded", "runtime.question", "snapshot", "guest.toolsRunningStatus",
        "guest.toolsVersionStatus2", "guest.hostName", "guest.ipAddress", "guestHeartbeatStatus", "layoutEx",
        "datastore", "network", "resourcePool", "parentVApp", "summary.storage.committed",
    ]
    traversal = Q.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    spec = Q.FilterSpec(
        propSet=[Q.PropertySpec(type=vim.VirtualMachine, pathSet=paths)],
        objectSet=[Q.ObjectSpec(obj=view, skip=True, selectSet=[traversal])],
    )
    seen, pages = {}, 1
    result = collector.RetrievePropertiesEx([spec], Q.RetrieveOptions(maxObjects=1))
    while True:
        for item in result.objects:
            seen[item.obj] = {p.name: p.val for p in item.propSet}
        if not result.token:
            break
        result = collector.ContinueRetrievePropertiesEx(result.token)
        pages += 1
    names = sorted(p["name"] for p in seen.values())
    check(names == sorted(v["name"] for v in json.loads(lab.control("GET", "/lab/v1/vms"))), "all VMs are listed")
    check(pages == len(names) > 1, "each page holds one VM")
    one = next(iter(seen.values()))
    check(one["capability.changeTrackingSupported"] is True, "tracking is supported")
    check("config.keyId" not in one and "snapshot" not in one, "unset properties are left out")
    check(any(isinstance(d, vim.vm.device.VirtualDisk) for d in one["config.hardware.device"]), "there is a disk")

    bad = Q.FilterSpec(
        propSet=[Q.PropertySpec(type=vim.VirtualMachine, pathSet=["config.nonsense"])],
        objectSet=[Q.ObjectSpec(obj=next(iter(seen)))],
    )
    raises(vmodl.query.InvalidProperty, lambda: collector.RetrieveContents([bad]), "an unknown property")
    view.Destroy()
    raises(vmodl.fault.ManagedObjectNotFound, lambda: view.view, "a view that is gone")

    for vm in seen:
        # Everything a person would click on decodes.
        vm.config, vm.runtime, vm.summary, vm.guest, vm.layoutEx, vm.capability, vm.storage
        found = content.searchIndex.FindByUuid(None, vm.config.instanceUuid, True, True)
        check(found == vm, "the VM is found by its instance UUID")
    check(content.searchIndex.FindByUuid(None, "00000000-0000-0000-0000-000000000000", True) is None, "no such VM")

    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.HostSystem], True)
    hosts = list(view.view)
    check(len(hosts) == (1 if esxi else 2), "there are as many hosts as the shape has")
    for host in hosts:
        check(host.config.product.version.startswith("8."), "a host tells its version")
        check(host.summary.config.sslThumbprint.count(":") == 19, "a host tells its thumbprint")
    view.Destroy()
    center = content.rootFolder.childEntity[0]
    if not esxi:
        center = center.childEntity[0]
    check(isinstance(center, vim.Datacenter), "there is a datacenter")
    check([d.name for d in center.datastore] == ["datastore1", "datastore2"], "datastores belong to it")
    for store in center.datastore:
        check(store.summary.type == "VMFS" and store.info.name == store.name, "a datastore tells what it is")

    wanted = ["VirtualMachine.State.CreateSnapshot", "No.Such"]
    granted = content.authorizationManager.HasPrivilegeOnEntity(content.rootFolder, session.key, wanted)
    check(list(granted) == [True, False], "privileges are answered one by one")
    many = content.authorizationManager.HasPrivilegeOnEntities([content.rootFolder], session.key, wanted)
    check([p.isGranted for p in many[0].privAvailability] == [True, False], "and for several entities")
    check(content.licenseManager.licenses[0].editionKey, "there is a licence")

    lab.control("POST", "/lab/v1/faults", b'{"kind": "expire-sessions"}')
    raises(vim.fault.NotAuthenticated, lambda: collector.RetrieveContents([bad]), "an expired session")
    si = lab.login()
    Disconnect(si)
    raises(vim.fault.NotAuthenticated, si.CurrentTime, "a call after logout")


main(run)
