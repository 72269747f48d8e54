import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRIGGERS, escalationFromTool } from './escalation.js';
import { priorityOf } from './priority.js';
import { EscalationRules } from './rules.js';
import { topicOf } from './topics.js';
import { EscalationWatch } from './watch.js';

test('transfer_to_human keeps a known reason and turns every other into "other"', () => {
  assert.deepEqual(escalationFromTool({ reason: 'billing', summary: ' Wrong bill. ' }), {
    trigger: 'tool',
    reason: 'billing',
    summary: 'Wrong bill.',
  });
  assert.equal(escalationFromTool({ reason: 'Requested human' }).reason, 'requested_human');
  for (const callArguments of [
    undefined,
    null,
    'billing',
    5,
    [],
    {},
    { reason: 5 },
    { reason: 'because' },
    { reason: '__proto__' },
  ]) {
    assert.deepEqual(
      escalationFromTool(callArguments),
      { trigger: 'tool', reason: 'other' },
      JSON.stringify(callArguments),
    );
  }
  assert.deepEqual(escalationFromTool({ reason: 'order', summary: '  ' }), { trigger: 'tool', reason: 'order' });
});

test('the escalation watch decides on utterances, keys and tool calls', () => {
  const watch = new EscalationWatch();
  assert.deepEqual(watch.callerSaid('I want a human'), { trigger: 'phrase', reason: 'requested_human' });
  assert.equal(watch.callerSaid('What time is it?'), undefined);
  assert.deepEqual(watch.callerPressed('0'), { trigger: 'keypad', reason: 'requested_human' });
  for (const digit of '123456789*#ABCD') assert.equal(watch.callerPressed(digit), undefined);
  assert.equal(new EscalationWatch({ humanDigit: '9' }).callerPressed('0'), undefined);
  assert.equal(watch.toolCalled('transfer_to_human', { reason: 'sales' })?.reason, 'sales');
  assert.equal(watch.toolCalled('end_call', { reason: 'sales' }), undefined);
});

test('the topic of a call is that of the latest utterance with a topic', () => {
  assert.equal(topicOf([]), 'general');
  assert.equal(topicOf(['Hello', 'hm']), 'general');
  assert.equal(topicOf(['My bill is wrong', 'And where is my parcel?', 'Hello?']), 'order');
  assert.equal(topicOf(['I was CHARGED twice']), 'billing');
  assert.equal(topicOf(['It doesn’t work']), 'technical');
  assert.equal(topicOf(['I want to send it back']), 'returns');
  assert.equal(topicOf(['Please cancel my subscription']), 'account');
  assert.equal(topicOf(['How much is it?']), 'sales');
  assert.equal(topicOf(['When do you open?']), 'opening_hours');
  assert.equal(topicOf(['I live in Orderville']), 'general');
});

test('the topic of a call is found in every language, but only in the languages of the call', () => {
  for (const [language, said, topic] of [
    ['fr-FR', "Je n'ai pas reçu ma commande", 'order'],
    ['de-DE', 'Ich habe eine Frage zu meiner Rechnung', 'billing'],
    ['de-DE', 'wann haben sie geoffnet', 'opening_hours'],
    ['it-IT', 'internet non funziona più', 'technical'],
    ['es-MX', 'quiero cancelar mi suscripción', 'account'],
    ['pt-BR', 'quero devolver um produto', 'returns'],
    ['hi-IN', 'मेरा ऑर्डर कहाँ है', 'order'],
    ['hi-IN', 'bill galat hai', 'billing'],
    ['de-DE', 'my bill is wrong', 'billing'],
    ['ja-JP', 'la mia fattura', 'billing'],
    ['en-GB', 'la mia fattura', 'general'],
  ] as const) {
    assert.equal(topicOf([said], language), topic, said);
  }
});

