import type { Clock } from '../../src/base/clock.js';
import { type CallerIndex, callerKey, triesKey } from '../../src/handover/caller-index.js';
import { type HandoverRecord, MAX_SUMMARY } from '../../src/handover/record.js';
import type { HandoverStore } from '../../src/handover/store.js';
import { printable, printableName } from '../../src/handover/text.js';
import { candidateTokens, tokenKey } from '../../src/handover/token.js';
import { identifyingNumber } from '../../src/twilio/caller-identity.js';

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
  /** Called for every invalid token. */
  onInvalidToken?: () => void;
}

interface Question {
  contactId: string;
  token: string;
  /** As Connect reports it. Empty if withheld. */
  callerNumber: string;
  /** Whether the flow asks for a match by number, its last resort after digits that could not be used. */
  wantsMatch: boolean;
}

export function createRedeemer(options: RedeemerOptions): Redeem {
  const { clock } = options;
  return async (event) => {
    try {
      const question = readEvent(event);
      if (question.contactId === '') return answer('invalid');
      const hasDigits = /\d/.test(question.token);
      const redeem = question.wantsMatch || !hasDigits ? match : redeemToken;
      return await inTime(
        clock,
        options.pepper().then((pepper) => redeem({ ...options, pepper }, question)),
      );
    } catch {
      return answer('error');
    }
  };
}

type Keyed = Omit<RedeemerOptions, 'pepper'> & { pepper: string };

async function redeemToken(options: Keyed, question: Question): Promise<ConnectAnswer> {
  const { callers, clock, onInvalidToken, pepper, store } = options;
  const nowSeconds = Math.floor(clock.epochMs() / 1000);
  let status: TokenStatus = 'invalid';
  for (const candidate of candidateTokens(question.token)) {
    const redemption = await store.redeem(tokenKey(pepper, candidate), question.contactId, nowSeconds);
    if (redemption.status === 'valid') return answer('valid', redemption.record);
    if (status === 'invalid') ({ status } = redemption);
  }
  if (status === 'invalid') {
    onInvalidToken?.();
    await countFailure(callers, triesKey(pepper, question.callerNumber), nowSeconds);
  }
  return answer(status);
}

/** Counts a failure. The answer is known by then, so it does not change if the store fails. */
async function countFailure(callers: CallerIndex, tries: string | undefined, nowSeconds: number): Promise<void> {
  if (tries === undefined) return;
  try {
    await callers.countFailure(tries, nowSeconds, TRIES_WINDOW_SECONDS);
  } catch {
    // The alarm has counted the token, and the next wrong one is counted here again.
  }
}

/**
 * Finds the caller's handover by their number. A number can be faked, so the answer holds nothing of the conversation. It
 * holds where to route the call, and the ids under which an agent who has verified the caller finds the rest.
 */
async function match(options: Keyed, question: Question): Promise<ConnectAnswer> {
  const { callers, clock, matchesCallers = true, pepper } = options;
  const number = identifyingNumber(question.callerNumber);
  const tries = triesKey(pepper, question.callerNumber);
  if (!matchesCallers || number === undefined || tries === undefined) return answer('invalid');
  const nowSeconds = Math.floor(clock.epochMs() / 1000);
  if ((await callers.failures(tries, nowSeconds)) >= MAX_FAILURES) return answer('invalid');
  const redemption = await callers.redeemByCaller(callerKey(pepper, number), question.contactId, nowSeconds);
  if (redemption.status === 'valid') {
    return answer('ani_match', { ...redemption.record, customer_name: '', summary: UNVERIFIED });
  }
  await countFailure(callers, tries, nowSeconds);
  return answer('invalid');
}

/** Builds the answer to Connect. Without a record the caller goes to the default queue. */
export function answer(status: TokenStatus, record?: HandoverRecord): ConnectAnswer {
  const found = record !== undefined;
  const clean = (value: string | undefined): string => printable(value ?? '', MAX_SUMMARY);
  // Whether Connect accepts an empty attribute is not documented, so what the agent needs most is never empty.
  const named = (value: string | undefined): string => clean(value) || (found ? 'unknown' : '');
  return {
    token_status: status,
    success: String(found),
    handover_id: clean(record?.handover_id),
    conversation_id: clean(record?.conversation_id),
    customer_phone: named(record?.customer_phone),
    customer_name: named(printableName(record?.customer_name ?? '', MAX_SUMMARY)),
    summary: clean(record?.summary),
    intent: clean(record?.intent),
    reason: clean(record?.reason),
    priority: clean(record?.priority),
    language: clean(record?.language),
    queue_arn: clean(record?.queue_arn),
    route_to_queue: String(found && record.queue_arn !== ''),
    hubspot_contact_id: clean(record?.hubspot_contact_id),
    hubspot_ticket_id: clean(record?.hubspot_ticket_id),
    crm_url: clean(record?.crm_url),
  };
}

function readEvent(event: unknown): Question {
  const details = field(event, 'Details');
  const contact = field(details, 'ContactData');
  const parameters = field(details, 'Parameters');
  return {
    contactId: text(field(contact, 'ContactId')),
    token: text(field(parameters, 'token')),
    callerNumber: text(field(field(contact, 'CustomerEndpoint'), 'Address')),
    wantsMatch: field(parameters, 'action') === 'match_caller',
  };
}

const MAX_FIELD = 256;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_FIELD) : '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function inTime(clock: Clock, work: Promise<ConnectAnswer>): Promise<ConnectAnswer> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ATTEMPT_MS, () => resolve(answer('error')));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
