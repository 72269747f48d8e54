import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { WebSocket } from 'ws';
import type { Clock } from '../base/clock.js';
import type { CallEvent } from '../call/call-events.js';
import { SECRET_TOOL } from '../call/secrets/secret-collector.js';
import type { SecretHandler } from '../call/secrets/secret-function.js';
import { PATHS } from '../call/paths.js';
import type { LineSpeaker } from '../speech/engine.js';
import type { HeardItem, Turn } from '../voice/history.js';
import type { OpenSocket } from '../voice/openai/connection.js';
import type { VoiceProvider } from '../voice/session.js';
import { type AssistantTool, toolDefinition } from '../voice/tools.js';
import { CallTape, type KnownValue, type LineSink } from './call-tape.js';
import type { Json, Message, TapeHead, TapeSettings, TapedAssistant, TapedTool, TapedVoice } from './format.js';
import type { KeptTapes } from './kept-tapes.js';
import { noteOf } from './notes.js';
import { withoutCaller } from './hidden-caller.js';
import { Secrets } from './secrets.js';
import { callTapeHere, tapedCall, tapedFetch, tapedMethods } from './taped-calls.js';
import { tapedNovaClient } from './taped-nova.js';
import { eventOf, named, recordActions, recordEvents, tapeSocket } from './taped-socket.js';
import { TapedProvider, tapedSpeaker } from './taped-voice.js';

/** What every tape of the process says of its settings. The rest is that of the call. */
export type CommonSettings = Omit<
  TapeSettings,
  'assistant' | 'clockMs' | 'publicHost' | 'startedAtMs' | 'tools' | 'voices'
>;

export interface RecorderOptions {
  clock: Clock;
  version: string;
  settings: CommonSettings;
  /** Values that no tape may hold. */
  secrets: readonly string[];
  /** Returns where the lines of a call's tape go. */
  open: (callSid: string) => LineSink;
  /** The tapes that are there already. Absent in a replay. */
  kept?: KeptTapes | undefined;
  /** Returns the values of a replay. Absent when a call is recorded. */
  knownValue?: KnownValue | undefined;
}

const NOTICE =
  'This file holds a telephone call: the voices and words of both sides, numbers and names. It is personal data. Keep it as such, and scrub it before it leaves your hands (npm run scrub).';

/** Delay after the end of a call before its tape is closed, and the maximum if something is still open then. */
const CLOSE_AFTER_MS = 500;
const CLOSE_WITHIN_MS = 15_000;
/** Fields of Twilio's forms that hold secrets. */
const SECRET_FIELD = /token|passport|signature|secret|password/i;
/** Maximum number of messages of a stream before its call is known. */
const MAX_EARLY = 20;

/**
 * Records calls. It stands at every place where something enters or leaves the code of a call, and changes nothing there. It
 * exists only if TAPE_DIR is set, and in a replay.
 */
export class TapeRecorder {
  private readonly options: RecorderOptions;
  private readonly tapes = new Map<string, CallTape>();
  private readonly voices = new Map<string, TapedProvider>();
  private readonly closing = new Set<Promise<void>>();
  private toolsFor: (numberCalled: string, callSid: string) => readonly AssistantTool[] = () => [];
  private takesSecrets = false;
  private publicHost = (): string => '';
  private assistantFor: (numberCalled: string, callSid: string) => TapedAssistant = () => ({
    prompt: {},
    isOpen: true,
    queues: [],
  });

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  /** Called once when the gateway exists. */
  attach(gateway: {
    publicHost: () => string;
    assistantFor: TapeRecorder['assistantFor'];
    toolsFor: TapeRecorder['toolsFor'];
  }): void {
    this.publicHost = gateway.publicHost;
    this.assistantFor = gateway.assistantFor;
    this.toolsFor = gateway.toolsFor;
  }

  /** The tapes that are there, for the console. `undefined` in a replay. */
  get kept(): KeptTapes | undefined {
    return this.options.kept;
  }

  /** Whether this call has a tape that is not closed. */
  has(callSid: string): boolean {
    return this.tapes.has(callSid);
  }

  /** Returns the clock of the calls. Code that handles an input reads the very moment that is on the tape. */
  clock(clock: Clock): Clock {
    return {
      now: () => callTapeHere()?.now() ?? clock.now(),
      epochMs: () => {
        const tape = callTapeHere();
        return tape === undefined ? clock.epochMs() : tape.epochMs + tape.atMs;
      },
      setTimer: (delayMs, callback) => {
        const tape = callTapeHere();
        if (tape === undefined) return clock.setTimer(delayMs, callback);
        const dueMs = tape.dueMs(delayMs);
        // On the tape, because a busy process fires it late, and what came meanwhile was handled before it.
        return clock.setTimer(delayMs, () => tape.input('decision', { timer: dueMs }, callback));
      },
    };
  }

