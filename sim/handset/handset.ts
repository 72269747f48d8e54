import type { WebSocket } from 'ws';
import type { Clock } from '../../src/base/clock.js';
import { LiveSocket } from '../desk/live-socket.js';
import { Carrier } from '../twilio/carrier.js';
import type { CallEnd, CarrierCall } from '../twilio/carrier-call.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';
import { problemLevel } from '../twilio/problems.js';
import { Microphone } from './microphone.js';
import { playRingback } from './ringback.js';

/** What a page shows of its call. */
type HandsetState = 'called' | 'ringing' | 'talking' | 'leaving' | 'dialling' | 'with-human' | 'ended' | 'failed';

export interface HandsetOptions {
  clock: Clock;
  accountSid: string;
  /** The number that is called. */
  to: string;
  /** Returns the host by which Twilio knows the gateway. */
  publicHost: () => string;
  /** Returns where the gateway listens. */
  origin: () => string;
  /** Returns the telephone that the gateway dials with this number, for the caller of this CallSid. */
  phoneOf: (number: string, callSid: string) => PhoneEndpoint | undefined;
  /** Synthesizes `<Say>`, as raw mu-law. */
  synthesize: (text: string) => Promise<Uint8Array>;
  onClose: () => void;
}

/** A number of a range that is set aside for examples. */
const DEFAULT_FROM = '+12025550123';
const NUMBER = /^\+[1-9]\d{6,14}$/;
const KEY = /^[0-9*#]$/;
/** Maximum time to tell the gateway of a call's end. */
const FAREWELL_MS = 3000;
/** Why a call ended that the gateway could not handle. The other ends are usual. */
const FAILED: ReadonlySet<CallEnd> = new Set(['error', 'rejected', 'busy', 'failed']);

/**
 * One telephone on a page. It calls the gateway through a simulated carrier, one call after the other, or waits for the gateway to
 * call.
 */
export class Handset {
  /** Whether the contact centre is busy when it is dialled for the present call. */
  isConnectBusy = false;
  private readonly options: HandsetOptions;
  private readonly page: LiveSocket;
  private state: HandsetState | undefined;
  /** Resolves when the gateway knows that the last call is over. */
  private parted: Promise<void> = Promise.resolve();
  private live: { call: CarrierCall; carrier: Carrier; microphone: Microphone } | undefined;
  private waits = false;
  /** The call that rings here, until it is answered. */
  private ringing: IncomingLeg | undefined;
  private stopRinging: (() => void) | undefined;

  constructor(socket: WebSocket, options: HandsetOptions) {
    this.options = options;
    this.page = new LiveSocket(socket, {
      onMessage: (message) => this.onMessage(message),
      onFrame: (frame) => this.live?.microphone.take(frame),
      onClose: () => {
        this.hangup();
        options.onClose();
      },
    });
  }

  get callSid(): string | undefined {
    return this.live?.call.callSid;
  }

  /** Whether the gateway can call it now. */
  get isWaiting(): boolean {
    return this.waits && this.live === undefined;
  }

  /** Rings for a call that the gateway makes through `carrier`. */
  ring(call: CarrierCall, carrier: Carrier, leg: IncomingLeg): void {
    this.ringing = leg;
    this.begin(call, carrier);
    this.enter('called');
    call.on('ended', (reason) => void this.ended(reason));
  }

  /** The gateway's name for the state of the call has changed. */
  onCallState(state: string): void {
    if (state === 'leaving') this.enter('leaving');
    else if (state === 'talking' || state === 'recording') this.enter('talking');
  }

  /** An agent has answered. */
  onAnswered(): void {
    this.enter('with-human');
  }

  /** Resolves when the gateway knows that the call is over, or cannot be told. */
  async close(): Promise<void> {
    this.hangup();
    this.page.close();
    await this.parted;
  }

  private onMessage({ digit, from, type }: Readonly<Record<string, unknown>>): void {
    if (type === 'call' && this.live === undefined) this.place(typeof from === 'string' ? from : '');
    else if (type === 'wait' && this.live === undefined) {
      this.waits = true;
      this.page.tell({ type: 'status', state: 'waiting' });
    } else if (type === 'answer') this.ringing?.answer();
    else if (type === 'hangup') this.hangup();
    else if (type === 'digit' && typeof digit === 'string' && KEY.test(digit)) this.live?.call.pressDigit(digit);
  }

  private place(from: string): void {
    const { accountSid, clock, origin, phoneOf, publicHost, synthesize, to } = this.options;
    const carrier = new Carrier({
      accountSid,
      clock,
      resolve: origin,
      phoneBook: (number) => phoneOf(number, call.callSid),
      synthesize,
    });
    const call: CarrierCall = carrier.placeCall({
      from: NUMBER.test(from) ? from : DEFAULT_FROM,
      to,
      voiceUrl: `https://${publicHost()}/twilio/voice`,
      // As a number is set up. Nothing else tells the gateway that a caller has hung up while it rings at an agent's desk.
      statusCallback: `https://${publicHost()}/twilio/call-status`,
    });
    this.begin(call, carrier);
    this.enter('ringing');
    this.parted = new Promise((resolve) => {
      call.on('ended', (reason) => void this.ended(reason, () => part(carrier, clock)).then(resolve));
    });
  }

  /** Joins a call with the page. */
  private begin(call: CarrierCall, carrier: Carrier): void {
    const microphone = new Microphone({
      waitingBytes: () => call.mediaStream?.unspokenBytes,
      speak: (mulaw) => call.speak(mulaw),
    });
    this.live = { call, carrier, microphone };
    this.waits = false;
    this.isConnectBusy = false;
    call.on('heard', (frame) => this.page.play(frame));
    call.on('stream-started', () => this.enter('talking'));
    call.on('dial-started', () => this.enter('dialling'));
    call.on('problem', (code, what) => {
      if (problemLevel(code) === 'error' && code !== 31921) this.page.tell({ type: 'problem', code, what });
    });
  }

  private hangup(): void {
    const { live, ringing } = this;
    // As a telephone that declines a call.
    if (ringing !== undefined && live?.call.isUnanswered === true) ringing.reject('busy');
    else live?.call.hangup();
  }

  /** `part`: says goodbye to the gateway, if the carrier is this telephone's alone. */
  private async ended(reason: CallEnd, part?: () => Promise<void>): Promise<void> {
    if (this.live === undefined) return;
    this.enter(FAILED.has(reason) ? 'failed' : 'ended', { reason });
    this.live = undefined;
    this.ringing = undefined;
    await part?.();
  }

  private enter(state: HandsetState, more: Readonly<Record<string, unknown>> = {}): void {
    const { live } = this;
    if (live === undefined || state === this.state) return;
    // The call is in its last stream only as long as the carrier has one.
    if (state === 'leaving' && this.state !== 'talking') return;
    this.state = state;
    this.page.tell({ type: 'status', state, callSid: live.call.callSid, ...more });
    this.stopRinging?.();
    const rings = state === 'called' || state === 'ringing' || state === 'dialling';
    this.stopRinging = rings ? playRingback(live.carrier.ticker, (frame) => this.page.play(frame)) : undefined;
    if (state === 'ended' || state === 'failed') this.state = undefined;
  }
}

/** Closes the carrier once the gateway knows that the call is over, or cannot be told. */
async function part(carrier: Carrier, clock: Clock): Promise<void> {
  const farewell = clock.setTimer(FAREWELL_MS, () => carrier.close());
  await carrier.whenIdle();
  farewell.cancel();
  carrier.close();
}
