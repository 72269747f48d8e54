import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { RecordingResult, ShownRecording } from '../../twilio/recordings-api.js';
import { type RecordingStand, RecordingSwitch, type WantedStand } from './recording-switch.js';

const done = (is: ShownRecording['is'], sid = 'RE1'): RecordingResult => ({ is: 'done', recording: { sid, is } });
const refused: RecordingResult = { is: 'refused', status: 401, code: 20003 };
const gone: RecordingResult = { is: 'gone', status: 404, code: 20404 };
const unknown: RecordingResult = { is: 'unknown' };

/** A switch over an API that answers what it is told, in order. */
function switchOf(
  options: {
    answers: RecordingResult[];
    lists?: (readonly ShownRecording[] | undefined)[];
    stand?: RecordingStand;
    sid?: string;
  },
  wanted: WantedStand,
) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const failures: string[] = [];
  const stands: RecordingStand[] = [];
  const next = (what: string): Promise<RecordingResult> => {
    asked.push(what);
    return Promise.resolve(options.answers.shift() ?? refused);
  };
  const state = { wanted };
  const control = new RecordingSwitch(
    {
      callSid: 'CA1',
      clock,
      wanted: () => state.wanted,
      onChange: () => stands.push(control.stand),
      onFailure: (step) => failures.push(step),
      api: {
        start: () => next('start'),
        update: (_callSid, sid, status) => next(`${status} ${sid ?? 'CURRENT'}`),
        list: () => {
          asked.push('list');
          return Promise.resolve(options.lists?.shift());
        },
        urlOf: (sid) => sid,
      },
    },
    options.stand,
    options.sid,
  );
  const settle = async (ms = 0): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { asked, clock, control, failures, settle, stands, state };
}

test('a recording is started, paused, continued and stopped as it is wanted, and each step once', async () => {
  const answers = [done('in-progress'), done('paused'), done('in-progress'), done('over')];
  const { asked, control, settle, state } = switchOf({ answers }, 'in-progress');
  control.adjust();
  control.adjust();
  await settle();
  for (const wanted of ['paused', 'in-progress', 'over', 'in-progress'] as const) {
    state.wanted = wanted;
    control.adjust();
    await settle();
  }
  assert.deepEqual(asked, ['start', 'paused RE1', 'in-progress RE1', 'stopped RE1']);
  assert.equal(control.stand, 'over', 'no other one is started');
});

test('a start is unknown to other instances as unknown before it is asked for', async () => {
  const { control, settle, stands } = switchOf({ answers: [done('in-progress')] }, 'in-progress');
  control.adjust();
  assert.deepEqual(stands, ['unknown']);
  assert.equal(control.isSilent, false);
  await settle();
  assert.deepEqual(stands, ['unknown', 'in-progress']);
});

test('after a lost answer Twilio is asked what there is, and a recording that runs is not started again', async () => {
  const lists = [[{ sid: 'RE7', is: 'in-progress' as const }]];
  const { asked, control, settle } = switchOf({ answers: [unknown], lists }, 'in-progress');
  control.adjust();
  await settle();
  assert.deepEqual(asked, ['start', 'list']);
  assert.equal(control.sid, 'RE7');
});

test('a recording that may run beside the known one is found and paused, too', async () => {
  const lists = [
    [],
    [
      { sid: 'RE2', is: 'paused' as const },
      { sid: 'RE1', is: 'in-progress' as const },
    ],
    [
      { sid: 'RE2', is: 'paused' as const },
      { sid: 'RE1', is: 'paused' as const },
    ],
  ];
  const answers = [unknown, done('in-progress', 'RE2'), done('paused', 'RE2'), done('paused', 'RE1')];
  const { asked, control, settle, state } = switchOf({ answers, lists }, 'in-progress');
  control.adjust();
  await settle(2000);
  assert.equal(control.sid, 'RE2');
  state.wanted = 'paused';
  const silent = control.whenSilent(4000);
  await settle(4100);
  assert.equal(await silent, true);
  assert.deepEqual(asked, ['start', 'list', 'start', 'paused RE2', 'list', 'paused RE1', 'list']);
});

test('a start that is refused three times is given up', async () => {
  const { asked, control, failures, settle } = switchOf({ answers: [refused, refused, refused] }, 'in-progress');
  control.adjust();
  await settle(10_000);
  assert.deepEqual(asked, ['start', 'start', 'start']);
  assert.deepEqual(failures, ['start']);
  assert.equal(control.stand, 'none');
});

test('a recording that must stop is tried for as long as the call lasts, and no longer', async () => {
  const answers = Array.from({ length: 5 }, () => refused);
  const { asked, clock, control, failures, settle } = switchOf({ answers, stand: 'in-progress', sid: 'RE1' }, 'over');
  control.adjust();
  await settle(10_000);
  assert.ok(asked.length >= 4, asked.join());
  assert.deepEqual(failures.slice(0, 1), ['stopped']);
  control.close();
  const before = asked.length;
  await settle(20_000);
  assert.equal(asked.length, before);
  assert.equal(clock.timers, 0);
});

test('a recording counts as silent only if Twilio has said so', async () => {
  const { control, settle } = switchOf(
    { answers: [gone], lists: [undefined], stand: 'in-progress', sid: 'RE1' },
    'paused',
  );
  const silent = control.whenSilent(150);
  await settle(200);
  assert.equal(await silent, false);
  assert.equal(control.stand, 'unknown');
});

test('a recording that Twilio does not know is over if the list says so', async () => {
  const lists = [[{ sid: 'RE1', is: 'over' as const }]];
  const { control, settle } = switchOf({ answers: [gone], lists, stand: 'in-progress', sid: 'RE1' }, 'paused');
  const silent = control.whenSilent(1000);
  await settle(1100);
  assert.equal(await silent, true);
  assert.equal(control.stand, 'over');
});

test('a late report of the start changes nothing that is known', async () => {
  const { control, settle } = switchOf({ answers: [], stand: 'paused', sid: 'RE1' }, 'paused');
  control.reported({ sid: 'RE1', is: 'in-progress' });
  await settle();
  assert.equal(control.stand, 'paused');
  control.reported({ sid: 'RE1', is: 'over' });
  assert.equal(control.stand, 'over');
});
