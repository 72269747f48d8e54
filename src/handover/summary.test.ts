import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainSummary, type SpokenTurn, summarize, summarizeInScript, transcriptOf } from './summary.js';

test('a summary of a long call keeps what the caller asked, in order, within its limit', () => {
  const filler = Array.from({ length: 60 }, (_, index) => ({
    speaker: 'assistant' as const,
    text: `Let me explain in general terms how our service works, part ${'abc'.at(index % 3) ?? ''} of the long story.`,
  }));
  const summary = summarize(
    [
      { speaker: 'caller', text: 'Hello.' },
      { speaker: 'caller', text: 'My order 4711 has not come.' },
      ...filler,
      { speaker: 'caller', text: 'I want my money back.' },
    ],
    'en-US',
  );
  assert.ok(summary.length <= 1000);
  assert.ok(summary.indexOf('Caller: My order 4711') < summary.indexOf('Caller: I want my money back.'));
  assert.ok(summary.includes('My order 4711'));
  assert.ok(!summary.includes('Hello.'));
});

test('a summary is never empty', () => {
  assert.match(summarize([], 'en-US'), /has not said/);
  assert.match(summarize([{ speaker: 'caller', text: ' \n' }], 'hi-IN'), /has not said/);
});

const caller = (...texts: string[]): SpokenTurn[] => texts.map((text) => ({ speaker: 'caller', text }));

for (const [language, tag, said, shown] of [
  ['Hindi', 'hi-IN', 'मेरा ऑर्डर नंबर ४७११ है', 'Spoke Hindi; numbers said: 4711'],
  ['Arabic', 'ar', 'رقم طلبي ٤٧١١', 'Spoke Arabic; numbers said: 4711'],
  ['Chinese', 'zh-CN', '我的订单号是四七一一。', 'Spoke Chinese; numbers said: 4711'],
  ['Korean', 'ko-KR', '주문 번호는 4711입니다', 'Spoke Korean; numbers said: 4711'],
  ['Russian, without a number', 'ru', 'Мой заказ не пришёл', 'Spoke Russian'],
  ['Hindi on an English call', 'en-US', 'ऑर्डर 47-11', 'Spoke another language than English; numbers said: 47-11'],
  ['Hindi under a tag that is none', '%', 'ऑर्डर 4711', 'Spoke another language; numbers said: 4711'],
] as const) {
  test(`an agent who sees only ASCII reads the language and the numbers of a call in ${language}`, () => {
    assert.equal(summarize(caller(said), tag), shown);
    assert.equal(summarizeInScript(caller(said)), `Caller: ${said}`);
  });
}

test('a summary for an agent who sees only ASCII keeps what can be read beside what cannot', () => {
  const turns = caller('मेरा ऑर्डर ४७११ है', 'My order number is 4711, José said.', 'कृपया ०९ बजे');
  assert.equal(
    summarize(turns, 'hi-IN'),
    'Spoke Hindi; numbers said: 4711, 09 | Caller: My order number is 4711, Jose said.',
  );
});

test('a summary in any script stays within its limit', () => {
  const long = caller(
    ...Array.from({ length: 60 }, (_, index) => `订单${index}一直没有到，请帮我查一下现在在哪里，谢谢您的帮助。`),
  );
  assert.ok(summarizeInScript(long).length <= 1000);
  assert.ok(summarize(long, 'zh-CN').length <= 1000);
  assert.match(summarize(long, 'zh-CN'), /^Spoke Chinese; numbers said: 0, 1, 2, .*, 59$/);
});

test('a summary that a model wrote in another script keeps its letters, and one of symbols is none', () => {
  assert.equal(plainSummary('**客户**想退货，订单4711。'), '客户 想退货，订单4711。');
  assert.equal(plainSummary('अदिति का ऑर्डर नहीं आया'), 'अदिति का ऑर्डर नहीं आया');
  assert.equal(plainSummary('１２３４ ★★★★ ????????'), undefined);
});

test('a transcript for a model has one line a turn, and keeps the latest turns of a long conversation', () => {
  const turns = Array.from({ length: 500 }, (_, index) => ({
    speaker: 'caller' as const,
    text: `Line\n${index} of a long conversation, which goes on and on.`,
  }));
  const lines = transcriptOf(turns).split('\n');
  assert.ok(lines.join('\n').length <= 12_000 && lines.length > 100);
  assert.match(lines.at(-1) ?? '', /^Caller: Line 499 of/);
});

test('one long turn costs a transcript for a model no other turn', () => {
  const turns = [
    { speaker: 'caller' as const, text: 'My order has not come.' },
    { speaker: 'assistant' as const, text: 'word '.repeat(20_000) },
  ];
  const transcript = transcriptOf(turns);
  assert.match(transcript, /^Caller: My order has not come\.\nAssistant: word word/);
  assert.ok(transcript.length < 2100);
});
