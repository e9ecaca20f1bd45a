import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { HomePage } from "@/features/home/HomePage";

const route = getRouteApi("/shell/");

export default function HomeRoute() {
  const navigate = useNavigate();
  const { show } = route.useSearch();
  return (
    <HomePage
      filter={show ?? "all"}
      onFilter={(next) => void navigate({ to: "/", search: { show: next === "all" ? undefined : next }, replace: true })}
      onConnect={() => void navigate({ to: "/first-start" })}
      onJob={() => void navigate({ to: "/jobs/new", search: { uncovered: true } })}
      onVm={(server, vm) => void navigate({ to: "/inventory", search: { server, vm: vm ?? undefined } })}
      onRun={(runId) => void navigate({ to: "/activity/$runId", params: { runId } })}
      onActivity={(onlyNeeds) => void navigate({ to: "/activity", search: { show: onlyNeeds ? "needs" : undefined } })}
      onCalendar={() => void navigate({ to: "/calendar" })}
      onStorage={(place) => void navigate({ to: "/storage", search: { place: place ?? undefined } })}
      onRestore={(vm) => void navigate({ to: "/restore", search: { vm: vm ?? undefined } })}
    />
  );
}
