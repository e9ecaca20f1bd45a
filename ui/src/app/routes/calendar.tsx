import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useNow } from "@/components/Words";
import { CalendarPage } from "@/features/calendar/CalendarPage";
import { dayFrom, dayOf } from "@/features/calendar/days";

const route = getRouteApi("/shell/calendar");

export default function CalendarRoute() {
  const navigate = useNavigate();
  const { view, day, find } = route.useSearch();
  const today = dayOf(useNow());
  return (
    <CalendarPage
      key={find}
      find={find ?? ""}
      view={view ?? "week"}
      day={dayFrom(day) ?? today}
      onGo={(to, key) => void navigate({ to: "/calendar", search: { view: to === "month" ? "month" : undefined, day: dayFrom(key)?.getTime() === today.getTime() ? undefined : key, find } })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      onJob={(jobId) => void navigate({ to: "/jobs/$jobId", params: { jobId } })}
      onStart={() => void navigate({ to: "/jobs/new" })}
    />
  );
}
