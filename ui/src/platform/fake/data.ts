import type { DatastoreView } from "@/api/generated/DatastoreView";
import type { ErrorCode } from "@/api/generated/ErrorCode";
import type { ErrorView } from "@/api/generated/ErrorView";
import type { GroupKindView } from "@/api/generated/GroupKindView";
import type { GroupView } from "@/api/generated/GroupView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { PointView } from "@/api/generated/PointView";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { ServerView } from "@/api/generated/ServerView";
import type { TreesView } from "@/api/generated/TreesView";
import type { VmView } from "@/api/generated/VmView";

export const GiB = 1024 ** 3;

/** A moment some hours before now. */
export function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString();
}

interface Sentence {
  title: string;
  risk: string;
  hints: string[];
  detail: string;
  retry?: boolean;
}

const nothingYet = "Nothing from this server is backed up yet. Nothing was changed.";

const sentences: Partial<Record<ErrorCode, Sentence>> = {
  "host-unreachable": { title: "Nothing answers at this address.", risk: nothingYet, hints: ["Check the address, and that the host is on.", "A firewall may block port 443."], detail: "connect 10.0.0.9:443\nconnection timed out (os error 110)", retry: true },
  "login-refused": { title: "The server refuses user or password.", risk: nothingYet, hints: ["Type the password again."], detail: "Login\nInvalidLogin: Cannot complete login due to an incorrect user name or password." },
  "licence-restricted": { title: "The licence of esx1.shop.lan does not allow backup: it is the free edition of ESXi.", risk: "The host refuses snapshots and every other change, so VMs that run cannot be saved, and none can be restored here. Nothing was changed on it.", hints: ["Switch the VM off on the host itself and copy it without a snapshot.", "Enter a licence on the host that includes the storage API, then try again."], detail: "CreateSnapshot_Task\nRestrictedVersion: Current license or ESXi version prohibits execution of the requested operation." },
  "rights-missing": { title: "The account has not all the rights it needs on esx1.shop.lan.", risk: nothingYet, hints: ["Give the account the missing rights at the top of the inventory, for all below it."], detail: "VirtualMachine.State.CreateSnapshot\nVirtualMachine.State.RemoveSnapshot\nNetwork.Assign" },
  "store-full": { title: "The place for backups is full.", risk: "Older recovery points are whole. FILE02 has none from this run.", hints: ["Make room on the disk, then run again."], detail: "write packs/7c/7c19a4\nNo space left on device (os error 28)", retry: true },
  "snapshot-failed": { title: "The snapshot of MAIL01 could not be made.", risk: "Its last recovery point is 2 d old and whole.", hints: ["Start the VM again, or look at its free space on the datastore.", "Run again afterwards."], detail: "CreateSnapshot_Task on vm-17\nGenericVmConfigFault: msg.snapshot.error-QUIESCINGERROR", retry: true },
  "repository-vanished": { title: "The folder of NAS-OFFICE is not there.", risk: "Nothing new can be saved. What is in it cannot be judged from here.", hints: ["Switch the NAS on or mount the share again."], detail: "open /mnt/nas/kuramori/format\nNo such file or directory (os error 2)", retry: true },
  "certificate-changed": { title: "esx2.shop.lan shows another certificate.", risk: "No password was sent. VMs of this server are not saved until you decide.", hints: ["Compare the certificates and trust the new one if the host was updated."], detail: "pin mismatch" },
  "passphrase-wrong": { title: "This passphrase does not open the repository.", risk: "Nothing was changed.", hints: ["Type it again, or use the recovery key."], detail: "key slot 0\nauthentication failed" },
  "update-rolled-back": { title: "Version 0.2.0 did not start, so the version before was put back.", risk: "Settings and recovery points are as they were before the update.", hints: ["Work on with this version. The details say what went wrong; report them.", "A later version can be installed as usual."], detail: "it ended by itself (exit status: 101)" },
  "update-not-genuine": { title: "What came as an update is not what Kuramori's makers signed.", risk: "It was thrown away. Nothing was installed.", hints: ["Try again later."], detail: "the package is not what was signed: its hash is another one" },
  "update-unreachable": { title: "The update server updates.example does not answer as it should.", risk: "Nothing was installed. Kuramori works on as it is.", hints: ["Check the connection to the internet and try again."], detail: "updates.example did not deliver the list of versions\nconnection timed out", retry: true },
  "history-lost": { title: "Recovery points that this computer saw in NAS-OFFICE are gone, and nobody deleted them.", risk: "An older copy of the repository came back, or somebody removed files. What is there can be restored; backups go on from there.", hints: ["Find out what happened before you clean up or delete anything there.", "If the true repository lies elsewhere, bring it back.", "If it is to stay as it is, accept it: in the settings, or with “kuramori repo accept”."], detail: "3 recovery points are missing: 5e5e5e5e5e5e, 7c19a4f0d2b1, 9a0c4417be23" },
  "invalid-input": { title: "This is no full path.", risk: "Nothing was changed.", hints: ["Start with / or a drive letter."], detail: "path is relative" },
  "file-unwritable": { title: "The file exists already.", risk: "Nothing was changed.", hints: ["Choose another name."], detail: "create_new\nFile exists (os error 17)" },
};