  /** Puts the secrets of a call in the place of their placeholders, for a replay. */
  unmask(callSid: string, text: string): string {
    return this.tapes.get(callSid)?.secrets.unmask(text) ?? text;
  }

  /** Answers one of Twilio's webhooks by `answer`. */
  async webhook(
    path: string,
    form: URLSearchParams,
    answer: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const tape = this.tapeOf(path, form);
    if (tape === undefined) return answer();
    const name = { request: tape.number('request') };
    const fields = Object.fromEntries(
      [...form].map(([field, value]) => [field, SECRET_FIELD.test(field) ? '{removed}' : value]),
    );
    tape.opened();
    try {
      const twiml = await tape.input('carrier', { ...name, path, form: fields }, answer);
      tape.output('carrier', {
        ...name,
        ...(twiml === undefined ? { empty: true } : { twiml: withoutDigits(tape, twiml) }),
      });
      return twiml;
    } finally {
      tape.closed();
      // A call that was not taken has no tape.
      if (!tape.hasBegun) this.tapes.delete(tape.callSid);
    }
  }

  /** Records what the operator asks for, and does it by `work`. `undefined` if the call has no tape. */
  operated<T>(callSid: string, operator: Message, work: () => T): T | undefined {
    return this.tapes.get(callSid)?.input('decision', { operator }, work);
  }

  /** Records one of Twilio's streams, once its first messages have said which call it belongs to. */
  stream(socket: WebSocket): void {
    let tape: CallTape | undefined;
    let name: { stream: number };
    let early: { atMs: number; m: string }[] | undefined = [];
    const begun = this.options.clock;
    recordEvents(socket, (event, args, pass) => {
      const m = eventOf(event, args);
      if (m === undefined) return pass();
      if (tape !== undefined) {
        if (event === 'close') tape.closed();
        return tape.input('carrier', named(name, tape.hidesCaller ? withoutCaller(m) : m), pass);
      }
      if (early === undefined || event !== 'message') return pass();
      tape = this.tapes.get(callOf(args[0] as Buffer));
      if (tape === undefined) {
        early.push({ atMs: begun.now(), m });
        // A stranger's stream, or one of a call without a tape.
        if (early.length > MAX_EARLY) early = undefined;
        return pass();
      }
      tape.opened();
      name = { stream: tape.number('stream') };
      const nowMs = begun.now();
      const [first = { atMs: nowMs }] = early;
      const at = (atMs: number): number => Math.max(tape?.lastMs ?? 0, (tape?.atMs ?? 0) - (nowMs - atMs));
      tape.input('carrier', { ...name, opened: true }, () => undefined, at(first.atMs));
      for (const { atMs, m } of early) tape.input('carrier', named(name, m), () => undefined, at(atMs));
      early = undefined;
      return tape.input('carrier', named(name, m), pass);
    });
    recordActions(socket, (m) => tape?.output('carrier', named(name, m)));
  }

  readonly openSocket: OpenSocket = (url, options) => this.tapedSocket(new WebSocket(url, options), url);

  /** Records a socket to OpenAI. */
  tapedSocket(socket: WebSocket, url: string): WebSocket {
    const tape = callTapeHere();
    if (tape === undefined) return socket;
    const name = { socket: tape.number('socket') };
    tape.output('model', { ...name, provider: 'openai', connect: url });
    tapeSocket(socket, tape, 'model', name);
    return socket;
  }

  novaClient(own: () => BedrockRuntimeClient): BedrockRuntimeClient {
    return tapedNovaClient(own());
  }

  /** Records a provider without a wire. */
  provider(name: string, create: () => VoiceProvider): VoiceProvider {
    const provider = new TapedProvider(create());
    this.voices.set(name, provider);
    return provider;
  }

  async speaker(open: () => Promise<LineSpeaker | undefined>): Promise<LineSpeaker | undefined> {
    const speaker = await open();
    return speaker === undefined ? undefined : tapedSpeaker(speaker);
  }

  /** Returns `target` with these methods on the tape. */
  service<T extends object>(target: T, leg: 'http' | 'store', name: string, methods: readonly (keyof T & string)[]): T {
    return tapedMethods(target, leg, name, methods);
  }

  fetch(send: typeof fetch): typeof fetch {
    return tapedFetch(send);
  }

  tools(tools: readonly AssistantTool[]): readonly AssistantTool[] {
    return tools.map((tool) => ({
      ...tool,
      run: (parameters, context) =>
        tapedCall({
          leg: 'http',
          m: { tool: tool.name, parameters: parameters as Json },
          ask: () => tool.run(parameters, context),
        }),
    }));
  }

