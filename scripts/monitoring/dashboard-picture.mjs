import { escaped, n } from './svg.mjs';

// Draws the panels of the dashboard, where Grafana puts them.

const COLUMN = 62;
const UNIT_HEIGHT = 29;
const GAP = 8;
const TOP = 58;
const COLORS = [
  '#2da44e',
  '#218bff',
  '#bf8700',
  '#cf222e',
  '#8250df',
  '#1b7c83',
  '#e16f24',
  '#bf3989',
  '#57606a',
  '#7d8f00',
];

/** @returns {string} the picture as SVG */
export function dashboardPicture(drawn, { callers, fromS, minutes, toS }) {
  const width = 24 * COLUMN + GAP;
  const rows = [...new Set(drawn.map(({ panel }) => panel.gridPos.y))].sort((a, b) => a - b);
  const height = TOP + rows.length * (8 * UNIT_HEIGHT + GAP) + 8;
  const body = drawn.map(({ panel, series }) => {
    const { w, x, y } = panel.gridPos;
    const box = {
      x: GAP + x * COLUMN,
      y: TOP + rows.indexOf(y) * (8 * UNIT_HEIGHT + GAP),
      width: w * COLUMN - GAP,
      height: 8 * UNIT_HEIGHT,
    };
    return panelIn(box, panel, series, { fromS, toS });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title text">
  <title id="title">The dashboard</title>
  <desc id="text">${drawn.map(({ panel }) => escaped(panel.title)).join('; ')}.</desc>
${STYLE}
  <rect class="page" x="0" y="0" width="${width}" height="${height}"/>
  <text class="head" x="${GAP + 4}" y="28">Tandem</text>
  <text class="tick" x="${GAP + 4}" y="46">${minutes} minutes of up to ${callers} simulated callers at the same time, on a Prometheus that scrapes every 2 s. In the middle OpenAI refuses every session, and Nova takes over.</text>
  ${body.join('\n  ')}
</svg>
`;
}

function panelIn(box, { fieldConfig, title }, all, { fromS, toS }) {
  const { custom, thresholds, unit } = fieldConfig.defaults;
  const isStacked = custom.stacking.mode === 'normal';
  const isBars = custom.drawStyle === 'bars';
  // As Grafana's legend: what never happened is left out, unless nothing did.
  const moved = all.filter(({ points }) => points.some(([, value]) => value > 0));
  const series = moved.length > 0 ? moved : all.slice(0, 1);
  const left = box.x + 52;
  const right = box.x + box.width - 12;
  const top = box.y + 34;
  const legendLines = legendOf(series, right - left + 34);
  const bottom = box.y + box.height - 30 - legendLines.length * 15;
  const times = [...new Set(series.flatMap(({ points }) => points.map(([s]) => s)))].sort((a, b) => a - b);
  const tops = new Map(times.map((s) => [s, 0]));
  let greatest = 0;
  for (const { points } of series)
    for (const [s, value] of points) {
      if (!Number.isFinite(value)) continue;
      const total = isStacked ? tops.get(s) + value : value;
      tops.set(s, total);
      greatest = Math.max(greatest, total);
    }
  const limit = thresholds?.steps.at(-1)?.value;
  const isLimitNear = limit !== undefined && greatest > limit / 3;
  const max = niceTop(isLimitNear ? Math.max(greatest, limit * 1.05) : greatest, unit);
  const x = (s) => left + ((s - fromS) / (toS - fromS)) * (right - left);
  const y = (value) => bottom - (value / max) * (bottom - top);
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(max * share);
    return `<line class="grid" x1="${left}" y1="${n(at)}" x2="${right}" y2="${n(at)}"/><text class="tick" x="${left - 6}" y="${n(at + 3.5)}" text-anchor="end">${shown(max * share, unit, max)}</text>`;
  });
  const minutes = [];
  for (let s = 0; s <= toS - fromS; s += 60)
    minutes.push(
      `<text class="tick" x="${n(x(fromS + s))}" y="${bottom + 14}" text-anchor="middle">${s / 60} min</text>`,
    );
  const base = new Map(times.map((s) => [s, 0]));
  const step = times.length > 1 ? times[1] - times[0] : 1;
  const shapes = series.map(({ points }, index) => {
    const color = COLORS[index % COLORS.length];
    const finite = points.filter(([, value]) => Number.isFinite(value));
    if (isBars) {
      const barWidth = Math.max(1, x(fromS + step) - x(fromS) + 0.3);
      return finite
        .filter(([, value]) => value > 0)
        .map(([s, value]) => {
          const from = isStacked ? base.get(s) : 0;
          base.set(s, from + value);
          return `<rect fill="${color}" fill-opacity="0.75" x="${n(x(s) - barWidth / 2)}" y="${n(y(from + value))}" width="${n(barWidth)}" height="${n(y(from) - y(from + value))}"/>`;
        })
        .join('');
    }
    return `<path fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round" d="${lineOf(points, x, y, step)}"/>`;
  });
  const threshold = isLimitNear
    ? `<line class="limit" x1="${left}" y1="${n(y(limit))}" x2="${right}" y2="${n(y(limit))}"/>`
    : '';
  const legend = legendLines.flatMap((line, row) =>
    line.map(({ at, index, name }) => {
      const ly = bottom + 32 + row * 15;
      return `<rect x="${n(left - 34 + at)}" y="${n(ly - 5)}" width="11" height="3" fill="${COLORS[index % COLORS.length]}"/><text class="tick" x="${n(left - 19 + at)}" y="${n(ly)}">${escaped(name)}</text>`;
    }),
  );
  const nothing =
    moved.length === 0 && !/Journal|Instances/.test(title)
      ? `<text class="none" x="${n((left + right) / 2)}" y="${n((top + bottom) / 2 + 4)}" text-anchor="middle">nothing happened</text>`
      : '';
  return `<rect class="panel" x="${box.x + 0.5}" y="${box.y + 0.5}" width="${box.width - 1}" height="${box.height - 1}" rx="4"/>
  <text class="title" x="${box.x + 12}" y="${box.y + 20}">${escaped(title)}</text>
  ${grid.join('')}${minutes.join('')}${shapes.join('')}${threshold}${nothing}${legend.join('')}`;
}