export function fakeError(code: ErrorCode, more: Partial<ErrorView> = {}): ErrorView {
  const found = sentences[code] ?? { title: `(${code})`, risk: "Nothing was changed.", hints: [], detail: code };
  return { code, title: found.title, risk: found.risk, hints: found.hints, detail: found.detail, retry: found.retry ?? false, seen_sha256: null, ...more };
}

export const certificate = "9C:41:7E:02:5B:90:1D:F3:6A:C8:11:E7:42:0F:9B:D5:38:AE:77:04:CB:61:2E:8F:50:B3:19:DA:6C:E4:B8:5D";

export function server(id: string, name: string, more: Partial<ServerView> = {}): ServerView {
  return { id, name, url: `https://${name}/sdk`, user: "kuramori@vsphere.local", kind: "esxi", product: "VMware ESXi 8.0.3 build-24784735", pin: certificate, last_seen: hoursAgo(0.05), error: null, mounts: [], ...more };
}

export function repository(id: string, name: string, more: Partial<RepositoryView> = {}): RepositoryView {
  return { id, name, path: `/mnt/nas/${name.toLowerCase()}`, created_at: hoursAgo(24 * 88), points: 0, stored: 690 * GiB, free: 1741 * GiB, total: 3686 * GiB, error: null, alarm: null, ...more };
}

interface VmSeed {
  name: string;
  guest: string;
  disks: [string, number, string?][];
  used?: number;
  host?: string;
  more?: Partial<VmView>;
}

export function vm(index: number, seed: VmSeed): VmView {
  const disks = seed.disks.map(([label, size, leftOut], at) => ({ key: 2000 + at, uuid: null, label, capacity: size * GiB, thin: at === 0, left_out: leftOut ?? null, note: null }));
  const capacity = disks.reduce((sum, disk) => sum + disk.capacity, 0);
  return {
    reference: `vm-${index + 10}`, instance_uuid: `503a${String(index).padStart(4, "0")}-7c11-4a55-9be0-0c6d1e5f2a10`, name: seed.name, path: ["Discovered virtual machine"], host: seed.host ?? "esx1.shop.lan",
    power: "on", guest: seed.guest, tools_running: true, template: false, of_system: false, tracking: "on", snapshots: 0, disks, capacity, used: (seed.used ?? 0.4 * (capacity / GiB)) * GiB, last_point: null, also_through: [], gone_since: null, problem: null, cold: false, notes: [], ...seed.more,
  };
}

const windows = "Microsoft Windows Server 2022 (64-bit)";

export const shopVms: readonly VmView[] = [
  { name: "APP01", guest: windows, disks: [["Hard disk 1", 80], ["Hard disk 2", 120]], used: 44.9 },
  { name: "ARCHIVE01", guest: "Debian GNU/Linux 12 (64-bit)", disks: [["Hard disk 1", 32], ["Hard disk 2", 2048]], used: 208, host: "esx2.shop.lan", more: { tracking: "off" } },
  { name: "DC01", guest: windows, disks: [["Hard disk 1", 60]], used: 18.4 },
  { name: "DEV01", guest: "Ubuntu Linux (64-bit)", disks: [["Hard disk 1", 100]], used: 33.5, host: "esx2.shop.lan", more: { snapshots: 2 } },
  { name: "FILE02", guest: windows, disks: [["Hard disk 1", 80], ["Hard disk 2", 900], ["Hard disk 3", 240, "Left out: an independent disk is not part of snapshots."]], used: 412.6, host: "esx2.shop.lan" },
  { name: "MAIL01", guest: windows, disks: [["Hard disk 1", 80], ["Hard disk 2", 300]], used: 96.2 },
  { name: "OLDWEB", guest: "CentOS 6 (64-bit)", disks: [["Hard disk 1", 40]], used: 11, more: { power: "suspended", cold: true, tools_running: false, tracking: "unsupported", notes: ["It is suspended: its disks are saved, its memory is not."] } },
  { name: "PRINT01", guest: windows, disks: [["Hard disk 1", 60]], used: 9.1 },
  { name: "SQL01", guest: windows, disks: [["Hard disk 1", 80], ["Hard disk 2", 240], ["Hard disk 3", 40]], used: 61.3 },
  { name: "TEST03", guest: "Other Linux (64-bit)", disks: [["Hard disk 1", 20]], used: 4, host: "esx2.shop.lan", more: { problem: "It shares a disk with another VM.", power: "off", tools_running: false } },
  { name: "WEB01", guest: "Debian GNU/Linux 12 (64-bit)", disks: [["Hard disk 1", 40]], used: 12.7 },
].map((seed, index) => vm(index, seed as VmSeed));

