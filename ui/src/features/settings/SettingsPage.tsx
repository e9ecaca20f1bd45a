import { Bell, Database, Eye, Gauge, RefreshCw, Server } from "lucide-react";
import type { ReactNode } from "react";
import { ListBox, ListBoxItem } from "react-aria-components";
import type { CheckProgress } from "@/api/server-checks";
import { Page } from "@/components/Page";
import { useText } from "@/i18n/context";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { ServerView } from "@/api/generated/ServerView";
import { LoadSection } from "./LoadSection";
import { LookSection } from "./LookSection";
import { NoticesSection } from "./notices/NoticesSection";
import { RepositoriesSection } from "./RepositoriesSection";
import { ServersSection } from "./ServersSection";
import { UpdatesSection } from "./UpdatesSection";
import css from "./Settings.module.css";

export type Section = "look" | "servers" | "repositories" | "notices" | "load" | "updates";

interface SettingsPageProps {
  section: Section;
  /** Whether the panel for adding is open. */
  adding: boolean;
  onSection: (section: Section) => void;
  onAdding: (open: boolean) => void;
  /** The forms of the first start; the application hands them in. */
  renderConnect: (connected: (server: ServerView) => void) => ReactNode;
  /** The lines of a server's checks. */
  renderChecks: (progress: CheckProgress, again: () => void) => ReactNode;
  renderKeep: (ready: (repository: RepositoryView) => void) => ReactNode;
}

const icon = { size: 16, strokeWidth: 1.8, "aria-hidden": true } as const;

/** Sections at the left, one page each, no save button. */
export function SettingsPage({ section, adding, onSection, onAdding, renderConnect, renderChecks, renderKeep }: SettingsPageProps) {
  const t = useText();
  const sections: { key: Section; name: string; icon: ReactNode }[] = [
    { key: "look", name: t.settings.look, icon: <Eye {...icon} /> },
    { key: "servers", name: t.settings.servers, icon: <Server {...icon} /> },
    { key: "repositories", name: t.settings.repositories, icon: <Database {...icon} /> },
    { key: "notices", name: t.notices.title, icon: <Bell {...icon} /> },
    { key: "load", name: t.load.title, icon: <Gauge {...icon} /> },
    { key: "updates", name: t.updates.title, icon: <RefreshCw {...icon} /> },
  ];
  return (
    <Page title={t.settings.title} fact={t.settings.fact} bare testId="settings">
      <aside className={css.nav}>
        <ListBox aria-label={t.settings.sections} className={css.sections ?? ""} selectionMode="single" selectionBehavior="replace" disallowEmptySelection selectedKeys={[section]}
          onSelectionChange={(keys) => { const found = sections.find((one) => keys !== "all" && keys.has(one.key)); if (found) onSection(found.key); }}>
          {sections.map((one) => <ListBoxItem key={one.key} id={one.key} textValue={one.name} className={css.section ?? ""} data-testid={`settings-${one.key}`}>{one.icon}{one.name}</ListBoxItem>)}
        </ListBox>
        <p className={css.atOnce}>{t.settings.atOnce}</p>
      </aside>
      <div className={css.body}>
        {section === "look" ? <LookSection /> : null}
        {section === "servers" ? <ServersSection adding={adding} onAdding={onAdding} renderConnect={renderConnect} renderChecks={renderChecks} /> : null}
        {section === "repositories" ? <RepositoriesSection adding={adding} onAdding={onAdding} renderKeep={renderKeep} /> : null}
        {section === "notices" ? <NoticesSection /> : null}
        {section === "load" ? <LoadSection /> : null}
        {section === "updates" ? <UpdatesSection /> : null}
      </div>
    </Page>
  );
}
