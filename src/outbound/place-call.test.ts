import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { CreateResult, ListedCall } from '../twilio/calls-api.js';
import type { CallRecord } from './call-record.js';
import { CallPlacer, type Placed } from './place-call.js';

const RECORD: CallRecord = {
  id: 'f'.repeat(32),
  digest: '',
  createdAtMs: 0,
  to: '+12025550123',
  from: '+12065550199',
  machine: 'talk',
  status: 'queued',
};
const CREATED: CreateResult = { is: 'created', callSid: 'CA1' };
const UNKNOWN: CreateResult = { is: 'unknown' };

interface Script {
  /** The answers to the requests that make the call. */
  creates: CreateResult[];
  /** The answers to the requests for the list, the last one again and again. */
  lists?: (Partial<ListedCall>[] | undefined)[];
  sid?: string;
  others?: string[];
  isWanted?: () => boolean;
}

/** Places a call, with time that passes by itself. */
async function place(script: Script): Promise<{ placed: Placed; forms: URLSearchParams[]; waitedMs: number }> {
  const clock = new FakeClock();
  const forms: URLSearchParams[] = [];
  const lists = [...(script.lists ?? [])];
  const placer = new CallPlacer({
    clock,
    api: {
      create: (form) => {
        forms.push(form);
        return Promise.resolve(script.creates.shift() ?? UNKNOWN);
      },
      list: () => {
        const listed = lists.length > 1 ? lists.shift() : lists[0];
        return Promise.resolve(
          listed?.map((call) => ({
            callSid: 'CA1',
            status: 'ringing',
            direction: 'outbound-api',
            createdAtMs: clock.epochMs(),
            answeredBy: undefined,
            seconds: undefined,
            ...call,
          })),
        );
      },
    },
    url: (scheme, path) => `${scheme}://gateway.example.com${path}#rc=5`,
    sidOf: () => Promise.resolve(script.sid),
    otherSids: () => Promise.resolve(new Set(script.others)),
    isWanted: () => Promise.resolve(script.isWanted?.() ?? true),
  });
  const startMs = clock.now();
  const results: Placed[] = [];
  void placer.place(RECORD).then((result) => results.push(result));
  for (let turn = 0; results.length === 0 && turn < 5000; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.timers > 0) clock.advance(100);
  }
  const [placed] = results;
  assert.ok(placed !== undefined);
  return { placed, forms, waitedMs: clock.now() - startMs };
}

test('Twilio is asked for a call with asynchronous detection, and every URL holds the id', async () => {
  const { forms, placed } = await place({ creates: [CREATED] });
  assert.deepEqual(placed, { is: 'created', callSid: 'CA1' });
  const [form] = forms;
  assert.equal(form?.get('Url'), `https://gateway.example.com/twilio/outbound?id=${RECORD.id}#rc=5`);
  assert.equal(form.get('StatusCallback'), `https://gateway.example.com/twilio/outbound-status?id=${RECORD.id}#rc=5`);
  assert.equal(
    form.get('AsyncAmdStatusCallback'),
    `https://gateway.example.com/twilio/outbound-machine?id=${RECORD.id}#rc=5`,
  );
  assert.deepEqual([form.get('MachineDetection'), form.get('AsyncAmd')], ['DetectMessageEnd', 'true']);
  assert.deepEqual(form.getAll('StatusCallbackEvent'), ['initiated', 'ringing', 'answered', 'completed']);
});

test('what Twilio refuses is not tried again, and what it has not looked at is, four times', async () => {
  const refused = await place({ creates: [{ is: 'refused', status: 400, code: 21211 }] });
  assert.deepEqual([refused.placed, refused.forms.length], [{ is: 'refused', code: 21211 }, 1]);
  const busy = Array.from({ length: 5 }, (): CreateResult => ({ is: 'not-processed' }));
  const later = await place({ creates: [...busy.slice(1), CREATED] });
  assert.deepEqual([later.placed, later.forms.length, later.waitedMs], [CREATED, 5, 15_000]);
  const never = await place({ creates: busy });
  assert.deepEqual([never.placed, never.forms.length], [{ is: 'refused', code: undefined }, 5]);
});

test('a call whose answer was lost is found by a callback or in the list, and not made again', async () => {
  for (const script of [
    { sid: 'CA1' },
    { lists: [[], [{}]] },
    { lists: [undefined, undefined, [{}]] },
    // Twilio may not say when, or which way.
    { lists: [[{ createdAtMs: undefined, direction: '' }]] },
  ]) {
    const { forms, placed } = await place({ creates: [UNKNOWN], ...script });
    assert.deepEqual([placed, forms.length], [CREATED, 1], JSON.stringify(script));
  }
});

test('a call is made again only if Twilio says that there is none, and once', async () => {
  const again = await place({ creates: [UNKNOWN, CREATED], lists: [[]] });
  assert.deepEqual([again.placed, again.forms.length, again.waitedMs], [CREATED, 2, 10_000]);
  const twice = await place({ creates: [UNKNOWN, UNKNOWN, CREATED], lists: [[]] });
  assert.deepEqual([twice.placed, twice.forms.length], [{ is: 'lost' }, 2]);
});

test('a call is given up if Twilio does not tell whether it was made', async () => {
  for (const lists of [[undefined], [[], [], undefined], [[{ callSid: 'CA1' }, { callSid: 'CA2' }]]]) {
    const { forms, placed } = await place({ creates: [UNKNOWN], lists });
    assert.deepEqual([placed, forms.length], [{ is: 'lost' }, 1], JSON.stringify(lists));
  }
});

test('earlier calls to the number, and those that others have made, are not taken for this one', async () => {
  for (const call of [{ createdAtMs: -3_600_000 }, { direction: 'inbound' }, { callSid: 'CA0' }]) {
    const { forms, placed } = await place({ creates: [UNKNOWN, CREATED], lists: [[call]], others: ['CA0'] });
    assert.deepEqual([placed, forms.length], [CREATED, 2], JSON.stringify(call));
  }
});

test('a call that is not wanted any more is not made, and not made again', async () => {
  const never = await place({ creates: [CREATED], isWanted: () => false });
  assert.deepEqual([never.placed, never.forms.length], [{ is: 'not-wanted' }, 0]);
  let asked = 0;
  const noMore = await place({ creates: [UNKNOWN, CREATED], lists: [[]], isWanted: () => asked++ === 0 });
  assert.deepEqual([noMore.placed, noMore.forms.length], [{ is: 'not-wanted' }, 1]);
});
