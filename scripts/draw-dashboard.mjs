// Draws the dashboard: a real Prometheus watches a gateway for some minutes, while callers talk to the simulated models, interrupt
// them and ask for agents, and OpenAI fails for a while. Each panel is then drawn from what its queries return. Writes
// docs/dashboard.svg.
import { writeFileSync } from 'node:fs';
import { buildAll } from './build.mjs';
import { readScriptInput } from './command.mjs';
import { dashboardPicture } from './monitoring/dashboard-picture.mjs';
import { hasPrometheus, pause, startPrometheus } from './monitoring/prometheus.mjs';
import { filledIn, panels } from './monitoring/queries.mjs';

const { values } = await readScriptInput({
  name: 'draw-dashboard',
  does: 'Has simulated callers talk to a gateway under a real Prometheus, and draws every panel of the dashboard from it.',
  options: {
    minutes: { type: 'string', value: 'N', about: 'how long the callers call (default: 5)' },
    callers: { type: 'string', value: 'N', about: 'how many call at the same time (default: 6)' },
    out: { type: 'string', value: 'file.svg', about: 'where to write the picture (default: docs/dashboard.svg)' },
  },
  examples: ['', '--minutes 2 --callers 3'],
  notes: 'Needs the commands prometheus and promtool. Exit code: 0 the picture is written.',
});
const minutes = Number(values.minutes ?? 5);
const callers = Number(values.callers ?? 6);
const SCRAPE_S = 2;
/** What Grafana calls the rate interval: four scrapes at least. */
const RATE_INTERVAL = '20s';
/** Part of the time in which OpenAI refuses new sessions. */
const OUTAGE = [0.45, 0.6];
const SAYS = [
  'When are you open?',
  'Where is my order 4711?',
  'What can you do for me?',
  'I want to speak to a human agent.',
  'Goodbye.',
];

if (!hasPrometheus()) throw new Error('prometheus and promtool are not on this machine (Debian: prometheus).');
await buildAll({ ifNeeded: true, all: true });
const { startObserved } = await import('../dist/test/support/observed-gateway.js');
const { speak } = await import('../dist/test/support/model-rig.js');

let chance = 7;
/** The same numbers in every run, so that two pictures differ by what the gateway did. */
const random = () => (chance = (chance * 16_807) % 2_147_483_647) / 2_147_483_647;
/** Every seventh session breaks in the middle of the call. During the outage all new ones are refused. */
const BREAKS = Array.from({ length: 100 }, (_, index) => ({
  when: { at: 'session', ms: 9000 },
  fault: { type: 'reset' },
  session: 4 + 7 * index,
}));
const REFUSAL = { when: { at: 'connect' }, fault: { type: 'refuse', status: 503 } };
/** The simulated OpenAI looks into this list at each connection. */
const faults = [...BREAKS];
const observed = await startObserved({ says: () => SAYS[Math.floor(random() * SAYS.length)], faults });
const target = new URL(observed.base).host;
const prometheus = await startPrometheus({ targets: [target], interval: `${SCRAPE_S}s` });
try {
  const startedMs = Date.now();
  const endMs = startedMs + minutes * 60_000;
  const part = () => (Date.now() - startedMs) / (endMs - startedMs);
  const outage = setInterval(() => {
    const isOut = part() > OUTAGE[0] && part() < OUTAGE[1];
    faults.length = 0;
    faults.push(...(isOut ? [REFUSAL] : BREAKS));
  }, 200);
  await Promise.all(
    Array.from({ length: callers }, async (_, index) => {
      // One caller more in each tenth of the first half.
      await pause((index * (endMs - startedMs)) / 2 / callers);
      while (Date.now() < endMs) await callOnce(endMs);
    }),
  );
  clearInterval(outage);
  await pause(SCRAPE_S * 1500);
  const drawn = [];
  for (const panel of panels()) {
    const series = [];
    for (const { expr, legendFormat } of panel.targets) {
      const query = filledIn(expr, { rateInterval: RATE_INTERVAL });
      const range = { query, start: startedMs / 1000, end: Date.now() / 1000, step: SCRAPE_S };
      const { result } = await prometheus.ask('query_range', range);
      for (const { metric, values: points } of result)
        series.push({ name: named(legendFormat, metric), points: points.map(([s, value]) => [s, Number(value)]) });
    }
    drawn.push({ panel, series });
  }
  const out = values.out ?? new URL('../docs/dashboard.svg', import.meta.url);
  writeFileSync(out, dashboardPicture(drawn, { fromS: startedMs / 1000, toS: Date.now() / 1000, callers, minutes }));
} finally {
  await prometheus.close();
  await observed.close();
}
process.exit(0);

/** One caller: speaks a few times, sometimes in the middle of an answer, until the call is over or they hang up. */
async function callOnce(endMs) {
  const { call, hearing } = observed.place();
  const ended = { isSet: false };
  void call.whenEnded().then(() => (ended.isSet = true));
  const isOver = () => ended.isSet;
  const utterances = 2 + Math.floor(random() * 4);
  for (let said = 0; said < utterances && !isOver() && Date.now() < endMs; said++) {
    await heard(hearing, isOver, random() < 0.25);
    await pause(300 + random() * 900);
    if (!isOver()) await speak(call, 600 + random() * 900);
  }
  await heard(hearing, isOver, false);
  if (!isOver()) call.hangup();
  await call.whenEnded();
  await pause(500 + random() * 1500);
}

/** Waits for sound and its end. One who interrupts waits for the sound only. */
async function heard(hearing, isOver, interrupts) {
  const beforeMs = hearing.loudMs;
  const untilMs = Date.now() + 15_000;
  const isHeard = () => hearing.loudMs > beforeMs + 700 && (interrupts || hearing.quietMs > 500);
  while (!isHeard() && !isOver() && Date.now() < untilMs) await pause(50);
}

/** The name of a series, as Grafana makes it. */
function named(legend, labels) {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label) => (label === 'instance' ? 'gateway' : (labels[label] ?? '')));
}
