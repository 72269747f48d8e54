import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { CallRecording } from './call-recording.js';
import { type Fields, rfc2822 } from './fields.js';
import { Lifetime } from './lifetime.js';
import type { MediaStream, StreamBehaviour, StreamOutcome } from './media-stream.js';
import type { Network } from './network.js';
import type { ProblemCode } from './problems.js';
import type { Element } from './twiml.js';
import type { WebhookMethod } from './webhook-client.js';

export interface PlaceCallOptions {
  from: string;
  to: string;
  /** `https://PUBLIC_HOST/twilio/voice`. */
  voiceUrl: string;
  voiceMethod?: WebhookMethod;
  /** Requested when a document cannot be fetched or parsed. */
  fallbackUrl?: string;
  /** POST by default, as on a number. */
  fallbackMethod?: WebhookMethod;
  statusCallback?: string;
  /** Which changes are reported to `statusCallback`. For an incoming call Twilio reports the end only. */
  statusCallbackEvents?: readonly CallEvent[];
  /** How the streams of this call behave. The carrier's setting by default. */
  stream?: StreamBehaviour;
  /** Present on a call that the account makes over REST. Then `from` is the account's number, and `to` is called. */
  outgoing?: OutgoingOptions;
}

/** What is particular to a call that is made over REST (Twilio: API – Call resource, create). */
export interface OutgoingOptions {
  /** Runs in place of the document at `voiceUrl`. */
  twiml?: string;
  /** How long the telephone rings before the call counts as not answered. */
  timeoutSeconds: number;
  /** Present if Twilio shall detect what answers. */
  detection?: {
    mode: 'Enable' | 'DetectMessageEnd';
    /** Whether the call continues meanwhile. Otherwise its document is requested only with the result. */
    isAsync: boolean;
    callback?: { url: string; method: WebhookMethod };
  };
}

export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed';

/** Twilio's words for the state of a call (CallStatus). */
export type CallStatus =
  'queued' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled';

/**
 * Why a call ended. At `error` Twilio would have played an error message. A call that ended with `rejected`, `busy`,
 * `failed` or `no-answer` was never answered.
 */
export type CallEnd =
  | 'caller-hung-up'
  | 'gateway-hung-up'
  | 'ended-by-rest'
  | 'no-more-twiml'
  | 'rejected'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'error';

/** What happens on a call. Listeners are called in call order. */
export interface CarrierCallEvents {
  /** The named request was answered with TwiML. */
  twiml: [request: string, verbs: readonly Element[]];
  'stream-started': [streamSid: string];
  'stream-ended': [outcome: StreamOutcome];
  /** 20 ms of what the caller hears: 160 bytes of mu-law. */
  heard: [frame: Uint8Array];
  /** The audio queued for the caller was discarded. */
  cleared: [];
  /** A `<Say>` starts. */
  say: [text: string];
  /** One DTMF tone of `<Play digits>` that the caller hears. */
  tone: [digit: string];
  /** The caller presses a key. */
  key: [digit: string];
  /** `<Record>` has beeped and now records. */
  'recording-started': [];
  'recording-ended': [spokenMs: number];
  'dial-started': [number: string];
  'dial-answered': [number: string];
  bridged: [number: string];
  'dial-ended': [status: string, bridged: boolean];
  /** A warning or error, with Twilio's code (see problems.ts). */
  problem: [code: ProblemCode, what: string];
  ended: [reason: CallEnd];
}

export interface CallOutcome {
  reason: CallEnd;
  status: CallStatus;
  /** Seconds since the call was answered. */
  durationSeconds: number;
  endedEpochMs: number;
}

/** Where a script's TwiML comes from. */
export type ScriptSource = { url: string; method?: string | undefined } | { twiml: string };

/** What a call uses of the TwiML that runs on it. */
export interface CallScript {
  run(source: ScriptSource): Promise<void>;
  /** Ends the script. Resolves when its stream is closed. */
  abandon(): Promise<void>;
}

