import { useEffect } from "react";
import { useNavigate, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { ApiError, errorView } from "@/api/errors";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { EmptyState, Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import css from "./RouteStates.module.css";

/** A screen that is still being fetched. */
export function RoutePending() {
  return <div className={css.middle}><Loading what={useText().common.reading} /></div>;
}

const retryAfter = 3000;

/** A screen that failed while it was drawn. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const t = useText();
  const platform = usePlatform();
  const router = useRouter();
  const navigate = useNavigate();
  const view = errorView(error);
  // What may pass by itself, such as another process with our state folder, is asked again.
  useEffect(() => {
    if (!view.retry) return;
    const again = setInterval(() => void router.invalidate(), retryAfter);
    return () => clearInterval(again);
  }, [view.retry, router]);
  const shown = error instanceof ApiError ? view : { ...view, title: t.failure.screenTitle, risk: t.failure.screenRisk, hints: [t.failure.screenWhy] };
  return (
    <div className={css.middle}>
      <div className={css.card}>
        <FailureCard
          error={shown}
          testId="screen-failure"
          onCopy={(text) => void platform.copyText(text)}
          actions={
            <>
              <Button kind="primary" onPress={() => { reset(); void router.invalidate(); }}>{t.common.tryAgain}</Button>
              <Button onPress={() => { reset(); void navigate({ to: "/" }); }}>{t.failure.bringBack}</Button>
            </>
          }
        />
      </div>
    </div>
  );
}

export function NotFound() {
  const t = useText();
  const navigate = useNavigate();
  return (
    <div className={css.middle}>
      <EmptyState icon={<Compass size={36} strokeWidth={1.2} aria-hidden />} title={t.shell.notFoundTitle} text={t.shell.notFoundText} action={<Button kind="primary" onPress={() => void navigate({ to: "/" })}>{t.shell.notFoundAction}</Button>} />
    </div>
  );
}
