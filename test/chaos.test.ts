import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { growth } from '../chaos/growth.js';
import { ownFaults, refused } from '../chaos/print.js';
import { planCall } from '../chaos/plan.js';
import { RightAssistant } from '../chaos/right-assistant.js';
import { runChaos } from '../chaos/run.js';
import { ToldEvents } from '../chaos/told-events.js';
import { soundOf, sentenceVoice } from '../chaos/voice.js';

type ToldType = Parameters<ToldEvents['take']>[0]['type'];
const CALL = {
  conversation_id: '1',
  direction: 'inbound' as const,
  from: '',
  to: '',
  started_at: '',
};

describe('chaos', { concurrency: true }, () => {
  for (const direct of [false, true]) {
    test(`a chaos run leaves no caller in silence and cuts no call off (${direct ? 'direct bridge' : 'pipeline'})`, async () => {
      const report = await runChaos({ seed: 3, calls: 6, concurrent: 6, direct, isShared: false, speed: 20 });
      assert.deepEqual(
        report.calls
          .filter(({ violations }) => violations.length > 0)
          .map(({ number, violations, story }) => ({ number, violations, story })),
        [],
      );
      assert.deepEqual(ownFaults(report), []);
      assert.deepEqual(refused(report), []);
      assert.equal(report.calls.length, 6);
      assert.ok(report.calls.some(({ faults }) => faults.length > 0));
      assert.ok(report.lostSessions > 0, 'faults took effect');
      assert.ok(report.passedOn > 0, 'somebody was passed on');
    });
  }

  test('the plan of a call is the same for the same seed and number, and differs for others', () => {
    assert.deepEqual(planCall(1, 5), planCall(1, 5));
    assert.notDeepEqual(planCall(1, 5), planCall(2, 5));
    assert.notDeepEqual(planCall(1, 5), planCall(1, 6));
  });

  test('an answer, a resumption and a handover by another assistant than the one that has the call are violations', () => {
    let nowMs = 0;
    const found: string[] = [];
    const right = new RightAssistant(
      () => nowMs,
      (violation) => found.push(violation),
    );
    const call = {
      callSid: 'CA1',
      conversationId: 'c',
      from: '',
      to: '',
      startedAtMs: 0,
      provider: 'openai',
      turns: 0,
    };
    const change = { kind: 'assistant', from: 'default', to: 'technical', language: 'en', tookMs: 1 } as const;
    right.note({ type: 'started', ...call, assistant: 'default' });
    right.answered('default');
    nowMs = 20_000;
    right.note({ type: 'assistant', callSid: 'CA1', ...change });
    right.answered('default');
    right.check();
    nowMs = 40_000;
    right.check();
    right.note({ type: 'started', ...call, assistant: 'technical' });
    right.agentSees('technical', () => true);
    assert.deepEqual(found, [], 'an answer around the change is right, whoever gives it');
    right.answered('default');
    nowMs = 60_000;
    right.check();
    right.agentSees('default', (sinceMs) => sinceMs > 40_000);
    right.agentSees('default', (sinceMs) => sinceMs === 40_000);
    right.note({ type: 'started', ...call, assistant: 'default' });
    assert.deepEqual(found, [
      'the assistant default answered in place of another',
      'the agent is told of the assistant default',
      'resumed with the assistant default',
    ]);
  });

  test('the last piece of a sentence is recognised as its end', async () => {
    const mulaw = await sentenceVoice.speak('One moment, please.');
    assert.equal(soundOf(mulaw.subarray(0, 160)), 'speech');
    assert.equal(soundOf(mulaw.subarray(-160)), 'closing');
    assert.equal(soundOf(new Uint8Array(160).fill(0xff)), 'silence');
  });

  test('events that were lost, told out of order, or after the end of a call are violations, and ones that came twice are not', () => {
    type Events = readonly (readonly [sequence: number, type: ToldType])[];
    const judged = (...sequences: Events): string[] => judgedOf(sequences, false);
    const judgedOf = (sequences: Events, mayBeTwo: boolean): string[] => {
      const told = new ToldEvents();
      told.expect('CA1');
      for (const [sequence, type] of sequences)
        told.take({ id: `${type} ${sequence}`, type, sequence, call: { ...CALL, call_sid: 'CA1' }, data: {} });
      return told.judge('CA1', true, mayBeTwo).map((violation) => violation.replace(/ \(.*/, ''));
    };
    const lost = 'events were lost or told out of order';
    const untold = 'the end of the call was not told';
    const late = 'an event was told after the end of the call';
    const START = [1, 'call.started'] as const;
    assert.deepEqual(judged(START, START, [2, 'call.ended'], START, [3, 'call.message']), []);
    assert.deepEqual(judged(), [untold]);
    assert.deepEqual(judged(START), [untold]);
    assert.deepEqual(judged(START, [3, 'call.ended']), [lost]);
    assert.deepEqual(judged(START, [3, 'call.escalated'], [2, 'call.escalated'], [4, 'call.ended']), [lost]);
    assert.deepEqual(judged(START, [2, 'call.ended'], [3, 'call.escalated']), [late]);
    const byTwo: Events = [START, [2, 'call.escalated'], [2, 'call.ended'], [3, 'call.handover']];
    assert.deepEqual(judgedOf(byTwo, false), [lost, late]);
    assert.deepEqual(judgedOf(byTwo, true), [], 'each of two gateways counts on from what it knows');
    assert.deepEqual(judgedOf([START, [3, 'call.ended']], true), [lost], 'one gateway has lost an event');
  });

  test('growth from the middle of a run to its end is reported', () => {
    const calls = Array.from({ length: 1000 }, () => ({}) as never);
    const stock = (heapKb: number, sockets: number, timers: number) => ({
      at: '',
      heapKb,
      rssKb: heapKb,
      handles: { TCPSocketWrap: sockets },
      timers,
      activeCalls: 0,
      processListeners: 6,
    });
    const first = stock(1, 0, 0);
    const middle = stock(20_000, 3, 2);
    assert.deepEqual(growth({ calls, resources: [first, first, middle, stock(21_000, 4, 2)] }), []);
    assert.equal(growth({ calls, resources: [first, first, middle, stock(90_000, 4, 2)] }).length, 1);
    assert.equal(growth({ calls, resources: [first, first, middle, stock(20_000, 60, 2)] }).length, 1);
    assert.equal(growth({ calls, resources: [first, first, middle, stock(20_000, 3, 70)] }).length, 1);
  });
});
