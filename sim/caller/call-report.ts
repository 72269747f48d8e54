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

/** One act of the caller, and how long the answer took. `undefined` if nothing was heard. */
interface ReportedTurn {
  did: string;
  answerMs: number | undefined;
}

/** The result of a call, for the user who placed it. */
export class CallReport {
  /** What a small recogniser made of what the caller heard. */
  readonly heard: string[] = [];
  readonly turns: ReportedTurn[] = [];
  /** Number of acts that the caller did not get to. */
  actsLeft = 0;
  /** Why the gateway sent the call to a human, if it says so. */
  reason: string | undefined;
  digitsPlayed = 0;
  /** The attributes on the agent's screen. */
  agent: Readonly<Record<string, string>> | undefined;
  private readonly call: CarrierCall;
  private readonly context: HintContext;
  private readonly problems: { code: ProblemCode; level: string; what: string }[] = [];
  private bridged = false;
  private dialled: string | undefined;
  private streams = 0;
  private ending: CallEnd | 'limit' | undefined;

  constructor(call: CarrierCall, context: HintContext) {
    this.call = call;
    this.context = context;
    call.on('bridged', () => (this.bridged = true));
    call.on('dial-started', (number) => (this.dialled = number));
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

  /** Called when the caller has spoken or pressed keys. */
  did(what: string): void {
    this.turns.push({ did: what, answerMs: undefined });
  }

  /** Called when the answer to the last act is heard. */
  answered(afterMs: number): void {
    const turn = this.turns.at(-1);
    if (turn !== undefined) turn.answerMs = afterMs;
  }

  /** Whether the caller reached a human without having done anything. */
  get wentStraightToHuman(): boolean {
    return this.dialled !== undefined && this.turns.length === 0;
  }

  /** 0 if the call went as the caller meant it to, else 1. */
  get exitCode(): 0 | 1 {
    return this.failure === undefined ? 0 : 1;
  }

  /** What went wrong and what to try, in one line. `undefined` if the call went well. */
  get hint(): string | undefined {
    const { failure } = this;
    return failure === undefined || failure === '' ? undefined : failure;
  }

  /** The hint for a call that failed, `''` if there is none. `undefined` if the call did not fail. */
  private get failure(): string | undefined {
    const { actsLeft, bridged, dialled, ending, problems, streams, turns } = this;
    if (ending === 'limit') return 'The call was still active at its limit; set a longer one with --limit.';
    const isBroken = ending === undefined || ['error', 'rejected', 'busy'].includes(ending);
    if (isBroken || (streams === 0 && problems.some(({ level }) => level === 'error'))) {
      const hints = problems.map(({ code, what }) => hintFor(code, what, this.context));
      return hints.find((hint) => hint !== undefined) ?? '';
    }
    if (actsLeft > 0 && this.wentStraightToHuman)
      return `The call went straight to a human: ${this.reason ?? "the gateway's log says why"}.`;
    if (dialled !== undefined && !bridged) return `The gateway dialled ${dialled}, and nobody was reached there.`;
    if (actsLeft > 0 && !bridged)
      return `The call ended before the caller had done everything (${actsLeft} left): ${this.reason ?? "the gateway's log may say why"}.`;
    const silent = turns.find(({ answerMs }) => answerMs === undefined);
    return silent === undefined || bridged ? undefined : `Nothing was heard in answer to “${silent.did}”.`;
  }

  toJson(): string {
    return JSON.stringify({
      call_sid: this.call.callSid,
      ended: this.ending,
      bridged: this.bridged,
      streams: this.streams,
      problems: this.problems,
      turns: this.turns.map(({ answerMs, did }) => ({ did, answer_ms: answerMs ?? null })),
      heard: this.heard,
      digits_played: this.digitsPlayed,
      agent: this.agent ?? null,
      straight_to_human: this.wentStraightToHuman ? (this.reason ?? 'unknown') : null,
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