/** Many VMs, for lists that have to stay quick. */
export function manyVms(count: number): VmView[] {
  const kinds = ["web", "db", "app", "cache", "files", "build"];
  return Array.from({ length: count }, (_, index) =>
    vm(index, { name: `${kinds[index % kinds.length] ?? "vm"}-${String(index + 1).padStart(4, "0")}`, guest: index % 3 === 0 ? windows : "Debian GNU/Linux 12 (64-bit)", disks: [["Hard disk 1", 40 + (index % 7) * 20]], host: `esx${(index % 4) + 1}.shop.lan` }),
  );
}

export const datastores: readonly DatastoreView[] = [
  { name: "boot-usb", kind: "VMFS", capacity: 28 * GiB, free: 12 * GiB, accessible: true },
  { name: "datastore1", kind: "VMFS", capacity: 1843 * GiB, free: 414 * GiB, accessible: true },
  { name: "datastore2", kind: "VMFS", capacity: 1843 * GiB, free: 1203 * GiB, accessible: true },
  { name: "nas-nfs", kind: "NFS", capacity: 3686 * GiB, free: 1741 * GiB, accessible: false },
];

export function inventory(of: ServerView, vms: readonly VmView[]): InventoryView {
  return { server_id: of.id, server_name: of.name, kind: of.kind, read_at: hoursAgo(0.02), vms: [...vms], datastores: [...datastores], trees: trees(of, vms), under: [] };
}

/** Containers right under the server, each with the VMs that `homes` puts there; those without one lie at the top. */
function flat(of: ServerView, kind: GroupKindView, vms: readonly VmView[], homes: (vm: VmView, index: number) => string[]): GroupView[] {
  const placed = vms.map((vm, index) => ({ vm: vm.reference, homes: vm.gone_since === null ? homes(vm, index) : [] }));
  const names = [...new Set(placed.flatMap((one) => one.homes))].sort();
  const top: GroupView = { id: "", kind: "server", name: of.name, parent: null, vms: placed.filter((one) => one.homes.length === 0).map((one) => one.vm) };
  return [top, ...names.map((name): GroupView => ({ id: `${kind}:${name}`, kind, name, parent: 0, vms: placed.filter((one) => one.homes.includes(name)).map((one) => one.vm) }))];
}

export function trees(of: ServerView, vms: readonly VmView[]): TreesView {
  const vcenter = of.kind === "vcenter";
  return {
    hosts: { groups: flat(of, "host", vms, (vm) => [vm.host ?? ""]), note: null },
    folders: { groups: flat(of, "folder", vms, (vm) => vm.path.slice(-1)), note: null },
    storage: { groups: flat(of, "datastore", vms, (vm, index) => (vm.disks.length > 1 ? ["datastore1", "datastore2"] : [`datastore${(index % 2) + 1}`])), note: null },
    tags: { groups: flat(of, "tag", vms, (_, index) => (vcenter && index % 3 === 0 ? ["Gold"] : [])), note: vcenter ? null : "Only a vCenter has tags." },
  };
}

/** A recovery point of a VM, some hours old. */
export function point(index: number, of: VmView, repo: RepositoryView, hours: number, full: boolean): PointView {
  const disks = of.disks.filter((disk) => disk.left_out === null).map((disk, at) => {
    const read = full ? disk.capacity * 0.31 : disk.capacity * 0.004 * (1 + (index % 5));
    return { index: at, label: disk.label, capacity: disk.capacity, read_mode: full ? ("allocated" as const) : ("changed" as const), reason: full && hours < 200 ? "The change list was reset after a snapshot was reverted, so this disk was read in full once." : null, unproven: false, transport: "nbdssl", read: Math.round(read), new: Math.round(read * 0.7), stored: Math.round(read * 0.42) };
  });
  const sum = (key: "capacity" | "read" | "new" | "stored") => disks.reduce((all, disk) => all + disk[key], 0);
  const id = `${(index * 2654435761 + 40503).toString(16).padStart(10, "0")}5f0cbb21`;
  return {
    id, short_id: id.slice(0, 8), repository_id: repo.id, repository_name: repo.name, source: "vm", vm_name: of.name, instance_uuid: of.instance_uuid, taken_at: hoursAgo(hours), finished_at: hoursAgo(hours - 0.2),
    consistency: of.tools_running ? "file-system" : "crash", disks, capacity: sum("capacity"), read: sum("read"), new: sum("new"), stored: sum("stored"),
    warnings: full && hours < 200 ? ["One disk was read in full although changes were expected."] : [],
    not_included: of.disks.filter((disk) => disk.left_out !== null).map((disk) => `${disk.label}: ${disk.left_out ?? ""}`),
  };
}
