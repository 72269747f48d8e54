import { type ServerHttp2Stream, constants } from 'node:http2';
import type { Clock, Timer } from '../../src/base/clock.js';
import {
  type ExceptionType,
  MessageSplitter,
  decodeChunk,
  decodeSignedFrame,
  encodeChunk,
  encodeException,
} from './event-stream.js';
import { EXCEPTION_MESSAGES, type NovaFault, NovaFaultPlan, exceptionOf } from './faults.js';
import { parseInput } from './input-events.js';
import { NovaModel } from './model.js';
import type { NovaBehaviour } from './options.js';
import { NovaOutput } from './output.js';
import type { SessionEnd, SessionRecording } from './recording.js';
import { EXPIRED_CREDENTIALS } from './request.js';
import { InputRules } from './rules.js';
import type { SignatureChain } from './sigv4.js';

export interface NovaSessionOptions {
  stream: ServerHttp2Stream;
  /** Sends the head of the response. Called once. */
  respond(): void;
  chain: SignatureChain;
  clock: Clock;
  behaviour: NovaBehaviour;
  recording: SessionRecording;
  /** When the credentials of the request end, by the wall clock. `undefined` if they do not. */
  credentialsEndMs: number | undefined;
  onEnd(): void;
}

const BAD_EVENT_SIGNATURE = 'The request signature we calculated does not match the signature you provided.';
const PADDING = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** Maximum delay between sessionEnd and the end of the input. */
const LINGER_MS = 1000;
/** An event that a later version of the service might send. */
const UNKNOWN_EVENT = 'somethingNew';

/** One bidirectional stream, from the first event to the last. */
export class NovaSession {
  private readonly options: NovaSessionOptions;
  private readonly splitter = new MessageSplitter();
  private readonly rules: InputRules;
  private readonly model: NovaModel;
  private readonly output: NovaOutput;
  private readonly startedMs: number;
  private readonly timers = new Set<Timer>();
  private idle: Timer | undefined;
  private lastInputMs: number;
  private sent = 0;
  /** `leaving` means that sessionEnd arrived and the client has not ended its input yet. */
  private state: 'open' | 'leaving' | 'ended' = 'open';
  /** Whether a planned fault has stopped this session from sending. */
  private stalled = false;

  constructor(options: NovaSessionOptions) {
    this.options = options;
    const { behaviour, clock, recording, stream } = options;
    const faults = new NovaFaultPlan(behaviour.faults, recording.number);
    if (behaviour.headers === 'at-once') options.respond();
    this.startedMs = recording.startedMs;
    this.lastInputMs = this.startedMs;
    this.rules = new InputRules(behaviour.textLimits);
    this.output = new NovaOutput((name, body) => this.send(name, body));
    this.model = new NovaModel({
      clock,
      behaviour,
      output: this.output,
      recording,
      faults,
      age: () => this.ageMs,
      expectToolResult: (toolUseId) => this.rules.expectToolResult(toolUseId),
      onFault: (fault) => this.strike(fault),
      onFailure: () => this.fail('internalServerException', EXCEPTION_MESSAGES.internalServerException),
    });
    stream.on('data', (bytes: Buffer) => this.onBytes(bytes));
    stream.on('end', () => this.end({ type: stream.rstCode === 0 ? 'input-ended' : 'client-gone' }));
    stream.on('close', () => this.end({ type: 'client-gone' }));
    for (const { fault, ms } of faults.inSession) this.after(ms, () => this.strike(fault));
    this.after(behaviour.sessionSeconds * 1000, () =>
      this.fail('modelTimeoutException', EXCEPTION_MESSAGES.modelTimeoutException),
    );
    if (options.credentialsEndMs !== undefined)
      this.after(options.credentialsEndMs - clock.epochMs(), () => this.refuse(EXPIRED_CREDENTIALS));
    this.watchIdle();
  }

  close(): void {
    this.end({ type: 'closed' });
    this.options.stream.close(constants.NGHTTP2_CANCEL);
  }

  private get ageMs(): number {
    return this.options.clock.now() - this.startedMs;
  }

  private onBytes(bytes: Buffer): void {
    const messages = this.splitter.push(bytes);
    for (const message of messages ?? []) this.onMessage(message);
    if (messages === undefined) this.refuse('The event stream is damaged.');
  }

