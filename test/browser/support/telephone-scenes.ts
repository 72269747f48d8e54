import type { Page } from './browser.js';
import type { StagedConsole } from './staged-console.js';
import { bargeInStory, handoverStory, sidOf } from './stories.js';

// The softphone and the agent's desk in each of their states.

export type PhoneScene = 'idle' | 'refused' | 'ringing' | 'talking' | 'with-human' | 'ended';
export type DeskScene = 'waiting' | 'ringing' | 'talking' | 'deaf' | 'ended';

const CALL = { callSid: sidOf(1) };

/** What the simulated Connect tells an agent, as the real flow would. */
export const CONTACT = {
  ...CALL,
  customerNumber: '+12025550123',
  queue: 'Billing',
  whisper: 'From the assistant. The caller has a question about a bill.',
  // The view of connect/agent-guide.json.
  view: {
    heading: 'The caller has a question about a bill.',
    description: 'From the assistant that answered the phone',
    bar: [
      { label: 'Caller', value: '+12025550123', url: '' },
      { label: 'Name', value: 'Anna Weber', url: '' },
      { label: 'Language', value: 'American English', url: '' },
      { label: 'CRM', value: 'Open the record', url: 'https://app.hubspot.com/contacts/1234/record/0-1/5678' },
    ],
    sections: [
      {
        heading: 'What was said',
        items: [
          {
            label: 'Summary',
            value: 'Anna Weber was charged twice on invoice 4711. | She wants the second charge back before Friday.',
            url: '',
          },
        ],
      },
      {
        heading: 'To look it up',
        items: [
          { label: 'Handover', value: '01M8PT1T3YQQMEEAZV1HJ3RN21', url: '' },
          { label: 'Conversation', value: '5c1b8f0e2d6a4477913a', url: '' },
        ],
      },
    ],
    back: 'Close',
  },
  attributes: {
    conversation_id: '5c1b8f0e2d6a4477913a',
    crm_url: 'https://app.hubspot.com/contacts/1234/record/0-1/5678',
    customer_name: 'Anna Weber',
    customer_phone: '+12025550123',
    handover_id: '01M8PT1T3YQQMEEAZV1HJ3RN21',
    intent: 'invoice_question',
    language: 'en-US',
    language_text: 'American English',
    priority: '3',
    reason: 'billing',
    reason_text: 'The caller has a question about a bill.',
    summary: 'Anna Weber was charged twice on invoice 4711. | She wants the second charge back before Friday.',
    token_status: 'valid',
  },
} as const;

async function untilState(page: Page, testId: string, state: string): Promise<void> {
  await page.locator(`[data-testid="${testId}"][data-state="${state}"]`).waitFor();
}

/** Brings an opened softphone into a state. Its context has no permission for the microphone if the scene is `refused`. */
export async function onPhone(page: Page, console: StagedConsole, scene: PhoneScene): Promise<void> {
  await untilState(page, 'phone-status', 'idle');
  if (scene === 'idle') return;
  const { phones } = console;
  await page.getByTestId('phone-from').fill(CONTACT.customerNumber);
  await page.getByTestId('phone-call').click();
  if (scene === 'refused') {
    await untilState(page, 'phone-status', 'failed');
    return;
  }
  await phones.hears('call');
  phones.tell('phone', 'ringing', CALL);
  await untilState(page, 'phone-status', 'ringing');
  if (scene === 'ringing') return;
  phones.tell('phone', 'talking', CALL);
  phones.speak();
  await page.getByTestId('turn').nth(4).waitFor();
  if (scene === 'with-human') phones.tell('phone', 'with-human', CALL);
  if (scene === 'ended') phones.tell('phone', 'ended', CALL);
  await untilState(page, 'phone-status', scene);
}

/** Waits until an opened desk has its line. Before that it cannot ring. */
export async function untilConnected(page: Page): Promise<void> {
  await page.locator('[data-testid="agent-status"][data-state="waiting"][data-connected="true"]').waitFor();
}

/** Brings an opened desk into a state. `deaf`: an agent answers whose microphone is refused. */
export async function atDesk(page: Page, console: StagedConsole, scene: DeskScene): Promise<void> {
  await untilConnected(page);
  if (scene === 'waiting') return;
  const { phones } = console;
  phones.tell('agent', 'ringing', CONTACT);
  await page.getByTestId('turn').nth(4).waitFor();
  if (scene === 'ringing') return;
  await page.getByTestId('agent-answer').click();
  await phones.hears('answer');
  phones.tell('agent', 'talking');
  phones.speak();
  await untilState(page, 'agent-status', 'talking');
  if (scene === 'deaf') await page.getByTestId('agent-error').waitFor();
  if (scene !== 'ended') return;
  phones.tell('agent', 'ended', { outcome: 'caller-hung-up' });
  await page.getByTestId('agent-outcome').waitFor();
}

/** Tells the story of the call that a scene shows. */
export function stageCall(console: StagedConsole, scene: PhoneScene | DeskScene): void {
  const isWithHuman = scene !== 'talking' && scene !== 'ended';
  if (isWithHuman) handoverStory(console);
  else bargeInStory(console);
}
