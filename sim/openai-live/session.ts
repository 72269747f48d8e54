import type { IncomingHttpHeaders } from 'node:http';
import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { Ear, EarLine } from '../model/ear.js';
import type { FaultPlan, LaterFault } from '../model/faults.js';
import type { Act, Brain, Turn } from '../model/script.js';
import type { Voice } from '../model/voice.js';
import { wordsOf } from '../openai/spoken-text.js';
import { type Checked, accepted, errorOfClass, newId, refused } from '../openai/wire.js';
import { LiveDecoder, encodeLive } from './audio.js';
import { SimBackend, offeredTools } from './backend.js';
import { type LiveClientEvent, readClientEvent } from './client-events.js';
import { FRAME_MS, Mouth } from './mouth.js';
import type { LiveOutbox } from './outbox.js';
import { type Settings, startSettings, tokensOf, updatedSettings } from './settings.js';

/** What is not public of the service, so that tests can have it either way. */
export interface LiveManners {
  /** Whether silence between two speeches is part of the stream, or left out. */
  silence: 'sent' | 'left-out';
  /** Whether audio that arrives faster than it was spoken is heard in real time, or at once. */
  hears: 'in-time' | 'at-once';
  /** How many times faster than real time the model's audio is sent. */
  speed: number;
  /** Whether the model stops when the caller speaks. */
  yields: boolean;
  /** Said when the model delegates, `''` if nothing. */
  acknowledgement: string;
  /** Whether `session.started` repeats the audio format. */
  namesFormat: boolean;
  /** Time from the caller's words to the model's first sound. */
  answerAfterMs: number;
  /** Time of one response of the backend. */
  backendMs: number;
}

export const DEFAULT_MANNERS: LiveManners = {
  silence: 'sent',
  hears: 'in-time',
  speed: 1,
  yields: true,
  acknowledgement: 'One moment.',
  namesFormat: true,
  answerAfterMs: 200,
  backendMs: 300,
};

export interface LiveSimSessionOptions {
  outbox: LiveOutbox;
  headers: IncomingHttpHeaders;
  clock: Clock;
  brain: Brain;
  ear: Ear;
  voice: Voice;
  faults: FaultPlan;
  manners: LiveManners;
  models: readonly string[];
  sessionSeconds: number;
}

type State = { name: 'new' } | { name: 'started'; settings: Settings; startedMs: number } | { name: 'over' };

/** Time from the beginning of the caller's speech until the model stops, in milliseconds of the session. */
const YIELDS_AFTER_MS = 200;
/** Time until an appended text has reached the model. */
const INJECTED_AFTER_MS = 200;
const USAGE_EVERY_MS = 60_000;
const MAX_APPEND_TOKENS = 500;

/** One client's session: its settings, its timeline of frames, and what both sides say on it. */
export class LiveSimSession {
  readonly headers: IncomingHttpHeaders;
  /** Client events as received. `audio` of an append is replaced by its length in characters. */
  readonly events: { atMs: number; event: Record<string, unknown> }[] = [];
  /** The conversation as the model remembers it, with what it was told. */
  readonly memory: { role: 'system' | 'user' | 'assistant'; text: string }[] = [];
  /** Called once when the connection is over. */
  onClosed: () => void = () => undefined;
  private readonly options: LiveSimSessionOptions;
  private readonly outbox: LiveOutbox;
  private readonly mouth = new Mouth((text) => void this.memory.push({ role: 'assistant', text }));
  private readonly backend: SimBackend;
  private readonly decoder = new LiveDecoder();
  private readonly received: Uint8Array[] = [];
  private readonly line: EarLine;
  private readonly timers = new Set<Timer>();
  private state: State = { name: 'new' };
  private pending = new Uint8Array(0);
  private positionMs = 0;
  private isMuted = false;
  private spokeSinceMs: number | undefined;
  private speechStartMs = 0;
  private told: string | undefined;
  private acks: { dueMs: number; send: () => void }[] = [];
  private turns = 0;
  private answerFaults: { ms: number; fault: LaterFault }[] = [];
  private answeredMs = 0;
  private failsNext = false;

  constructor(options: LiveSimSessionOptions) {
    this.options = options;
    this.outbox = options.outbox;
    this.headers = options.headers;
    this.backend = new SimBackend((event) => this.outbox.send(event));
    this.line = options.ear.listen({
      onSpeechStarted: (atMs) => {
        this.speechStartMs = atMs;
        this.spokeSinceMs = this.positionMs;
      },
      onSpeechStopped: () => {
        this.spokeSinceMs = undefined;
      },
      onText: (text) => this.understood(text),
    });
    this.later(options.sessionSeconds * 1000, () => this.finish('expired'));
    for (const { ms, fault } of options.faults.inSession) this.later(ms, () => this.strike(fault));
  }

