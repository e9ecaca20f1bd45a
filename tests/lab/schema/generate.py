"""Writes vim.schema: the names, order and types of the vim25 members the lab reads and writes.

Run it with a Python that has pyVmomi (see ../checks/requirements.txt) after adding a name below:

    python3 schema/generate.py > schema/vim.schema

Line forms (members are separated by spaces, `?` marks an optional one, `*` an array):

    d Type Base member:Type member?:Type member?*:Type      a data object or a fault
    o Type Base member:Type ...                             the properties of a managed object
    m Method Type Result param:Type ...                     a method
    e Type value value ...                                  an enumeration
"""
import sys

from pyVmomi import VmomiSupport, vim, vmodl  # noqa: F401  (the import registers the types)

NS = "urn:vim25"

DATA = """
PropertyFilterSpec PropertySpec ObjectSpec SelectionSpec TraversalSpec RetrieveOptions WaitOptions
RetrieveResult ObjectContent DynamicProperty MissingProperty UpdateSet PropertyFilterUpdate
ObjectUpdate PropertyChange MissingObject DynamicData
AboutInfo ServiceContent UserSession TaskInfo TaskReason TaskReasonUser LocalizableMessage
LocalizedMethodFault KeyAnyValue KeyValue OptionValue
VirtualMachineConfigSpec VirtualMachineFileInfo ToolsConfigInfo VirtualMachineFlagInfo
VirtualMachineDefaultPowerOpInfo VirtualDeviceConfigSpec VirtualDeviceConfigSpecBackingSpec
ResourceAllocationInfo SharesInfo LatencySensitivity VirtualMachineBootOptions
VirtualMachineBootOptionsBootableDevice VirtualMachineBootOptionsBootableDiskDevice
VirtualMachineBootOptionsBootableEthernetDevice VirtualMachineBootOptionsBootableCdromDevice
VirtualMachineBootOptionsBootableFloppyDevice ManagedByInfo VmConfigSpec VAppConfigSpec
VirtualMachineProfileSpec VirtualMachineAffinityInfo
VirtualDevice VirtualDisk VirtualController VirtualSCSIController ParaVirtualSCSIController
VirtualLsiLogicController VirtualLsiLogicSASController VirtualBusLogicController VirtualIDEController
VirtualSATAController VirtualAHCIController VirtualNVMEController VirtualPCIController
VirtualPS2Controller VirtualSIOController VirtualUSBController VirtualUSBXHCIController
VirtualEthernetCard VirtualE1000 VirtualE1000e VirtualVmxnet VirtualVmxnet2 VirtualVmxnet3
VirtualPCNet32 VirtualCdrom VirtualFloppy VirtualKeyboard VirtualPointingDevice VirtualUSB
VirtualMachineVideoCard VirtualMachineVMCIDevice VirtualTPM VirtualSerialPort VirtualParallelPort
VirtualSoundCard VirtualHdAudioCard
VirtualDeviceBackingInfo VirtualDeviceFileBackingInfo VirtualDeviceDeviceBackingInfo
VirtualDeviceRemoteDeviceBackingInfo VirtualDeviceURIBackingInfo VirtualDevicePipeBackingInfo
VirtualDiskFlatVer2BackingInfo VirtualDiskSeSparseBackingInfo VirtualDiskSparseVer2BackingInfo
VirtualDiskRawDiskMappingVer1BackingInfo VirtualCdromIsoBackingInfo VirtualCdromAtapiBackingInfo
VirtualCdromRemoteAtapiBackingInfo VirtualCdromRemotePassthroughBackingInfo
VirtualCdromPassthroughBackingInfo VirtualFloppyRemoteDeviceBackingInfo VirtualFloppyDeviceBackingInfo
VirtualFloppyImageBackingInfo VirtualPointingDeviceDeviceBackingInfo
VirtualEthernetCardNetworkBackingInfo VirtualEthernetCardDistributedVirtualPortBackingInfo
VirtualEthernetCardOpaqueNetworkBackingInfo DistributedVirtualSwitchPortConnection
VirtualEthernetCardResourceAllocation VirtualDeviceConnectInfo Description VirtualDeviceBusSlotInfo
VirtualDevicePciBusSlotInfo StorageIOAllocationInfo ID CryptoKeyId CryptoKeyResult KeyProviderId
ImportSpec VirtualMachineImportSpec ResourceConfigSpec
SessionManagerServiceRequestSpec SessionManagerHttpServiceRequestSpec SessionManagerGenericServiceTicket
HostDatastoreBrowserSearchSpec FileQueryFlags FileQuery VmConfigFileQuery VmDiskFileQuery
VmNvramFileQuery VmLogFileQuery FolderFileQuery
VirtualMachineGuestQuiesceSpec VirtualMachineWindowsQuiesceSpec
VirtualMachineConfigInfo VirtualHardware VirtualMachineCapability VirtualMachineRuntimeInfo
VirtualMachineConfigInfoDatastoreUrlPair
VirtualMachineQuestionInfo GuestInfo GuestNicInfo VirtualMachineSummary VirtualMachineConfigSummary
VirtualMachineStorageSummary VirtualMachineGuestSummary VirtualMachineQuickStats
VirtualMachineStorageInfo VirtualMachineUsageOnDatastore
VirtualMachineFileLayoutEx VirtualMachineFileLayoutExFileInfo VirtualMachineFileLayoutExDiskLayout
VirtualMachineFileLayoutExDiskUnit VirtualMachineFileLayoutExSnapshotLayout
VirtualMachineSnapshotInfo VirtualMachineSnapshotTree FaultToleranceConfigInfo
DiskChangeInfo DiskChangeExtent HttpNfcLeaseInfo HttpNfcLeaseDeviceUrl HttpNfcLeaseDatastoreLeaseInfo
HttpNfcLeaseHostInfo HttpNfcLeaseManifestEntry HttpNfcLeaseCapabilities
HostListSummary HostConfigSummary HostRuntimeInfo HostHardwareSummary HostListSummaryQuickStats
HostConfigInfo HostVirtualNicManagerInfo VirtualNicManagerNetConfig HostVirtualNic HostVirtualNicSpec
HostIpConfig HostHardwareInfo HostSystemInfo HostCpuInfo HostConfigManager HostSystemIdentificationInfo
DatastoreSummary DatastoreInfo VmfsDatastoreInfo HostVmfsVolume HostFileSystemVolume DatastoreCapability
HostScsiDiskPartition
DatastoreHostMount HostMountInfo NetworkSummary ComputeResourceSummary ClusterComputeResourceSummary
ResourcePoolSummary ResourceConfigSpec DatacenterConfigInfo
LicenseManagerLicenseInfo LicenseManagerEvaluationInfo EntityPrivilege PrivilegeAvailability
AuthorizationPrivilege AuthorizationRole HostDatastoreBrowserSearchResults FileInfo VmConfigFileInfo
VmDiskFileInfo VmNvramFileInfo VmLogFileInfo FolderFileInfo VmSnapshotFileInfo
MethodFault RuntimeFault VimFault InvalidRequest InvalidType MethodNotFound ManagedObjectNotFound
InvalidArgument InvalidName InvalidProperty InvalidCollectorVersion NotAuthenticated NoPermission
InvalidLogin InvalidLocale NotSupported NotImplemented NotEnoughLicenses RestrictedVersion SystemError
RequestCanceled SecurityError NotFound FileFault FileNotFound FileLocked FileAlreadyExists
CannotAccessFile NoDiskSpace InvalidDatastorePath InvalidDatastore InvalidState InvalidPowerState
TaskInProgress ConcurrentAccess SnapshotFault ApplicationQuiesceFault FilesystemQuiesceFault
MultipleSnapshotsNotSupported ToolsUnavailable MemorySnapshotOnIndependentDisk TooManySnapshotLevels
Timedout DuplicateName AlreadyExists InsufficientResourcesFault VmConfigFault InvalidVmConfig
InvalidDeviceSpec InvalidDeviceOperation DiskNotSupported GenericVmConfigFault VmToolsUpgradeFault
OvfCreateDescriptorParams OvfCreateDescriptorResult OvfFile OvfOptionInfo OvfCreateImportSpecParams
OvfCreateImportSpecResult OvfFileItem OvfNetworkMapping OvfResourceMap OvfManagerCommonParams
HostCommunication HostNotConnected OutOfBounds LimitExceeded ResourceInUse
VirtualMachineConfigOptionDescriptor VirtualHardwareCompatibilityIssue
VirtualHardwareVersionNotSupported
""".split()

