import type { Clock } from '../../base/clock.js';
import type { CrmCase } from '../../crm/hubspot.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { Reach } from '../../handover/agent-availability.js';
import type { HandoverDesk, PreparedHandover } from '../../handover/desk.js';
import { briefingOf } from '../../handover/briefing.js';
import { whisperDigits } from '../../handover/token.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { UpdateResult } from '../../twilio/rest.js';
import { type Verb, twiml } from '../../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../../twilio/webhooks.js';
import type { VoiceSession } from '../../voice/session.js';
import type { CallEvent } from '../call-events.js';
import type { CallFacts } from '../call-facts.js';
import type { Briefing, BriefingKey, CallReach, ExitPlan, HumanExit } from '../call-state.js';
import { briefingVerbs } from './briefing.js';
import { callerIdFor, dialOutcome, dialVerb, failureOf } from './dial.js';
import type { FailedDial, NextStep, NextSteps } from './failed-dial-policy.js';
import { briefingFacts, intentOf, prepareHandover } from './prepare-handover.js';
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
  /** BCP 47 tag of the language that the agents read and hear. */
  summaryLanguage: string;
  /** Whom the gateway tells who calls before the two are joined: nobody, Connect's whisper, or the telephone that is dialled. */
  briefing: BriefingMode;
  /** Says whether an agent is available. Without it the number is rung in any case. */
  agents: { reach: (queueArn: string) => Promise<Reach> } | undefined;
  /** Twilio's REST API, if it is used to dial. Otherwise TwiML dials. */
  rest: { updateCall: (callSid: string, twiml: string) => Promise<UpdateResult> } | undefined;
  nextSteps: NextSteps;
  url: (scheme: 'https', path: string) => string;
  emit: (event: CallEvent) => void;
}

export type BriefingMode = 'off' | 'connect' | 'phone';

export type DialResult = { is: 'bridged' } | { is: 'caller_gone' } | { is: 'failed'; as: FailedDial };

/** Maximum number of dials before the caller is told that no agent can take the call. */
const MAX_TRIES = 3;

/** A leg that was connected for longer has talked, because the whisper takes 8.5 s. */
const WHISPER_SECONDS = 10;
/** The same for a leg that was briefed and of which no key is known: 12 s, twice the question with its waiting, and two requests. */
const BRIEFING_SECONDS = 40;
/** Maximum wait of a person who has answered for a summary that is being written. The caller hears ringing meanwhile. */
const LATE_SUMMARY_MS = 1500;

/** Stands for the escalation of a call of which nothing is known. */
const UNKNOWN: Escalation = { trigger: 'failure', reason: 'assistant_failed' };

/** One call's transfer to an agent: the record, the dial, the whisper, and what follows if the dial fails. */
export class HumanTransfer {
  private readonly call: CallFacts;
  private readonly services: HumanTransferServices;
  private latest: Escalation = UNKNOWN;
  private failures: number;
  /** The model's summary of the conversation until the latest escalation. */
  private summary: Promise<string | undefined> = Promise.resolve(undefined);
  /** The same, once it is there. */
  private written: string | undefined;
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
    this.written = undefined;
    void this.summary.then((written) => (this.written = written));
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
      hasWhisper: prepared !== undefined || this.services.briefing === 'phone',
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

  /** What the person on the called leg is told, as far as it is known. `undefined` if the leg gets the token. */
  briefing(): Briefing | undefined {
    const { briefing, summaryLanguage: language } = this.services;
    if (briefing !== 'phone') return undefined;
    const { assistant, known, turns } = this.call;
    const facts = briefingFacts({
      escalation: this.latest,
      language: assistant.prompt.language,
      turns: turns(),
      known,
      summary: this.written,
      agentsLanguage: language,
    });
    const reason = this.latest === UNKNOWN ? undefined : facts.reason;
    return { words: briefingOf({ ...facts, reason }, language), key: undefined };
  }

  /** The same with the model's summary. `undefined` if none is written yet, or not here. */
  get fullBriefing(): Briefing | undefined {
    return this.written === undefined ? undefined : this.briefing();
  }

  /** Resolves when the summary is written or will not be. */
  get summaryEnd(): Promise<unknown> {
    return this.summary;
  }

  /** The same, in time for somebody who has answered the telephone. */
  summaryInTime(): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.services.clock.setTimer(LATE_SUMMARY_MS, resolve);
      void this.summary.then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  /** Returns what Twilio says to the called leg alone. */
  announce({ words }: Briefing): readonly Verb[] {
    const { summaryLanguage: language, url } = this.services;
    return briefingVerbs(words, { language, url });
  }

  /** Reports that the person on the called leg is told of the call, or what they did then. */
  noteBriefing(step: 'spoken' | BriefingKey): void {
    const { emit, metrics } = this.services;
    metrics.briefings.inc({ outcome: step });
    emit({ type: 'briefing', callSid: this.call.callSid, step });
    this.call.log().info({ step }, 'briefing of the person who was dialled');
  }

  /** Returns the result of a dial, from `DialBridged`, because a leg that dropped during the whisper still says `completed`. */
  judge(webhook: VoiceWebhook, key: BriefingKey | undefined): DialResult {
    const { form } = webhook;
    const callerGone = isOver(webhook);
    const bridged = form.get('DialBridged') === 'true';
    const outcome = dialOutcome(form.get('DialCallStatus') ?? 'failed', { bridged, callerGone, key });
    const error = form.get('ErrorCode') ?? '';
    this.noteEnd(outcome, /^\d{5}$/.test(error) ? Number(error) : undefined);
    if (bridged) return { is: 'bridged' };
    return callerGone ? { is: 'caller_gone' } : { is: 'failed', as: failureOf(outcome) };
  }

  /** Returns the result of a dial whose report was lost, from the key, or from how long the called leg was connected. */
  judgeLost(legSeconds = 0, briefing?: Briefing): DialResult {
    const { key } = briefing ?? {};
    const isLong = legSeconds > (briefing === undefined ? WHISPER_SECONDS : BRIEFING_SECONDS);
    const bridged = key === 'taken' || (key === undefined && isLong);
    const outcome = bridged ? 'bridged' : (key ?? 'failed');
    this.noteEnd(outcome, undefined);
    return bridged ? { is: 'bridged' } : { is: 'failed', as: failureOf(outcome) };
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
    const isBriefed = this.services.briefing !== 'off';
    return summarizeCall(session, turns(), { clock, language, isBriefed, log: log(), signal: this.over.signal });
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
    const { assistant, callSid, conversationId, from, known, log, turns } = this.call;
    const { clock, crm, desk, emit } = this.services;
    const startedMs = clock.now();
    const prepared = await prepareHandover(
      {
        escalation,
        conversationId,
        customerPhone: from,
        language: assistant.prompt.language,
        assistant: assistant.name,
        turns: turns(),
        known,
        summary: this.summary,
        agentsLanguage: this.services.summaryLanguage,
      },
      {
        clock,
        crm,
        desk,
        log: log(),
        isBriefed: this.services.briefing === 'connect',
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
