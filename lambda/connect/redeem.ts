import type { Clock } from '../../src/base/clock.js';
import { languageInWords, reasonInWords, voiceFor } from '../../src/handover/agent-words.js';
import { type CallerIndex, callerKey, triesKey } from '../../src/handover/caller-index.js';
import { type HandoverRecord, MAX_SUMMARY } from '../../src/handover/record.js';
import type { HandoverStore } from '../../src/handover/store.js';
import { printable, printableName } from '../../src/handover/text.js';
import { candidateTokens, tokenKey } from '../../src/handover/token.js';
import { identifyingNumber } from '../../src/twilio/caller-identity.js';
import { TandemError } from '../../src/base/errors.js';

export type TokenStatus = 'valid' | 'invalid' | 'expired' | 'used' | 'ani_match' | 'error';

/** Attributes of a Connect contact: a flat map of strings in which every key is always present. */
export type ConnectAnswer = Record<string, string>;

/** Maximum time for one attempt. Connect makes three attempts within eight seconds. */
const ATTEMPT_MS = 2500;

/**
 * Maximum number of wrong tokens from one number within {@link TRIES_WINDOW_SECONDS}. A real call sends at most three. A
 * number above it is not matched without digits. A right token is always redeemed, because a number can be faked, and
 * many callers can share one.
 */
const MAX_FAILURES = 30;
const TRIES_WINDOW_SECONDS = 600;

/** Replaces the summary of a record that was found by the caller's number alone. */
const UNVERIFIED =
  'Found by the phone number alone, which can be faked: ask who is calling. The conversation is stored under its id.';

/** The caller's voice is a part of the conversation. */
const NO_RECORDING = { recording_sid: '', recording_url: '' };

/** Answers an event from Connect, however malformed. Never throws and never rejects. */
export type Redeem = (event: unknown) => Promise<ConnectAnswer>;

export interface RedeemerOptions {
  store: HandoverStore;
  callers: CallerIndex;
  /** A rejection is answered with an error. */
  pepper: () => Promise<string>;
  clock: Clock;
  /** Whether a call without digits may be matched by its number. Default: true. */
  matchesCallers?: boolean;
  report?: Partial<Report>;
}

/** The same for one question. */
type Parts = Omit<RedeemerOptions, 'pepper' | 'report'> & { pepper: string; report: Report };

/** What the operator learns of each question. `contactId` is empty if the event has none. */
export interface Report {
  answered: (contactId: string, result: ConnectAnswer) => void;
  /** The store could be asked, or not, without a question of a caller. */
  checked: (contactId: string) => void;
  /** Something could not be done because of `error`. The answer follows by itself, if there is one. */
  failed: (contactId: string, error: unknown) => void;
  /** Called for every invalid token. */
  invalidToken: () => void;
}

const UNREPORTED: Report = {
  answered: () => undefined,
  checked: () => undefined,
  failed: () => undefined,
  invalidToken: () => undefined,
};

interface Question {
  contactId: string;
  token: string;
  /** As Connect reports it. Empty if withheld. */
  callerNumber: string;
  /**
   * What the flow asks for. `match` is its last resort after digits that could not be used. `check` is asked after the function
   * has failed, with the flow's log on: Connect writes there why it fails, and nothing of the call is in the question.
   */
  action: 'redeem' | 'match' | 'check';
}

/** Returns the contact of an event. Empty if it has none. */
export function contactIdOf(event: unknown): string {
  try {
    return text(field(field(field(event, 'Details'), 'ContactData'), 'ContactId'));
  } catch {
    return '';
  }
}

export function createRedeemer(options: RedeemerOptions): Redeem {
  const { clock } = options;
  const report: Report = { ...UNREPORTED, ...options.report };
  return async (event) => {
    let contactId = '';
    let result = answer('error');
    try {
      const question = readEvent(event);
      ({ contactId } = question);
      const answered = options.pepper().then((pepper) => reply({ ...options, pepper, report }, question));
      result = await inTime(clock, answered);
      if (question.action === 'check') {
        report.checked(contactId);
        return result;
      }
    } catch (error) {
      report.failed(contactId, error);
    }
    report.answered(contactId, result);
    return result;
  };
}

function reply(options: Parts, question: Question): Promise<ConnectAnswer> {
  const { action, contactId, token } = question;
  if (action === 'check') return check(options);
  if (contactId === '') return Promise.resolve(answer('invalid'));
  return action === 'match' || !/\d/.test(token) ? match(options, question) : redeemToken(options, question);
}

/** Reads a key that no record has. */
async function check({ callers, clock, pepper }: Parts): Promise<ConnectAnswer> {
  await callers.failures(tokenKey(pepper, 'check'), Math.floor(clock.epochMs() / 1000));
  return answer('invalid');
}

