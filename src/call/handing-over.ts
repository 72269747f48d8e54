import type { Clock } from '../clock.js';
import type { Escalation } from '../escalation/escalation.js';
import type { HandoverDesk, PreparedHandover } from '../handover/desk.js';
import { whisperDigits } from '../handover/token.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { Verb } from '../twilio/twiml.js';
import type { Turn } from '../voice/history.js';
import type { CallEvent } from './call-events.js';
import { callerIdFor, dialVerb } from './dial.js';
import { prepareHandover } from './prepare-handover.js';

/** What does not change about a call while it is handed over. */
export interface CallFacts {
  callSid: string;
  conversationId: string;
  from: string;
  to: string;
  prompt: AssistantPrompt;
  turns: () => readonly Turn[];
  log: () => Logger;
}

export interface HandingOverServices {
  clock: Clock;
  metrics: Metrics;
  desk: HandoverDesk;
  connectPhoneNumber: string | undefined;
  ownNumber: string | undefined;
  queueFor: (reason: string, intent: string) => string;
  url: (scheme: 'https', path: string) => string;
  emit: (event: CallEvent) => void;
}

/** So often a human is rung before the caller is told that nobody can take the call. */
const MAX_DIALS = 3;

/** One call's way to a human: the record, the dial, the whisper. Where the call stands is the call's own business. */
export class HandingOver {
  private readonly call: CallFacts;
  private readonly services: HandingOverServices;
  private dials = 0;

  constructor(call: CallFacts, services: HandingOverServices) {
    this.call = call;
    this.services = services;
  }

  /** A human has been rung as often as is sensible. */
  get isExhausted(): boolean {
    return this.dials >= MAX_DIALS;
  }

  /** The decision is written down, for whoever watches. */
  note(escalation: Escalation): void {
    const { reason, trigger } = escalation;
    this.services.metrics.escalations.inc({ trigger, reason });
    this.services.emit({ type: 'escalated', callSid: this.call.callSid, escalation });
    this.call.log().info({ trigger, reason }, 'a human is needed');
  }

  /** Writes the record that the token opens; never rejects and never takes long. */
  async prepare(escalation: Escalation): Promise<PreparedHandover | undefined> {
    const { callSid, conversationId, from, log, prompt, turns } = this.call;
    const { clock, desk, emit, queueFor } = this.services;
    const prepared = await prepareHandover(
      { escalation, conversationId, customerPhone: from, language: prompt.language, turns: turns() },
      { clock, desk, log: log(), queueFor },
    );
    emit({ type: 'handover-prepared', callSid, handoverId: prepared?.handoverId });
    return prepared;
  }

  /** Rings a human; undefined when there is no number to ring. */
  dial(prepared: PreparedHandover | undefined): Verb | undefined {
    const { callSid, from, log, to } = this.call;
    const { connectPhoneNumber, emit, ownNumber, url } = this.services;
    if (connectPhoneNumber === undefined) return undefined;
    this.dials++;
    emit({ type: 'dialling', callSid, number: connectPhoneNumber });
    log().info({ handover_id: prepared?.handoverId, attempt: this.dials }, 'dialling a human');
    return dialVerb({
      number: connectPhoneNumber,
      callerId: callerIdFor(from, ownNumber ?? to),
      hasWhisper: prepared !== undefined,
      url,
    });
  }

  /** What the called leg hears alone. */
  whisper(prepared: PreparedHandover): Verb {
    return { verb: 'play-digits', digits: whisperDigits(prepared.token) };
  }
}
