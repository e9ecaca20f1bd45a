import { keepPreviousData } from "@tanstack/react-query";
import { useAction, useCommand } from "@/api/client";
import { errorView } from "@/api/errors";
import type { JobDraft } from "@/api/generated/JobDraft";
import { TextAction } from "@/components/Button";
import { Loading } from "@/components/States";
import { toast } from "@/components/toasts";
import { Bytes, Moment } from "@/components/Words";
import { useText } from "@/i18n/context";
import css from "./Retention.module.css";

/** Rows that are shown; the count is of all. */
const shown = 8;

/** What the rule makes of the recovery points there are: the back end's own judgement, with what a clean-up would free. */
export function WhatGoes({ id, draft }: { id: string; draft: JobDraft }) {
  const t = useText();
  const answer = useCommand("retention.what-if", { job_id: id, draft }, { placeholderData: keepPreviousData });
  const hold = useAction("points.hold");
  if (answer.error) return <p className={css.other} role="alert" data-testid="what-goes-failed">{t.jobWizard.goesFailed} {answer.error.view.title}</p>;
  if (!answer.data) return <Loading what={t.jobWizard.goesReading} />;
  const { points, freed } = answer.data;
  const keep = (point: string) => hold.mutate({ repository_id: draft.repository_id, points: [point], reason: t.jobWizard.holdReason }, {
    onSuccess: () => toast({ tone: "ok", text: t.jobWizard.held }),
    onError: (thrown) => toast({ tone: "bad", text: errorView(thrown).title || t.failure.unexpectedTitle }),
  });
  const going = points.filter((point) => !point.kept);
  const later = points.filter((point) => point.kept && point.goes_at !== null).toSorted((a, b) => (a.goes_at ?? "").localeCompare(b.goes_at ?? ""));
  const rows = [...going, ...later].slice(0, shown);
  return (
    <section className={css.goes} data-testid="what-goes">
      <header className={css.goesHead}>
        <h3 className={css.goesTitle}>{points.length === 0 ? t.jobWizard.goesEmpty : t.jobWizard.goes(going.length, points.length)}</h3>
        {going.length > 0 ? <span className={css.goesFact}>{t.jobWizard.goesFrees} <Bytes count={freed} /></span> : null}
      </header>
      {rows.length > 0 ? (
        <table className={css.table}>
          <thead><tr><th scope="col">{t.jobWizard.goesPoint}</th><th scope="col">{t.jobWizard.goesVm}</th><th scope="col">{t.jobWizard.goesWhy}</th><th scope="col">{t.jobWizard.goesWhen}</th><th scope="col"><span className="unseen">{t.jobWizard.holdKeep}</span></th></tr></thead>
          <tbody>
            {rows.map((point) => (
              <tr key={point.id} data-testid="what-goes-row" data-kept={point.kept}>
                <th scope="row"><Moment time={point.taken_at} /></th>
                <td>{point.vm_name}</td>
                <td>{point.kept ? point.reasons.join(" · ") : t.jobWizard.goesNoReason}</td>
                <td>{point.kept && point.goes_at !== null ? <Moment time={point.goes_at} /> : t.jobWizard.goesNow}</td>
                <td><TextAction label={t.jobWizard.holdOne(point.vm_name, point.short_id)} onPress={() => (hold.isPending ? undefined : keep(point.id))} testId={`hold-${point.short_id}`}>{t.jobWizard.holdKeep}</TextAction></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
