import type { MissingRightsView } from "@/api/generated/MissingRightsView";
import { useText } from "@/i18n/context";
import { RoleCard } from "./RoleCard";
import css from "./Rights.module.css";

/** What an account lacks, by what it is needed for, and the role that has it. */
export function MissingRights({ missing }: { missing: readonly MissingRightsView[] }) {
  const t = useText();
  return (
    <>
      <div className={css.missing} role="group" aria-label={t.firstRun.missingTitle} data-testid="missing-rights">
        <h3 className={css.title}>{t.firstRun.missingTitle}</h3>
        <ul className={css.functions}>
          {missing.map((one) => (
            <li key={one.function} data-testid={`missing-${one.function}`}>
              <p><b>{one.name}</b> <span className={css.effect}>{one.effect}</span></p>
              <ul className={css.rights}>
                {one.rights.map((right) => <li key={right.id}>{right.label} <code>{right.id}</code></li>)}
              </ul>
            </li>
          ))}
        </ul>
      </div>
      <RoleCard />
    </>
  );
}
