// Draws a CPU profile as a flame graph: each box is a function, as wide as the share of the samples in which it ran, and stands on
// its caller.

/** The part of a `.cpuprofile` that is used (Chrome DevTools Protocol: Profiler – Profile). */
export interface CpuProfile {
  nodes: readonly {
    id: number;
    callFrame: { functionName: string; url: string };
    children?: readonly number[];
  }[];
  samples?: readonly number[];
}

/** A function as called from one place, with everything that it called. */
export interface Frame {
  name: string;
  /** Whose code it is. Chooses the colour. */
  origin: Origin;
  /** Samples in itself, and with what it called. */
  selfSamples: number;
  samples: number;
  children: Map<string, Frame>;
}

export type Origin = 'gateway' | 'package' | 'node' | 'engine';

const WIDTH = 1400;
const ROW = 18;
const MARGIN = 10;
const HEAD = 34;
/** Narrower boxes are left out. */
const LEAST_WIDTH = 0.6;
const CHARACTER_WIDTH = 6.4;
const COLORS: Readonly<Record<Origin, string>> = {
  gateway: '#f2994a',
  package: '#6fb1e8',
  node: '#b5d99c',
  engine: '#d0d0d8',
};
const NAMES: Readonly<Record<Origin, string>> = {
  gateway: 'the gateway',
  package: 'packages (ws, …)',
  node: 'Node and the kernel',
  engine: 'collector, compiler',
};
/** What V8 reports beside functions. Idle time is left out. */
const IDLE = '(idle)';
const ENGINE = ['(garbage collector)', '(program)'];

/** Merges the calls of one function from one place. Idle samples are left out. */
export function framesOf(profile: CpuProfile): Frame {
  const counts = new Map<number, number>();
  for (const id of profile.samples ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const root: Frame = { name: 'all', origin: 'node', selfSamples: 0, samples: 0, children: new Map() };
  const [first] = profile.nodes;
  if (first === undefined) return root;
  const add = (id: number, into: Frame): number => {
    const node = nodes.get(id);
    if (node === undefined || node.callFrame.functionName === IDLE) return 0;
    const name = nameOf(node.callFrame);
    let frame = into.children.get(name);
    if (frame === undefined) {
      frame = { name, origin: originOf(node.callFrame), selfSamples: 0, samples: 0, children: new Map() };
      into.children.set(name, frame);
    }
    const own = counts.get(id) ?? 0;
    let sum = own;
    for (const child of node.children ?? []) sum += add(child, frame);
    frame.selfSamples += own;
    frame.samples += sum;
    return sum;
  };
  for (const child of first.children ?? []) root.samples += add(child, root);
  return root;
}

/** Returns the functions in which most of the time was spent, and their share of all samples, largest first. */
export function hottest(root: Frame, count: number): { name: string; origin: Origin; share: number }[] {
  const sums = new Map<string, { origin: Origin; samples: number }>();
  const visit = (frame: Frame): void => {
    const sum = sums.get(frame.name) ?? { origin: frame.origin, samples: 0 };
    sum.samples += frame.selfSamples;
    sums.set(frame.name, sum);
    for (const child of frame.children.values()) visit(child);
  };
  for (const child of root.children.values()) visit(child);
  return [...sums]
    .map(([name, { origin, samples }]) => ({ name, origin, share: samples / Math.max(1, root.samples) }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, count);
}

/** Returns the picture as SVG. */
export function flameGraph(root: Frame, title: string): string {
  const boxes: string[] = [];
  let deepest = 0;
  const scale = (WIDTH - 2 * MARGIN) / Math.max(1, root.samples);
  const draw = (frame: Frame, x: number, depth: number): void => {
    const width = frame.samples * scale;
    if (width < LEAST_WIDTH) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(frame, { x, depth, width, share: frame.samples / root.samples }));
    let left = x;
    for (const child of [...frame.children.values()].toSorted((a, b) => b.samples - a.samples)) {
      draw(child, left, depth + 1);
      left += child.samples * scale;
    }
  };
  draw(root, MARGIN, 0);
  const height = HEAD + (deepest + 1) * ROW + MARGIN;
  const flipped = boxes.map((box) => box.replace(/y="(\d+)"/g, (_, y: string) => `y="${height - MARGIN - Number(y)}"`));
  const legend = (Object.keys(COLORS) as Origin[]).map((origin, index) => {
    const x = WIDTH - MARGIN - (4 - index) * 170;
    return `<rect x="${x}" y="9" width="12" height="12" fill="${COLORS[origin]}"/><text x="${x + 17}" y="19">${NAMES[origin]}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace, Menlo, monospace" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="19" font-size="13">${escaped(title)}</text>`,
    ...legend,
    ...flipped,
    '</svg>',
    '',
  ].join('\n');
}

/** `y` is counted from below, and turned over once the height is known. */
function box({ name, origin }: Frame, at: { x: number; depth: number; width: number; share: number }): string {
  const { depth, share, width, x } = at;
  const shown = Math.floor((width - 6) / CHARACTER_WIDTH);
  const label = shown < 3 ? '' : name.length <= shown ? name : `${name.slice(0, shown - 1)}…`;
  const y = (depth + 1) * ROW;
  return `<g><title>${escaped(name)}, ${(share * 100).toFixed(1)} %</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.4, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${COLORS[origin]}"/>${label === '' ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y - 12}">${escaped(label)}</text>`}</g>`;
}

function nameOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const file = /([^/]+)\.[cm]?[jt]s$/.exec(url)?.[1];
  return file === undefined ? name : `${name} ${file}`;
}

function originOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): Origin {
  if (ENGINE.includes(functionName)) return 'engine';
  if (url.includes('/node_modules/')) return 'package';
  return url.startsWith('file:') || url.startsWith('/') ? 'gateway' : 'node';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
