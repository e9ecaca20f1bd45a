import { FolderOpen, X } from "lucide-react";
import { useState } from "react";
import { useAction, useCommand } from "@/api/client";
import type { ServerView } from "@/api/generated/ServerView";
import { Button, IconButton } from "@/components/Button";
import { PanelDialog } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { Field } from "@/components/Field";
import { Sentence } from "@/components/Page";
import { Select } from "@/components/Select";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import css from "./Settings.module.css";

/** Datastores that this computer can read beside the host, and how to name another one. */
export function Mounts({ server }: { server: ServerView }) {
  const t = useText();
  const mount = useAction("servers.mount");
  const [naming, setNaming] = useState(false);
  const remove = (datastore: string) => mount.mutate({ server_id: server.id, datastore, folder: null }, { onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  return (
    <div className={css.mounts}>
      <p className={css.name}>{t.mounts.title}</p>
      {server.mounts.length === 0 ? <p className={css.second}>{t.mounts.none}</p> : null}
      <ul className={css.mountList}>
        {server.mounts.map(({ datastore, folder }) => (
          <li key={datastore} className={css.mount}>
            <span>{datastore}</span>
            <span className={css.second} data-selectable title={folder}>{folder}</span>
            <IconButton label={t.mounts.forget(datastore)} onPress={() => remove(datastore)} testId={`mount-forget-${server.id}-${datastore}`}><X size={14} strokeWidth={2} aria-hidden /></IconButton>
          </li>
        ))}
      </ul>
      <Button size="small" onPress={() => setNaming(true)} testId={`mount-add-${server.id}`}>{t.mounts.add}</Button>
      <PanelDialog isOpen={naming} label={t.mounts.addTitle} onClose={() => setNaming(false)}>
        <MountForm server={server} onDone={() => setNaming(false)} />
      </PanelDialog>
    </div>
  );
}

/** Names the folder of one datastore. */
function MountForm({ server, onDone }: { server: ServerView; onDone: () => void }) {
  const t = useText();
  const platform = usePlatform();
  const targets = useCommand("restore.targets", { server_id: server.id });
  const mount = useAction("servers.mount");
  const [datastore, setDatastore] = useState<string | null>(null);
  const [folder, setFolder] = useState("");
  const stores = targets.data?.datastores ?? [];
  const chosen = datastore ?? stores.find((store) => store.kind.toUpperCase().startsWith("NFS"))?.name ?? stores[0]?.name ?? "";
  const problem = targets.error ?? mount.error;
  const choose = async () => {
    const picked = await platform.pickFolder({ title: t.mounts.choose, start: folder || null });
    if (picked) setFolder(picked);
  };
  const name = () => mount.mutate({ server_id: server.id, datastore: chosen, folder }, { onSuccess: onDone });
  return (
    <>
      <Sentence under={t.mounts.text}>{t.mounts.addTitle}</Sentence>
      <div className={css.mountForm}>
        <Select label={t.mounts.datastore} options={stores.map((store) => ({ key: store.name, name: store.name }))} value={chosen} onChange={setDatastore} testId="mount-datastore" />
        <Field label={t.mounts.folder} testId="mount-folder" value={folder} onChange={setFolder} hint={t.mounts.folderHint}
          beside={<Button icon={<FolderOpen size={16} strokeWidth={1.8} aria-hidden />} onPress={() => void choose()} testId="mount-choose">{t.mounts.chooseAction}</Button>} />
        {problem ? <FailureCard inset error={problem.view} onCopy={(text) => void platform.copyText(text)} /> : null}
      </div>
      <div className={css.panelFoot}>
        <Button onPress={onDone} testId="mount-cancel">{t.common.cancel}</Button>
        <Button kind="primary" isDisabled={!chosen || !folder.trim()} isPending={mount.isPending} onPress={name} testId="mount-save">{t.mounts.save}</Button>
      </div>
    </>
  );
}
