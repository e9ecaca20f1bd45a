import { useId } from "react";
import css from "./Brand.module.css";

const tiles =
  "M512 321.5l125 107.5-125 107.5-125-107.5zM362 450.5l125 107.5-125 107.5-125-107.5zM662 450.5l125 107.5-125 107.5-125-107.5zM212 579.5v215l125-107.5zM812 579.5v215l-125-107.5zM362 708.5l125 107.5h-250zM662 708.5l125 107.5h-250z";
const roof = "M512 164L888 487.4v72L512 240 136 559.4v-72z";
const heart = "M512 579.5l125 107.5-125 107.5-125-107.5z";

/** The mark for indigo grounds: paper and gold. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="112 92 800 800" aria-hidden="true" className={css.mark} strokeLinejoin="round">
      <path d={roof} strokeWidth="24" />
      <path d={tiles} strokeWidth="8" />
      <path d={heart} strokeWidth="8" className={css.heart} />
    </svg>
  );
}

/** The mark in outline, heart tile dashed: only where nothing is kept yet. */
export function EmptyMark() {
  return (
    <svg width="76" height="76" viewBox="96 92 832 760" aria-hidden="true" className={css.outline} strokeLinejoin="round">
      <path d={roof} />
      <path d={tiles} />
      <path d={heart} className={css.missing} />
    </svg>
  );
}

/** The wall of tiles. Decoration only: foot of the rail and first start. */
export function Lattice({ tile }: { tile: number }) {
  const id = useId();
  const height = tile * 0.86;
  return (
    <svg className={css.lattice} aria-hidden="true" width="100%" height="100%">
      <defs>
        <pattern id={id} width={tile} height={height} patternUnits="userSpaceOnUse">
          <path d={`M0 0L${tile} ${height}M${tile} 0L0 ${height}`} strokeWidth={tile / 12} fill="none" stroke="currentColor" strokeLinecap="square" />
        </pattern>
      </defs>
      <rect width="100%" height="100%" fill={`url(#${id})`} />
    </svg>
  );
}
