import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whisperDigits } from '../../src/handover/token.js';
import { ANSWER, DEFAULT_QUEUE, INSTANCES, TOKEN, call, lambda } from '../../test/support/connect-scene.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { renderAgentScreen } from './agent-screen.js';
import { DigitInput } from './digit-input.js';
import { loadFlow } from './flow.js';
import { newContact } from './flow-contact.js';
import { FlowRunner } from './flow-runner.js';

const SPOKEN: readonly (readonly [language: string, voice: string, words: RegExp])[] = [
  ['en-US', 'Joanna', /busy at the moment/],
  ['en-GB', 'Joanna', /busy at the moment/],
  ['de', 'Vicki', /bleiben Sie am Apparat/],
  ['de-CH', 'Vicki', /bleiben Sie am Apparat/],
  ['fr-FR', 'Lea', /Restez en ligne/],
  ['it-IT', 'Bianca', /Resti in linea/],
  ['es-MX', 'Lupe', /no cuelgue/],
  ['pt-BR', 'Camila', /aguarde na linha/],
  ['hi-IN', 'Kajal', /लाइन पर बने रहें/],
  ['frr', 'Joanna', /busy at the moment/],
  ['ja-JP', 'Joanna', /busy at the moment/],
];

for (const [language, voice, words] of SPOKEN)
  test(`a caller who spoke ${language} hears the flow as ${voice}, and the agent hears English`, async () => {
    let tries = 0;
    const filling = {
      name: 'Default',
      get hasRoom() {
        return ++tries > 4;
      },
    };
    const { said, whispered } = await call(whisperDigits(TOKEN), {
      lambda: () => Promise.resolve({ ...ANSWER, language }),
      queues: new Map([[DEFAULT_QUEUE, filling]]),
    });
    assert.equal(said[0]?.voice, voice);
    assert.match(said[0].text, words);
    assert.deepEqual(whispered, [{ text: `From the assistant. ${ANSWER.reason_text}`, voice: 'Joanna' }]);
  });

for (const [instance, options] of INSTANCES) {
  test(`the agent hears the briefing in its voice, and the reason without one, with ${instance}`, async () => {
    const briefing = { briefing: 'Anna: Sie wartet auf ihr Geld.', briefing_voice: 'Vicki', briefing_ready: 'true' };
    const briefed = await call(whisperDigits(TOKEN), {
      ...options,
      lambda: () => Promise.resolve({ ...ANSWER, ...briefing }),
    });
    assert.deepEqual(briefed.whispered, [{ text: briefing.briefing, voice: 'Vicki' }]);
    assert.deepEqual(briefed.said, [], 'the caller hears none of it');
    const plain = await call(whisperDigits(TOKEN), options);
    assert.deepEqual(plain.whispered, [{ text: `From the assistant. ${ANSWER.reason_text}`, voice: 'Joanna' }]);
  });
}

test('an agent hears the reason if a Lambda of an earlier release answers without a briefing', async () => {
  const { briefing: _words, briefing_ready: _ready, briefing_voice: _voice, ...earlier } = ANSWER;
  const { whispered } = await call(whisperDigits(TOKEN), { lambda: () => Promise.resolve(earlier) });
  assert.deepEqual(whispered, [{ text: `From the assistant. ${ANSWER.reason_text}`, voice: 'Joanna' }]);
});

const LINK = 'https://app.hubspot.com/contacts/12345678/record/0-5/77';

for (const [instance, options] of INSTANCES) {
  test(`the guide shows reason, summary, caller, language and link, as the only thing of them that the agent sees, with ${instance}`, async () => {
    const known = { ...ANSWER, crm_url: LINK, hubspot_contact_id: '90807060', customer_name: 'Ada Byron' };
    const { screen } = await call(whisperDigits(TOKEN), { ...options, lambda: () => Promise.resolve(known) });
    assert.ok(screen?.view !== undefined);
    const { bar, heading, sections } = screen.view;
    assert.equal(heading, ANSWER.reason_text);
    assert.deepEqual(
      bar.map(({ label, value }) => [label, value]),
      [
        ['Caller', ANSWER.customer_phone],
        ['Name', 'Ada Byron'],
        ['Language', 'American English'],
        ['CRM', 'Open the record'],
      ],
    );
    assert.equal(bar.at(-1)?.url, LINK);
    assert.equal(sections[0]?.items[0]?.value, ANSWER.summary);
    // The ticket is not known yet, and costs neither the contact nor the link.
    assert.equal(screen.attributes['hubspot_contact_id'], '90807060');
    const box = renderAgentScreen(screen);
    assert.match(box, /The caller asked for a person/);
    assert.doesNotMatch(box, /customer_request|90807060/);
  });

  test(`the guide has no link before the CRM knows the caller, with ${instance}`, async () => {
    const { screen } = await call(whisperDigits(TOKEN), options);
    assert.equal(screen?.view?.heading, ANSWER.reason_text);
    assert.deepEqual(
      screen.view.bar.map(({ label }) => label),
      ['Caller', 'Name', 'Language'],
    );
  });
}

test('the agent sees the number and the queue alone if no guide is attached', async () => {
  const { screen } = await call(whisperDigits(TOKEN), { flows: new Map([['arn:whisper', loadFlow('agent-whisper')]]) });
  assert.equal(screen?.view, undefined);
  assert.equal(screen?.attributes['summary'], ANSWER.summary);
  const box = renderAgentScreen(screen);
  assert.match(box, /Billing.*\n.*\+15551230000/);
  assert.match(box, /No guide is attached/);
  assert.ok(!box.includes('charged twice'));
});

test('the guide shows the view again when Connect’s time for it is over, and ends when the agent closes it', async () => {
  const clock = new FakeClock();
  const contact = newContact({
    contactId: 'c',
    customerNumber: '+15551230000',
    systemNumber: '+18005550100',
    isGone: () => false,
    pause: () => Promise.resolve(),
  });
  Object.assign(contact.attributes, ANSWER);
  let shown = 0;
  const end = await new FlowRunner(
    {
      clock,
      input: new DigitInput(clock),
      lambda,
      queues: new Map(),
      onStep: () => undefined,
      onMessage: () => undefined,
      showView: () => Promise.resolve(++shown < 10 ? undefined : 'Back'),
    },
    contact,
  ).run(loadFlow('agent-guide'));
  assert.equal(shown, 10);
  assert.equal(end, 'disconnected');
});

test('the agent’s screen keeps its frame whatever the view contains', () => {
  const item = {
    label: 'L'.repeat(100),
    value: `${'word '.repeat(60)} ${'x'.repeat(300)} \u001b[31m`,
    url: 'u'.repeat(90),
  };
  const lines = renderAgentScreen({
    customerNumber: '+12025550123',
    contactId: 'c',
    queue: 'Q'.repeat(200),
    priority: '5',
    view: {
      heading: `H${'h'.repeat(200)}`,
      description: '',
      bar: [item],
      sections: [{ heading: '', items: [item, { label: '', value: '', url: '' }] }],
      back: 'Close',
    },
    attributes: {},
  }).split('\n');
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.ok(!lines.join('').includes('\u001b'));
});
