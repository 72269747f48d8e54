import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { consequencesOf } from './what-if.js';

type Unplaced = ConsoleEvent extends infer Event ? (Event extends ConsoleEvent ? Omit<Event, 'id'> : never) : never;
let ids = 0;
const event = (one: Unplaced): ConsoleEvent => ({ id: `w1-${++ids}`, ...one });
const summary = (events: readonly ConsoleEvent[]): unknown[] =>
  consequencesOf(events).map(({ event: followed, fault, silenceMs, takenBy }) => [
    fault,
    followed?.kind,
    silenceMs,
    takenBy,
  ]);

test('each fault leads to the next event that can come of it, with the silence and who took over', () => {
  assert.deepEqual(
    summary([
      event({ kind: 'failover', atMs: 50, from: 'x', to: 'y', silenceMs: 9 }),
      event({ kind: 'operator', atMs: 100, action: 'fault', fault: 'model-reset' }),
      event({ kind: 'log', atMs: 110, level: 'warn', msg: 'a voice session was lost' }),
      event({ kind: 'failover', atMs: 1500, from: 'openai', to: 'nova', silenceMs: 1400 }),
      event({ kind: 'operator', atMs: 2000, action: 'fault', fault: 'worker-kill' }),
      event({ kind: 'resume', atMs: 2600, cause: 'instance_lost', instance: 'w2', silenceMs: 900 }),
      event({ kind: 'operator', atMs: 3000, action: 'fault', fault: 'connect-busy' }),
      event({ kind: 'dial', atMs: 4000, outcome: 'busy' }),
    ]),
    [
      ['model-reset', 'failover', 1400, 'nova'],
      ['worker-kill', 'resume', 900, 'w2'],
      ['connect-busy', 'dial', undefined, undefined],
    ],
  );
});

test('a fault that nothing has followed yet has neither silence nor taker', () => {
  assert.deepEqual(
    summary([
      event({ kind: 'operator', atMs: 100, action: 'hangup' }),
      event({ kind: 'operator', atMs: 100, action: 'fault', fault: 'stream-drop' }),
      event({ kind: 'reconnect', atMs: 200, provider: 'openai', silenceMs: 1 }),
      event({ kind: 'operator', atMs: 300, action: 'fault', fault: 'journal-stop' }),
      event({ kind: 'resume', atMs: 400, cause: 'stream_lost', instance: 'w1' }),
    ]),
    [
      ['stream-drop', 'resume', undefined, 'w1'],
      ['journal-stop', undefined, undefined, undefined],
    ],
  );
});
