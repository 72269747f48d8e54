import type { IncomingHttpHeaders } from 'node:http';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { Ear } from '../model/ear.js';
import type { FaultPlan, LaterFault } from '../model/faults.js';
import type { Act, Brain, Turn } from '../model/script.js';
import type { Voice } from '../model/voice.js';
import { readMessage } from '../openai/client-message.js';
import { type Checked, accepted, newId, refused } from '../openai/wire.js';
import { SimBackend, offeredTools } from './backend.js';
import { type LiveClientEvent, readClientEvent } from './client-events.js';
import type { LiveManners } from './manners.js';
import { FRAME_MS } from './mouth.js';
import type { LiveOutbox } from './outbox.js';
import { type Settings, startSettings, tokensOf, updatedSettings } from './settings.js';
import { Timeline } from './timeline.js';

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

type State = { name: 'new' } | { name: 'started'; settings: Settings } | { name: 'over' };

/** Time until an appended text has reached the model. */
const INJECTED_AFTER_MS = 200;
const MAX_APPEND_TOKENS = 500;

/** One client's session: its settings, and what both sides say on its timeline. */
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
  private readonly timeline: Timeline;
  private readonly backend: SimBackend;
  private readonly timers = new Set<Timer>();
  private state: State = { name: 'new' };
  private told: string | undefined;
  private acks: { dueMs: number; send: () => void }[] = [];
  private turns = 0;
  private answerFaults: { ms: number; fault: LaterFault }[] = [];
  private answeredMs = 0;
  private failsNext = false;

  constructor(options: LiveSimSessionOptions) {
    this.options = options;
    const { clock, ear, manners, outbox } = options;
    this.outbox = outbox;
    this.headers = options.headers;
    this.backend = new SimBackend((event) => outbox.send(event));
    this.timeline = new Timeline({
      clock,
      ear,
      manners,
      format: () => this.settings?.audio.format,
      send: (event) => outbox.send(event),
      later: (delayMs, action) => this.later(delayMs, action),
      onText: (text) => this.understood(text),
      onSaid: (text) => void this.memory.push({ role: 'assistant', text }),
      onFrame: (isSilence) => this.onFrame(isSilence),
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
    return this.timeline.callerAudio;
  }

  /** How much audio the model has not heard yet, in milliseconds. */
  get behindMs(): number {
    return this.timeline.behindMs;
  }

  /** The current settings. `undefined` before the session is started. */
  get settings(): Settings | undefined {
    return this.state.name === 'started' ? this.state.settings : undefined;
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.outbox.closing !== undefined) return;
    const message = readMessage(data, isBinary);
    if (!message.ok) return this.outbox.error(message.error);
    const { eventId, raw, recorded } = message.value;
    this.events.push({ atMs: this.outbox.ageMs, event: recorded });
    const event = readClientEvent(raw);
    const result = event.ok ? this.handle(event.value, eventId) : event;
    if (!result.ok) this.outbox.error(result.error, eventId);
  }

  /** Ends everything that runs, because the connection is over. */
  dispose(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.timeline.close();
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
        return this.timeline.append(event.audio, state.settings.audio.format);
      case 'session.input_audio.mute':
      case 'session.input_audio.unmute':
        this.timeline.mute(event.type === 'session.input_audio.mute');
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
    this.state = { name: 'started', settings: settings.value };
    for (const { content, role } of settings.value.input)
      this.memory.push({ role: role === 'developer' ? 'system' : role, text: content[0].text });
    this.outbox.send({ type: 'session.started', session: this.resource(settings.value) }, eventId);
    this.timeline.start();
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

  // ── what both sides say ──

  private onFrame(isSilence: boolean): void {
    if (!isSilence) {
      this.answeredMs += FRAME_MS;
      while (this.answerFaults[0] !== undefined && this.answerFaults[0].ms <= this.answeredMs)
        this.strike((this.answerFaults.shift() as { fault: LaterFault }).fault);
    }
    while (this.acks[0] !== undefined && this.acks[0].dueMs <= this.timeline.positionMs) this.acks.shift()?.send();
  }

  private understood(text: string): void {
    if (text.trim() === '' || this.state.name !== 'started') return;
    this.timeline.transcribe(text);
    this.memory.push({ role: 'user', text: text.trim() });
    this.later(this.options.manners.answerAfterMs, () => this.take({ type: 'spoken', text }));
  }

  private tell(event: Extract<LiveClientEvent, { content: string }>, eventId: string | undefined): Checked<unknown> {
    const { content, delegation_id: delegationId, type } = event;
    if (delegationId !== null)
      return refused('invalid_value', 'Only a client delegation can be answered by its id.', 'delegation_id');
    if (tokensOf(content) > MAX_APPEND_TOKENS)
      return refused('string_above_max_length', `The content has more than ${MAX_APPEND_TOKENS} tokens.`, 'content');
    const range = { start_ms: this.timeline.positionMs, end_ms: this.timeline.positionMs + INJECTED_AFTER_MS };
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
    if (/^stop speaking/i.test(content)) this.timeline.mouth.stop();
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
      if (this.state.name === 'started') this.timeline.mouth.speak(text, sound);
    });
  }

  // ── the backend ──

  private delegate(name: string, args: string): void {
    const { acknowledgement, backendMs } = this.options.manners;
    const delegationId = newId('item');
    const responseId = newId('resp');
    const delegation = { id: delegationId, type: 'delegation', target: 'responses', response_id: responseId };
    this.outbox.send({ type: 'session.delegation.created', offset_ms: this.timeline.positionMs, delegation });
    if (acknowledgement !== '' && !this.timeline.mouth.isSpeaking) this.say(acknowledgement);
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
    if (fault.type === 'blocked') this.finish('content');
    else if (fault.type === 'failed-response') this.failsNext = true;
    else this.outbox.strike(fault);
  }

  private finish(reason: 'close_requested' | 'expired' | 'content'): void {
    if (this.state.name === 'started') {
      const { settings } = this.state;
      for (const _ of this.acks.splice(0))
        this.outbox.error(refused('session_closed', 'The session closed before the text was taken.').error);
      this.outbox.send({ type: 'session.closed', reason, session: this.resource(settings), ...this.timeline.usage });
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
}
