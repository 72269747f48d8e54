import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { History } from '../history.js';
import { LlmReplier, writeSummary } from './llm.js';
import { notHeard } from './not-heard.js';
import type { ReplyPart } from './replier.js';
import { readEvents } from './sse.js';

type Answer = (response: ServerResponse) => void;

/** An OpenAI-compatible endpoint that answers each request with the next of `answers`. */
class ChatServer {
  readonly requests: {
    url: string | undefined;
    body: { messages: unknown[]; stream: boolean; model: string; tools?: unknown[] };
  }[] = [];
  answers: Answer[] = [];
  onRequest: () => void = () => undefined;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this.url();
  }

  url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) });
    this.answers.shift()?.(response);
    this.onRequest();
  }
}

function event(delta: unknown, finishReason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
}

const DONE = `${event({}, 'stop')}data: [DONE]\n\n`;

function streams(...pieces: string[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

function status(code: number): Answer {
  return (response) => {
    response.writeHead(code).end('{}');
  };
}

const hangs: Answer = () => undefined;

async function all(parts: AsyncIterable<ReplyPart>): Promise<ReplyPart[]> {
  const list: ReplyPart[] = [];
  for await (const part of parts) list.push(part);
  return list;
}

function texts(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'sentence' ? [part.text] : []));
}

function toolNames(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []));
}

function callIds(parts: readonly ReplyPart[]): string[] {
  return parts.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : []));
}