  private onMessage(message: Buffer): void {
    if (this.state === 'ended') return;
    const frame = decodeSignedFrame(message);
    if (frame === undefined) return this.refuse('The event stream is damaged.');
    const { chain, recording } = this.options;
    if (chain.next(frame.date, frame.inner) !== frame.signature) {
      recording.signatures.bad++;
      return this.refuse(BAD_EVENT_SIGNATURE);
    }
    recording.signatures.good++;
    if (frame.inner.length === 0) {
      recording.signatures.final = true;
      return;
    }
    const json = decodeChunk(frame.inner);
    if (json === undefined) return this.refuse('An input must be a chunk of bytes.');
    this.onInput(json);
  }

  private onInput(json: string): void {
    const parsed = parseInput(json);
    if ('problem' in parsed)
      return this.refuse(`${EXCEPTION_MESSAGES.validationException.slice(0, -1)}: ${parsed.problem}`);
    const { event } = parsed;
    this.options.recording.addInput(this.ageMs, event.name, event.body);
    const meaning = this.rules.accept(event);
    if (meaning.type === 'violation') return this.refuse(meaning.message);
    if (meaning.type === 'audio' || meaning.type === 'typed') this.lastInputMs = this.options.clock.now();
    this.model.take(meaning);
    if (meaning.type === 'session-ended' && this.state === 'open') this.leave();
  }

  private leave(): void {
    this.state = 'leaving';
    this.after(LINGER_MS, () => this.end({ type: 'orderly' }));
  }

  private send(name: string, body: Record<string, unknown>): void {
    if (this.state === 'ended' || this.stalled) return;
    this.options.recording.addOutput(this.ageMs, name, body);
    this.write(encodeChunk(JSON.stringify({ event: { [name]: body } }), this.padding()));
  }

  private padding(): string {
    return PADDING.slice(0, 1 + ((this.sent++ * 17) % PADDING.length));
  }

  private write(bytes: Uint8Array): void {
    const { stream } = this.options;
    if (stream.destroyed || stream.writableEnded) return;
    this.respondOnce();
    stream.write(bytes);
  }

  private respondOnce(): void {
    if (!this.options.stream.headersSent) this.options.respond();
  }

  private refuse(message: string): void {
    this.fail('validationException', message);
  }

  private fail(exception: ExceptionType, message: string): void {
    if (this.state === 'ended' || this.stalled) return;
    this.write(encodeException(exception, message));
    this.end({ type: 'exception', exception, message });
  }

  /** Strikes a fault. Returns whether the session continues. */
  private strike(fault: NovaFault): boolean {
    const { stream } = this.options;
    const exception = exceptionOf(fault);
    if (exception !== undefined) {
      this.fail(exception.exception, exception.message);
      return false;
    }
    switch (fault.type) {
      case 'malformed':
        this.write(encodeChunk('{"event":{', this.padding()));
        return true;
      case 'unknown-event':
        this.output.send(UNKNOWN_EVENT, {});
        return true;
      case 'stall':
        this.stalled = true;
        return true;
      case 'stop-reading':
        stream.pause();
        return true;
      case 'rst-stream':
        this.settle({ type: 'fault', fault });
        stream.close(fault.code ?? constants.NGHTTP2_INTERNAL_ERROR);
        return false;
      case 'reset':
        this.settle({ type: 'fault', fault });
        stream.session?.socket.resetAndDestroy();
        return false;
      default:
        this.end({ type: 'fault', fault });
        return false;
    }
  }

  private end(end: SessionEnd): void {
    if (this.state === 'ended') return;
    const orderly = this.state === 'leaving' && (end.type === 'input-ended' || end.type === 'client-gone');
    this.settle(orderly ? { type: 'orderly' } : end);
    const { stream } = this.options;
    if (stream.destroyed || stream.writableEnded) return;
    this.respondOnce();
    stream.end();
  }

  private settle(end: SessionEnd): void {
    this.state = 'ended';
    this.options.recording.finish(end);
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.idle?.cancel();
    this.model.close();
    this.options.onEnd();
  }

  private watchIdle(): void {
    const { behaviour, clock } = this.options;
    const limitMs = behaviour.idleSeconds * 1000;
    const leftMs = this.lastInputMs + limitMs - clock.now();
    if (leftMs > 0) {
      this.idle = clock.setTimer(leftMs, () => this.watchIdle());
      return;
    }
    const gaps = 'gaps between audio bytes or interactive content';
    this.refuse(
      `Timed out waiting for audio bytes or interactive content. Please ensure ${gaps} are less than ${behaviour.idleSeconds} seconds.`,
    );
  }

  private after(delayMs: number, callback: () => void): void {
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.timers.delete(timer);
      callback();
    });
    this.timers.add(timer);
  }
}