  /** Records what the function that takes digits has answered, and never the digits. */
  secrets(handle: SecretHandler): SecretHandler {
    this.takesSecrets = true;
    return (secret, signal) => tapedCall({ leg: 'http', m: { tool: SECRET_TOOL }, ask: () => handle(secret, signal) });
  }

  /** Takes note of what happens on a call. */
  onEvent(event: CallEvent): void {
    const tape = this.tapes.get(event.callSid);
    if (tape === undefined) return;
    if (event.type === 'secret') tape.hidesCaller = event.isCollecting;
    if (event.type === 'started') tape.begin(this.options.open(event.callSid), this.headOf(tape, event));
    const note = noteOf(event);
    if (note !== undefined) tape.result('decision', { note });
    if (event.type === 'turn') tape.result('transcript', turnMessage(event.turn));
    else if (event.type === 'model-speech') tape.result('heard', heardMessage(event));
    else {
      const decision = decisionOf(event);
      if (decision !== undefined) tape.result('decision', { type: event.type, ...decision });
    }
    if (event.type === 'ended') this.endLater(tape);
  }

  /** Closes every tape. Resolves when all are written. */
  async close(): Promise<void> {
    for (const tape of this.tapes.values()) this.end(tape);
    await Promise.all(this.closing);
  }

  private tapeOf(path: string, form: URLSearchParams): CallTape | undefined {
    const callSid = form.get('CallSid') ?? '';
    const known = this.tapes.get(form.get('ParentCallSid') ?? '') ?? this.tapes.get(callSid);
    if (known !== undefined || path !== PATHS.voice) return known;
    const { clock, knownValue, secrets } = this.options;
    const tape = new CallTape({ callSid, clock, secrets: new Secrets(secrets), knownValue });
    this.tapes.set(callSid, tape);
    return tape;
  }

  private headOf(tape: CallTape, { callSid, to }: { callSid: string; to: string }): TapeHead {
    const { settings, version } = this.options;
    return {
      tape: 1,
      notice: NOTICE,
      callSid: tape.callSid,
      version,
      settings: {
        ...settings,
        startedAtMs: tape.epochMs,
        clockMs: tape.clockMs,
        publicHost: this.publicHost(),
        assistant: this.assistantFor(to, callSid),
        voices: [...this.voices.values()].map(({ described }): TapedVoice => described),
        tools: this.toolsFor(to, callSid).map(tapedTool),
        ...(this.takesSecrets ? { takesSecrets: true } : {}),
      },
    };
  }

  private endLater(tape: CallTape): void {
    const { clock } = this.options;
    const latestMs = clock.now() + CLOSE_WITHIN_MS;
    const look = (): void => {
      if (tape.isBusy && clock.now() < latestMs) clock.setTimer(CLOSE_AFTER_MS, look);
      else this.end(tape);
    };
    clock.setTimer(CLOSE_AFTER_MS, look);
  }

  private end(tape: CallTape): void {
    this.tapes.delete(tape.callSid);
    const ended = tape.end().finally(() => this.closing.delete(ended));
    this.closing.add(ended);
  }
}

/** What the gateway has decided. `undefined` for an event that is no decision. */
function decisionOf(event: CallEvent): Message | undefined {
  switch (event.type) {
    case 'started':
      return { from: event.from, to: event.to };
    case 'stream-started':
      return { streamSid: event.streamSid };
    case 'escalated':
      return { escalation: { ...event.escalation } };
    case 'handover-prepared':
      return { handoverId: event.handoverId ?? null };
    case 'dialling':
      return { number: event.number };
    case 'dial-ended':
    case 'ended':
      return { outcome: event.outcome };
    case 'message-kept':
      return { kind: event.kind, callbackId: event.callbackId };
    case 'resumed':
      return { cause: event.cause };
    case 'moving':
      return {};
    default:
      return undefined;
  }
}

function heardMessage({ heardMs, itemId, sentMs }: HeardItem): Message {
  return { itemId, heardMs, sentMs };
}

/** What the called leg is played must never be on a tape, not even if it was drawn where no tape was known. */
function withoutDigits(tape: CallTape, twiml: string): string {
  return tape.secrets.mask(twiml).replace(/(w{4})\d+/g, '$1{token}');
}

function turnMessage({ interrupted, itemId, speaker, text }: Readonly<Turn>): Message {
  return { speaker, text, itemId, interrupted };
}

/** The CallSid in a stream's first message about its call. Empty in any other message. */
function callOf(data: Buffer): string {
  try {
    const { start } = JSON.parse(data.toString()) as { start?: { callSid?: unknown } };
    return typeof start?.callSid === 'string' ? start.callSid : '';
  } catch {
    return '';
  }
}

function tapedTool(tool: AssistantTool): TapedTool {
  const { filler, timeoutMs } = tool;
  return {
    ...toolDefinition(tool),
    ...(filler === undefined ? {} : { filler }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
