import type { CallEnd, CarrierCall } from '../twilio/carrier-call.js';
import { type ProblemCode, problemLevel, problemName } from '../twilio/problems.js';

/** What {@link hintFor} needs in addition to the call itself. */
export interface HintContext {
  voiceUrl: string;
  isSigned: boolean;
  /** The host that was signed for, and the one that the gateway reports. */
  publicHost: string;
  gatewaysHost: string | undefined;
}

/** The result of a call, for the user who placed it. */
export class CallReport {
  readonly heard: string[] = [];
  digitsPlayed = 0;
  /** The attributes on the agent's screen. */
  agent: Readonly<Record<string, string>> | undefined;
  private readonly call: CarrierCall;
  private readonly context: HintContext;
  private readonly problems: { code: ProblemCode; level: string; what: string }[] = [];
  private bridged = false;
  private streams = 0;
  private ending: CallEnd | 'limit' | undefined;

  constructor(call: CarrierCall, context: HintContext) {
    this.call = call;
    this.context = context;
    call.on('bridged', () => (this.bridged = true));
    call.on('stream-started', () => this.streams++);
    call.on('problem', (code, what) => {
      // Twilio logs every stream that the server closes, and a handover starts like that.
      if (code !== 31921)
        this.problems.push({ code, level: problemLevel(code), what: `${problemName(code)}: ${what}` });
    });
    call.on('ended', (reason) => (this.ending ??= reason));
  }

  /** Marks the call as longer than its limit. */
  overran(): void {
    this.ending ??= 'limit';
  }

  /** 0 if the call ended normally, else 1. */
  get exitCode(): 0 | 1 {
    const { ending, problems, streams } = this;
    if (ending === undefined || ['error', 'rejected', 'busy', 'limit'].includes(ending)) return 1;
    return streams === 0 && problems.some(({ level }) => level === 'error') ? 1 : 0;
  }

  /** What to try, in one line. `undefined` if the call went well or there is no advice. */
  get hint(): string | undefined {
    if (this.exitCode === 0) return undefined;
    if (this.ending === 'limit') return 'The call was still active at its limit; set a longer one with --limit.';
    for (const { code, what } of this.problems) {
      const hint = hintFor(code, what, this.context);
      if (hint !== undefined) return hint;
    }
    return undefined;
  }

  toJson(): string {
    return JSON.stringify({
      call_sid: this.call.callSid,
      ended: this.ending,
      bridged: this.bridged,
      streams: this.streams,
      problems: this.problems,
      heard: this.heard,
      digits_played: this.digitsPlayed,
      agent: this.agent ?? null,
      hint: this.hint ?? null,
    });
  }
}

function hintFor(code: ProblemCode, what: string, context: HintContext): string | undefined {
  const { gatewaysHost, isSigned, publicHost, voiceUrl } = context;
  const status = /HTTP (\d{3})/.exec(what)?.[1];
  if (status === '403') {
    if (gatewaysHost !== undefined && gatewaysHost !== publicHost)
      return `The gateway refuses the signature (403): it calls itself ${gatewaysHost}, the request was signed for ${publicHost}. Leave --public-host out.`;
    return isSigned
      ? `The gateway refuses the signature (403): TWILIO_AUTH_TOKEN must be the gateway's, and --public-host (now ${publicHost}) the host it checks for.`
      : "The gateway refuses the request (403): it checks signatures. Set TWILIO_AUTH_TOKEN to the gateway's.";
  }
  if (code === 11200 && status?.startsWith('3') === true)
    return `The gateway redirects ${voiceUrl} elsewhere (HTTP ${status}): set the final address with --gateway or --voice-url.`;
  if (code === 11200 && (status === '404' || status === '405'))
    return `The gateway accepts no calls at ${voiceUrl} (HTTP ${status}): set its webhook with --voice-url.`;
  if (code === 12300 || code === 12100)
    return `The answer at ${voiceUrl} is not TwiML: set the webhook with --voice-url.`;
  if (code === 31920 && status !== undefined)
    return `The gateway refused the media stream (HTTP ${status}); its log says why.`;
  return undefined;
}