OBJECTS = """
ServiceInstance SessionManager ManagedEntity Folder Datacenter ComputeResource
ClusterComputeResource HostSystem ResourcePool VirtualMachine Datastore Network
VirtualMachineSnapshot Task HttpNfcLease PropertyCollector PropertyFilter ContainerView View
ManagedObjectView ViewManager SearchIndex FileManager VirtualDiskManager OvfManager LicenseManager
AuthorizationManager HostDatastoreBrowser GuestOperationsManager TaskManager ExtensibleManagedObject
HostDatastoreSystem EnvironmentBrowser
""".split()

METHODS = """
RetrieveServiceContent CurrentTime Login Logout SessionIsActive AcquireGenericServiceTicket
TerminateSession CreateContainerView DestroyView CreatePropertyCollector DestroyPropertyCollector
RetrieveProperties RetrievePropertiesEx ContinueRetrievePropertiesEx CancelRetrievePropertiesEx
CreateFilter DestroyPropertyFilter WaitForUpdates WaitForUpdatesEx CheckForUpdates
CancelWaitForUpdates FindByUuid FindAllByUuid FindByInventoryPath FindChild ReconfigVM_Task
CreateSnapshot_Task CreateSnapshotEx_Task
RemoveSnapshot_Task RemoveAllSnapshots_Task ConsolidateVMDisks_Task RevertToSnapshot_Task
RevertToCurrentSnapshot_Task PowerOnVM_Task PowerOffVM_Task ShutdownGuest QueryChangedDiskAreas ExportVm
ExportSnapshot HttpNfcLeaseProgress HttpNfcLeaseComplete HttpNfcLeaseAbort HttpNfcLeaseGetManifest
ImportVApp Destroy_Task UnregisterVM SearchDatastore_Task SearchDatastoreSubFolders_Task
CreateDescriptor CreateImportSpec QueryConfigOptionDescriptor FindByDatastorePath
DeleteDatastoreFile_Task HasPrivilegeOnEntities HasPrivilegeOnEntity CancelTask
""".split()


