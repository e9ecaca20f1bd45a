import { X } from "lucide-react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useText } from "@/i18n/context";
import { Button, IconButton } from "./Button";
import css from "./Dialog.module.css";

interface ConfirmProps {
  isOpen: boolean;
  title: string;
  /** What follows from it. */
  children: React.ReactNode;
  action: string;
  /** The safe choice; it has the focus first. */
  safe?: string;
  danger?: boolean;
  isPending?: boolean;
  onAction: () => void;
  onClose: () => void;
  testId: string;
}

/** Asks before something cannot be taken back. Names the object and the consequence. */
export function Confirm({ isOpen, title, children, action, safe, danger, isPending = false, onAction, onClose, testId }: ConfirmProps) {
  const t = useText();
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => (open ? undefined : onClose())} className={css.overlay ?? ""}>
      <Modal className={css.modal ?? ""}>
        <AriaDialog role="alertdialog" className={css.dialog ?? ""} data-testid={testId}>
          <Heading slot="title" className={css.title ?? ""}>{title}</Heading>
          <div className={css.text}>{children}</div>
          <div className={css.buttons}>
            <Button onPress={onClose} autoFocus testId={`${testId}-safe`}>{safe ?? t.common.cancel}</Button>
            <Button kind={danger ? "dangerFill" : "primary"} onPress={onAction} isPending={isPending} testId={`${testId}-yes`}>{action}</Button>
          </div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface PanelDialogProps {
  isOpen: boolean;
  label: string;
  onClose: () => void;
  children: React.ReactNode;
}

/** A larger panel for adding a server or a repository. */
export function PanelDialog({ isOpen, label, onClose, children }: PanelDialogProps) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => (open ? undefined : onClose())} className={css.overlay ?? ""}>
      <Modal className={css.panel ?? ""}>
        <AriaDialog aria-label={label} className={css.panelBody ?? ""}>{children}</AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface FormDialogProps {
  title: string;
  /** One fact in mute beside the title. */
  fact?: React.ReactNode;
  onClose: () => void;
  children: React.ReactNode;
  /** At the left of the buttons. */
  foot?: React.ReactNode;
  buttons: React.ReactNode;
  testId: string;
}

/** A question with several parts, such as what a run saves. */
export function FormDialog({ title, fact, onClose, children, foot, buttons, testId }: FormDialogProps) {
  const t = useText();
  return (
    <ModalOverlay isOpen onOpenChange={(open) => (open ? undefined : onClose())} isDismissable className={css.overlay ?? ""}>
      <Modal className={css.form ?? ""}>
        <AriaDialog className={css.dialog ?? ""} data-testid={testId}>
          <header className={css.formHead}>
            <Heading slot="title" className={css.title ?? ""}>{title}</Heading>
            {fact ? <span className={css.formFact}>{fact}</span> : null}
            <span className={css.formClose}><IconButton label={t.common.close} onPress={onClose} testId={`${testId}-close`}><X size={14} strokeWidth={2} aria-hidden /></IconButton></span>
          </header>
          {children}
          <footer className={css.formFoot}>
            <span className={css.formFootText}>{foot}</span>
            {buttons}
          </footer>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
