import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";
import type { ReactNode } from "react";
import css from "./Tabs.module.css";

export interface TabItem<Key extends string> {
  key: Key;
  name: string;
  content: ReactNode;
}

interface TabsProps<Key extends string> {
  label: string;
  tabs: readonly TabItem<Key>[];
  value: Key;
  onChange: (key: Key) => void;
}

/** Views of one object. */
export function Tabs<Key extends string>({ label, tabs, value, onChange }: TabsProps<Key>) {
  return (
    <AriaTabs
      selectedKey={value}
      onSelectionChange={(key) => {
        const chosen = tabs.find((tab) => tab.key === key);
        if (chosen) onChange(chosen.key);
      }}
      className={css.tabs ?? ""}
    >
      <TabList aria-label={label} className={css.list ?? ""}>
        {tabs.map((tab) => <Tab key={tab.key} id={tab.key} className={css.tab ?? ""} data-testid={`tab-${tab.key}`}>{tab.name}</Tab>)}
      </TabList>
      {tabs.map((tab) => <TabPanel key={tab.key} id={tab.key} className={css.panel ?? ""}>{tab.content}</TabPanel>)}
    </AriaTabs>
  );
}
