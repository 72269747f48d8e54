import type { OfferedTool, Turn } from '../model/script.js';
import type { ExceptionType } from './event-stream.js';
import type { NovaFault } from './faults.js';

/** How a session ended. */
export type SessionEnd =
  /** sessionEnd, as it should. */
  | { type: 'orderly' }
  /** The client ended its side, or dropped the connection, before sessionEnd. */
  | { type: 'input-ended' }
  | { type: 'client-gone' }
  | { type: 'exception'; exception: ExceptionType; message: string }
  | { type: 'fault'; fault: NovaFault }
  /** The simulator was closed. */
  | { type: 'closed' };

/** All times are milliseconds since the session began. */
export interface RecordedInput {
  atMs: number;
  name: string;
  /** In place of audio stands its size. */
  body: Readonly<Record<string, unknown>>;
}

export interface RecordedOutput {
  atMs: number;
  name: string;
  body: Readonly<Record<string, unknown>>;
}

/** Everything that one session was sent and sent: what a test asks afterwards. */
export class SessionRecording {
  /** Counted from 1. */
  readonly number: number;
  readonly modelId: string;
  /** On the simulator's clock. */
  readonly startedMs: number;
  readonly inputs: RecordedInput[] = [];
  /** Audio events have the size in place of the audio. */
  readonly outputs: RecordedOutput[] = [];
  /** Of the events' signatures; `final` once the empty frame that ends the input came with a good one. */
  readonly signatures = { good: 0, bad: 0, final: false };
  instructions = '';
  readonly history: { role: 'user' | 'assistant'; text: string }[] = [];
  tools: readonly OfferedTool[] = [];
  voiceId = '';
  /** What the model reacted to. */
  readonly turns: Turn[] = [];
  readonly toolUses: { toolUseId: string; name: string }[] = [];
  readonly toolResults: { atMs: number; toolUseId: string; name: string; content: string }[] = [];
  readonly typed: string[] = [];
  interruptions = 0;
  /** Called once, at the end. */
  onEnd: (end: SessionEnd) => void = () => undefined;
  private ended: SessionEnd | undefined;
  private readonly pcmPieces: Buffer[] = [];
  private inputRateHz = 0;

  constructor(number: number, modelId: string, startedMs: number) {
    this.number = number;
    this.startedMs = startedMs;
    this.modelId = modelId;
  }

  /** The caller's audio as it came: 16-bit little-endian samples. */
  get audio(): { pcm: Buffer; sampleRateHz: number; durationMs: number } {
    const pcm = Buffer.concat(this.pcmPieces);
    const { inputRateHz: sampleRateHz } = this;
    return { pcm, sampleRateHz, durationMs: sampleRateHz === 0 ? 0 : (pcm.length * 500) / sampleRateHz };
  }

  /** Whatever was said so far by name of event, for assertions on order. */
  get outputNames(): string[] {
    return this.outputs.map(({ name }) => name);
  }

  /** Undefined while the session runs. */
  get end(): SessionEnd | undefined {
    return this.ended;
  }

  finish(end: SessionEnd): void {
    this.ended = end;
    this.onEnd(end);
  }

  startAudio(sampleRateHz: number): void {
    this.inputRateHz = sampleRateHz;
  }

  addAudio(pcm: Buffer): void {
    this.pcmPieces.push(pcm);
  }

  addInput(atMs: number, name: string, body: Readonly<Record<string, unknown>>): void {
    this.inputs.push({ atMs, name, body: name === 'audioInput' ? withSize(body) : body });
  }

  addOutput(atMs: number, name: string, body: Readonly<Record<string, unknown>>): void {
    this.outputs.push({ atMs, name, body: name === 'audioOutput' ? withSize(body) : body });
  }
}

function withSize(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...body, content: `${Buffer.byteLength(String(body['content']), 'base64')} bytes` };
}
