import css from "./Glyph.module.css";

export type Tone = "ok" | "info" | "warn" | "bad" | "held" | "wait" | "off" | "accent";

/** Signs on a grid of 12. Names are those of the state list; fonts would draw the characters differently. */
const paths = {
  proved: <path d="M1 6.6 3.4 9 7 4M5.6 8.2l.8.8L11 3.4" />,
  ok: <path d="M2.2 6.4 4.9 9 9.8 3.4" />,
  soon: <><circle cx="6" cy="6" r="4.4" /><path d="M6 6V1.6A4.4 4.4 0 0 1 10.4 6z" fill="currentColor" stroke="none" /></>,
  late: <><circle cx="6" cy="6" r="4.4" /><path d="M6 6H1.6A4.4 4.4 0 1 0 6 1.6z" fill="currentColor" stroke="none" /></>,
  warned: <path d="M6 2v5M6 9.8v.1" />,
  failed: <path d="M3 3l6 6M9 3 3 9" />,
  running: <path d="M3.6 1.9v8.2L10 6z" fill="currentColor" />,
  stopped: <rect x="2.6" y="2.6" width="6.8" height="6.8" rx=".6" fill="currentColor" />,
  waiting: <path d="M6 2.2 10 7H2zM2.2 9.6h7.6" fill="currentColor" />,
  off: <path d="M2.4 6h7.2" />,
  gone: <circle cx="6" cy="6" r="4.2" strokeDasharray="2.2 2.2" />,
  held: <><rect x="1.8" y="1.8" width="8.4" height="8.4" rx="1" /><rect x="4.4" y="4.4" width="3.2" height="3.2" fill="currentColor" stroke="none" /></>,
  next: <circle cx="6" cy="6" r="3.2" />,
} as const;

export type GlyphName = keyof typeof paths;

const tones: Record<GlyphName, Tone> = {
  proved: "ok", ok: "ok", soon: "info", late: "warn", warned: "warn", failed: "bad", running: "info",
  stopped: "off", waiting: "wait", off: "off", gone: "off", held: "held", next: "off",
};

/** The bare sign, in the colour of the text around it. */
export function Sign({ name, size = 12 }: { name: GlyphName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth={1.7} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {paths[name]}
    </svg>
  );
}

interface GlyphProps {
  name: GlyphName;
  tone?: Tone;
  /** The word for it, for those who cannot see it. Leave out where the word stands beside it. */
  label?: string;
  size?: "normal" | "big";
}

/** A sign on its tile: 20 px in rows, 44 px in banners. Only red is solid. */
export function Glyph({ name, tone = tones[name], label, size = "normal" }: GlyphProps) {
  return (
    <span className={css.glyph} data-tone={tone} data-size={size} title={label}>
      <Sign name={name} size={size === "big" ? 24 : 12} />
      {label ? <span className="unseen">{label}</span> : null}
    </span>
  );
}

interface ChipProps {
  glyph: GlyphName;
  tone?: Tone;
  children: string;
}

/** A state: sign, word and colour together. */
export function Chip({ glyph, tone = tones[glyph], children }: ChipProps) {
  return (
    <span className={css.chip} data-tone={tone}>
      <Sign name={glyph} size={10} />
      {children}
    </span>
  );
}

/** Sign and word in the tone, without a ground. */
export function StateWord({ glyph, tone = tones[glyph], children }: ChipProps) {
  return (
    <span className={css.word} data-tone={tone}>
      <Sign name={glyph} size={10} />
      {children}
    </span>
  );
}

/** A fact: hair line, no fill, never coloured. */
export function Tag({ children }: { children: React.ReactNode }) {
  return <span className={css.tag}>{children}</span>;
}
