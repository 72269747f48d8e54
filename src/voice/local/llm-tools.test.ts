import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, all, callIds, event, streams, texts, withLlm } from '../../../test/support/chat-server.js';

test('tool calls of the language model are joined from their pieces and follow the text', () =>
  withLlm(async ({ server, replier, signal }) => {
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
  }));

test('the language model continues with the result of a tool that needs an answer', () =>
  withLlm(async ({ server, history, replier, signal }) => {
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
  }));

test('tool calls whose ids come twice, in one answer or in two, are all made and answered', () =>
  withLlm(async ({ server, replier, signal }) => {
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
  }));

test('arguments that were cut off go back to the language model as an error, and its next answer is used', () =>
  withLlm(async ({ server, history, replier, signal }) => {
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
  }));

test('a tool call that can be read is made even if another one in the answer cannot', () =>
  withLlm(async ({ server, replier, signal }) => {
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
  }));

test('the language model still knows what the caller keyed in when it gets the result of a tool', () =>
  withLlm(async ({ server, history, replier, signal }) => {
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
  }));