describe('answers from a language model', () => {
  let server: ChatServer;
  let clock: FakeClock;
  let history: History;
  let replier: LlmReplier;
  let options: ConstructorParameters<typeof LlmReplier>[0];
  let anomalies: string[];
  const { signal } = new AbortController();

  beforeEach(async () => {
    server = new ChatServer();
    clock = new FakeClock();
    history = new History();
    anomalies = [];
    options = {
      baseUrl: await server.listen(),
      model: 'small',
      instructions: 'Be kind.',
      language: 'de-CH',
      tools: [{ name: 'end_call', description: 'End the call.', parameters: { type: 'object' } }],
      history,
      clock,
      log: pino({ level: 'silent' }),
      onAnomaly: (kind) => anomalies.push(kind),
    };
    replier = new LlmReplier(options);
  });

  afterEach(async () => {
    await server.close();
    assert.equal(clock.timers, 0, 'no timer is left');
  });

  it('a caller of whom nothing was heard is told so in the language of the call, without the language model', async () => {
    assert.match(texts(await all(replier.reply('', signal))).join(), /^Entschuldigung, ich habe Sie nicht gut gehört/);
    assert.equal(server.requests.length, 0);
    const lines = ['en-US', 'fr', 'de', 'it', 'es-MX', 'pt-BR', 'hi'].map(notHeard);
    assert.equal(new Set(lines).size, lines.length);
    assert.equal(notHeard('sv'), notHeard('en'));
  });

  it('a caller of whom nothing is heard three times in a row goes to an agent, if the model may transfer', async () => {
    const nothing = async (from: LlmReplier): Promise<string[]> => {
      const parts = await all(from.reply('', signal));
      return [...texts(parts).map(() => 'line'), ...toolNames(parts)];
    };
    for (let time = 0; time < 5; time++) assert.deepEqual(await nothing(replier), ['line']);
    const transfers = new LlmReplier({
      ...options,
      baseUrl: server.url(),
      tools: [{ name: 'transfer_to_human', description: 'Calls a human.', parameters: { type: 'object' } }],
    });
    assert.deepEqual(await nothing(transfers), ['line']);
    assert.deepEqual(await nothing(transfers), ['line']);
    server.answers = [streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(transfers.reply('hello', signal))), ['Fine.']);
    assert.deepEqual(await nothing(transfers), ['line']);
    assert.deepEqual(await nothing(transfers), ['line']);
    assert.deepEqual(await nothing(transfers), ['transfer_to_human']);
    assert.deepEqual(anomalies, []);
  });

  it('what the language model thinks is neither spoken nor summarised, and only a word ends the wait for it', async () => {
    const answer = (): Answer =>
      streams(
        event({ content: '<thi' }),
        event({ content: 'nk>They ask for the hours. ' }),
        event({ content: 'Say nine.</th' }),
        event({ content: 'ink>\n\nWe open' }),
        event({ content: ' at nine.' }),
        DONE,
      );
    server.answers = [answer()];
    assert.deepEqual(texts(await all(replier.reply('When?', signal))), ['We open at nine.']);
    server.answers = [answer()];
    const options = { baseUrl: server.url(), model: 'small', clock };
    const request = { instructions: '', transcript: '', signal };
    assert.equal((await writeSummary(options, request)).trim(), 'We open at nine.');
    const thinks = streams(event({ content: '<think>They ask for the hours.' }), DONE);
    server.answers = [thinks, thinks];
    const parts = await all(replier.reply('When?', signal));
    assert.deepEqual(toolNames(parts), ['transfer_to_human'], 'an answer of thoughts alone is none');
  });

  it('a request to the language model has the conversation as heard, and the tools', async () => {
    history.assistantSaid('a1', 'Hello.');
    history.assistantSaid('a2', 'How can I help?');
    history.callerSaid('c1', 'Are you open?');
    server.answers = [streams(event({ content: 'Yes.' }), DONE)];
    await all(replier.reply('Are you open?', signal));
    const { url, body } = server.requests[0] ?? assert.fail();
    assert.equal(url, '/v1/chat/completions');
    assert.equal(body.stream, true);
    assert.equal(body.model, 'small');
    assert.deepEqual(body.messages, [
      { role: 'system', content: 'Be kind.' },
      { role: 'assistant', content: 'Hello. How can I help?' },
      { role: 'user', content: 'Are you open?' },
    ]);
    assert.deepEqual(body.tools, [
      {
        type: 'function',
        function: { name: 'end_call', description: 'End the call.', parameters: { type: 'object' } },
      },
    ]);
  });

  it('the first sentence of the language model is spoken while the rest is being written', async () => {
    let finish: (() => void) | undefined;
    server.answers = [
      (response) => {
        response.writeHead(200).write(event({ content: 'We are ' }) + event({ content: 'open. We cl' }));
        finish = () => response.end(event({ content: 'ose at six' }) + DONE);
      },
    ];
    const parts = replier.reply('hours', signal)[Symbol.asyncIterator]();
    assert.deepEqual((await parts.next()).value, { type: 'sentence', text: 'We are open.' });
    finish?.();
    assert.deepEqual((await parts.next()).value, { type: 'sentence', text: 'We close at six' });
    assert.equal((await parts.next()).done, true);
  });

  it('a summary by the language model has neither tools nor the conversation of the session', async () => {
    history.callerSaid('c1', 'Are you open?');
    server.answers = [streams(event({ content: 'They ' }), event({ content: 'asked.' }), DONE), status(500), hangs];
    const from = { baseUrl: server.url(), model: 'small', clock };
    const request = { instructions: 'Summarise.', transcript: 'Caller: Hi.', signal };
    assert.equal(await writeSummary(from, request), 'They asked.');
    assert.deepEqual(server.requests[0]?.body, {
      model: 'small',
      stream: true,
      messages: [
        { role: 'system', content: 'Summarise.' },
        { role: 'user', content: 'Caller: Hi.' },
      ],
    });
    await assert.rejects(writeSummary(from, request), { code: 'LOCAL_LLM_UNREACHABLE' });
    const over = new AbortController();
    server.onRequest = () => over.abort();
    await assert.rejects(writeSummary(from, { ...request, signal: over.signal }), { code: 'LOCAL_LLM_UNREACHABLE' });
  });

  it('a summary by the language model without an end is cut', async () => {
    server.answers = [streams(...Array.from({ length: 100 }, () => event({ content: 'word '.repeat(100) })))];
    const from = { baseUrl: server.url(), model: 'small', clock };
    const summary = await writeSummary(from, { instructions: 'Summarise.', transcript: 'Caller: Hi.', signal });
    assert.equal(summary.length, 4000);
  });

  it('a request to the language model is retried once after an error', async () => {
    server.answers = [status(500), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
  });

  it('a second error of the language model leads to a transfer, for which the gateway apologises', async () => {
    server.answers = [status(500), status(503)];
    const parts = await all(replier.reply('hello', signal));
    assert.equal(parts.length, 1);
    const call = parts.at(-1);
    assert.ok(call?.type === 'tool-call');
    assert.deepEqual([call.name, call.arguments], ['transfer_to_human', { reason: 'assistant_failed' }]);
    assert.equal(server.requests.length, 2);
  });

  /** Speaks what the model writes, so that the next request has it. */
  async function spoken(parts: AsyncIterable<ReplyPart>): Promise<ReplyPart[]> {
    const list: ReplyPart[] = [];
    for await (const part of parts) {
      list.push(part);
      if (part.type === 'sentence') history.assistantSaid(`a${list.length}`, part.text);
    }
    return list;
  }

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
    it(`an answer of the language model that ${what} is gone on with, and nothing is said twice`, async () => {
      history.callerSaid('c1', 'hours');
      server.answers = [broken, status(500), streams(event({ content: 'From nine to five.' }), DONE)];
      assert.deepEqual(texts(await spoken(replier.reply('hours', signal))), ['We are open.', 'From nine to five.']);
      const last = server.requests[2]?.body.messages.slice(1) as { role: string; content: string }[];
      assert.deepEqual(
        last.map(({ role }) => role),
        ['user', 'assistant', 'user'],
      );
      assert.equal(last[1]?.content, 'We are open.');
      assert.match(last[2]?.content ?? '', /broke off here/);
      assert.deepEqual(anomalies, ['cut-answer', 'failed-answer']);
    });
  }

  it('an answer that breaks off three times leads to a transfer, and half a sentence is said if there is no more', async () => {
    server.answers = [1, 2, 3].map((part) => streams(event({ content: `Part ${part} and` }), event({}, 'length')));
    const parts = await spoken(replier.reply('hours', signal));
    assert.deepEqual(texts(parts), ['Part 1 and', 'Part 2 and', 'Part 3 and']);
    assert.deepEqual(toolNames(parts), ['transfer_to_human']);
    assert.deepEqual(anomalies, ['cut-answer', 'cut-answer', 'cut-answer']);
  });

  it('an answer of the language model without an end is cut and its connection closed', async () => {
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
  });

  it('a malformed stream of the language model is retried', async () => {
    server.answers = [streams('data: {"choices": nonsense\n\n'), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
  });

  it('the wait for each piece of the language model is bounded', async () => {
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
  });

  it('an interrupted answer of the language model ends without an error and closes the connection', async () => {
    const abort = new AbortController();
    const closed = new Promise<void>((resolve) => {
      server.answers = [(response) => response.on('close', resolve)];
    });
    server.onRequest = () => abort.abort();
    assert.deepEqual(await all(replier.reply('hello', abort.signal)), []);
    await closed;
    assert.equal(server.requests.length, 1);
  });

  it('tool calls of the language model are joined from their pieces and follow the text', async () => {
    server.answers = [
      streams(
        event({ content: 'Goodbye!' }),
        event({ tool_calls: [{ index: 0, id: 't1', function: { name: 'end_call', arguments: '{"rea' } }] }),
        event({ tool_calls: [{ index: 0, function: { arguments: 'son":"done"}' } }] }),
        event({}, 'tool_calls'),
        'data: [DONE]\n\n',
      ),
    ];
    const parts = await all(replier.reply('bye', signal));
    const [toolCallId = ''] = callIds(parts);
    assert.deepEqual(parts, [
      { type: 'sentence', text: 'Goodbye!' },
      { type: 'tool-call', toolCallId, name: 'end_call', arguments: { reason: 'done' } },
    ]);
    assert.equal(replier.toolResult(toolCallId, { status: 'ok' }), false, 'there is nothing to add to a plain ok');
  });

  it('the language model continues with the result of a tool that needs an answer', async () => {
    history.callerSaid('c1', 'where is my order');
    server.answers = [
      streams(event({ tool_calls: [{ id: 't1', function: { name: 'find_order', arguments: '{}' } }] }), DONE),
      streams(event({ content: 'On its way.' }), DONE),
    ];
    const [id = ''] = callIds(await all(replier.reply('where is my order', signal)));
    assert.equal(replier.toolResult(id, { place: 'Oslo' }), true);
    assert.deepEqual(texts(await all(replier.resume(signal))), ['On its way.']);
    assert.deepEqual(server.requests[1]?.body.messages, [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'where is my order' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id, type: 'function', function: { name: 'find_order', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: '{"place":"Oslo"}' },
    ]);
  });

  it('tool calls whose ids come twice, in one answer or in two, are all made and answered', async () => {
    const twice = event({
      tool_calls: [
        { index: 0, id: 'call_0', function: { name: 'find_order', arguments: '{"number":1}' } },
        { index: 1, id: 'call_0', function: { name: 'find_order', arguments: '{"number":2}' } },
      ],
    });
    server.answers = [streams(twice, DONE), streams(twice, DONE)];
    const ids = callIds(await all(replier.reply('where are my orders', signal)));
    assert.equal(replier.toolResult(ids[0] ?? '', { place: 'Oslo' }), false, 'one result is missing');
    assert.equal(replier.toolResult(ids[1] ?? '', { place: 'Rome' }), true);
    const more = callIds(await all(replier.resume(signal)));
    assert.equal(new Set([...ids, ...more]).size, 4);
    assert.ok([...ids, ...more].every((id) => /^[a-z0-9]{9}$/.test(id)));
    for (const id of more) replier.toolResult(id, { place: 'Bonn' });
    assert.equal(replier.toolResult(more[1] ?? '', { place: 'Bonn' }), false, 'it was answered');
  });

  it('arguments that were cut off go back to the language model as an error, and its next answer is used', async () => {
    history.callerSaid('c1', 'where is order 42');
    const cut = event({ tool_calls: [{ index: 0, id: 'a', function: { name: 'find_order', arguments: '{"numb' } }] });
    const whole = event({ tool_calls: [{ id: 'a', function: { name: 'find_order', arguments: '{"number":42}' } }] });
    server.answers = [streams(cut, event({}, 'length')), streams(whole, DONE)];
    const parts = await all(replier.reply('where is order 42', signal));
    assert.deepEqual(
      parts.map((part) => part.type === 'tool-call' && [part.name, part.arguments]),
      [['find_order', { number: 42 }]],
    );
    const { messages } = server.requests[1]?.body ?? assert.fail();
    const [call, result] = messages.slice(-2) as Record<string, unknown>[];
    assert.match(JSON.stringify(call), /"arguments":"{}"/);
    assert.match(String(result?.['content']), /not complete JSON/);
  });

  it('a tool call that can be read is made even if another one in the answer cannot', async () => {
    const both = event({
      tool_calls: [
        { index: 0, function: { name: 'find_order', arguments: '{"number":42}' } },
        { index: 1, function: { name: 'find_order', arguments: '{"num' } },
      ],
    });
    server.answers = [streams(both, DONE), streams(event({ content: 'Found one.' }), DONE)];
    const ids = callIds(await all(replier.reply('where are my orders', signal)));
    assert.equal(ids.length, 1);
    assert.equal(replier.toolResult(ids[0] ?? '', { status: 'ok' }), true, 'the model has an error to react to');
    assert.deepEqual(texts(await all(replier.resume(signal))), ['Found one.']);
    const results = server.requests[1]?.body.messages.filter(
      (message) => (message as { role: string }).role === 'tool',
    );
    assert.equal(results?.length, 2);
  });

  it('an answer of the language model without a word and without a call is asked for again', async () => {
    server.answers = [streams(event({ content: ' ...\n' }), DONE), streams(event({ content: 'Fine.' }), DONE)];
    assert.deepEqual(texts(await all(replier.reply('hello', signal))), ['Fine.']);
    server.answers = [streams(DONE), streams(event({ reasoning_content: 'Hm.' }), event({}, 'length'))];
    assert.deepEqual(toolNames(await all(replier.reply('hello', signal))), ['transfer_to_human']);
    assert.deepEqual([...new Set(anomalies)], ['empty-answer', 'failed-answer']);
  });

  it('a language model that only reasons is given up after eight seconds, and the second try after twelve', async () => {
    const reasons: Answer = (response) => {
      response.writeHead(200).write(event({ reasoning_content: 'Hm. ' }));
      open = response;
    };
    let open: ServerResponse | undefined;
    server.answers = [reasons, reasons];
    const answers: ReplyPart[][] = [];
    void all(replier.reply('hello', signal)).then((parts) => answers.push(parts));
    const begun = clock.now();
    for (let round = 0; answers.length === 0 && round < 100; round++) {
      // The request is on its way, or the piece is.
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      if (server.requests.length === 0) continue;
      if (open?.destroyed === false) open.write(event({ reasoning_content: 'Hm. ' }));
      clock.advance(500);
    }
    assert.deepEqual(toolNames(answers[0] ?? []), ['transfer_to_human']);
    assert.equal(server.requests.length, 2);
    assert.ok(clock.now() - begun <= 14_000, String(clock.now() - begun));
  });

  it('a redirect of the language model is not followed with the conversation', async () => {
    const redirects: Answer = (response) => {
      response.writeHead(307, { location: '/elsewhere' }).end();
    };
    server.answers = [redirects, redirects];
    assert.deepEqual(toolNames(await all(replier.reply('hello', signal))), ['transfer_to_human']);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/v1/chat/completions', '/v1/chat/completions'],
    );
  });

  it('the language model still knows what the caller keyed in when it gets the result of a tool', async () => {
    history.assistantSaid('a1', 'What is your number?');
    server.answers = [
      streams(event({ tool_calls: [{ id: 'x', function: { name: 'find_order', arguments: '' } }] }), DONE),
      streams(event({ content: 'On its way.' }), DONE),
    ];
    const [id = ''] = callIds(await all(replier.reply('4711', signal)));
    replier.toolResult(id, { place: 'Oslo' });
    await all(replier.resume(signal));
    const roles = server.requests[1]?.body.messages.map((message) => (message as { role: string }).role);
    assert.deepEqual(roles, ['system', 'assistant', 'user', 'assistant', 'tool']);
  });
});