test('a trigger that is switched off does not escalate, and the others still do', () => {
  const decides: Record<(typeof TRIGGERS)[number], (watch: EscalationWatch) => string | undefined> = {
    phrase: (watch) => watch.callerSaid('I want a human')?.trigger,
    tool: (watch) => watch.toolCalled('transfer_to_human', { reason: 'billing' })?.trigger,
    keypad: (watch) => watch.callerPressed('0')?.trigger,
    misunderstanding: (watch) => {
      watch.callerSaid("That's not what I asked");
      return watch.callerSaid("You don't understand me")?.trigger;
    },
    anger: (watch) => {
      watch.callerSaid('This is ridiculous');
      return watch.callerSaid('You stupid machine')?.trigger;
    },
    silence: (watch) => watch.callerSilent()?.trigger,
  };
  for (const off of TRIGGERS) {
    const rules = new EscalationRules({ triggers: TRIGGERS.filter((one) => one !== off), silenceEndsWith: 'human' });
    for (const trigger of TRIGGERS) {
      assert.equal(decides[trigger](new EscalationWatch({ rules })), trigger === off ? undefined : trigger, trigger);
    }
  }
});

test('a silent caller is handed to a human only if silenceEndsWith is "human"', () => {
  assert.equal(new EscalationWatch().callerSilent(), undefined);
  const rules = new EscalationRules({ silenceEndsWith: 'human' });
  assert.deepEqual(new EscalationWatch({ rules }).callerSilent(), { trigger: 'silence', reason: 'caller_silent' });
});

test('a model that reports assistant_failed escalates as a failure, even if the tool trigger is off', () => {
  const watch = new EscalationWatch({ rules: new EscalationRules({ triggers: [] }) });
  assert.deepEqual(watch.toolCalled('transfer_to_human', { reason: 'assistant_failed' }), {
    trigger: 'failure',
    reason: 'assistant_failed',
  });
  assert.equal(watch.toolCalled('transfer_to_human', { reason: 'billing' }), undefined);
});

test('a call listens in its language and in English, or in every language if its own is not supported', () => {
  const hears = (language: string, said: string): boolean =>
    new EscalationWatch({ language }).callerSaid(said) !== undefined;
  assert.ok(hears('de-DE', 'ich möchte mit einem Menschen sprechen'));
  assert.ok(hears('de', 'I want to speak to a human'));
  assert.ok(!hears('de-DE', 'je voudrais parler à un conseiller'));
  assert.ok(!hears('en-US', 'ich möchte mit einem Menschen sprechen'));
  assert.ok(hears('sv-SE', 'je voudrais parler à un conseiller') && hears('sv-SE', 'mujhe insaan se baat karni hai'));
});

test('failures of the assistant have the highest priority and silent callers the lowest', () => {
  assert.equal(priorityOf({ trigger: 'failure', reason: 'assistant_failed' }), '3');
  assert.equal(priorityOf({ trigger: 'tool', reason: 'assistant_failed' }), '3');
  assert.equal(priorityOf({ trigger: 'stopping', reason: 'stopping' }), '3');
  assert.equal(priorityOf({ trigger: 'anger', reason: 'angry_caller' }), '4');
  assert.equal(priorityOf({ trigger: 'tool', reason: 'complaint' }), '4');
  assert.equal(priorityOf({ trigger: 'misunderstanding', reason: 'not_understood' }), '4');
  assert.equal(priorityOf({ trigger: 'phrase', reason: 'requested_human' }), '5');
  assert.equal(priorityOf({ trigger: 'tool', reason: 'billing' }), '5');
  assert.equal(priorityOf({ trigger: 'silence', reason: 'caller_silent' }), '7');
});

test('one outburst after a decision does not escalate, because the count starts again', () => {
  const watch = new EscalationWatch();
  watch.callerSaid('This is ridiculous');
  assert.equal(watch.callerSaid('You stupid machine')?.trigger, 'anger');
  assert.equal(watch.callerSaid('This is ridiculous'), undefined);
  watch.callerSaid('I want a human');
  assert.equal(watch.callerSaid('This is ridiculous'), undefined);
});

test('what a model says about a caller in the transfer tool is bounded', () => {
  const { customerName, summary } = escalationFromTool({
    summary: 'x'.repeat(100_000),
    customer_name: 'y'.repeat(9000),
  });
  assert.deepEqual([summary?.length, customerName?.length], [4000, 4000]);
});
