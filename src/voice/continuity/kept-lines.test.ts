import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { greets, lines, rigOf, settle } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { KeptLines } from './kept-lines.js';

const line = { provider: 'a', voice: undefined, language: 'de-DE', text: 'Einen Moment.' };

test('kept lines are bounded, and the oldest makes room', () => {
  const kept = new KeptLines();
  for (let n = 0; n < 65; n++) kept.keep({ ...line, text: String(n) }, new Uint8Array(8));
  assert.equal(kept.get({ ...line, text: '0' }), undefined);
  assert.notEqual(kept.get({ ...line, text: '1' }), undefined);
  kept.keep(line, new Uint8Array(8 * 15_001));
  assert.equal(kept.get(line), undefined, 'a line that is too long');
});

test('a line is kept for its own model, voice and language', () => {
  const kept = new KeptLines();
  kept.keep(line, new Uint8Array(8));
  for (const other of [{ provider: 'b' }, { voice: 'cedar' }, { language: 'fr-FR' }])
    assert.equal(kept.get({ ...line, ...other }), undefined);
});

test('a line that a model never speaks is asked for three times', () => {
  const kept = new KeptLines();
  assert.deepEqual(
    [1, 2, 3, 4].map(() => kept.isWanted(line)),
    [true, true, true, false],
  );
});

test('a caller whose model stalls hears the line that the model has spoken in advance', async () => {
  const asked: string[] = [];
  const model = new ScriptedProvider('a', (session) => {
    session.render = (text) => {
      asked.push(text);
      return Promise.resolve(new Uint8Array(1600).fill(0x10));
    };
    greets(session);
  });
  const { clock, open, session, texts } = rigOf([model]);
  await settle();
  await settle();
  assert.deepEqual(asked, [lines.oneMoment]);
  model.last.callerSays('Wo ist meine Bestellung?');
  clock.advance(SILENCE_BUDGET.oneMomentAfterMs);
  await settle();
  assert.deepEqual(texts(), ['Hello.', lines.oneMoment]);
  session.close();
  const next = open();
  await settle();
  assert.equal(asked.length, 1, 'the next call has it already');
  next.close();
  assert.equal(clock.timers, 0);
});

test('a line that a model has spoken once is spoken by the gateway when the model fails at it', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, session, texts } = rigOf([model]);
  await settle();
  session.say('Sind Sie noch da?', 's1');
  model.last.isMute = true;
  session.say('Auf Wiederhören.', 's2');
  model.last.emit({ type: 'response-started', responseId: 'r', sayId: 's2' });
  model.last.emit({ type: 'response-done', responseId: 'r', sayId: 's2', status: 'failed' });
  session.say('Sind Sie noch da?', 's3');
  await settle();
  assert.deepEqual(model.last.said, ['Sind Sie noch da?', 'Auf Wiederhören.']);
  assert.deepEqual(texts(), ['Hello.', 'Sind Sie noch da?', 'Sind Sie noch da?']);
  session.close();
  assert.equal(clock.timers, 0);
});
