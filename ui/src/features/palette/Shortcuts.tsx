import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Button } from "@/components/Button";
import { useText } from "@/i18n/context";
import { modifier } from "./keys";
import css from "./Palette.module.css";

/** Every key that does something, by where it does. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const t = useText();
  const key = modifier();
  const groups: { name: string; rows: [string, string][] }[] = [
    { name: t.palette.everywhere, rows: [[`${key} K`, t.palette.keyPalette], [`${key} 1 – 9`, t.palette.keyScreens], ["/", t.palette.keySearch], ["?", t.palette.keyShortcuts], ["Esc", t.palette.keyClose]] },
    { name: t.palette.inLists, rows: [["↑ ↓ Home End", t.palette.keyMove], ["Enter", t.palette.keyOpen], ["A – Z", t.palette.keyType]] },
    { name: t.calendar.title, rows: [["← → ↑ ↓", t.palette.keyEntries], ["PgUp PgDn", t.palette.keyWeeks], ["T", t.palette.keyToday], ["M", t.palette.keyPickUp]] },
  ];
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => (open ? undefined : onClose())} className={css.overlay ?? ""}>
      <Modal className={css.modal ?? ""}>
        <Dialog className={css.sheet ?? ""} data-testid="shortcuts">
          <Heading slot="title" className={css.sheetTitle ?? ""}>{t.palette.shortcuts}</Heading>
          <div className={css.sheetGroups}>
            {groups.map((group) => (
              <section key={group.name}>
                <h3 className={css.group}>{group.name}</h3>
                <dl className={css.keys}>
                  {group.rows.map(([keys, what]) => <div key={keys}><dt>{keys.split(" ").map((one, index) => (one === "–" ? <span key={index}>–</span> : <kbd key={index} className={css.key}>{one}</kbd>))}</dt><dd>{what}</dd></div>)}
                </dl>
              </section>
            ))}
          </div>
          <div className={css.sheetFoot}><Button onPress={onClose} autoFocus testId="shortcuts-close">{t.common.close}</Button></div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
