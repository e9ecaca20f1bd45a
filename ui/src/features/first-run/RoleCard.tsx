import { Copy } from "lucide-react";
import { useState } from "react";
import { useCommand } from "@/api/client";
import type { RoleFormatView } from "@/api/generated/RoleFormatView";
import { Button } from "@/components/Button";
import { Segmented } from "@/components/Choice";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import css from "./Rights.module.css";

/** The role with just the rights that are needed, to copy as a script or a list. */
export function RoleCard() {
  const t = useText();
  const platform = usePlatform();
  const [format, setFormat] = useState<RoleFormatView>("powercli");
  const role = useCommand("servers.role", { format });
  const text = role.data?.text ?? "";
  const copy = () =>
    platform.copyText(text).then(
      () => toast({ tone: "ok", text: t.common.copied }),
      () => toast({ tone: "bad", text: t.failure.unexpectedTitle }),
    );
  return (
    <section className={css.role} aria-label={t.firstRun.roleTitle} data-testid="role">
      <h3 className={css.title}>{t.firstRun.roleTitle}</h3>
      <p className={css.effect}>{t.firstRun.roleText}</p>
      <div className={css.choose}>
        <Segmented label={t.firstRun.roleFormat} value={format} onChange={setFormat} testId="role-format"
          options={[{ key: "powercli", label: "PowerCLI" }, { key: "govc", label: "govc" }, { key: "text", label: t.firstRun.roleList }]} />
        <Button icon={<Copy size={14} strokeWidth={1.8} aria-hidden />} isDisabled={text === ""} onPress={() => void copy()} testId="role-copy">{t.firstRun.keyCopy}</Button>
      </div>
      <pre className={css.script} tabIndex={0} aria-label={t.firstRun.roleTitle} data-testid="role-text">{role.error ? role.error.view.title : text}</pre>
    </section>
  );
}
