import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import css from "./LineChart.module.css";

export interface ChartLine {
  key: string;
  name: string;
  values: readonly number[];
  /** A token: lines follow the colours of the window. */
  colour: string;
  dashed?: boolean;
  /** Ground under the line, a token. */
  fill?: string;
}

interface LineChartProps {
  /** The chart in one sentence, for who does not see it. */
  label: string;
  /** Milliseconds, rising. */
  times: readonly number[];
  lines: readonly ChartLine[];
  clock: (time: Date) => string;
  height?: number;
}

/** Colours are tokens with a light and a dark side; a canvas needs the one in force. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function optionsOf(element: HTMLElement, { lines, clock, height = 150 }: LineChartProps): uPlot.Options {
  const style = getComputedStyle(element);
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: resolved(element, "--text-mute"), font, ticks: { show: false } };
  return {
    width: element.clientWidth, height, legend: { show: false }, cursor: { show: false }, padding: [8, 16, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(most * 1.15, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 120, incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400], values: (_, splits) => splits.map((second) => clock(new Date(second * 1000))) },
      { ...axis, grid: { stroke: resolved(element, "--line-soft"), width: 1 }, size: 44, space: 28 },
    ],
    series: [{}, ...lines.map((line): uPlot.Series => ({
      stroke: resolved(element, line.colour), width: line.dashed ? 1.5 : 2, points: { show: false },
      ...(line.dashed ? { dash: [4, 3] } : {}), ...(line.fill ? { fill: resolved(element, line.fill) } : {}),
    }))],
  };
}

/** Lines over time. Grows with real measures only. */
export function LineChart(props: LineChartProps) {
  const { label, times, lines } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const newest = useRef(props);
  useEffect(() => { newest.current = props; });
  useEffect(() => {
    const element = host.current;
    // Without a canvas there is the sentence still.
    if (!element || !document.createElement("canvas").getContext("2d")) return;
    const draw = () => {
      chart.current?.destroy();
      const { times: at, lines: drawn } = newest.current;
      chart.current = new uPlot(optionsOf(element, newest.current), [at.map((time) => time / 1000), ...drawn.map((line) => [...line.values])], element);
    };
    draw();
    const size = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height: newest.current.height ?? 150 }));
    size.observe(element);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "lang"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", draw);
    return () => {
      size.disconnect();
      theme.disconnect();
      system.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData([times.map((time) => time / 1000), ...lines.map((line) => [...line.values])]), [times, lines]);
  return (
    <div className={css.chart} role="img" aria-label={label} data-testid="chart">
      <div ref={host} className={css.plot} />
    </div>
  );
}
