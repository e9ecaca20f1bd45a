import { Fragment, useSyncExternalStore } from "react";
import { useLanguage } from "@/i18n/context";
import { exactText, momentText, relativeText } from "@/lib/time";
import { bytes } from "@/lib/units";
import css from "./Words.module.css";

// One clock for all relative times: it ticks twice a minute and redraws only who reads it.
let now = new Date();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(changed: () => void): () => void {
  watchers.add(changed);
  timer ??= setInterval(() => {
    now = new Date();
    for (const watcher of watchers) watcher();
  }, 30_000);
  return () => {
    watchers.delete(changed);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time now, to half a minute. */
export function useNow(): Date {
  return useSyncExternalStore(watch, () => (Math.abs(Date.now() - now.getTime()) > 60_000 ? (now = new Date()) : now));
}

/** "2 h ago", exact on hover. */
export function Ago({ time }: { time: string }) {
  const language = useLanguage();
  const date = new Date(time);
  return <time dateTime={time} title={exactText(date, language)}>{relativeText(date, useNow(), language)}</time>;
}

/** "Today 12:00", exact on hover. */
export function Moment({ time }: { time: string }) {
  const language = useLanguage();
  const date = new Date(time);
  return <time dateTime={time} title={exactText(date, language)}>{momentText(date, useNow(), language)}</time>;
}

/** A number of bytes with its unit in mute. */
export function Bytes({ count }: { count: number }) {
  const { value, unit } = bytes(count, useLanguage());
  return (
    <span className={css.bytes}>
      {value}<span className={css.unit}>{` ${unit}`}</span>
    </span>
  );
}

/** A long hexadecimal fingerprint; the whole of it can be selected. */
export function Fingerprint({ value }: { value: string }) {
  return <code className={css.fingerprint}>{value.split(/(?<=:)/).map((pair, index) => <Fragment key={index}>{pair}<wbr /></Fragment>)}</code>;
}

/** A fingerprint in short, the whole on hover. */
export function ShortFingerprint({ value }: { value: string }) {
  return <code className={css.short} title={value}>{`${value.slice(0, 11)} … ${value.slice(-5)}`}</code>;
}
