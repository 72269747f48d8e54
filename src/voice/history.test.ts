import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { History } from './history.js';

const said = (history: History): string[] => history.turns.map((turn) => `${turn.speaker}: ${turn.text}`);

test('a transcript lists turns in the order in which they began, with their pieces joined', () => {
  const history = new History();
  history.assistantSaid('a1', 'Hello, ');
  history.callerSaid('c1', 'Hi');
  history.assistantSaid('a1', 'how can I help?');
  history.callerSaid('c1', 'Hi there');
  assert.deepEqual(said(history), ['assistant: Hello, how can I help?', 'caller: Hi there']);
  assert.equal(history.turnOf('c1')?.text, 'Hi there');
  assert.equal(history.turnOf('none'), undefined);
});

test('an answer that was cut ends with the last word that the caller heard whole', () => {
  const cases: [heardMs: number, text: string][] = [
    [999, 'one two three'],
    [600, 'one two'],
    // 7 of 15 characters are exactly "one two".
    [467, 'one two'],
    [466, 'one'],
    [200, 'one'],
  ];
  for (const [heardMs, text] of cases) {
    const history = new History();
    history.assistantSaid('a', 'one two three f');
    const changed = history.heard([{ itemId: 'a', heardMs, sentMs: 1000 }]);
    assert.deepEqual(changed, [{ speaker: 'assistant', text, itemId: 'a', interrupted: true }], `${heardMs} ms`);
  }
});

for (const [language, text, cuts] of [
  ['Chinese', '您的订单已经发货了，明天下午送到。', ['您的订单', '您的订单已经发货了', '您的订单已经发货了，明天']],
  ['Japanese', '東京タワーまで十分かかります。', [undefined, '東京タワーまで', '東京タワーまで十分かかり']],
  ['Thai', 'สวัสดีครับผมชื่อสมชาย', ['สวัสดี', 'สวัสดีครับ', 'สวัสดีครับผมชื่อ']],
  ['Chinese with English and spaces', '好的 iPhone 手机已经发货', ['好的', '好的', '好的 iPhone 手机']],
] as const) {
  test(`an answer in ${language} that was cut ends with the last word that the caller heard whole`, () => {
    for (const [index, heardMs] of [300, 550, 800].entries()) {
      const history = new History();
      history.assistantSaid('a', text);
      history.heard([{ itemId: 'a', heardMs, sentMs: 1000 }]);
      assert.equal(history.turns[0]?.text, cuts[index], `${heardMs} ms`);
    }
  });
}

test('an answer of which the caller heard no word is no turn', () => {
  for (const heardMs of [0, -5, 100]) {
    const history = new History();
    history.callerSaid('c', 'Hi');
    history.assistantSaid('a', 'Wonderful');
    assert.deepEqual(history.heard([{ itemId: 'a', heardMs, sentMs: 1000 }]), []);
    assert.deepEqual(said(history), ['caller: Hi']);
  }
});

test('an answer that was cut takes neither later text nor a second cut', () => {
  const history = new History();
  history.assistantSaid('a', 'one two three four');
  history.heard([{ itemId: 'a', heardMs: 500, sentMs: 1000 }]);
  history.assistantSaid('a', ' five six');
  assert.deepEqual(history.heard([{ itemId: 'a', heardMs: 100, sentMs: 1000 }]), []);
  assert.deepEqual(said(history), ['assistant: one two']);
  // Late pieces of an answer that is no turn any more do not bring it back.
  history.assistantSaid('b', 'Never');
  history.heard([{ itemId: 'b', heardMs: 0, sentMs: 10 }]);
  history.assistantSaid('b', ' heard');
  assert.deepEqual(said(history), ['assistant: one two']);
});

test('a cut leaves complete answers, unknown items and turns of the caller as they are', () => {
  const history = new History();
  history.callerSaid('c', 'keep this');
  history.assistantSaid('a', 'and this');
  const items = [
    { itemId: 'c', heardMs: 0, sentMs: 10 },
    { itemId: 'a', heardMs: 10, sentMs: 10 },
    { itemId: 'x', heardMs: 0, sentMs: 10 },
    { itemId: 'a', heardMs: 0, sentMs: 0 },
  ];
  assert.deepEqual(history.heard(items), []);
  assert.deepEqual(said(history), ['caller: keep this', 'assistant: and this']);
});

test('a cut text is always a beginning of the text and ends with a whole word', () => {
  const words = fc.array(fc.stringMatching(/^[a-zé]{1,8}$/), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 1000 }), (list, heardMs) => {
      const history = new History();
      history.assistantSaid('a', list.join(' '));
      history.heard([{ itemId: 'a', heardMs, sentMs: 1000 }]);
      const heard = (history.turns[0]?.text ?? '').split(' ').filter((word) => word !== '');
      assert.deepEqual(heard, list.slice(0, heard.length));
    }),
    { numRuns: 100 },
  );
});
