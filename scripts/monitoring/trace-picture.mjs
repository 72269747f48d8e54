import { escaped, n } from './svg.mjs';

// Draws the spans of one trace as a waterfall.

const WIDTH = 1180;
const LABELS = 250;
const RIGHT = 24;
const TOP = 92;
const ROW = 22;
const BAR = 12;

/** Kinds of spans by their look. */
const KINDS = [
  ['POST', 'webhook', 'webhook of Twilio'],
  ['call', 'call', 'call'],
  ['stream', 'stream', 'stream'],
  ['voice.connect', 'connect', 'session with a model'],
  ['turn', 'turn', 'turn, pale until its first audio'],
  ['execute_tool', 'tool', 'tool'],
  ['handover', 'handover', 'way to an agent'],
];

/** @returns {string} the picture as SVG */
export function tracePicture(spans) {
  const root = spans.find(({ parentId }) => parentId === '');
  if (root === undefined) throw new Error('The trace has no root.');
  const rows = inOrder(root, spans);
  const endMs = Math.max(...spans.map((span) => span.endMs));
  const scale = (WIDTH - LABELS - RIGHT) / (endMs - root.startMs);
  const x = (ms) => LABELS + (ms - root.startMs) * scale;
  const height = TOP + rows.length * ROW + 34;
  const stepS = [1, 2, 5, 10, 20, 30, 60].find((step) => (endMs - root.startMs) / 1000 / step <= 12) ?? 60;
  const ticks = [];
  for (let second = 0; second * 1000 <= endMs - root.startMs; second += stepS) {
    const at = x(root.startMs + second * 1000);
    ticks.push(`<line class="grid" x1="${n(at)}" y1="${TOP - 8}" x2="${n(at)}" y2="${height - 26}"/>`);
    ticks.push(`<text class="tick" x="${n(at)}" y="${TOP - 14}" text-anchor="middle">${second} s</text>`);
  }
  const bars = rows.map(({ depth, span }, index) => {
    const y = TOP + index * ROW;
    const kind = kindOf(span.name);
    const from = x(span.startMs);
    const width = Math.max(3, x(span.endMs) - from);
    const error = span.status === 'error' ? ' error' : '';
    const waitsMs = span.attributes['tandem.turn.latency_ms'] ?? 0;
    const solidFrom = Math.min(from + width - 2, from + waitsMs * scale);
    const bar =
      kind === 'turn' && waitsMs > 0
        ? `<rect class="turn pale" x="${n(from)}" y="${y}" width="${n(solidFrom - from)}" height="${BAR}"/><rect class="turn" x="${n(solidFrom)}" y="${y}" width="${n(from + width - solidFrom)}" height="${BAR}" rx="2"/>`
        : `<rect class="${kind}" x="${n(from)}" y="${y}" width="${n(width)}" height="${BAR}" rx="2"/>`;
    const frame =
      error === ''
        ? ''
        : `<rect class="wrong" x="${n(from - 1.5)}" y="${y - 1.5}" width="${n(width + 3)}" height="${BAR + 3}" rx="3"/>`;
    return `${bar}${frame}<text class="name${error}" x="${12 + depth * 14}" y="${y + 10}">${escaped(span.name)}</text>${noteOf(span, from, width, y)}`;
  });
  let legendX = 12;
  const legend = KINDS.map(([, kind, label]) => {
    const at = legendX;
    legendX += 32 + label.length * 6.2;
    return `<rect class="${kind}" x="${n(at)}" y="42" width="12" height="12" rx="2"/><text class="tick" x="${n(at + 17)}" y="52">${label}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title text">
  <title id="title">The trace of one call</title>
  <desc id="text">${rows.length} spans over ${n((endMs - root.startMs) / 1000)} seconds: ${escaped([...new Set(rows.map(({ span }) => span.name))].join(', '))}.</desc>
${STYLE}
  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  <text class="title" x="12" y="26">One call: the caller interrupts, a tool is called, OpenAI fails, Nova takes over, an agent gets the call</text>
  ${legend.join('\n  ')}
  <rect class="wrong" x="${n(legendX + 1)}" y="42" width="12" height="12" rx="3"/><text class="tick" x="${n(legendX + 18)}" y="52">failed</text>
  ${ticks.join('\n  ')}
  ${bars.join('\n  ')}
  <text class="tick" x="12" y="${height - 10}">trace ${root.traceId}: ${rows.length} spans, received over OTLP</text>
</svg>
`;
}

/** Spans by the time of their beginning, each with its children behind it. */
function inOrder(root, spans) {
  const rows = [];
  const add = (span, depth) => {
    rows.push({ span, depth });
    const children = spans.filter(({ parentId }) => parentId === span.spanId);
    for (const child of children.sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)) add(child, depth + 1);
  };
  add(root, 0);
  return rows;
}

function kindOf(name) {
  return (KINDS.find(([prefix]) => name.startsWith(prefix)) ?? KINDS[0])[1];
}

/** What a bar says, beside it where there is room. */
function noteOf({ attributes, endMs, name, startMs }, from, width, y) {
  const note = wordsOf(attributes, name, endMs - startMs);
  if (note === '') return '';
  const length = note.length * 5.7;
  const right = from + width + 6;
  if (right + length < WIDTH - 8) return `<text class="note" x="${n(right)}" y="${y + 10}">${escaped(note)}</text>`;
  if (from - LABELS > length + 6)
    return `<text class="note" x="${n(from - 6)}" y="${y + 10}" text-anchor="end">${escaped(note)}</text>`;
  return `<text class="inside" x="${n(from + 6)}" y="${y + 9.5}">${escaped(note)}</text>`;
}

function wordsOf(attributes, name, tookMs) {
  const get = (key) => attributes[key];
  if (name.startsWith('POST')) return `${get('http.response.status_code')}, ${Math.max(1, Math.round(tookMs))} ms`;
  if (name === 'call') return `${get('tandem.direction')}, ${get('tandem.outcome')}`;
  if (name === 'stream') return `ended: ${get('tandem.stream.end')}`;
  if (name === 'voice.connect')
    return [
      get('tandem.connect.cause'),
      get('gen_ai.provider.name'),
      get('gen_ai.request.model'),
      get('error.type') ?? `${Math.round(tookMs)} ms`,
    ].join(', ');
  if (name === 'turn') {
    const latency = get('tandem.turn.latency_ms');
    const heard = `heard ${(get('tandem.turn.heard_ms') / 1000).toFixed(1)} s`;
    return [
      get('gen_ai.provider.name'),
      ...(latency === undefined ? [] : [`after ${latency} ms`]),
      get('tandem.turn.interrupted') ? `interrupted, ${heard}` : heard,
      ...(get('gen_ai.usage.output_tokens') === undefined ? [] : [`${get('gen_ai.usage.output_tokens')} tokens`]),
    ].join(', ');
  }
  if (name === 'handover')
    return [get('tandem.handover.trigger'), get('tandem.handover.reason'), get('tandem.handover.outcome')].join(', ');
  if (name === 'handover.dial') return `attempt ${get('tandem.dial.attempt')}: ${get('tandem.handover.outcome')}`;
  return `${Math.max(1, Math.round(tookMs))} ms`;
}

const STYLE = `  <style>
    text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 11px; fill: #1f2328; }
    .title { font-size: 14px; font-weight: 600; }
    .tick, .note { fill: #59636e; font-size: 10.5px; }
    .inside { fill: #ffffff; font-size: 10px; }
    .panel { fill: #ffffff; stroke: #d1d9e0; }
    .grid { stroke: #d1d9e0; stroke-width: 0.6; }
    .call { fill: #57606a; } .webhook { fill: #8c959f; } .stream { fill: #54aeff; } .connect { fill: #d4a72c; }
    .turn { fill: #2da44e; } .turn.pale { fill: #aceebb; } .tool { fill: #a475f9; } .handover { fill: #0a7ea4; }
    .wrong { fill: none; stroke: #cf222e; stroke-width: 1.5; }
    .name.error { fill: #cf222e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; } .tick, .note { fill: #9198a1; } .panel { fill: #0d1117; stroke: #3d444d; } .grid { stroke: #3d444d; }
      .turn.pale { fill: #1a5c2e; } .wrong { stroke: #f85149; } .name.error { fill: #f85149; } .call { fill: #6e7681; }
    }
  </style>`;
