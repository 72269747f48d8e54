import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Carrier } from './carrier.js';
import { dial } from './dial.js';
import { type WebhookAnswer, postWebhook } from './http.js';
import { MediaStream, type StreamOutcome } from './media-stream.js';
import { signStream } from './signing.js';
import { type Element, parseTwiml } from './twiml.js';

export interface PlaceCallOptions {
  from: string;
  to: string;
  /** `https://PUBLIC_HOST/twilio/voice`. */
  voiceUrl: string;
  fallbackUrl?: string;
  statusCallback?: string;
}

/** Why a call ended. `error`: Twilio would have played an error message. */
export type CallEnd = 'caller-hung-up' | 'gateway-hung-up' | 'no-more-twiml' | 'rejected' | 'error';

/** What happens on a call; listeners are called in call order. */
export interface CarrierCallEvents {
  /** TwiML came for the named request. */
  twiml: [request: string, verbs: readonly Element[]];
  'stream-started': [streamSid: string];
  'stream-ended': [cause: StreamOutcome];
  /** 20 ms of what the caller hears: 160 bytes of mu-law. */
  heard: [frame: Uint8Array];
  /** A `<Say>` begins. */
  say: [text: string];
  'dial-started': [number: string];
  'dial-answered': [number: string];
  bridged: [number: string];
  'dial-ended': [status: string, bridged: boolean];
  /** Twilio's code for a warning or error. */
  problem: [code: number, what: string];
  ended: [reason: CallEnd];
}

/** A request to Twilio's own error log: HTTP failure of a webhook. */
const HTTP_FAILURE = 11200;
/** Speech of `<Say>` without a synthesiser: about fifteen characters a second. */
const SAY_MS_PER_CHARACTER = 65;

type Outcome = 'next' | 'stop';

/** One simulated telephone call. */
export class CarrierCall extends EventEmitter<CarrierCallEvents> {
  readonly callSid = `CA${randomBytes(16).toString('hex')}`;
  readonly options: PlaceCallOptions;
  readonly carrier: Carrier;
  private status = 'ringing';
  private stream: MediaStream | undefined;
  private ended: CallEnd | undefined;
  private readonly onEnds = new Set<() => void>();

  constructor(carrier: Carrier, options: PlaceCallOptions) {
    super();
    this.carrier = carrier;
    this.options = options;
  }

  /** The live stream, for a caller that speaks and for tests that misbehave. */
  get mediaStream(): MediaStream | undefined {
    return this.stream;
  }

  get endReason(): CallEnd | undefined {
    return this.ended;
  }

  start(): void {
    void this.run();
  }

  /** Queues what the caller says: raw mu-law. Nobody hears it while no stream is open. */
  speak(mulaw: Uint8Array): void {
    this.stream?.speak(mulaw);
  }

  pressDigit(digit: string): void {
    this.stream?.pressDigit(digit);
  }

  /** The caller hangs up. */
  hangup(): void {
    this.end('caller-hung-up');
  }

  /** Resolves with the reason once the call is over. */
  whenEnded(): Promise<CallEnd> {
    return this.ended === undefined
      ? new Promise((resolve) => this.once('ended', resolve))
      : Promise.resolve(this.ended);
  }

