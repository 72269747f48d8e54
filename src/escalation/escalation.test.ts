import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escalationFromTool } from './escalation.js';
import { asksForHuman } from './phrases.js';
import { topicOf } from './topics.js';
import { EscalationWatch } from './watch.js';

const ASKS = [
  'I want to speak to a human agent',
  'I want to speak to a human agent.',
  'Can I talk to a person?',
  'Could I please speak with someone',
  'Agent',
  'Agent!',
  'agent please',
  'Representative.',
  'Operator, please',
  'A real person please',
  'Human',
  'Hello? Human?',
  'Give me a human being',
  'Get me a manager',
  'Let me talk to your supervisor',
  'I need to speak to someone in customer service',
  'I would like to talk to customer support',
  'Transfer me',
  'Transfer me to an agent, please',
  'Please connect me with a representative',
  'Put me through to somebody',
  'Can you put me through?',
  'Connect me now',
  'Please forward my call',
  "I don't want to talk to a robot",
  'I do not want to speak to a machine',
  "I don't want a bot, give me a person",
  "I'm not talking to a computer",
  'Stop. I hate talking to robots',
  "Can't I speak to a real person?",
  "Why can't I talk to a human?",
  "Why don't you get me a manager",
  "Isn't there a human I can talk to?",
  'Is there a person I could reach?',
  'Are there any real people there?',
  'I want to escalate this',
  'No, I want an operator',
  'My bill is wrong and I want to talk to a supervisor',
  'This is not helping, get me a live agent',
  'I don’t want the robot. I want a representative',
  'Could you have someone call me? I mean, put me through',
  'I need an advisor',
  'I have asked three times, but I need a human',
  'Would you transfer me to a specialist',
  'okay agent now',
  "I've told you already: real person",
  "I'd like to be transferred",
  'Can I not just talk to a person',
  'I want to speak to anybody',
  'Speak to the billing department',
  "You don't understand me I want a person",
  'I never got it give me a manager',
  'Could I have an agent?',
  "I'd like an agent",
  'I do not want a robot I want an agent',
];

const DOES_NOT_ASK = [
  'What are your opening hours?',
  'Where is my order?',
  'I work at a travel agency',
  'The travel agency booked it for me',
  'I give to a humanitarian organisation',
  'My agent told me to call',
  'My estate agent told me the price',
  'The agent I spoke to yesterday was very kind',
  'I spoke to a representative last week',
  'I already talked to someone yesterday',
  'Your operator told me it would arrive on Monday',
  'The manager of the shop gave me a refund',
  'A colleague of mine bought the same one',
  "I don't want an agent, I want my money back",
  "I don't need a human",
  'No human needed, thanks',
  "Please don't transfer me",
  "Don't put me through to anybody",
  'Do not connect me to an agent',
  'There is no need to transfer the call',
  "I'd rather not talk to a person",
  'I never asked for a manager',
  'I can do this without an agent',
  "I didn't ask for a representative",
  'I am a real estate agent',
  'My husband is a manager',
  'She works as a receptionist',
  'The cleaning agent leaked in the parcel',
  'How many people work for you?',
  'Is it suitable for two people?',
  'How do I transfer money to my account?',
  'Can you connect it to my computer?',
  'My robot vacuum is broken',
  'My computer does not work',
  'The machine makes a strange noise',
  'I want to return a coffee machine',
  'The person at the door took the parcel',
  'Someone stole my parcel',
  'Somebody else signed for the delivery',
  'The tour operator cancelled my booking',
  'It says human error on the form',
  'Human resources sent me a letter',
  'I want to change my address',
  'I have a manager who signs',
  'I need to have someone sign for it',
  'Do you have people in Berlin?',
  'I like people',
  'Can I send someone to pick it up?',
  'I want to call someone in Spain with this plan',
  "I need a person's signature",
  "I need someone's address changed",
  'I was told to call an agent',
  'Is there a way to give someone access to my account?',
  'I want to find a person I sent a parcel to',
  "I don't think I need an agent",
  "Please don't get me an agent",
  'I never said I want a human',
  'Yes please',
  'No thank you, goodbye',
  'Thanks, you are as good as a human',
  '',
  '...',
];

test('enough of both kinds', () => {
  assert.ok(ASKS.length >= 40 && DOES_NOT_ASK.length >= 40);
});

for (const said of ASKS) test(`asks for a human: ${said}`, () => assert.equal(asksForHuman(said), true));
for (const said of DOES_NOT_ASK)
  test(`does not ask: ${JSON.stringify(said)}`, () => assert.equal(asksForHuman(said), false));
for (const said of ASKS) {
  test(`asks in capitals and without punctuation: ${said}`, () => {
    assert.equal(asksForHuman(said.toUpperCase()), true);
  });
}

test('a very long utterance is decided at once', () => {
  const long = 'I want to speak to the '.repeat(2000);
  const startedMs = performance.now();
  asksForHuman(long);
  asksForHuman(`don't ${'word '.repeat(20_000)}`);
  asksForHuman('to a the '.repeat(5000));
  assert.ok(performance.now() - startedMs < 1000);
});

test('the tool: known reasons as they are, everything else as other', () => {
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

test('the watch decides on what is said, pressed and called', () => {
  const watch = new EscalationWatch();
  assert.deepEqual(watch.callerSaid('I want a human'), { trigger: 'phrase', reason: 'requested_human' });
  assert.equal(watch.callerSaid('What time is it?'), undefined);
  assert.deepEqual(watch.callerPressed('0'), { trigger: 'keypad', reason: 'requested_human' });
  for (const digit of '123456789*#ABCD') assert.equal(watch.callerPressed(digit), undefined);
  assert.equal(new EscalationWatch({ humanDigit: '9' }).callerPressed('0'), undefined);
  assert.equal(watch.toolCalled('transfer_to_human', { reason: 'sales' })?.reason, 'sales');
  assert.equal(watch.toolCalled('end_call', { reason: 'sales' }), undefined);
});

test('the topic is that of the latest text that has one', () => {
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
