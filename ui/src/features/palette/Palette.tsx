import { Activity, CornerDownLeft, Database, History, Layers, ListChecks, Monitor, Search, Zap, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { Autocomplete, Collection, Dialog, Header, Input, ListBox, ListBoxItem, ListBoxSection, Modal, ModalOverlay, TextField } from "react-aria-components";
import { useText } from "@/i18n/context";
import { usePalette, type PaletteAction, type PaletteGroup, type PaletteTarget } from "./usePalette";
import css from "./Palette.module.css";

interface PaletteProps {
  screens: readonly PaletteAction[];
  actions: readonly PaletteAction[];
  onGo: (target: Exclude<PaletteTarget, { to: "action" }>) => void;
  onClose: () => void;
}

const icons: Record<PaletteGroup["key"], LucideIcon> = { screens: Layers, vms: Monitor, jobs: ListChecks, points: History, runs: Activity, places: Database, actions: Zap };

/** Finds VMs, jobs, runs, recovery points, places, screens and what can be done, and goes there. */
export function Palette({ screens, actions, onGo, onClose }: PaletteProps) {
  const t = useText();
  const [text, setText] = useState("");
  const { groups, reading, failed } = usePalette(text, screens, actions);
  const choose = (id: string) => {
    const find = groups.flatMap((group) => group.finds).find((one) => one.id === id);
    if (!find) return;
    onClose();
    const { target } = find;
    if (target.to === "action") [...screens, ...actions].find((one) => one.key === target.key)?.run();
    else onGo(target);
  };
  const note = failed.length > 0 ? t.palette.failed(failed.join(", ")) : reading ? t.common.reading : "";
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => (open ? undefined : onClose())} className={css.overlay ?? ""}>
      <Modal className={css.modal ?? ""}>
        <Dialog aria-label={t.palette.title} className={css.dialog ?? ""} data-testid="palette">
          <Autocomplete inputValue={text} onInputChange={setText}>
            <TextField aria-label={t.palette.title} autoFocus className={css.field ?? ""}>
              <Search size={18} strokeWidth={1.8} aria-hidden />
              <Input role="combobox" aria-expanded aria-haspopup="listbox" id="palette-input" data-testid="palette-input" placeholder={t.palette.placeholder} className={css.input ?? ""} spellCheck={false} autoComplete="off" />
              <kbd className={css.key}>Esc</kbd>
            </TextField>
            <ListBox aria-label={t.palette.results} items={groups} selectionMode="none" onAction={(key) => choose(String(key))} className={css.list ?? ""} data-testid="palette-results"
              renderEmptyState={() => <p className={css.nothing}>{text.trim() === "" || reading ? t.common.reading : t.common.noMatch(text.trim())}</p>}>
              {(group) => {
                const Icon = icons[group.key];
                return (
                  <ListBoxSection id={group.key}>
                    <Header className={css.group ?? ""}>{group.name}</Header>
                    <Collection items={group.finds}>
                      {(find) => (
                        <ListBoxItem id={find.id} textValue={`${find.name} ${find.second}`} className={css.item ?? ""} data-testid="palette-item" data-kind={group.key} data-name={find.name}>
                          <Icon size={16} strokeWidth={1.6} aria-hidden />
                          <span className={css.name}>{find.name}</span>
                          <span className={css.second}>{find.second}</span>
                          <CornerDownLeft size={14} strokeWidth={1.6} aria-hidden className={css.enter} />
                        </ListBoxItem>
                      )}
                    </Collection>
                  </ListBoxSection>
                );
              }}
            </ListBox>
          </Autocomplete>
          <footer className={css.foot}><span role="status">{note}</span><span>{t.palette.keys}</span></footer>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
