import type { UnreadableRepository } from "@/api/generated/UnreadableRepository";
import { StaleNote } from "@/components/States";
import { useText } from "@/i18n/context";

/** Repositories whose recovery points are missing from a list, each with the reason. */
export function Unreadable({ list }: { list: readonly UnreadableRepository[] }) {
  const t = useText();
  return <>{list.map((one) => <StaleNote key={one.repository_id}>{t.points.unreadable(one.name)} {one.error.title}</StaleNote>)}</>;
}