def wsdl(kind):
    name = VmomiSupport.GetWsdlName(kind)
    return name.split(":")[-1] if ":" in name else name


def member(info, optional):
    kind, star = info.type, ""
    if issubclass(kind, list):
        kind, star = kind.Item, "*"
    return f"{info.name}{'?' if optional else ''}{star}:{wsdl(kind)}"


def optional(info):
    return bool(info.flags & VmomiSupport.F_OPTIONAL)


def find(name):
    for ns in (NS, "urn:reflect", VmomiSupport.XMLNS_VMODL_BASE, VmomiSupport.XMLNS_XSD):
        try:
            return VmomiSupport.GetWsdlType(ns, name)
        except KeyError:
            continue
    raise SystemExit(f"no such type: {name}")


def base(kind):
    parent = kind.__mro__[1]
    return wsdl(parent) if parent is not object else "-"


def main():
    out = [
        "# Generated by generate.py from pyVmomi's type list; see there for the line forms.",
    ]
    enums = set()
    for name in sorted(set(DATA)):
        kind = find(name)
        infos = kind._GetPropertyList(False)
        for info in infos:
            item = info.type.Item if issubclass(info.type, list) else info.type
            if isinstance(item, type) and issubclass(item, VmomiSupport.Enum):
                enums.add(item)
        out.append(" ".join(["d", name, base(kind)] + [member(i, optional(i)) for i in infos]))
    seen = set()
    # Bases first, so that a method belongs to the type that introduces it.
    for name in sorted(set(OBJECTS), key=lambda n: (len(find(n).__mro__), n)):
        kind = find(name)
        infos = kind._GetPropertyList(False)
        for info in infos:
            item = info.type.Item if issubclass(info.type, list) else info.type
            if issubclass(item, VmomiSupport.Enum):
                enums.add(item)
        out.append(" ".join(["o", name, base(kind)] + [member(i, optional(i)) for i in infos]))
        for method in kind._GetMethodList():
            info = kind._GetMethodInfo(method.name)
            if info.wsdlName not in METHODS or info.wsdlName in seen:
                continue
            seen.add(info.wsdlName)
            # A task method's own result type is Task whatever its task yields.
            result = info.methodResult if info.wsdlName.endswith("_Task") is False else vim.Task
            star = ""
            if result is not type(None) and issubclass(result, list):
                result, star = result.Item, "*"
            result = "void" if result is type(None) else wsdl(result) + star
            for p in info.params:
                item = p.type.Item if issubclass(p.type, list) else p.type
                if issubclass(item, VmomiSupport.Enum):
                    enums.add(item)
            params = [member(p, optional(p)) for p in info.params]
            out.append(" ".join(["m", info.wsdlName, name, result] + params))
    for enum in sorted(enums, key=wsdl):
        out.append(" ".join(["e", wsdl(enum)] + list(enum.values)))
    missing = set(METHODS) - seen
    if missing:
        raise SystemExit(f"methods not found: {sorted(missing)}")
    sys.stdout.write("\n".join(out) + "\n")


main()
