import type { OfferedTool, Turn } from '../model/script.js';
import type { ExceptionType } from './event-stream.js';
import type { NovaFault } from './faults.js';

/** How a session ended. */
export type SessionEnd =
  /** The client sent sessionEnd. */
  | { type: 'orderly' }
  /** The client ended its input before sessionEnd. */
  | { type: 'input-ended' }
  /** The client dropped the connection before sessionEnd. */
  | { type: 'client-gone' }
  | { type: 'exception'; exception: ExceptionType; message: string }
  | { type: 'fault'; fault: NovaFault }
  /** The simulator was closed. */
  | { type: 'closed' };

/** An input. All times are milliseconds since the session started. */
export interface RecordedInput {
  atMs: number;
  name: string;
  /** Audio is replaced by its size. */
  body: Readonly<Record<string, unknown>>;
}

export interface RecordedOutput {
  atMs: number;
  name: string;
  body: Readonly<Record<string, unknown>>;
}

/** Everything that one session received and sent, for the assertions of a test. */
export class SessionRecording {
  /** Number of the session, counted from 1. */
  readonly number: number;
  readonly modelId: string;
  /** Time of the start on the simulator's clock. */
  readonly startedMs: number;
  readonly inputs: RecordedInput[] = [];
  /** In audio events the audio is replaced by its size. */
  readonly outputs: RecordedOutput[] = [];
  /** Counts of the events' signatures. `final` is true once the empty frame that ends the input had a good one. */
  readonly signatures = { good: 0, bad: 0, final: false };
  instructions = '';
  readonly history: { role: 'user' | 'assistant'; text: string }[] = [];
  tools: readonly OfferedTool[] = [];
  voiceId = '';
  /** The turns that the model answered. */
  readonly turns: Turn[] = [];
  readonly toolUses: { toolUseId: string; name: string }[] = [];
  readonly toolResults: { atMs: number; toolUseId: string; name: string; content: string }[] = [];
  readonly typed: string[] = [];
  /** Those of them that came before enough audio, so that the model never answers them. */
  readonly unheardTexts: string[] = [];
  interruptions = 0;
  /** Called once at the end. */
  onEnd: (end: SessionEnd) => void = () => undefined;
  private ended: SessionEnd | undefined;
  private readonly pcmPieces: Buffer[] = [];
  private inputRateHz = 0;

  constructor(number: number, modelId: string, startedMs: number) {
    this.number = number;
    this.startedMs = startedMs;
    this.modelId = modelId;
  }

  /** The caller's audio as received, in 16-bit little-endian samples. */
  get audio(): { pcm: Buffer; sampleRateHz: number; durationMs: number } {
    const pcm = Buffer.concat(this.pcmPieces);
    const { inputRateHz: sampleRateHz } = this;
    return { pcm, sampleRateHz, durationMs: sampleRateHz === 0 ? 0 : (pcm.length * 500) / sampleRateHz };
  }

  /** Names of the events sent so far, for assertions on their order. */
  get outputNames(): string[] {
    return this.outputs.map(({ name }) => name);
  }

  /** `undefined` while the session runs. */
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