describe('server-sent events', () => {
  it('server-sent events are read with any line ends and cut anywhere', async () => {
    const bytes = new TextEncoder().encode(': hello\r\ndata: é\r\n\r\ndata:a\rdata: b\r\rid: 1\ndata: c\n\ndata: lost');
    for (const size of [1, 2, 3, 7, 100]) {
      async function* pieces(): AsyncIterable<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const events: string[] = [];
      for await (const data of readEvents(pieces())) events.push(data);
      assert.deepEqual(events, ['é', 'a\nb', 'c']);
    }
  });

  it('a server-sent event or a stream of them without an end is refused after a bounded amount', async () => {
    for (const [text, mostChunks] of [
      ['data: ' + 'x'.repeat(1018), 300],
      ['data: x\n'.repeat(128), 3000],
      ['data: x\n\n: '.repeat(93), 10_000],
    ] as const) {
      let chunks = 0;
      async function* endless(): AsyncIterable<Uint8Array> {
        for (; chunks < 20_000; chunks++) yield new TextEncoder().encode(text);
      }
      const read = async (): Promise<void> => {
        for await (const _ of readEvents(endless()));
      };
      await assert.rejects(read(), { code: 'LOCAL_LLM_UNREACHABLE' });
      assert.ok(chunks < mostChunks, String(chunks));
    }
  });
});