type State =
  | { name: 'queued' }
  | { name: 'ringing' }
  | { name: 'in-progress'; answeredMs: number }
  | ({ name: 'over' } & CallOutcome);

/** One simulated telephone call. */
export class CarrierCall extends EventEmitter<CarrierCallEvents> {
  readonly callSid = `CA${randomBytes(16).toString('hex')}`;
  readonly options: PlaceCallOptions;
  readonly carrier: Network;
  readonly startedEpochMs: number;
  /** The live stream, through which the caller speaks and tests send what Twilio would not. */
  mediaStream: MediaStream | undefined;
  /** Receives what the caller says while there is no stream: a recording, or the called leg. */
  farEnd: ((mulaw: Uint8Array) => void) | undefined;
  /** What was started over REST, oldest first. */
  readonly recordings: CallRecording[] = [];
  private readonly life: Lifetime;
  private state: State;
  private readonly newScript: (call: CarrierCall) => CallScript;
  private script: CallScript;
  private sequence = 0;
  /** What Twilio has detected. `undefined` while that is not known. */
  answeredBy: string | undefined;

  constructor(carrier: Network, options: PlaceCallOptions, newScript: (call: CarrierCall) => CallScript) {
    super();
    this.carrier = carrier;
    this.options = { ...options };
    this.state = { name: options.outgoing === undefined ? 'ringing' : 'queued' };
    this.life = new Lifetime(carrier.clock, carrier.speed);
    this.newScript = newScript;
    this.script = newScript(this);
    this.startedEpochMs = carrier.clock.epochMs();
  }

  start(): void {
    this.report('initiated', 'initiated');
    this.report('ringing', 'ringing');
    this.runDocument();
  }

  /** Starts the script of the call. */
  runDocument(): void {
    const { outgoing, voiceMethod, voiceUrl } = this.options;
    const twiml = outgoing?.twiml;
    void this.script.run(twiml === undefined ? { url: voiceUrl, method: voiceMethod } : { twiml });
  }

  /** Twilio begins to dial a call that the account makes. */
  leaveQueue(): void {
    if (this.state.name !== 'queued') return;
    this.state = { name: 'ringing' };
    this.report('initiated', 'initiated');
  }

  /** The called telephone rings. */
  rings(): void {
    this.report('ringing', 'ringing');
  }

  /** Whether the account makes this call. */
  get isOutgoing(): boolean {
    return this.options.outgoing !== undefined;
  }

  /** Whether nobody has answered yet. */
  get isUnanswered(): boolean {
    return this.state.name === 'queued' || this.state.name === 'ringing';
  }

  get isRinging(): boolean {
    return this.state.name === 'ringing';
  }

  get isOver(): boolean {
    return this.state.name === 'over';
  }

  get status(): CallStatus {
    return this.state.name === 'over' ? this.state.status : this.state.name;
  }

  /** How the call ended. `undefined` while it is live. */
  get outcome(): CallOutcome | undefined {
    return this.state.name === 'over' ? this.state : undefined;
  }

  get endReason(): CallEnd | undefined {
    return this.outcome?.reason;
  }

  /** Queues what the caller says, as raw mu-law. The audio is lost while nobody is there to hear it. */
  speak(mulaw: Uint8Array): void {
    if (this.mediaStream !== undefined) this.mediaStream.speak(mulaw);
    else this.farEnd?.(mulaw);
  }

  pressDigit(digit: string): void {
    for (const recording of this.recordings) recording.hearKey(digit);
    this.emit('key', digit);
    this.mediaStream?.pressDigit(digit);
  }

  /** The call is recorded from now on. */
  record(recording: CallRecording): CallRecording {
    this.recordings.push(recording);
    return recording;
  }

  /** Hangs up on the caller's side. */
  hangup(): void {
    this.end('caller-hung-up');
  }

