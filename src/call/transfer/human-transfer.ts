import type { Clock } from '../../base/clock.js';
import type { CrmCase } from '../../crm/hubspot.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { Reach } from '../../handover/agent-availability.js';
import type { HandoverDesk, PreparedHandover } from '../../handover/desk.js';
import { whisperDigits } from '../../handover/token.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { UpdateResult } from '../../twilio/rest.js';
import { type Verb, twiml } from '../../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../../twilio/webhooks.js';
import type { VoiceSession } from '../../voice/session.js';
import type { CallEvent } from '../call-events.js';
import type { CallFacts } from '../call-facts.js';
import type { CallReach, ExitPlan, HumanExit } from '../call-state.js';
import { callerIdFor, dialOutcome, dialVerb, failureOf } from './dial.js';
import type { FailedDial, NextStep, NextSteps } from './failed-dial-policy.js';
import { intentOf, prepareHandover } from './prepare-handover.js';
import { summarizeCall } from './summarize-call.js';

export interface HumanTransferServices {
  clock: Clock;
  metrics: Metrics;
  desk: HandoverDesk;
  /** The customer system. `undefined` if none is set. */
  crm: { begin: (crmCase: CrmCase) => void } | undefined;
  /** The number of Amazon Connect. Without it no agent can be reached. */
  connectPhoneNumber: string | undefined;
  /** Caller id for the called leg if the caller withholds the number. */
  ownNumber: string | undefined;
  /** BCP 47 tag of the language the agents read. */
  summaryLanguage: string;
  /** Says whether an agent is available. Without it the number is rung in any case. */
  agents: { reach: (queueArn: string) => Promise<Reach> } | undefined;
  /** Twilio's REST API, if it is used to dial. Otherwise TwiML dials. */
  rest: { updateCall: (callSid: string, twiml: string) => Promise<UpdateResult> } | undefined;
  nextSteps: NextSteps;
  url: (scheme: 'https', path: string) => string;
  emit: (event: CallEvent) => void;
}

export type DialResult = { is: 'bridged' } | { is: 'caller_gone' } | { is: 'failed'; as: FailedDial };

/** Maximum number of dials before the caller is told that no agent can take the call. */
const MAX_TRIES = 3;

/** A leg that was connected for longer has talked, because the whisper takes 8.5 s. */
const WHISPER_SECONDS = 10;

/** One call's transfer to an agent: the record, the dial, the whisper, and what follows if the dial fails. */
export class HumanTransfer {
  private readonly call: CallFacts;
  private readonly services: HumanTransferServices;
  private latest: Escalation = { trigger: 'failure', reason: 'assistant_failed' };
  private failures: number;
  /** The model's summary of the conversation until the latest escalation. */
  private summary: Promise<string | undefined> = Promise.resolve(undefined);
  private readonly over = new AbortController();

  /** `failures` is the number of dials of this call that have failed already. */
  constructor(call: CallFacts, services: HumanTransferServices, failures: number) {
    this.call = call;
    this.services = services;
    this.failures = failures;
  }

  /** The latest escalation. */
  get escalation(): Escalation {
    return this.latest;
  }

  get failedDials(): number {
    return this.failures;
  }

  /** Whether no agent could take the call, or none ever can. Then the assistant offers to take a message. */
  get isNobodyThere(): boolean {
    return this.failures > 0 || this.services.connectPhoneNumber === undefined;
  }

  /** Whether Twilio is told over REST to dial. */
  get goesByRest(): boolean {
    return this.services.rest !== undefined;
  }

  /**
   * Begins everything slow now, while the goodbye plays: the record, the summary, the question who is available. `session` is
   * the one that talks, which knows best what the call is about. Absent if no session is open.
   */
  begin(escalation: Escalation, session?: VoiceSession): HumanExit {
    const { reason, trigger } = escalation;
    this.summary = this.summarize(session);
    this.services.metrics.escalations.inc({ trigger, reason });
    this.services.emit({ type: 'escalated', callSid: this.call.callSid, escalation });
    this.call.log().info({ trigger, reason }, 'a human is needed');
    return this.exit(escalation);
  }

  /** The assistant cannot continue, so an agent does. TwiML says so because no voice session is left. */
  failurePlan(): { exit: HumanExit; announce: string } {
    const exit = this.begin({ trigger: 'failure', reason: 'assistant_failed' });
    return { exit, announce: this.call.assistant.prompt.lines.assistantFailed };
  }

  /** The call is over, so a summary that is not written yet has no reader. */
  close(): void {
    this.over.abort();
  }

  /** How the call leaves after a failed try. Counts the try. */
  planAfter(failed: FailedDial): ExitPlan {
    const { nobodyFree, noHuman, oneMoment } = this.call.assistant.prompt.lines;
    switch (this.stepAfter(failed)) {
      case 'assistant':
        return { exit: { to: 'assistant', cause: 'dial_failed', opening: nobodyFree }, announce: undefined };
      case 'again':
        // Under a new token, because the called leg may have heard the last one.
        return { exit: this.exit(this.latest), announce: oneMoment };
      case 'callback':
        // A caller who withholds the number cannot be called back.
        return {
          exit: { to: identifyingNumber(this.call.from) === undefined ? 'voicemail' : 'callback' },
          announce: undefined,
        };
      case 'voicemail':
        return { exit: { to: 'voicemail' }, announce: undefined };
      case 'goodbye':
        return { exit: { to: 'nobody', outcome: 'no_human' }, announce: noHuman };
    }
  }