async function redeemToken(options: Parts, question: Question): Promise<ConnectAnswer> {
  const { clock, pepper, report, store } = options;
  const nowSeconds = Math.floor(clock.epochMs() / 1000);
  let status: TokenStatus = 'invalid';
  for (const candidate of candidateTokens(question.token)) {
    const redemption = await store.redeem(tokenKey(pepper, candidate), question.contactId, nowSeconds);
    if (redemption.status === 'valid') return answer('valid', redemption.record);
    if (status === 'invalid') ({ status } = redemption);
  }
  if (status === 'invalid') {
    report.invalidToken();
    await countFailure(options, question, nowSeconds);
  }
  return answer(status);
}

/** Counts a failure. The answer is known by then, so it does not change if the store fails. */
async function countFailure(options: Parts, question: Question, nowSeconds: number): Promise<void> {
  const { callers, pepper, report } = options;
  const tries = triesKey(pepper, question.callerNumber);
  if (tries === undefined) return;
  try {
    await callers.countFailure(tries, nowSeconds, TRIES_WINDOW_SECONDS);
  } catch (error) {
    // The alarm has counted the token, and the next wrong one is counted here again.
    report.failed(question.contactId, error);
  }
}

/**
 * Finds the caller's handover by their number. A number can be faked, so the answer holds nothing of the conversation. It
 * holds where to route the call, and the ids under which an agent who has verified the caller finds the rest.
 */
async function match(options: Parts, question: Question): Promise<ConnectAnswer> {
  const { callers, clock, matchesCallers = true, pepper } = options;
  const number = identifyingNumber(question.callerNumber);
  const tries = triesKey(pepper, question.callerNumber);
  if (!matchesCallers || number === undefined || tries === undefined) return answer('invalid');
  const nowSeconds = Math.floor(clock.epochMs() / 1000);
  if ((await callers.failures(tries, nowSeconds)) >= MAX_FAILURES) return answer('invalid');
  const redemption = await callers.redeemByCaller(callerKey(pepper, number), question.contactId, nowSeconds);
  if (redemption.status === 'valid') {
    return answer('ani_match', {
      ...redemption.record,
      customer_name: '',
      summary: UNVERIFIED,
      briefing: '',
      ...NO_RECORDING,
    });
  }
  await countFailure(options, question, nowSeconds);
  return answer('invalid');
}

/** Builds the answer to Connect. Without a record the caller goes to the default queue. */
export function answer(status: TokenStatus, record?: HandoverRecord): ConnectAnswer {
  const found = record !== undefined;
  const clean = (value: string | undefined): string => printable(value ?? '', MAX_SUMMARY);
  // Whether Connect accepts an empty attribute is not documented, and a flow sets all attributes of a block or none. So what
  // the flow keeps in one block is never empty.
  const voice = voiceFor(clean(record?.briefing_language));
  const isBriefed = voice !== '' && clean(record?.briefing) !== '';
  const named = (value: string | undefined): string => clean(value) || (found ? 'unknown' : '');
  return {
    token_status: status,
    success: String(found),
    handover_id: named(record?.handover_id),
    conversation_id: named(record?.conversation_id),
    customer_phone: named(record?.customer_phone),
    customer_name: named(printableName(record?.customer_name ?? '', MAX_SUMMARY)),
    summary: named(record?.summary),
    intent: named(record?.intent),
    reason: named(record?.reason),
    reason_text: found ? reasonInWords(clean(record.reason), clean(record.intent)) : '',
    // All of them or none, because the whisper speaks only if it has the words and the voice.
    briefing: isBriefed ? clean(record?.briefing) : '',
    briefing_voice: isBriefed ? voice : '',
    briefing_ready: isBriefed ? 'true' : '',
    priority: named(record?.priority),
    language: named(record?.language),
    language_text: named(languageInWords(clean(record?.language))),
    assistant: named(record?.assistant),
    queue_arn: clean(record?.queue_arn),
    route_to_queue: String(found && record.queue_arn !== ''),
    hubspot_contact_id: clean(record?.hubspot_contact_id),
    hubspot_ticket_id: clean(record?.hubspot_ticket_id),
    crm_url: clean(record?.crm_url),
    recording_sid: clean(record?.recording_sid),
    recording_url: clean(record?.recording_url),
  };
}

function readEvent(event: unknown): Question {
  const details = field(event, 'Details');
  const contact = field(details, 'ContactData');
  const parameters = field(details, 'Parameters');
  return {
    contactId: contactIdOf(event),
    token: text(field(parameters, 'token')),
    callerNumber: text(field(field(contact, 'CustomerEndpoint'), 'Address')),
    action: ACTIONS.get(text(field(parameters, 'action'))) ?? 'redeem',
  };
}

const ACTIONS: ReadonlyMap<string, Question['action']> = new Map([
  ['match_caller', 'match'],
  ['check', 'check'],
]);

const MAX_FIELD = 256;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_FIELD) : '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function inTime(clock: Clock, work: Promise<ConnectAnswer>): Promise<ConnectAnswer> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ATTEMPT_MS, () => {
      reject(new TandemError('STORE_UNREACHABLE', `The store has not answered within ${ATTEMPT_MS} ms.`));
    });
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
