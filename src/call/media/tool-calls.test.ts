import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { z } from 'zod';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { Logger } from '../../telemetry/log.js';
import { EscalationWatch } from '../../escalation/watch.js';
import { ToolRunner, defineTool } from '../../voice/tools.js';
import type { ConversationListener, ConversationSign } from './conversation.js';
import { answerToolCall } from './tool-calls.js';

test('every tool call is answered, the built-in tools act on the phone call, and a closed runner is silent', async () => {
  const acts: unknown[] = [];
  const answers: unknown[] = [];
  const signs: ConversationSign[] = [];
  const clock = new FakeClock();
  const note = defineTool({
    name: 'note',
    description: '',
    parameters: z.object({ text: z.string() }),
    filler: 'Noting.',
    run: ({ text }) => (text === 'hang' ? new Promise(() => undefined) : Promise.resolve({ noted: text })),
  });
  const context = (): { conversationId: string; callerNumber: string; log: Logger } => ({
    conversationId: 'c',
    callerNumber: '',
    log: pino({ level: 'silent' }),
  });
  const listener = {
    onEscalation: (escalation) => acts.push(escalation),
    onEndCall: () => acts.push('end'),
    onSign: (sign) => signs.push(sign),
  } as Partial<ConversationListener> as ConversationListener;
  const tools = new ToolRunner({ tools: [note], clock, context });
  const call = (name: string, callArguments: unknown): void =>
    answerToolCall(
      { listener, tools, escalationWatch: new EscalationWatch() },
      { toolCallId: 't', name, arguments: callArguments },
      { answer: (output) => answers.push(output), say: (text) => acts.push(text) },
    );
  call('transfer_to_human', { reason: 'billing' });
  call('end_call', {});
  call('format_disk', {});
  const throws = (): never => {
    throw new Error('read');
  };
  assert.throws(() => call('transfer_to_human', Object.defineProperty({}, 'reason', { get: throws })), /read/);
  call('note', { text: 'milk' });
  await new Promise((resolve) => setImmediate(resolve));
  call('note', { text: 'hang' });
  clock.advance(1000);
  tools.close();
  clock.advance(60_000);
  assert.deepEqual(answers, [
    { status: 'ok' },
    { status: 'ok' },
    { error: 'There is no tool named format_disk.' },
    { error: 'The tool call could not be read.' },
    { noted: 'milk' },
  ]);
  const toolCallId = 't';
  assert.deepEqual(
    signs.filter(({ type }) => type === 'tool'),
    ['transfer_to_human', 'end_call', '', 'note', 'note'].map((name) => ({ type: 'tool', name, toolCallId })),
  );
  const done = { type: 'tool-done', toolCallId, fault: undefined };
  assert.deepEqual(
    signs.filter(({ type }) => type === 'tool-done'),
    [done, done, done, done],
    'the tool that hangs is not done',
  );
  assert.deepEqual(acts, [{ trigger: 'tool', reason: 'billing' }, 'end', 'Noting.']);
});
