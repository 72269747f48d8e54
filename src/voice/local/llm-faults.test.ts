import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import {
  type Answer,
  DONE,
  all,
  event,
  hangs,
  status,
  streams,
  texts,
  toolNames,
  withLlm,
} from '../../../test/support/chat-server.js';
import type { History } from '../history.js';
import type { ReplyPart } from './replier.js';

/** Speaks what the model writes, so that the next request has it. */
async function spoken(history: History, parts: AsyncIterable<ReplyPart>): Promise<ReplyPart[]> {
  const list: ReplyPart[] = [];
  for await (const part of parts) {
    list.push(part);
    if (part.type === 'sentence') history.assistantSaid(`a${list.length}`, part.text);
  }
  return list;
}

test('a request to the language model is retried once after an error', () =>
  withLlm(async ({ server, replier, signal }) => {
    server.answers = [status(500), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
  }));

test('a second error of the language model leads to a transfer, for which the gateway apologises', () =>
  withLlm(async ({ server, replier, signal }) => {
    server.answers = [status(500), status(503)];
    const parts = await all(replier.reply('hello', signal));
    assert.equal(parts.length, 1);
    const call = parts.at(-1);
    assert.ok(call?.type === 'tool-call');
    assert.deepEqual([call.name, call.arguments], ['transfer_to_human', { reason: 'assistant_failed' }]);
    assert.equal(server.requests.length, 2);
  }));

for (const [what, broken] of [
  [
    'is reset',
    (response) => response.writeHead(200).write(event({ content: 'We are open. And' }), () => response.destroy()),
  ],
  ['ends without a word of its end', streams(event({ content: 'We are open. And' }))],
  [
    'reaches a limit of the server',
    streams(event({ content: 'We are open. And' }), event({}, 'length'), 'data: [DONE]\n\n'),
  ],
] as const satisfies readonly [string, Answer][]) {
  test(`the language model continues an answer that ${what}, and nothing is said twice`, () =>
    withLlm(async ({ server, history, replier, anomalies, signal }) => {
      history.callerSaid('c1', 'hours');
      server.answers = [broken, status(500), streams(event({ content: 'From nine to five.' }), DONE)];
      assert.deepEqual(texts(await spoken(history, replier.reply('hours', signal))), [
        'We are open.',
        'From nine to five.',
      ]);
      const last = server.requests[2]?.body.messages.slice(1) as { role: string; content: string }[];
      assert.deepEqual(
        last.map(({ role }) => role),
        ['user', 'assistant', 'user'],
      );
      assert.equal(last[1]?.content, 'We are open.');
      assert.match(last[2]?.content ?? '', /broke off here/);
      assert.deepEqual(anomalies, ['cut-answer', 'failed-answer']);
    }));
}

test('an answer that breaks off three times leads to a transfer, and half a sentence is said if there is no more', () =>
  withLlm(async ({ server, history, replier, anomalies, signal }) => {
    server.answers = [1, 2, 3].map((part) => streams(event({ content: `Part ${part} and` }), event({}, 'length')));
    const parts = await spoken(history, replier.reply('hours', signal));
    assert.deepEqual(texts(parts), ['Part 1 and', 'Part 2 and', 'Part 3 and']);
    assert.deepEqual(toolNames(parts), ['transfer_to_human']);
    assert.deepEqual(anomalies, ['cut-answer', 'cut-answer', 'cut-answer']);
  }));

test('an answer of the language model without an end is cut and its connection closed', () =>
  withLlm(async ({ server, replier, signal }) => {
    const closed = new Promise<void>((resolve) => {
      server.answers = [
        (response) => {
          response.on('close', resolve);
          response.writeHead(200);
          // Node 24 tells the callback of a destroyed socket before `response.destroyed` is true. Another write would be told
          // so at once, and the event loop would never run again.
          const more = (error?: Error | null): void => {
            if (!error) response.write(event({ content: 'So it goes. ' }), more);
          };
          more();
        },
      ];
    });
    const spoken = texts(await all(replier.reply('tell me all', signal)));
    await closed;
    const characters = spoken.join(' ').length;
    assert.ok(characters > 3900 && characters <= 4000, String(characters));
    assert.deepEqual([...new Set(spoken.slice(0, -1))], ['So it goes.']);
  }));

test('a malformed stream of the language model is retried', () =>
  withLlm(async ({ server, replier, signal }) => {
    server.answers = [streams('data: {"choices": nonsense\n\n'), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
  }));

test('the wait for each piece of the language model is bounded', () =>
  withLlm(async ({ server, clock, replier, signal }) => {
    server.answers = [
      hangs,
      (response) => {
        response.writeHead(200).write(event({ content: 'We are open. And' }));
      },
      streams(event({ content: 'From nine.' }), DONE),
    ];
    server.onRequest = () => {
      if (server.requests.length === 1) setImmediate(() => clock.advance(6000));
    };
    const parts: ReplyPart[] = [];
    for await (const part of replier.reply('hello', signal)) {
      parts.push(part);
      // The limit runs again as soon as the next piece is requested.
      if (parts.length === 1) setImmediate(() => clock.advance(4000));
    }
    assert.deepEqual(texts(parts), ['We are open.', 'From nine.']);
    assert.equal(server.requests.length, 3);
  }));

test('an interrupted answer of the language model ends without an error and closes the connection', () =>
  withLlm(async ({ server, replier }) => {
    const abort = new AbortController();
    const closed = new Promise<void>((resolve) => {
      server.answers = [(response) => response.on('close', resolve)];
    });
    server.onRequest = () => abort.abort();
    assert.deepEqual(await all(replier.reply('hello', abort.signal)), []);
    await closed;
    assert.equal(server.requests.length, 1);
  }));

test('an answer of the language model without a word and without a call is asked for again', () =>
  withLlm(async ({ server, replier, anomalies, signal }) => {
    server.answers = [streams(event({ content: ' ...\n' }), DONE), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
    server.answers = [streams(DONE), streams(event({ reasoning_content: 'Hm.' }), event({}, 'length'))];
    assert.deepEqual(toolNames(await all(replier.reply('hello', signal))), ['transfer_to_human']);
    assert.deepEqual([...new Set(anomalies)], ['empty-answer', 'failed-answer']);
  }));

test('a language model that only reasons is given up after six seconds, and the second try 9.5 s after the question', () =>
  withLlm(async ({ server, clock, replier, signal }) => {
    const reasons: Answer = (response) => {
      response.writeHead(200).write(event({ reasoning_content: 'Hm. ' }));
      open = response;
    };
    let open: ServerResponse | undefined;
    server.answers = [reasons, reasons];
    const askedAtMs: number[] = [];
    const begunMs = clock.now();
    server.onRequest = () => askedAtMs.push(clock.now() - begunMs);
    const answers: ReplyPart[][] = [];
    void all(replier.reply('hello', signal)).then((parts) => answers.push(parts));
    for (let round = 0; answers.length === 0 && round < 100; round++) {
      // The request is on its way, or the piece is.
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      if (server.requests.length === 0) continue;
      if (open?.destroyed === false) open.write(event({ reasoning_content: 'Hm. ' }));
      clock.advance(500);
    }
    assert.deepEqual(toolNames(answers[0] ?? []), ['transfer_to_human']);
    assert.equal(askedAtMs.length, 2);
    // The answers of real sockets may need a step or two of the clock.
    const [, againMs = 0] = askedAtMs;
    assert.ok(againMs >= 6000 && againMs <= 7500, `${againMs} ms`);
    const tookMs = clock.now() - begunMs;
    assert.ok(tookMs >= 9500 && tookMs <= 11_000, `${tookMs} ms`);
  }));

test('a redirect of the language model is not followed with the conversation', () =>
  withLlm(async ({ server, replier, signal }) => {
    const redirects: Answer = (response) => {
      response.writeHead(307, { location: '/elsewhere' }).end();
    };
    server.answers = [redirects, redirects];
    assert.deepEqual(toolNames(await all(replier.reply('hello', signal))), ['transfer_to_human']);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/v1/chat/completions', '/v1/chat/completions'],
    );
  }));
