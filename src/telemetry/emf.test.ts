import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { EmfWriter } from './emf.js';
import { type Figures, ProcessFigures } from './figures.js';
import { Metrics } from './metrics.js';

const NAMES = [
  'ActiveSessions',
  'CallsEnded',
  'CallsRefused',
  'HandoversStarted',
  'HandoversFailed',
  'VoiceProviderConnectionFailures',
  'LoopLagMs',
  'JournalDown',
];

interface Line {
  _aws: {
    Timestamp: number;
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
  Service: string;
  [name: string]: unknown;
}

/** A writer over some processes, and what it has written. */
function writerOf(processes: Map<string, Metrics>): {
  lines: Line[];
  clock: FakeClock;
  writer: EmfWriter;
  close: () => void;
  restart: (name: string) => void;
} {
  const clock = new FakeClock();
  const lines: Line[] = [];
  let runs = 0;
  const open = new Map([...processes].map(([name, metrics]) => [name, new ProcessFigures(metrics, `${runs++}`)]));
  const writer = new EmfWriter({
    namespace: 'Tandem/test',
    everyMs: 60_000,
    clock,
    read: async () => {
      const read = await Promise.all([...open].map(async ([name, each]) => [name, await each.read()] as const));
      return new Map<string, Figures>(read);
    },
    write: (line) => lines.push(JSON.parse(line) as Line),
  });
  writer.start();
  return {
    lines,
    clock,
    writer,
    close: () => {
      for (const each of open.values()) each.close();
    },
    restart: (name) => {
      open.get(name)?.close();
      open.set(name, new ProcessFigures(new Metrics({ process: false }), `${runs++}`));
    },
  };
}

/** Lets a minute pass, and what the writer does then. */
async function minute(clock: FakeClock, lines: readonly Line[]): Promise<Line> {
  const before = lines.length;
  clock.advance(60_000);
  for (let turn = 0; turn < 200 && lines.length === before; turn++)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  // The next minute begins after the line.
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  return lines[before] ?? assert.fail('no line was written');
}

test('a line of metrics has every name with its unit, the dimension Service alone, and the counts of one minute', async () => {
  const metrics = new Metrics({ process: false });
  metrics.startProviders(['openai']);
  metrics.journalUp.set(1);
  const { clock, close, lines } = writerOf(new Map([['', metrics]]));
  metrics.activeSessions.inc();
  metrics.sessions.inc({ outcome: 'completed' });
  metrics.sessions.inc({ outcome: 'moved' });
  metrics.sessions.inc({ outcome: 'refused_busy' });
  metrics.refusedCalls.inc({ reason: 'overload' });
  metrics.escalations.inc({ trigger: 'phrase', reason: 'requested_human' });
  metrics.handovers.inc({ outcome: 'busy' });
  metrics.handovers.inc({ outcome: 'bridged' });
  metrics.connectionFailures.inc({ provider: 'openai' });
  for (const seconds of [0.6, 0.7, 20]) metrics.turnLatency.observe({ provider: 'openai' }, seconds);
  const first = await minute(clock, lines);
  const [directive] = first._aws.CloudWatchMetrics;
  assert.equal(directive?.Namespace, 'Tandem/test');
  assert.deepEqual(directive.Dimensions, [['Service']]);
  assert.equal(first.Service, 'tandem');
  assert.deepEqual(
    directive.Metrics.map(({ Name }) => Name),
    [...NAMES, 'TurnLatencyMs'],
  );
  for (const { Name } of directive.Metrics) assert.notEqual(first[Name], undefined, Name);
  const { ActiveSessions, CallsEnded, CallsRefused, HandoversFailed, HandoversStarted, JournalDown } = first;
  assert.deepEqual(
    { ActiveSessions, CallsEnded, CallsRefused, HandoversFailed, HandoversStarted, JournalDown },
    { ActiveSessions: 1, CallsEnded: 1, CallsRefused: 1, HandoversFailed: 1, HandoversStarted: 1, JournalDown: 0 },
  );
  assert.equal(first['VoiceProviderConnectionFailures'], 1);
  assert.deepEqual(first['TurnLatencyMs'], {
    Values: [625, 10_000],
    Counts: [2, 1],
    Min: 625,
    Max: 10_000,
    Count: 3,
    Sum: 21_300,
  });

  metrics.journalUp.set(0);
  const second = await minute(clock, lines);
  assert.deepEqual(
    second._aws.CloudWatchMetrics[0]?.Metrics.map(({ Name }) => Name),
    NAMES,
  );
  assert.equal(second['CallsEnded'], 0);
  assert.equal(second['ActiveSessions'], 1);
  assert.equal(second['JournalDown'], 1);
  close();
});

test('several processes have one line, and one that starts again is not counted below zero', async () => {
  const [one, two] = [new Metrics({ process: false }), new Metrics({ process: false })];
  const { clock, close, lines, restart, writer } = writerOf(
    new Map([
      ['1', one],
      ['2', two],
    ]),
  );
  one.sessions.inc({ outcome: 'completed' });
  two.sessions.inc({ outcome: 'no_human' }, 4);
  two.activeSessions.set(3);
  const first = await minute(clock, lines);
  assert.equal(first['CallsEnded'], 5);
  assert.equal(first['ActiveSessions'], 3);
  restart('2');
  one.sessions.inc({ outcome: 'completed' });
  assert.equal((await minute(clock, lines))['CallsEnded'], 1);
  one.sessions.inc({ outcome: 'completed' });
  await writer.close();
  assert.equal(lines.length, 3, 'the rest is written at the end');
  assert.equal(lines[2]?.['CallsEnded'], 1);
  close();
});