  get sent() {
    return this.outbox.sent;
  }

  get errors() {
    return this.outbox.errors;
  }

  get closed() {
    return this.outbox.closing;
  }

  /** All audio of the caller, as mu-law at 8 kHz. */
  get callerAudio(): Uint8Array {
    return Buffer.concat(this.received);
  }

  /** How much audio the model has not heard yet, in milliseconds. */
  get behindMs(): number {
    return this.pending.length / MULAW_BYTES_PER_MS;
  }

  /** The current settings. `undefined` before the session is started. */
  get settings(): Settings | undefined {
    return this.state.name === 'started' ? this.state.settings : undefined;
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.outbox.closing !== undefined) return;
    let raw: unknown;
    try {
      if (!isBinary) raw = JSON.parse(data.toString());
    } catch {
      raw = undefined;
    }
    if (raw === undefined) {
      this.outbox.error(refused('invalid_json', 'The message is not valid JSON in a text frame.').error);
      return;
    }
    const eventId = eventIdOf(raw);
    this.record(raw);
    const event = readClientEvent(raw);
    const result = event.ok ? this.handle(event.value, eventId) : event;
    if (!result.ok) this.outbox.error(result.error, eventId);
  }

  /** Ends everything that runs, because the connection is over. */
  dispose(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.line.close();
    this.state = { name: 'over' };
    this.onClosed();
    this.onClosed = () => undefined;
  }

  private handle(event: LiveClientEvent, eventId: string | undefined): Checked<unknown> {
    const { state } = this;
    if (event.type === 'session.start') return this.start(event.session, eventId);
    if (state.name !== 'started')
      return refused('invalid_event', 'Send session.start first, and wait for session.started.', 'type');
    switch (event.type) {
      case 'session.update': {
        const updated = updatedSettings(state.settings, event.session);
        if (!updated.ok) return updated;
        state.settings = updated.value;
        this.outbox.send({ type: 'session.updated', session: this.resource(state.settings) }, eventId);
        return updated;
      }
      case 'session.input_audio.append':
        return this.append(event.audio, state.settings);
      case 'session.input_audio.mute':
      case 'session.input_audio.unmute':
        this.isMuted = event.type === 'session.input_audio.mute';
        this.outbox.send({ type: `${event.type}d` }, eventId);
        return accepted(undefined);
      case 'session.instructions.append':
      case 'session.thinking.append':
      case 'session.commentary.append':
        return this.tell(event, eventId);
      case 'response.item.create':
      case 'response.create':
        if (state.settings.delegation.type !== 'responses')
          return refused('invalid_value', `${event.type} requires Responses delegation.`);
        return event.type === 'response.create' ? this.continueBackend() : this.backend.add(event.item);
      case 'session.close':
        this.finish('close_requested');
        return accepted(undefined);
    }
  }

  private start(raw: unknown, eventId: string | undefined): Checked<unknown> {
    if (this.state.name !== 'new') return refused('invalid_event', 'The session has already been started.', 'type');
    const settings = startSettings(raw, this.options.models);
    if (!settings.ok) return settings;
    this.state = { name: 'started', settings: settings.value, startedMs: this.options.clock.now() };
    for (const { content, role } of settings.value.input)
      this.memory.push({ role: role === 'developer' ? 'system' : role, text: content[0].text });
    this.outbox.send({ type: 'session.started', session: this.resource(settings.value) }, eventId);
    this.tick();
    return settings;
  }

  private resource(settings: Settings): Record<string, unknown> {
    const { clock, manners, sessionSeconds } = this.options;
    const { audio, ...rest } = settings;
    const leftS = sessionSeconds - this.outbox.ageMs / 1000;
    return {
      id: 'live_simulated',
      status: 'active',
      expires_at: Math.floor(clock.epochMs() / 1000 + leftS),
      ...rest,
      audio: manners.namesFormat ? audio : { output: audio.output },
    };
  }

  // ── the timeline ──

  private append(base64: string, { audio: { format } }: Settings): Checked<unknown> {
    const decoded = this.decoder.decode(base64, format);
    if (!decoded.ok) return decoded;
    this.received.push(decoded.value);
    this.pending = Buffer.concat([this.pending, decoded.value]);
    if (this.options.manners.hears === 'at-once') this.advance();
    return decoded;
  }

  private tick(): void {
    this.later(FRAME_MS / this.options.manners.speed, () => {
      this.advance();
      this.tick();
    });
  }

  /** The model lives in frames: each needs a piece of the caller's audio, and makes a piece of the model's. */
  private advance(): void {
    const { clock, manners } = this.options;
    const frameBytes = FRAME_MS * MULAW_BYTES_PER_MS;
    while (this.state.name === 'started' && this.pending.length >= frameBytes) {
      const elapsedMs = (clock.now() - this.state.startedMs) * manners.speed;
      if (manners.hears === 'in-time' && this.positionMs + FRAME_MS > elapsedMs) return;
      const heard = this.pending.subarray(0, frameBytes);
      this.pending = this.pending.slice(frameBytes);
      this.positionMs += FRAME_MS;
      if (!this.isMuted) this.line.push(heard);
      if (this.spokeSinceMs !== undefined && this.positionMs - this.spokeSinceMs >= YIELDS_AFTER_MS && manners.yields)
        this.mouth.stop();
      this.speakFrame(this.state.settings);
      this.acknowledge();
      if (this.positionMs % USAGE_EVERY_MS === 0)
        this.outbox.send({ type: 'session.usage.updated', ...this.usage, context_window: { usage_ratio: 0.1 } });
    }
  }

  private speakFrame({ audio: { format } }: Settings): void {
    const { audio, isSilence, words } = this.mouth.frame();
    if (!isSilence || this.options.manners.silence === 'sent')
      this.outbox.send({ type: 'session.output_audio.delta', delta: encodeLive(audio, format) });
    if (words !== '') {
      const range = { start_ms: this.positionMs - FRAME_MS, end_ms: this.positionMs };
      this.outbox.send({ type: 'session.output_transcript.delta', delta: words, ...range });
    }
    if (isSilence) return;
    this.answeredMs += FRAME_MS;
    while (this.answerFaults[0] !== undefined && this.answerFaults[0].ms <= this.answeredMs)
      this.strike((this.answerFaults.shift() as { fault: LaterFault }).fault);
  }

  private acknowledge(): void {
    while (this.acks[0] !== undefined && this.acks[0].dueMs <= this.positionMs) this.acks.shift()?.send();
  }

  private get usage() {
    return { usage: { seconds: Math.round(this.positionMs / 1000) } };
  }

  // ── what both sides say ──

  /** The transcript comes in pieces of some words, without an end. */
  private understood(text: string): void {
    if (text.trim() === '' || this.state.name !== 'started') return;
    const words = wordsOf(text);
    const eachMs = Math.max(1, (this.positionMs - this.speechStartMs) / words.length);
    for (let at = 0; at < words.length; at += 3) {
      const delta = words.slice(at, at + 3).join('');
      const start = Math.round(this.speechStartMs + at * eachMs);
      const end = Math.round(Math.min(this.positionMs, start + 3 * eachMs));
      this.outbox.send({
        type: 'session.input_transcript.delta',
        delta,
        start_ms: start,
        end_ms: Math.max(start, end),
      });
    }
    this.memory.push({ role: 'user', text: text.trim() });
    this.later(this.options.manners.answerAfterMs, () => this.take({ type: 'spoken', text }));
  }

  private tell(event: Extract<LiveClientEvent, { content: string }>, eventId: string | undefined): Checked<unknown> {
    const { content, delegation_id: delegationId, type } = event;
    if (delegationId !== null)
      return refused('invalid_value', 'Only a client delegation can be answered by its id.', 'delegation_id');
    if (tokensOf(content) > MAX_APPEND_TOKENS)
      return refused('string_above_max_length', `The content has more than ${MAX_APPEND_TOKENS} tokens.`, 'content');
    const range = { start_ms: this.positionMs, end_ms: this.positionMs + INJECTED_AFTER_MS };
    this.acks.push({
      dueMs: range.end_ms,
      send: () => {
        this.outbox.send({ type: `${type}ed`, ...range }, eventId);
        this.reached(type, content);
      },
    });
    return accepted(undefined);
  }

  /** The model has taken a text that was appended. Only a commentary makes it speak. */
  private reached(type: string, content: string): void {
    if (type === 'session.commentary.append') {
      const instructions = this.told ?? content;
      this.told = undefined;
      this.take({ type: 'asked', instructions });
      return;
    }
    this.memory.push({ role: 'system', text: content });
    if (type !== 'session.instructions.append') return;
    if (/^stop speaking/i.test(content)) this.mouth.stop();
    else this.told = content;
  }

  private take(turn: Turn): void {
    if (this.state.name !== 'started') return;
    const { brain, faults } = this.options;
    const nth = ++this.turns;
    this.answeredMs = 0;
    this.answerFaults = faults.inAnswer(nth);
    for (const fault of faults.atTurn(nth)) this.strike(fault);
    if (this.settings === undefined) return;
    const { settings } = this;
    const history = this.memory.filter(({ role }) => role !== 'system');
    const acts = brain.decide(turn, {
      instructions: settings.instructions ?? '',
      tools: offeredTools(settings),
      history,
    });
    let delayMs = 0;
    for (const act of acts) {
      if (act.type === 'wait') delayMs += act.ms;
      else this.later(delayMs, () => this.perform(act));
    }
  }

  private perform(act: Exclude<Act, { type: 'wait' }>): void {
    if (act.type === 'speak') this.say(act.text, act);
    else if (act.type === 'fault') this.strike(act.fault);
    else this.delegate(act.name, typeof act.arguments === 'string' ? act.arguments : JSON.stringify(act.arguments));
  }

  private say(text: string, request?: Parameters<Voice['speak']>[1]): void {
    void this.options.voice.speak(text, request).then((sound) => {
      if (this.state.name === 'started') this.mouth.speak(text, sound);
    });
  }

  // ── the backend ──

  private delegate(name: string, args: string): void {
    const { acknowledgement, backendMs } = this.options.manners;
    const delegationId = newId('item');
    const responseId = newId('resp');
    const delegation = { id: delegationId, type: 'delegation', target: 'responses', response_id: responseId };
    this.outbox.send({ type: 'session.delegation.created', offset_ms: this.positionMs, delegation });
    if (acknowledgement !== '' && !this.mouth.isSpeaking) this.say(acknowledgement);
    this.backend.begin(delegationId, responseId);
    this.later(backendMs, () => {
      if (this.failsNext) this.fail(delegationId, responseId);
      else this.backend.call(delegationId, responseId, name, args);
    });
  }

  private fail(delegationId: string | null, responseId: string): void {
    this.failsNext = false;
    this.backend.end(delegationId, responseId, 'failed');
  }

  private continueBackend(): Checked<unknown> {
    const taken = this.backend.take();
    if (!taken.ok) return taken;
    const { delegationId, text, tool } = taken.value;
    const responseId = newId('resp');
    this.backend.begin(delegationId, responseId);
    this.later(this.options.manners.backendMs, () => {
      if (this.failsNext || this.settings === undefined) return this.fail(delegationId, responseId);
      const turn: Turn = tool === undefined ? { type: 'typed', text: text ?? '' } : { type: 'tool-result', ...tool };
      const [act] = this.options.brain.decide(turn, {
        instructions: this.settings.instructions ?? '',
        tools: offeredTools(this.settings),
        history: this.memory.filter(({ role }) => role !== 'system'),
      });
      if (act?.type === 'call-tool') {
        const args = typeof act.arguments === 'string' ? act.arguments : JSON.stringify(act.arguments);
        return this.backend.call(delegationId, responseId, act.name, args);
      }
      const result = act?.type === 'speak' ? act.text : '';
      this.backend.write(delegationId, responseId, result);
      if (result !== '') this.later(this.options.manners.answerAfterMs, () => this.say(result));
    });
    return taken;
  }

  // ── the end ──

  private strike(fault: LaterFault): void {
    switch (fault.type) {
      case 'close':
        return isSendable(fault.code) ? this.outbox.close(fault.code, fault.reason ?? '') : this.outbox.reset();
      case 'reset':
        return this.outbox.reset();
      case 'stall':
        return this.outbox.stall();
      case 'error':
        return this.outbox.error(errorOfClass(fault.class, fault.message));
      case 'failed-response':
        this.failsNext = true;
        return;
      case 'blocked':
        return this.finish('content');
      case 'malformed':
        return this.outbox.raw('{"type":"session.output_audio.delta","delta":"');
      case 'unknown-event':
        return this.outbox.send({ type: 'session.thought.delta', delta: 'hm' });
    }
  }

  private finish(reason: 'close_requested' | 'expired' | 'content'): void {
    if (this.state.name === 'started') {
      const { settings } = this.state;
      for (const _ of this.acks.splice(0))
        this.outbox.error(refused('session_closed', 'The session closed before the text was taken.').error);
      this.outbox.send({ type: 'session.closed', reason, session: this.resource(settings), ...this.usage });
    }
    this.outbox.close(1000);
  }

  private later(delayMs: number, action: () => void): void {
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.timers.delete(timer);
      if (this.state.name !== 'over') action();
    });
    this.timers.add(timer);
  }

  private record(raw: unknown): void {
    const event = { ...(raw as Record<string, unknown>) };
    if (typeof event['audio'] === 'string') event['audio'] = event['audio'].length;
    this.events.push({ atMs: this.outbox.ageMs, event });
  }
}

function eventIdOf(raw: unknown): string | undefined {
  const id = typeof raw === 'object' && raw !== null ? (raw as { event_id?: unknown }).event_id : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Whether a close frame may carry this code (RFC 6455, 7.4). */
function isSendable(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