/** A line with a gap where there is no value, or no point for three steps. */
function lineOf(points, x, y, step) {
  let lastS;
  return points
    .map(([s, value]) => {
      if (!Number.isFinite(value)) {
        lastS = undefined;
        return '';
      }
      const command = lastS === undefined || s - lastS > 3 * step ? 'M' : 'L';
      lastS = s;
      return `${command}${n(x(s))} ${n(y(value))}`;
    })
    .join('');
}

/** Places the names of the series in lines. At most two lines are shown. */
function legendOf(series, width) {
  const lines = [[]];
  let at = 0;
  for (const [index, { name }] of series.entries()) {
    const length = 26 + name.length * 5.9;
    if (at + length > width && at > 0) {
      if (lines.length === 2) {
        lines.at(-1).push({ at, index, name: '…' });
        break;
      }
      lines.push([]);
      at = 0;
    }
    lines.at(-1).push({ at, index, name });
    at += length;
  }
  return lines;
}

function niceTop(value, unit) {
  if (!(value > 0)) return 1;
  const whole =
    unit === 'bytes' ? 1024 ** Math.floor(Math.log(value) / Math.log(1024)) : 10 ** Math.floor(Math.log10(value));
  const steps = unit === 'bytes' ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] : [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
  return whole * steps.find((step) => step * whole >= value * 0.999);
}

function shown(value, unit, max) {
  if (value === 0) return '0';
  if (unit === 's') return max < 0.002 ? `${n(value * 1e6)} µs` : max < 1 ? `${n(value * 1000)} ms` : `${n(value)} s`;
  if (unit !== 'bytes') return String(Number(value.toPrecision(3)));
  const power = Math.floor(Math.log(value) / Math.log(1024));
  return `${n(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

const STYLE = `  <style>
    text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 12px; fill: #1f2328; }
    .head { font-size: 18px; font-weight: 600; }
    .title { font-size: 12.5px; font-weight: 600; }
    .tick { fill: #59636e; font-size: 10.5px; }
    .none { fill: #818b98; font-size: 11px; }
    .page { fill: #f6f8fa; } .panel { fill: #ffffff; stroke: #d1d9e0; }
    .grid { stroke: #d1d9e0; stroke-width: 0.6; }
    .limit { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 6 4; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; } .tick { fill: #9198a1; } .page { fill: #010409; } .panel { fill: #0d1117; stroke: #3d444d; }
      .grid { stroke: #3d444d; }
    }
  </style>`;