  /** Call time passes; ends early when the call does. False: it did. */
  pass(callMs: number): Promise<boolean> {
    if (this.ended !== undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (went: boolean): void => {
        timer.cancel();
        this.onEnds.delete(stop);
        resolve(went);
      };
      const stop = (): void => finish(false);
      const timer = this.carrier.clock.setTimer(callMs / this.carrier.speed, () => finish(true));
      this.onEnds.add(stop);
    });
  }

  /** Calls `listener` when the call ends; gives a function that takes it back. */
  onEnd(listener: () => void): () => void {
    this.onEnds.add(listener);
    return () => this.onEnds.delete(listener);
  }

  get isOver(): boolean {
    return this.ended !== undefined;
  }

  /** The fields every webhook of this call carries (Twilio: Voice – request parameters). */
  fields(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    const { from, to } = this.options;
    return {
      CallSid: this.callSid,
      AccountSid: this.carrier.options.accountSid,
      From: from,
      To: to,
      Caller: from,
      Called: to,
      CallStatus: this.status,
      Direction: 'inbound',
      ApiVersion: '2010-04-01',
      FromCountry: 'US',
      ToCountry: 'US',
      ...more,
    };
  }

  /** A signed webhook. Twilio expects absolute URLs or resolves them against the document's own. */
  request(url: string, fields: Readonly<Record<string, string>>): Promise<WebhookAnswer> {
    const { authToken, resolve } = this.carrier.options;
    return postWebhook({ url: new URL(url, this.options.voiceUrl).href, fields, authToken, resolve });
  }

  private async run(): Promise<void> {
    const { fallbackUrl, voiceUrl } = this.options;
    const answer = await this.twimlFrom(voiceUrl, this.fields());
    if (answer !== undefined) return this.runVerbs(answer);
    if (fallbackUrl === undefined) return this.end('error');
    const fallback = await this.twimlFrom(
      fallbackUrl,
      this.fields({ ErrorCode: String(HTTP_FAILURE), ErrorUrl: voiceUrl }),
    );
    return fallback === undefined ? this.end('error') : this.runVerbs(fallback);
  }

  private async twimlFrom(url: string, fields: Record<string, string>): Promise<readonly Element[] | undefined> {
    const answer = await this.request(url, fields);
    if (this.isOver) return [];
    if (!answer.ok || answer.status < 200 || answer.status > 299) {
      this.emit('problem', HTTP_FAILURE, answer.ok ? `HTTP ${answer.status}` : answer.what);
      return undefined;
    }
    if (answer.body === '') return [];
    const parsed = parseTwiml(answer.body);
    if ('failed' in parsed) {
      this.emit('problem', parsed.failed.code, parsed.failed.what);
      return undefined;
    }
    for (const { code, what } of parsed.problems) this.emit('problem', code, what);
    this.emit('twiml', new URL(url, this.options.voiceUrl).pathname, parsed.verbs);
    return parsed.verbs;
  }

  private async runVerbs(verbs: readonly Element[]): Promise<void> {
    for (const [index, verb] of verbs.entries()) {
      if (this.isOver) return;
      if (verb.name === 'Reject' && index === 0 && this.status === 'ringing') return this.end('rejected');
      this.status = 'in-progress';
      if ((await this.runVerb(verb)) === 'stop') return;
    }
    this.end('no-more-twiml');
  }

  private async runVerb(verb: Element): Promise<Outcome> {
    switch (verb.name) {
      case 'Say':
        await this.say(verb.text);
        return 'next';
      case 'Pause':
        await this.pass(Number(verb.attributes['length'] ?? '1') * 1000);
        return 'next';
      case 'Hangup':
        this.end('gateway-hung-up');
        return 'stop';
      case 'Redirect':
        await this.continueAt(verb.text, {});
        return 'stop';
      case 'Dial': {
        const result = await dial(this, verb);
        return this.afterAction(verb.attributes['action'], result);
      }
      case 'Connect': {
        const stream = verb.children[0];
        if (stream === undefined) return 'next';
        await this.runStream(stream);
        return this.afterAction(verb.attributes['action'], {});
      }
      default:
        return 'next';
    }
  }

  /** With an action the verbs after it never run; without one the next does. */
  private async afterAction(action: string | undefined, fields: Record<string, string>): Promise<Outcome> {
    if (action === undefined) return 'next';
    await this.continueAt(action, fields);
    return 'stop';
  }

  private async continueAt(url: string, fields: Record<string, string>): Promise<void> {
    if (this.isOver) {
      // It is asked all the same; the answer is ignored.
      await this.request(url, this.fields(fields));
      return;
    }
    const verbs = await this.twimlFrom(url, this.fields(fields));
    if (verbs === undefined) this.end('error');
    else await this.runVerbs(verbs);
  }

  private async say(text: string): Promise<void> {
    this.emit('say', text);
    const audio = await this.carrier.options.synthesize?.(text);
    if (audio === undefined) {
      await this.pass(text.length * SAY_MS_PER_CHARACTER);
      return;
    }
    for (let at = 0; at < audio.length && !this.isOver; at += 160) {
      this.emit('heard', audio.subarray(at, at + 160));
      await this.pass(20);
    }
  }

  private async runStream(element: Element): Promise<void> {
    const { url = '', name, track, statusCallback } = element.attributes;
    const report = (event: string, more: Record<string, string> = {}): void => {
      if (statusCallback === undefined) return;
      const fields = { StreamEvent: event, StreamName: name ?? '', Timestamp: new Date().toISOString(), ...more };
      void this.request(statusCallback, { ...this.fields(), ...fields });
    };
    const refuse = (code: number, what: string): void => {
      this.emit('problem', code, what);
      report('stream-error', { StreamError: what });
    };
    if (!url.startsWith('wss://')) return refuse(31922, 'the stream URL is not wss');
    if (track !== undefined && track !== 'inbound_track') return refuse(31941, 'only inbound_track is possible here');
    const outcome = await this.openStream(new URL(url), element, report);
    this.emit('stream-ended', outcome);
    if (outcome === 'refused') refuse(31920, 'the upgrade was not answered with 101');
    else if (outcome === 'dropped') refuse(31903, 'the connection broke');
    else if (outcome === 'server-closed') this.emit('problem', 31921, 'the server closed the stream');
    report('stream-stopped');
  }

  private openStream(
    url: URL,
    element: Element,
    report: (event: string, more: Record<string, string>) => void,
  ): Promise<StreamOutcome> {
    const { accountSid, authToken, resolve, streamSignature = 'exact' } = this.carrier.options;
    // Twilio strips the query before it connects.
    const signedUrl = `wss://${url.host}${url.pathname}`;
    const base = resolve(url.host).replace(/^http/, 'ws');
    const parameters = Object.fromEntries(
      element.children.map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
    );
    return new Promise((settle) => {
      const stopOnEnd = this.onEnd(() => this.stream?.stop());
      this.stream = new MediaStream({
        address: `${base}${url.pathname}`,
        host: url.host,
        signature: authToken === undefined ? undefined : signStream(authToken, signedUrl, streamSignature),
        accountSid,
        callSid: this.callSid,
        parameters,
        ticker: this.carrier.ticker,
        firstFrameMs: 155,
        onStart: (streamSid) => {
          this.emit('stream-started', streamSid);
          report('stream-started', { StreamSid: streamSid });
        },
        onHeard: (frame) => this.emit('heard', frame),
        onWarning: (code, what) => this.emit('problem', code, what),
        onEnd: (cause) => {
          stopOnEnd();
          this.stream = undefined;
          settle(cause);
        },
      });
    });
  }

  private end(reason: CallEnd): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.status = 'completed';
    for (const listener of Array.from(this.onEnds)) listener();
    this.onEnds.clear();
    const { statusCallback } = this.options;
    if (statusCallback !== undefined) void this.request(statusCallback, this.fields({ SequenceNumber: '0' }));
    this.emit('ended', reason);
  }
}
