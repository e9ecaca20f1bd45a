import type { MissingRightsView } from "@/api/generated/MissingRightsView";
import type { RoleFormatView } from "@/api/generated/RoleFormatView";
import type { ServerCheck } from "@/api/generated/ServerCheck";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";
import type { ServerView } from "@/api/generated/ServerView";
import { fakeError } from "./data";

/** Checks that do not end well. */
export type FakeChecks = Partial<Record<ServerCheckKind, Partial<ServerCheck>>>;

const found: Record<ServerCheckKind, (server: ServerView) => string> = {
  reach: (server) => `${server.url} answers`,
  "sign-in": (server) => `as ${server.user}`,
  version: (server) => `${server.product}, supported`,
  licence: () => "VMware vSphere 8 Standard",
  rights: () => "all that backup and restore need",
};

export function serverCheck(server: ServerView, check: ServerCheckKind, odd: FakeChecks): ServerCheck {
  const good: ServerCheck = { check, state: "good", found: found[check](server), error: null, missing: [] };
  if (check === "sign-in" && server.error) return { ...good, state: "failed", found: "", error: server.error };
  return { ...good, ...odd[check] };
}

const missing: MissingRightsView[] = [
  { function: "snapshots", name: "Make and remove snapshots", effect: "Without them no VM can be backed up.", rights: [
    { id: "VirtualMachine.State.CreateSnapshot", label: "Virtual machine › Snapshot management › Create snapshot" },
    { id: "VirtualMachine.State.RemoveSnapshot", label: "Virtual machine › Snapshot management › Remove snapshot" },
  ] },
  { function: "restore", name: "Restore a VM as a new one", effect: "Without them VMs cannot be restored to this server. Their disks can, to files.", rights: [
    { id: "Network.Assign", label: "Network › Assign network" },
  ] },
];

export const refusedLicence: FakeChecks = { licence: { state: "failed", found: "", error: fakeError("licence-restricted") } };
export const refusedRights: FakeChecks = { rights: { state: "failed", found: "", error: fakeError("rights-missing"), missing } };
export const limitedRights: FakeChecks = { rights: { state: "warning", found: "Backups work, with limits: some rights are missing.", missing: missing.slice(1) } };

export const roleTexts: Record<RoleFormatView, string> = {
  powercli: "# The role “Kuramori”\n$account = 'kuramori@vsphere.local'\n\n$ids = @(\n  # Make and remove snapshots\n  'VirtualMachine.State.CreateSnapshot',\n  'VirtualMachine.State.RemoveSnapshot'\n)\n$privileges = Get-VIPrivilege -PrivilegeItem | Where-Object { $ids -contains $_.Id }\n$role = New-VIRole -Name 'Kuramori' -Privilege $privileges\nNew-VIPermission -Entity (Get-Folder -NoRecursion) -Principal $account -Role $role -Propagate:$true\n",
  govc: "#!/bin/sh\naccount='kuramori@vsphere.local'\n\ngovc role.create Kuramori \\\n  VirtualMachine.State.CreateSnapshot \\\n  VirtualMachine.State.RemoveSnapshot\ngovc permissions.set -principal \"$account\" -role Kuramori -propagate=true /\n",
  text: "The role “Kuramori”\n\nMake and remove snapshots\n  Virtual machine › Snapshot management › Create snapshot  (VirtualMachine.State.CreateSnapshot)\n",
};
