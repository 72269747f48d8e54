import { type Clock, type Timer, sleep } from '../base/clock.js';
import type { Claim } from '../journal/journal.js';
import type { StreamStart } from '../twilio/messages.js';
import type { Admitted, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../twilio/webhooks.js';
import type { Admission, Refusal, RefusedCall } from './admission.js';
import type { Reason } from '../escalation/escalation.js';
import { announcement } from './announcement.js';
import type { BeforeCall, CallContext } from './before-call.js';
import type { OutboundFacts } from './call-facts.js';
import type { CallOutcome } from './call-state.js';
import type { CallServices } from './call-services.js';
import { Call, type OwnedServices } from './call.js';
import type { Answer } from './transfer/departure.js';
import { answerToKey, keyOf } from './transfer/briefing.js';
import { callerIdFor, dialVerb } from './transfer/dial.js';
import { keepForeignRecording } from './transfer/foreign-recording.js';
import { PATHS } from './paths.js';
import { recordingReport } from './recording/recording-report.js';
import { hasToken, traceIn } from './stream/stream-token.js';

/** How long an ended call is remembered, so that late and repeated callbacks find their answer. */
const REMEMBER_ENDED_MS = 60_000;

/** Delay before the end of another instance's call is written for it. By then that instance has had its own last results. */
const OVER_ELSEWHERE_MS = 20_000;
const OVER_TRIES = 5;

/** Delays between the looks into the journal. A stream may come before the instance that answered the call has written it. */
const WRITTEN_AFTER_MS = [0, 50, 150, 400];

/** A call that the gateway made, of which this instance knows no more. */
const UNKNOWN: OutboundFacts = { id: '', machine: 'talk' };

/** What an operator may do to a call. */
export type OperatorAction = { action: 'hangup' } | { action: 'escalate'; reason: Reason };

export interface RegistryServices {
  /** Asks what is known of a call before it is answered. Absent if nothing can be asked. */
  beforeCall?: BeforeCall | undefined;
  /** Called when a call of another instance has ended, which may be gone. That instance may tell the end, too. */
  onEndedElsewhere?: ((callSid: string, outcome: CallOutcome) => void) | undefined;
  /** Called when a new call was refused, each time that Twilio asks about it. */
  onRefused?: ((call: RefusedCall) => void) | undefined;
}

/** Holds the calls of this process by CallSid, and routes Twilio's requests to them. */
export class CallRegistry {
  private readonly calls = new Map<string, Call>();
  private readonly pending = new Set<Timer>();
  private readonly claims = new Map<string, Promise<Claim>>();
  private readonly services: OwnedServices & RegistryServices;
  private readonly admission: Admission;
  private readonly clock: Clock;

  constructor(services: CallServices & RegistryServices, admission: Admission) {
    this.services = { ...services, onEnded: (call) => this.forgetLater(call) };
    this.admission = admission;
    this.clock = services.clock;
  }

  /** The calls that are not over. */
  get activeCalls(): readonly Call[] {
    return [...this.calls.values()].filter((call) => !call.isOver);
  }

  /** Whether the call is here and not being left to another instance. */
  has(callSid: string): boolean {
    return this.calls.get(callSid)?.isMoving === false;
  }

  /** The operator hangs up or transfers a call. `unknown`: it is not here. `impossible`: it has gone too far for that. */
  operate(callSid: string, action: OperatorAction): 'accepted' | 'unknown' | 'impossible' {
    const call = this.calls.get(callSid);
    if (call === undefined) return 'unknown';
    const isDone = action.action === 'hangup' ? call.hangUp() : call.escalateFor(action.reason);
    return isDone ? 'accepted' : 'impossible';
  }

  /** Sends new callers straight to an agent from now on. */
  stopAccepting(): void {
    this.admission.stop();
  }

  /** Disposes of everything the calls still own, because the process ends. With a shared journal they continue elsewhere. */
  close(): void {
    this.admission.close();
    for (const call of this.activeCalls) {
      if (this.isShared) call.release();
      else call.abandon();
    }
    for (const timer of this.pending) timer.cancel();
    this.calls.clear();
  }

  /** Whether other instances can take over the calls of this one. */
  get isShared(): boolean {
    return this.services.journal.health.backend !== 'memory';
  }

  /** Whether they could do so now, because the journal is up. */
  get isWritten(): boolean {
    return this.isShared && this.services.journal.health.isUp;
  }

  /** Called when another instance has written about a call of this one. The instance that holds the stream keeps the call. */
  onLost(callSid: string): void {
    const call = this.calls.get(callSid);
    if (call?.isLive === true) void this.services.journal.claim(callSid);
    else if (call !== undefined) this.letGo(call);
  }

  /** The incoming-call request. Twilio may repeat it after a connection failure, and the same call gets the same answer. */
  async incoming(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const known = await this.known(webhook.callSid);
    if (known !== undefined) return known.currentAnswer();
    const { beforeCall } = this.services;
    return beforeCall === undefined ? this.accept(webhook) : this.acceptKnown(webhook, beforeCall);
  }

  private accept(webhook: VoiceWebhook, context?: CallContext): Answer {
    const refusal = this.refusalFor(webhook.to, context?.hasPriority);
    // A call that the hook refuses takes no room.
    if (refusal === undefined || context?.action === 'refuse') return this.begin(webhook, undefined, context);
    const { connectPhoneNumber, log, metrics, onRefused } = this.services;
    const { callSid, from, to } = webhook;
    metrics.refusedCalls.inc({ reason: refusal });
    log.warn({ call_sid: callSid, reason: refusal }, 'the call is not taken here');
    onRefused?.({ callSid, from, to, reason: refusal, isPutThrough: connectPhoneNumber !== undefined });
    return this.withoutUs(webhook, 'busy', 'refused_busy');
  }

  /** Asks the hook first, unless the call is refused whatever it says. */
  private async acceptKnown(webhook: VoiceWebhook, beforeCall: BeforeCall): Promise<readonly Verb[]> {
    const refusal = this.refusalFor(webhook.to);
    if (refusal !== undefined && refusal !== 'call_limit') return this.accept(webhook);
    const { callSid, from, to } = webhook;
    const isBegun = async (): Promise<boolean> => (await this.known(callSid)) !== undefined;
    const context = await beforeCall.ask({ callSid, from, to }, isBegun);
    // The same request may have come again meanwhile, here or to another instance.
    const begun = await this.known(callSid);
    return begun?.currentAnswer() ?? this.accept(webhook, context);
  }

  /**
   * A call that the gateway makes was answered. It is never refused: there was room when it was made, and a person who was called
   * is not told that all lines are busy.
   */
  async outgoing(webhook: VoiceWebhook, outbound: OutboundFacts): Promise<readonly Verb[]> {
    const known = await this.known(webhook.callSid);
    return known?.currentAnswer() ?? this.begin(webhook, outbound);
  }

  /** Twilio has detected what has answered a call of this process. */
  answeredBy(callSid: string, answeredBy: string): void {
    this.calls.get(callSid)?.answeredBy(answeredBy);
  }

  /** Why a new call would be refused here. `undefined` if it would be accepted. */
  refusalFor(ownNumber: string, hasPriority = false): Refusal | undefined {
    const active = this.activeCalls.filter((call) => !call.isWithHuman).length;
    return this.admission.refusal(active, ownNumber, hasPriority);
  }

  private known(callSid: string): Promise<Call | undefined> | Call | undefined {
    return this.isShared ? this.find(callSid) : this.calls.get(callSid);
  }

  private begin(webhook: VoiceWebhook, outbound?: OutboundFacts, known?: CallContext): Answer {
    // The same request may have come again while the journal or the hook was asked.
    const begun = this.calls.get(webhook.callSid);
    if (begun !== undefined) return begun.currentAnswer();
    const call = Call.begin(webhook, this.services, outbound, known);
    this.calls.set(webhook.callSid, call);
    return call.currentAnswer();
  }

  /** Whether a new call would be accepted here. */
  hasRoomFor(webhook: VoiceWebhook): boolean {
    return this.refusalFor(webhook.to) === undefined;
  }

  admit(stream: TwilioStream, start: StreamStart): Admitted | Promise<Admitted> {
    const admitted = this.calls.get(start.callSid)?.admit(stream, start) ?? { refused: 'unknown call' };
    if (!('refused' in admitted)) return admitted;
    if (!this.isShared) return this.traced(start, admitted);
    // Even a call that this instance holds may have continued on another one since.
    return this.admitFromElsewhere(stream, start, admitted).then((found) => this.traced(start, found));
  }

  private traced(start: StreamStart, admitted: Admitted): Admitted {
    if ('refused' in admitted) this.services.traces?.streamRefused(start.callSid, start.streamSid, traceIn(start));
    return admitted;
  }

  /** Admits a stream for a call that another instance answered. A stream with a wrong token moves nothing. */
  private async admitFromElsewhere(stream: TwilioStream, start: StreamStart, refused: Admitted): Promise<Admitted> {
    const { clock, journal } = this.services;
    for (const delayMs of WRITTEN_AFTER_MS) {
      await sleep(clock, delayMs);
      const stand = (await journal.peek(start.callSid))?.stand;
      if (stand?.name !== 'ringing' || !hasToken(start, stand.streamToken)) continue;
      const call = await this.find(start.callSid);
      return call?.admit(stream, start) ?? refused;
    }
    return refused;
  }

  async afterStream(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const { call, isCurrent } = await this.lookUp(webhook.callSid, !isOver(webhook));
    // The journal is away, so this instance cannot know whether the stream ran elsewhere, and what was decided there.
    const mayBeStale = !isCurrent && call?.isRinging === true && !this.services.streamsComeHere;
    if (mayBeStale) this.letGo(call);
    // No instance knows the call any more. Its memory is lost, but the caller still gets an agent.
    if (call !== undefined && !mayBeStale) return call.afterStream(webhook);
    return isOver(webhook) ? [] : this.withoutUs(webhook, 'assistantFailed', 'abandoned');
  }

  async afterDial(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const call = await this.find(webhook.callSid, !isOver(webhook));
    if (call?.isOver === false) return call.departure.afterDial(webhook);
    // Another instance dialled, or this one has given the call up, or its answer was lost. A caller who has not reached an agent is
    // told so, or told again what follows.
    const { prompt } = this.services.assistantFor(webhook.to);
    const isTalkedOut = webhook.form.get('DialBridged') === 'true';
    const words = isTalkedOut ? undefined : (call?.lastWords ?? prompt.lines.noHuman);
    return [...announcement(words, prompt), { verb: 'hangup' }];
  }

  async whisper(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const call = await this.find(webhook.parentCallSid ?? '');
    return (await call?.departure.dialling.whisper(webhook)) ?? [];
  }

  /** The person who was briefed on the called leg has pressed a key, or none. `which`: whether they were asked before. */
  async briefed(webhook: VoiceWebhook, which: 'first' | 'last'): Promise<readonly Verb[]> {
    const key = keyOf(webhook.form.get('Digits') ?? '', which);
    const { summaryLanguage: language, url } = this.services;
    // What the key does needs no knowledge of the call.
    if (key !== 'unclear') {
      const call = await this.find(webhook.parentCallSid ?? '');
      call?.departure.dialling.onKey(webhook, key);
    }
    return answerToKey(key, { language, url });
  }

  async afterHold(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const call = await this.find(webhook.callSid, !isOver(webhook));
    return call?.departure.afterHold() ?? this.withoutUs(webhook, 'assistantFailed', 'abandoned');
  }

  /** Twilio could not get or use an answer of ours. */
  async afterFallback(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const url = webhook.form.get('ErrorUrl') ?? '';
    const failedPath = URL.canParse(url) ? new URL(url).pathname : '';
    const call = await this.find(webhook.callSid, !isOver(webhook));
    this.services.log.warn(
      { call_sid: webhook.callSid, path: failedPath, is_known: call !== undefined },
      'Twilio asks the fallback',
    );
    // A caller who has talked to an agent must not be rung through again.
    if (call === undefined && webhook.form.get('DialBridged') === 'true') return [{ verb: 'hangup' }];
    if (failedPath === PATHS.dialResult) await this.hearOfLeg(call);
    return (
      call?.departure.afterFallback(failedPath, webhook) ?? this.withoutUs(webhook, 'assistantFailed', 'abandoned')
    );
  }

  async afterVoicemail(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const call = await this.find(webhook.callSid, !isOver(webhook));
    if (call !== undefined) return call.departure.voicemail.afterVoicemail(webhook);
    await this.foreignRecording(webhook);
    const { prompt } = this.services.assistantFor(webhook.to);
    return [...announcement(prompt.lines.messageThanks, prompt), { verb: 'hangup' }];
  }

  /** A status callback, which needs no TwiML. */
  recording(webhook: VoiceWebhook): undefined {
    const call = this.calls.get(webhook.callSid);
    if (call === undefined) void this.foreignRecording(webhook);
    else call.departure.voicemail.onRecording(webhook);
  }

  /** A status callback, which needs no TwiML. */
  callRecording(webhook: VoiceWebhook): undefined {
    const report = recordingReport(webhook.form);
    if (report === undefined) return;
    const call = this.calls.get(webhook.callSid);
    // The instance that has the call asks Twilio itself. A report often comes after the end.
    if (call !== undefined) call.onRecording(report);
    else this.services.log.debug({ call_sid: webhook.callSid }, 'a recording was reported of a call that is not here');
  }

  private async foreignRecording(webhook: VoiceWebhook): Promise<void> {
    keepForeignRecording(webhook, await this.services.journal.peek(webhook.callSid), this.services);
  }

  /** A status callback, which needs no TwiML. */
  legStatus(webhook: VoiceWebhook): undefined {
    const callSid = webhook.parentCallSid ?? '';
    const legSeconds = Number(webhook.form.get('CallDuration') ?? '0');
    if (webhook.callStatus !== 'completed' || !Number.isFinite(legSeconds)) return;
    const leg = { legSid: webhook.callSid, legSeconds };
    const call = this.calls.get(callSid);
    if (call !== undefined) call.departure.dialling.onLegOver(leg);
    // Not a reason to take the call over: the instance that has it is about to get the result of the dial.
    else if (this.isShared && callSid !== '') this.services.journal.tell(callSid, leg);
  }

  /** Twilio may have told another instance how long the called leg was connected. */
  private async hearOfLeg(call: Call | undefined): Promise<void> {
    if (call === undefined || !this.isShared || call.departure.dialling.isLegOver) return;
    const told = await this.services.journal.told(call.callSid);
    if (told !== undefined) call.departure.dialling.onLegOver(told);
  }

  /** A status callback, which needs no TwiML. */
  callStatus(webhook: VoiceWebhook): undefined {
    const call = this.calls.get(webhook.callSid);
    if (call !== undefined) call.onCallStatus(webhook);
    else if (isOver(webhook) && this.isShared) this.endElsewhere(webhook.callSid, OVER_TRIES);
  }

  /**
   * Writes the end of another instance's call to the journal. That instance learns of it from Twilio, or from the journal the
   * next time it writes about the call.
   */
  private endElsewhere(callSid: string, triesLeft: number): void {
    this.later(OVER_ELSEWHERE_MS, () => {
      void this.writeEnd(callSid).then((isKnown) => {
        // A Redis that has lost everything is written again by the instances that hold the calls.
        if (!isKnown && triesLeft > 1) this.endElsewhere(callSid, triesLeft - 1);
      });
    });
  }

  /** Resolves with false if the journal does not answer or does not know the call. */
  private async writeEnd(callSid: string): Promise<boolean> {
    const { journal } = this.services;
    const entry = await journal.peek(callSid);
    if (entry === undefined) return false;
    if (entry.stand.name === 'ended') {
      // The instance may have died before it could tell more than the journal.
      this.services.onEndedElsewhere?.(callSid, entry.stand.outcome as CallOutcome);
      return true;
    }
    const claim = await this.claim(callSid);
    if (claim.status !== 'claimed') return false;
    if (claim.entry.stand.name === 'ended' || this.calls.has(callSid)) return true;
    journal.note(claim.entry);
    journal.forget(callSid, 'caller_hung_up');
    this.services.onEndedElsewhere?.(callSid, 'caller_hung_up');
    return true;
  }

  /**
   * Returns the call that Twilio asks about: one of this instance, or one that another instance has left, which this one takes
   * over. `undefined` if no instance knows the call.
   */
  private async find(callSid: string, goesOn = false): Promise<Call | undefined> {
    return (await this.lookUp(callSid, goesOn)).call;
  }

  /**
   * `goesOn`: Twilio's request shows that the call is not over. `isCurrent` is false if another instance may know more about the call,
   * and the journal could not say.
   */
  private async lookUp(callSid: string, goesOn = false): Promise<{ call: Call | undefined; isCurrent: boolean }> {
    const known = this.calls.get(callSid);
    // The journal is asked only if another instance may have taken the call over. An end that was only concluded here, and that Twilio's
    // request contradicts, is no end: another instance may be talking to the caller.
    const isOverForSure = known?.isOver === true && !(this.isShared && known.isTakenForGone && goesOn);
    if (known !== undefined && (!this.isWritten || isOverForSure))
      return this.unclaimed(known, isOverForSure || !this.isShared);
    const claim = await this.claim(callSid);
    const current = this.calls.get(callSid);
    if (claim.status !== 'claimed')
      return this.unclaimed(current, claim.status === 'absent' && current?.isTakenForGone !== true);
    if (current !== undefined && (claim.wasOurs || current !== known)) return { call: current, isCurrent: true };
    if (current?.isOver === true && claim.entry.stand.name === 'ended') return { call: current, isCurrent: true };
    if (current !== undefined) this.letGo(current);
    const call = Call.restore(claim.entry, this.services);
    this.calls.set(callSid, call);
    if (call.isOver) this.forgetLater(call);
    return { call, isCurrent: true };
  }

  /** What is known here of a call that the journal says nothing about. */
  private unclaimed(call: Call | undefined, isCurrent: boolean): { call: Call | undefined; isCurrent: boolean } {
    if (isCurrent || call?.isTakenForGone !== true) return { call, isCurrent };
    this.letGo(call);
    return { call: undefined, isCurrent };
  }

  /** Two requests about one call at the same moment share one claim. */
  private claim(callSid: string): Promise<Claim> {
    const running = this.claims.get(callSid);
    if (running !== undefined) return running;
    const claim = this.services.journal.claim(callSid).finally(() => this.claims.delete(callSid));
    this.claims.set(callSid, claim);
    return claim;
  }

  private letGo(call: Call): void {
    call.release();
    this.calls.delete(call.callSid);
  }

  /** The answer when the gateway itself fails. */
  lastResort(webhook: VoiceWebhook): readonly Verb[] {
    return this.withoutUs(webhook, 'assistantFailed', 'abandoned');
  }

  /**
   * Dials an agent without a conversation before, or says that no agent can be reached. A person whom the gateway has called is told
   * who called, and that there is a problem.
   */
  private withoutUs(
    webhook: VoiceWebhook,
    line: 'busy' | 'assistantFailed',
    outcome: 'refused_busy' | 'abandoned',
  ): Verb[] {
    const { assistantFor, connectPhoneNumber, metrics, ownNumber, url } = this.services;
    const { prompt } = assistantFor(webhook.to);
    metrics.sessions.inc({ outcome });
    const failed = webhook.isOutbound ? assistantFor(webhook.to, UNKNOWN).prompt.outbound?.failed : undefined;
    const say = announcement(failed ?? prompt.lines[line], prompt);
    if (failed !== undefined) return [...say, { verb: 'hangup' }];
    if (connectPhoneNumber === undefined) return [...say, { verb: 'hangup' }];
    return [
      ...(outcome === 'abandoned' ? say : []),
      dialVerb({
        number: connectPhoneNumber,
        callerId: callerIdFor(webhook.from, ownNumber ?? webhook.to, webhook.isOutbound),
        hasWhisper: false,
        url,
      }),
    ];
  }

  /** Forgets this call only. A call that this instance let go of may have come back by then, as a new object. */
  private forgetLater(call: Call): void {
    this.later(REMEMBER_ENDED_MS, () => {
      if (this.calls.get(call.callSid) === call) this.calls.delete(call.callSid);
    });
  }

  /** Runs `action` after the delay, unless the registry is closed before. */
  private later(delayMs: number, action: () => void): void {
    const timer = this.clock.setTimer(delayMs, () => {
      this.pending.delete(timer);
      action();
    });
    this.pending.add(timer);
  }
}