  private stepAfter(failed: FailedDial): NextStep {
    this.failures++;
    const { nextSteps } = this.services;
    const step = this.failures >= MAX_TRIES ? nextSteps.exhausted : nextSteps[failed];
    // An assistant that has just failed cannot help a caller for whom not even a telephone rang.
    const isHelpless = this.latest.trigger === 'failure' && (failed === 'unavailable' || failed === 'closed');
    return step === 'assistant' && isHelpless ? nextSteps.exhausted : step;
  }

  /** Returns the verb that dials an agent. `undefined` if there is no number to dial. */
  verb(prepared: PreparedHandover | undefined): Verb | undefined {
    const { from, outbound, to } = this.call;
    const { connectPhoneNumber, ownNumber, url } = this.services;
    if (connectPhoneNumber === undefined) return undefined;
    return dialVerb({
      number: connectPhoneNumber,
      callerId: callerIdFor(from, ownNumber ?? to, outbound !== undefined),
      hasWhisper: prepared !== undefined,
      url,
    });
  }

  /** Makes Twilio leave the stream and run `verbs`. Never rejects. */
  redirect(verbs: readonly Verb[]): Promise<UpdateResult> {
    return this.services.rest?.updateCall(this.call.callSid, twiml(verbs)) ?? Promise.resolve('refused');
  }

  /** Reports that Twilio has been told to dial. */
  noteDialling(prepared: PreparedHandover | undefined, by: 'twiml' | 'rest'): void {
    const { connectPhoneNumber: number = '', emit } = this.services;
    const { callSid, log } = this.call;
    emit({ type: 'dialling', callSid, number, handoverId: prepared?.handoverId });
    log().info({ attempt: this.failures + 1, by }, 'dialling a human');
  }

  /** Reports that the called leg gets the token. */
  noteWhisper({ token }: PreparedHandover): void {
    this.services.emit({ type: 'token-played', callSid: this.call.callSid, digits: token.length });
  }

  /** Returns what Twilio plays to the called leg alone. */
  whisper(prepared: PreparedHandover): Verb {
    return { verb: 'play-digits', digits: whisperDigits(prepared.token) };
  }

  /** Returns the result of a dial, from `DialBridged`, because a leg that dropped during the whisper still says `completed`. */
  judge(webhook: VoiceWebhook): DialResult {
    const { form } = webhook;
    const callerGone = isOver(webhook);
    const bridged = form.get('DialBridged') === 'true';
    const outcome = dialOutcome(form.get('DialCallStatus') ?? 'failed', bridged, callerGone);
    const error = form.get('ErrorCode') ?? '';
    this.noteEnd(outcome, /^\d{5}$/.test(error) ? Number(error) : undefined);
    if (bridged) return { is: 'bridged' };
    return callerGone ? { is: 'caller_gone' } : { is: 'failed', as: failureOf(outcome) };
  }

  /** Returns the result of a dial whose report was lost, from how long the called leg was connected. */
  judgeLost(legSeconds: number | undefined): DialResult {
    const bridged = legSeconds !== undefined && legSeconds > WHISPER_SECONDS;
    this.noteEnd(bridged ? 'bridged' : 'failed', undefined);
    return bridged ? { is: 'bridged' } : { is: 'failed', as: 'failed' };
  }

  private noteEnd(outcome: string, twilioError: number | undefined): void {
    this.services.metrics.handovers.inc({ outcome });
    this.services.emit({ type: 'dial-ended', callSid: this.call.callSid, outcome });
    this.call.log().info({ outcome, twilio_error: twilioError }, 'dial ended');
  }

  private exit(escalation: Escalation): HumanExit {
    this.latest = escalation;
    const { connectPhoneNumber } = this.services;
    const prepared = connectPhoneNumber === undefined ? Promise.resolve(undefined) : this.prepare(escalation);
    return { to: 'human', prepared, reach: this.reach(escalation) };
  }

  private async summarize(session: VoiceSession | undefined): Promise<string | undefined> {
    const { clock, connectPhoneNumber, summaryLanguage: language } = this.services;
    if (session === undefined || connectPhoneNumber === undefined) return undefined;
    const { log, turns } = this.call;
    return summarizeCall(session, turns(), { clock, language, log: log(), signal: this.over.signal });
  }

  private async reach(escalation: Escalation): Promise<CallReach> {
    const { agents, clock, connectPhoneNumber } = this.services;
    const { assistant, turns } = this.call;
    if (connectPhoneNumber === undefined) return 'unavailable';
    if (!assistant.isOpen(clock.epochMs())) return 'closed';
    const intent = intentOf(turns(), assistant.prompt.language);
    return agents?.reach(assistant.queueFor(escalation.reason, intent)) ?? 'reachable';
  }

  /** Writes the record that the token opens. Never rejects, and takes at most `handoverRecordMs`. */
  private async prepare(escalation: Escalation): Promise<PreparedHandover | undefined> {
    const { assistant, callSid, conversationId, from, known, log, recording, turns } = this.call;
    const { clock, crm, desk, emit } = this.services;
    const startedMs = clock.now();
    const prepared = await prepareHandover(
      {
        escalation,
        conversationId,
        customerPhone: from,
        language: assistant.prompt.language,
        turns: turns(),
        known,
        recording: recording?.(),
        summary: this.summary,
      },
      {
        clock,
        crm,
        desk,
        log: log(),
        queueFor: (reason, intent) => assistant.queueFor(reason, intent),
        onWritten: (handoverId, outcome, tookMs) => emit({ type: 'crm-ended', callSid, handoverId, outcome, tookMs }),
      },
    );
    emit({
      type: 'handover-prepared',
      callSid,
      handoverId: prepared?.handoverId,
      tookMs: clock.now() - startedMs,
    });
    return prepared;
  }
}