  /**
   * Changes the call over REST: abandons the TwiML that is running, then runs `source`. Returns false if the call is
   * over.
   */
  redirect(source: ScriptSource): boolean {
    if (this.isOver) return false;
    const left = this.script;
    const next = this.newScript(this);
    this.script = next;
    void left.abandon().then(() => next.run(source));
    return true;
  }

  /** Resolves with the reason when the call is over. */
  whenEnded(): Promise<CallEnd> {
    return this.endReason === undefined
      ? new Promise((resolve) => this.once('ended', resolve))
      : Promise.resolve(this.endReason);
  }

  /** Waits for `callMs` of call time. Resolves early, with false, if the call ends. */
  pass(callMs: number): Promise<boolean> {
    return this.life.pass(callMs);
  }

  /** Answers the call. */
  answer(): void {
    if (this.state.name !== 'ringing') return;
    this.state = { name: 'in-progress', answeredMs: this.carrier.clock.now() };
    this.report('answered', 'in-progress');
  }

  /** Ends the call for both sides. */
  end(reason: CallEnd): void {
    const { state } = this;
    if (state.name === 'over') return;
    const { clock, speed } = this.carrier;
    const durationMs = state.name === 'in-progress' ? (clock.now() - state.answeredMs) * speed : 0;
    const durationSeconds = Math.round(durationMs / 1000);
    const status = finalStatus(reason, state.name === 'in-progress');
    this.state = { name: 'over', reason, status, durationSeconds, endedEpochMs: clock.epochMs() };
    this.life.end();
    void this.script.abandon();
    for (const recording of this.recordings) recording.finish();
    this.report('completed', status, { CallDuration: String(durationSeconds) });
    this.emit('ended', reason);
  }

  /** Returns the fields that every webhook of this call carries (Twilio: Voice – request parameters). */
  fields(more: Fields = {}): Fields {
    const { from, outgoing, to } = this.options;
    const { answeredBy } = this;
    return {
      CallSid: this.callSid,
      AccountSid: this.carrier.options.accountSid,
      From: from,
      To: to,
      Caller: from,
      Called: to,
      CallStatus: this.status,
      Direction: this.isOutgoing ? 'outbound-api' : 'inbound',
      // The result of an asynchronous detection comes in a request of its own.
      ...(answeredBy === undefined || outgoing?.detection?.isAsync === true ? {} : { AnsweredBy: answeredBy }),
      ApiVersion: '2010-04-01',
      FromCountry: 'US',
      ToCountry: 'US',
      ...this.carrier.options.extraFields,
      ...more,
    };
  }

  /** Sends a signed request and ignores its answer. */
  callback(url: string, method: string | undefined, fields: Fields): void {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      this.emit('problem', 12200, 'a statusCallback is not an absolute URL');
    else this.carrier.callbacks.send(this.callSid, { url, method: method === 'GET' ? 'GET' : 'POST', fields });
  }

  private report(event: CallEvent, status: string, more: Fields = {}): void {
    const { statusCallback, statusCallbackEvents = ['completed'] } = this.options;
    if (statusCallback === undefined || !statusCallbackEvents.includes(event)) return;
    this.callback(
      statusCallback,
      'POST',
      this.fields({
        CallStatus: status,
        SequenceNumber: String(this.sequence++),
        Timestamp: rfc2822(this.carrier.clock.epochMs()),
        CallbackSource: 'call-progress-events',
        ...more,
      }),
    );
  }
}

/** Twilio: Reject – the status depends on the reason. A call that was never answered is not `completed`. */
function finalStatus(reason: CallEnd, wasAnswered: boolean): CallStatus {
  if (wasAnswered) return 'completed';
  switch (reason) {
    case 'busy':
    case 'failed':
      return reason;
    case 'rejected':
    case 'no-answer':
    case 'caller-hung-up':
      return 'no-answer';
    case 'ended-by-rest':
      return 'canceled';
    // Twilio answers the call to announce the error, or to hang up.
    case 'error':
    case 'gateway-hung-up':
    case 'no-more-twiml':
      return 'completed';
  }
}
