import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock } from '../../base/clock.js';
import type { CrmCase, CrmOutcome } from '../../crm/hubspot.js';
import type { Escalation } from '../../escalation/escalation.js';
import { priorityOf } from '../../escalation/priority.js';
import { topicOf } from '../../escalation/topics.js';
import { type HandoverDesk, type PreparedHandover, withKnown } from '../../handover/desk.js';
import { type BriefingFacts, briefingForConnect } from '../../handover/briefing.js';
import { summarizeInScript } from '../../handover/summary.js';
import { isPrintable, printable } from '../../handover/text.js';
import type { Logger } from '../../telemetry/log.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { Turn } from '../../voice/history.js';
import type { CallContext } from '../before-call.js';

export interface HandoverRequest {
  escalation: Escalation;
  conversationId: string;
  /** As Twilio sends it. */
  customerPhone: string;
  language: string;
  /** Name of the assistant that talked to the caller. */
  assistant: string;
  turns: readonly Turn[];
  /** What was known before the call. */
  known?: CallContext | undefined;
  /** The model's own summary, which replaces the extract of the turns. Resolves with `undefined` if the model writes none. */
  summary: Promise<string | undefined>;
  /** BCP 47 tag of the language in which the summary is written. */
  agentsLanguage: string;
}

/**
 * Writes the handover's record within `handoverRecordMs`. Never rejects. Resolves with `undefined` if the record could not be
 * written, and then the call is dialled without it.
 */
export async function prepareHandover(
  request: HandoverRequest,
  services: {
    clock: Clock;
    desk: HandoverDesk;
    log: Logger;
    queueFor: (reason: string, intent: string) => string;
    /** Whether Connect's whisper says more than the reason. */
    isBriefed: boolean;
    /** The customer system, which works beside the call. `undefined` if none is set. */
    crm: { begin: (crmCase: CrmCase) => void } | undefined;
    /** Called when the customer system has the handover, or not. */
    onWritten?: (handoverId: string | undefined, outcome: CrmOutcome, tookMs: number) => void;
  },
): Promise<PreparedHandover | undefined> {
  const { conversationId, escalation, language } = request;
  const { clock, crm, desk, log, onWritten, queueFor } = services;
  const turns = request.turns.map(({ speaker, text }) => ({ speaker, text }));
  const intent = intentOf(turns, language);
  if (escalation.summary !== undefined) turns.push({ speaker: 'assistant', text: escalation.summary });
  const facts = {
    conversationId,
    customerPhone: identifyingNumber(request.customerPhone) ?? '',
    intent,
    reason: escalation.reason,
    priority: priorityOf(escalation),
    language: escalation.language ?? language,
  };
  const customerName = escalation.customerName ?? request.known?.variables['customer_name'];
  const named = customerName === undefined ? {} : { customerName };
  const known = inWords(request.known);
  let prepared: PreparedHandover | undefined;
  try {
    const queueArn = queueFor(escalation.reason, intent);
    const briefing = services.isBriefed ? spokenIn({ ...request, summary: undefined }) : undefined;
    const context = { ...facts, ...named, assistant: request.assistant, known, turns, queueArn, briefing };
    const record = await withDeadline(clock, desk.prepare(context));
    log.info({ handover_id: record.handoverId }, 'handover prepared');
    prepared = record;
    void replaceSummary(record, request, known, services);
  } catch (error) {
    log.error({ err: error }, 'handover record could not be written; dialling without it');
  }
  // Also without a record, because the agent can find the ticket by the caller's number.
  crm?.begin({
    ...facts,
    handoverId: prepared?.handoverId,
    summary: request.summary.then((written) => written ?? summarizeInScript(turns)),
    tell: (found) => (prepared === undefined ? Promise.resolve(false) : desk.update(prepared, found)),
    log,
    onEnd: (outcome, tookMs) => onWritten?.(prepared?.handoverId, outcome, tookMs),
  });
  return prepared;
}

/** Maximum length of what an agent is told of it, so that the summary keeps its place. */
const MAX_KNOWN_CHARACTERS = 300;

/** Returns what was known before the call as a sentence for the agent: `Known before the call: plan gold, orders 3.` */
function inWords(known: CallContext | undefined): string | undefined {
  const facts = Object.entries(known?.variables ?? {})
    .filter(([name]) => name !== 'customer_name')
    .map(([name, value]) => `${name.replace(/_/g, ' ')} ${value}`);
  if (facts.length === 0) return undefined;
  return `${printable(`Known before the call: ${facts.join(', ')}`, MAX_KNOWN_CHARACTERS)}.`;
}

/** Replaces the extract by the model's summary. Runs beside the call, which does not wait for it. */
async function replaceSummary(
  prepared: PreparedHandover,
  request: HandoverRequest,
  known: string | undefined,
  { desk, isBriefed, log }: { desk: HandoverDesk; isBriefed: boolean; log: Logger },
): Promise<void> {
  const { handoverId } = prepared;
  try {
    const written = await request.summary;
    if (written === undefined) return;
    if (!isPrintable(written)) {
      log.info({ handover_id: handoverId }, "the agent's side cannot show the letters of the model's summary");
      return;
    }
    const briefing = isBriefed ? { briefing: spokenIn({ ...request, summary: written }).words } : {};
    const isThere = await desk.update(prepared, { summary: withKnown(known, written), ...briefing });
    log.info({ handover_id: handoverId, is_there: isThere }, "the model's summary is in the handover's record");
  } catch (error) {
    log.warn({ err: error, handover_id: handoverId }, "the model's summary could not be written");
  }
}

/**
 * Returns what a briefing tells of a handover. What the model told as it handed the call over stands for the summary until that is
 * written, if it is in the language of the agents.
 */
export function briefingFacts({
  agentsLanguage,
  escalation,
  known,
  language,
  summary,
  turns,
}: Omit<BriefingRequest, 'summary'> & { summary: string | undefined }): BriefingFacts & { reason: string } {
  const isTheirs = primaryOf(escalation.language ?? language) === primaryOf(agentsLanguage);
  return {
    name: escalation.customerName ?? known?.variables['customer_name'],
    reason: escalation.reason,
    intent: intentOf(turns, language),
    summary: summary ?? (isTheirs ? escalation.summary : undefined),
  };
}

type BriefingRequest = Pick<
  HandoverRequest,
  'agentsLanguage' | 'escalation' | 'known' | 'language' | 'summary' | 'turns'
>;

function spokenIn(
  request: Omit<HandoverRequest, 'summary'> & { summary: string | undefined },
): ReturnType<typeof briefingForConnect> {
  return briefingForConnect(briefingFacts(request), request.agentsLanguage);
}

function primaryOf(tag: string): string {
  return tag.toLowerCase().split('-')[0] ?? '';
}

/** Returns the topic of what the caller has said, on a call in `language`. */
export function intentOf(turns: readonly Pick<Turn, 'speaker' | 'text'>[], language: string): string {
  const said = turns.filter((turn) => turn.speaker === 'caller').map((turn) => turn.text);
  return topicOf(said, language);
}

function withDeadline<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(SILENCE_BUDGET.handoverRecordMs, () => reject(new Error('deadline')));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
