import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { StoragePage } from "@/features/storage/StoragePage";

const route = getRouteApi("/shell/storage");

export default function StorageRoute() {
  const navigate = useNavigate();
  const { place } = route.useSearch();
  return (
    <StoragePage
      place={place}
      onPlace={(id) => void navigate({ to: "/storage", search: { place: id } })}
      onAdd={() => void navigate({ to: "/settings", search: { section: "repositories", add: true } })}
      onSettings={() => void navigate({ to: "/settings", search: { section: "repositories" } })}
      onPoints={(vm) => void navigate({ to: "/restore", search: { vm } })}
    />
  );
}
