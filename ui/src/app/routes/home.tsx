import { useNavigate } from "@tanstack/react-router";
import { HomePage } from "@/features/home/HomePage";

export default function HomeRoute() {
  const navigate = useNavigate();
  return (
    <HomePage
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
