import { useAction } from "@/api/client";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";

/** Makes a backup once more: of what failed, or of everything where nothing did. */
export function useRunAgain(onStarted: (runId: string) => void) {
  const t = useText();
  const { mutate, isPending } = useAction("runs.again");
  const run = (id: string) => mutate({ run_id: id }, {
    onSuccess: (started) => onStarted(started.run_id),
    onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }),
  });
  return { run, isPending };
}
