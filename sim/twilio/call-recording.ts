import { randomBytes } from 'node:crypto';
import { type Fields, rfc2822 } from './fields.js';
import type { Network } from './network.js';
import type { WebhookMethod } from './webhook-client.js';

/** What a recording uses of its call. */
export interface RecordedCall {
  readonly callSid: string;
  readonly carrier: Network;
  callback(url: string, method: string | undefined, fields: Fields): void;
}

/** Twilio's words for the state of a recording that was started over REST (Twilio: API – Recording resource). */
export type RecordingStatus = 'in-progress' | 'paused' | 'stopped' | 'completed' | 'absent';
export type RecordingEvent = 'in-progress' | 'completed' | 'absent';

export interface RecordingOptions {
  channels: 'mono' | 'dual';
  track: 'inbound' | 'outbound' | 'both';
  callback: { url: string; method: WebhookMethod; events: readonly RecordingEvent[] } | undefined;
}

/** A recording of one call, started over REST. It holds no audio: how much it holds, and the keys that were pressed meanwhile. */
export class CallRecording {
  readonly sid = `RE${randomBytes(16).toString('hex')}`;
  readonly startedEpochMs: number;
  readonly options: RecordingOptions;
  /** The keys of the caller whose tones are in it. */
  readonly keys: string[] = [];
  /** What REST was asked for, in order. */
  readonly changes: string[] = [];
  private readonly call: RecordedCall;
  private state: RecordingStatus = 'in-progress';
  private pause: 'silence' | 'skip' = 'silence';
  private sinceMs: number;
  private recordedMs = 0;

  constructor(call: RecordedCall, options: RecordingOptions) {
    this.call = call;
    this.options = options;
    this.sinceMs = call.carrier.clock.now();
    this.startedEpochMs = call.carrier.clock.epochMs();
    this.report('in-progress');
  }

  get status(): RecordingStatus {
    return this.state;
  }

  /** Whether it can still be paused, continued and stopped. */
  get isActive(): boolean {
    return this.state === 'in-progress' || this.state === 'paused';
  }

  /** How much of the call is in the file. A pause counts if it is filled with silence. */
  get durationMs(): number {
    const { clock, speed } = this.call.carrier;
    const isRunning = this.state === 'in-progress' || (this.state === 'paused' && this.pause === 'silence');
    return this.recordedMs + (isRunning ? (clock.now() - this.sinceMs) * speed : 0);
  }

  /** The caller presses a key, whose tone is recorded. */
  hearKey(digit: string): void {
    if (this.state === 'in-progress') this.keys.push(digit);
  }

  change(status: 'paused' | 'in-progress' | 'stopped', pause: 'silence' | 'skip'): void {
    this.changes.push(status);
    this.recordedMs = this.durationMs;
    this.sinceMs = this.call.carrier.clock.now();
    if (status === 'paused') this.pause = pause;
    this.state = status;
    if (status === 'stopped') this.finish();
  }

  /** The call is over, and the recording with it. */
  finish(): void {
    if (this.state === 'completed' || this.state === 'absent') return;
    if (this.isActive) this.recordedMs = this.durationMs;
    this.state = this.recordedMs > 0 ? 'completed' : 'absent';
    this.report(this.state === 'completed' ? 'completed' : 'absent');
  }

  /** Returns the recording as Twilio's REST API shows it. Every scalar is a string, a number or null. */
  resource(): Record<string, unknown> {
    const { callSid, carrier } = this.call;
    const { accountSid } = carrier.options;
    const isDone = this.state === 'completed';
    return {
      sid: this.sid,
      account_sid: accountSid,
      call_sid: callSid,
      conference_sid: null,
      status: this.state,
      channels: this.options.channels === 'dual' ? 2 : 1,
      source: 'StartCallRecordingAPI',
      track: this.options.track,
      duration: isDone ? String(Math.round(this.recordedMs / 1000)) : null,
      start_time: rfc2822(this.startedEpochMs),
      date_created: rfc2822(this.startedEpochMs),
      date_updated: rfc2822(carrier.clock.epochMs()),
      price: null,
      price_unit: 'USD',
      error_code: null,
      encryption_details: null,
      api_version: '2010-04-01',
      uri: `/2010-04-01/Accounts/${accountSid}/Calls/${callSid}/Recordings/${this.sid}.json`,
    };
  }

  /** Twilio: Recording – RecordingStatusCallback. */
  private report(event: RecordingEvent): void {
    const { callback, channels, track } = this.options;
    if (callback?.events.includes(event) !== true) return;
    const { callSid, carrier } = this.call;
    const { accountSid } = carrier.options;
    this.call.callback(callback.url, callback.method, {
      AccountSid: accountSid,
      CallSid: callSid,
      RecordingSid: this.sid,
      RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Recordings/${this.sid}`,
      RecordingStatus: event,
      ...(event === 'completed' ? { RecordingDuration: String(Math.round(this.recordedMs / 1000)) } : {}),
      RecordingChannels: channels === 'dual' ? '2' : '1',
      RecordingStartTime: rfc2822(this.startedEpochMs),
      RecordingSource: 'StartCallRecordingAPI',
      RecordingTrack: track,
    });
  }
}
