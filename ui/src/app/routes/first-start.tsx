import { useNavigate } from "@tanstack/react-router";
import { FirstRunPage } from "@/features/first-run/FirstRunPage";
import { VmPicker } from "@/features/inventory/VmPicker";
import { skipFirstStart } from "../first-start";

export default function FirstStartRoute() {
  const navigate = useNavigate();
  return (
    <FirstRunPage
      onSkip={() => { skipFirstStart(); void navigate({ to: "/" }); }}
      onStarted={(runId) => { skipFirstStart(); void navigate({ to: "/activity/$runId", params: { runId } }); }}
      renderPicker={(inventory, selected, onChange) => <VmPicker inventory={inventory} selected={selected} onChange={onChange} />}
    />
  );
}
