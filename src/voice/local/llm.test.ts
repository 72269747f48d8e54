import assert from 'node:assert/strict';
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
import { LlmReplier, writeSummary } from './llm.js';
import { notHeard } from './not-heard.js';

test('a caller of whom nothing was heard is told so in the language of the call, without the language model', () =>
  withLlm(async ({ server, replier, signal }) => {
    assert.match(texts(await all(replier.reply('', signal))).join(), /^Entschuldigung, ich habe Sie nicht gut gehört/);
    assert.equal(server.requests.length, 0);
    const lines = ['en-US', 'fr', 'de', 'it', 'es-MX', 'pt-BR', 'hi'].map(notHeard);
    assert.equal(new Set(lines).size, lines.length);
    assert.equal(notHeard('sv'), notHeard('en'));
  }));

test('a caller of whom nothing is heard three times in a row goes to an agent, if the model may transfer', () =>
  withLlm(async ({ server, options, replier, anomalies, signal }) => {
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
  }));

test('what the language model thinks is neither spoken nor summarised, and only a word ends the wait for it', () =>
  withLlm(async ({ server, clock, replier, signal }) => {
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
  }));

test('a request to the language model has the conversation as heard, and the tools', () =>
  withLlm(async ({ server, history, replier, signal }) => {
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
  }));

test('the first sentence of the language model is spoken while the rest is being written', () =>
  withLlm(async ({ server, replier, signal }) => {
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
  }));

test('a summary by the language model has neither tools nor the conversation of the session', () =>
  withLlm(async ({ server, clock, history, signal }) => {
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
  }));

test('a summary by the language model without an end is cut', () =>
  withLlm(async ({ server, clock, signal }) => {
    server.answers = [streams(...Array.from({ length: 100 }, () => event({ content: 'word '.repeat(100) })))];
    const from = { baseUrl: server.url(), model: 'small', clock };
    const summary = await writeSummary(from, { instructions: 'Summarise.', transcript: 'Caller: Hi.', signal });
    assert.equal(summary.length, 4000);
  }));
