import type { Clock, Timer } from '../clock.js';
import type { StreamStart } from '../twilio/messages.js';
import type { StreamOwner, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';
import type { Admission } from './admission.js';
import { Call, type CallServices } from './call.js';
import type { Answer } from './departure.js';
import { dialVerb } from './dial.js';

/** An ended call is remembered this long, so that late and repeated callbacks find their answer. */
const REMEMBER_ENDED_MS = 60_000;

/** The calls of this process, by CallSid, and Twilio's questions about them. */
export class CallRegistry {
  private readonly calls = new Map<string, Call>();
  private readonly forgetting = new Set<Timer>();
  private readonly services: CallServices;
  private readonly admission: Admission;
  private readonly clock: Clock;

  constructor(services: Omit<CallServices, 'onEnded'>, admission: Admission) {
    this.services = { ...services, onEnded: (callSid) => this.forgetLater(callSid) };
    this.admission = admission;
    this.clock = services.clock;
  }

  /** Calls that are not over. */
  get activeCalls(): readonly Call[] {
    return [...this.calls.values()].filter((call) => !call.isOver);
  }

  /** From here on new callers go straight to a human. */
  stopAccepting(): void {
    this.admission.stop();
  }

  /** The process ends: whatever calls still own is disposed of. */
  close(): void {
    this.admission.close();
    for (const call of this.activeCalls) call.abandon();
    for (const timer of this.forgetting) timer.cancel();
    this.calls.clear();
  }

  /** The incoming-call webhook. Twilio may repeat it after a connection failure: the same call gets the same answer. */
  incoming(webhook: VoiceWebhook): Answer {
    const known = this.calls.get(webhook.callSid);
    if (known !== undefined) return known.standing();
    const refusal = this.admission.refusal(this.activeCalls.filter((call) => !call.isWithHuman).length);
    if (refusal !== undefined) {
      this.services.metrics.refusedCalls.inc({ reason: refusal });
      this.services.log.warn({ call_sid: webhook.callSid, reason: refusal }, 'the call is not taken here');
      return this.withoutUs(webhook, 'busy', 'refused_busy');
    }
    const call = new Call(webhook, this.services);
    this.calls.set(webhook.callSid, call);
    return call.standing();
  }

  admit(stream: TwilioStream, start: StreamStart): StreamOwner | { refused: string } {
    return this.calls.get(start.callSid)?.admit(stream, start) ?? { refused: 'unknown call' };
  }

  async afterStream(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    const call = this.calls.get(webhook.callSid);
    // A call of a process that is gone: its memory is lost, the caller is not.
    if (call === undefined) return this.withoutUs(webhook, 'assistantFailed', 'abandoned');
    return call.afterStream(webhook);
  }

  afterDial(webhook: VoiceWebhook): Answer {
    const call = this.calls.get(webhook.callSid);
    if (call !== undefined) return call.departure.afterDial(webhook);
    const { language, lines } = this.services.promptFor(webhook.to);
    if (webhook.form.get('DialBridged') === 'true') return [{ verb: 'hangup' }];
    return [{ verb: 'say', text: lines.noHuman, language }, { verb: 'hangup' }];
  }

  whisper(webhook: VoiceWebhook): Verb[] {
    return this.calls.get(webhook.parentCallSid ?? '')?.departure.whisper() ?? [];
  }

  afterHold(webhook: VoiceWebhook): Answer {
    return (
      this.calls.get(webhook.callSid)?.departure.afterHold() ?? this.withoutUs(webhook, 'assistantFailed', 'abandoned')
    );
  }

  /** An answer of ours did not reach Twilio, or was of no use to it. */
  afterFallback(webhook: VoiceWebhook): Answer {
    const url = webhook.form.get('ErrorUrl') ?? '';
    const failedPath = URL.canParse(url) ? new URL(url).pathname : '';
    const call = this.calls.get(webhook.callSid);
    this.services.log.warn(
      { call_sid: webhook.callSid, path: failedPath, is_known: call !== undefined },
      'Twilio asks the fallback',
    );
    return call?.departure.afterFallback(failedPath) ?? this.withoutUs(webhook, 'assistantFailed', 'abandoned');
  }

  afterVoicemail(webhook: VoiceWebhook): readonly Verb[] {
    return this.calls.get(webhook.callSid)?.departure.afterVoicemail(webhook) ?? [{ verb: 'hangup' }];
  }

  /** Twilio expects no TwiML here. */
  recording(webhook: VoiceWebhook): undefined {
    this.calls.get(webhook.callSid)?.departure.onRecording(webhook);
  }

  /** Twilio expects no TwiML here. */
  legStatus(webhook: VoiceWebhook): undefined {
    this.calls.get(webhook.parentCallSid ?? '')?.departure.onLegStatus(webhook);
  }

  /** Twilio expects no TwiML here. */
  callStatus(webhook: VoiceWebhook): undefined {
    this.calls.get(webhook.callSid)?.onCallStatus(webhook);
  }

  /** What a caller gets when the gateway itself fails. */
  lastResort(webhook: VoiceWebhook): readonly Verb[] {
    return this.withoutUs(webhook, 'assistantFailed', 'abandoned');
  }

  /** Sends a caller to a human without a conversation of ours, or tells them that nobody is there. */
  private withoutUs(
    webhook: VoiceWebhook,
    line: 'busy' | 'assistantFailed',
    outcome: 'refused_busy' | 'abandoned',
  ): Verb[] {
    const { connectPhoneNumber, metrics, promptFor, url } = this.services;
    const prompt = promptFor(webhook.to);
    metrics.sessions.inc({ outcome });
    const say: Verb = { verb: 'say', text: prompt.lines[line], language: prompt.language };
    if (connectPhoneNumber === undefined) return [say, { verb: 'hangup' }];
    return [
      ...(outcome === 'abandoned' ? [say] : []),
      dialVerb({ number: connectPhoneNumber, callerId: undefined, hasWhisper: false, url }),
    ];
  }

  private forgetLater(callSid: string): void {
    const timer = this.clock.setTimer(REMEMBER_ENDED_MS, () => {
      this.calls.delete(callSid);
      this.forgetting.delete(timer);
    });
    this.forgetting.add(timer);
  }
}
