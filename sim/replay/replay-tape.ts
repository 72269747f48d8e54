import { PassThrough } from 'node:stream';
import { chosenOnTape } from '../../src/app/taped-settings.js';
import { createVoice } from '../../src/app/voice-providers.js';
import { Gateway } from '../../src/app/gateway.js';
import { fencedClock } from '../../src/base/fenced-clock.js';
import type { Config } from '../../src/config/config.js';
import type { Assistant } from '../../src/prompts/assistant.js';
import { HubSpot } from '../../src/crm/hubspot.js';
import type { ConnectAgents } from '../../src/handover/agent-availability.js';
import type { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { openJournal } from '../../src/journal/open-journal.js';
import { type Message, type Tape, type TapeLine, parseTape, textOf } from '../../src/tape/format.js';
import { TapeRecorder } from '../../src/tape/recorder.js';
import { type TapedAnswer, responseOf } from '../../src/tape/taped-calls.js';
import { createLogger } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { VoiceProvider } from '../../src/voice/session.js';
import { playedNovaClient } from './played-nova.js';
import { PlayedSocket, errorOf } from './played-socket.js';
import { playedProvider, playedSpeaker } from './played-voice.js';
import { Score, stopOf } from './score.js';
import { alone, assistantsOf, configOf, toolsOf } from './tape-settings.js';
import { VirtualClock } from './virtual-clock.js';

/** What a replay has done. */
export interface Run {
  /** Today's run in the form of a tape. */
  tape: Tape;
  callMs: number;
  /** Real time of the replay. */
  replayMs: number;
}

/** Replays a call against today's code, on a virtual clock and without the network. `direct`: without the pipeline. */
export async function replayTape(tape: Tape, options: { direct: boolean }): Promise<Run> {
  const startedMs = performance.now();
  const config = configOf(tape.head.settings);
  const stage = await Stage.open(tape, options.direct ? { ...config, pipeline: false } : config);
  try {
    const lines = await stage.run();
    return {
      tape: { head: { ...tape.head, replay: { direct: options.direct } }, lines, end: tape.end },
      callMs: tape.end.t,
      replayMs: Math.max(1, Math.round(performance.now() - startedMs)),
    };
  } finally {
    await stage.close();
  }
}

/** A gateway without the network, between players of a tape and a recorder of today's run. */
class Stage {
  private readonly tape: Tape;
  private readonly clock: VirtualClock;
  private readonly score: Score;
  private readonly rows: string[] = [];
  private readonly recorder: TapeRecorder;
  private readonly closers: (() => Promise<void> | void)[] = [];
  private gateway: Gateway | undefined;

  static async open(tape: Tape, config: Config): Promise<Stage> {
    const stage = new Stage(tape);
    await stage.start(config);
    return stage;
  }

  private constructor(tape: Tape) {
    this.tape = tape;
    const { settings, version } = tape.head;
    this.score = new Score(tape);
    this.clock = new VirtualClock({ beginMs: settings.clockMs, startedAtMs: settings.startedAtMs }, this.score.timers);
    this.recorder = new TapeRecorder({
      clock: this.clock,
      version,
      settings,
      secrets: [],
      open: () => ({
        write: (line) => void this.rows.push(line),
        // What is missing then shows as a difference.
        lose: () => undefined,
        end: (line) => Promise.resolve(void this.rows.push(line)),
      }),
      knownValue: (name) => this.score.value(name),
    });
  }

  private async start(config: Config): Promise<void> {
    const { recorder, score, tape } = this;
    const { settings } = tape.head;
    const log = createLogger({ level: 'silent', destination: { write: () => undefined } });
    const metrics = new Metrics();
    const clock = recorder.clock(fencedClock(this.clock, () => metrics.processorErrors.inc({ processor: 'timer' })));
    const assistants = assistantsOf(tape);
    const played = new Map(settings.voices.map((voice) => [voice.name, playedProvider(voice, score)]));
    const [first, ...others] = (settings.providers ?? []).flatMap((name) => played.get(name) ?? []);
    const provider = await createVoice({
      config,
      log,
      metrics,
      clock,
      assistants,
      extensions: {
        providers: new Map([...played].filter(([name]) => name !== 'local').map(([name, one]) => [name, () => one])),
        tools: [],
        processors: new Map(),
      },
      env: {},
      ...(first === undefined ? {} : { providers: [first, ...others] as [VoiceProvider, ...VoiceProvider[]] }),
      recorder: {
        openSocket: (url) => {
          const socket = new PlayedSocket(score.isAlive('socket'));
          score.join('openai', (m) => socket.play(m, textOf));
          return recorder.tapedSocket(socket.asSocket, url);
        },
        novaClient: () => recorder.novaClient(() => playedNovaClient(score)),
        provider: (name, create) => recorder.provider(name, () => played.get(name) ?? create()),
        speaker: () => recorder.speaker(() => Promise.resolve(score.hasOwnVoice ? playedSpeaker(score) : undefined)),
      },
    });
    this.closers.push(() => provider.close());
    const journal = await openJournal({ config: undefined, clock, log, metrics, onLost: () => undefined });
    this.closers.push(() => journal.close());
    const store = recorder.service(this.service('handovers') as DynamoDbStore, 'store', 'handovers', [
      'put',
      'update',
      'keep',
    ]);
    const send = this.playedFetch();
    const crm =
      config.hubspot === undefined
        ? undefined
        : new HubSpot({ ...config.hubspot, clock, fetch: recorder.fetch(send), count: () => undefined });
    this.closers.push(() => crm?.close());
    const callers = this.service('callers') as DynamoDbStore['callers'];
    const agents = this.service('connect') as unknown as ConnectAgents;
    const { known } = settings.assistant;
    this.gateway = new Gateway({
      config,
      log,
      metrics,
      provider,
      store,
      callbacks: store,
      callers: config.handover.callerMatch ? recorder.service(callers, 'store', 'callers', ['link']) : undefined,
      journal,
      agents:
        config.dial.checkAvailability === 'off' ? undefined : recorder.service(agents, 'http', 'connect', ['reach']),
      crm,
      pepper: 'the pepper of a replay',
      assistantFor: (_number, _outbound, _known, { assistant, language } = {}) => {
        const first = (): Assistant => assistants.otherwise;
        return assistant === undefined && language === undefined ? first() : chosenOnTape(first, clock);
      },
      // Nothing is asked again.
      beforeCall: known && { ask: () => Promise.resolve(known), of: () => known },
      tools: recorder.tools(toolsOf(settings, score)),
      ownPhrases: settings.ownPhrases,
      clock,
      peers: settings.worker === undefined ? undefined : alone(settings.worker),
      fetch: send,
      recorder,
    });
    this.closers.push(() => this.gateway?.close());
  }

  /** Plays the tape and returns the lines of today's run. */
  async run(): Promise<TapeLine[]> {
    const { clock, score, tape } = this;
    await settle();
    for (const line of score.inputs) {
      const { m, t } = line;
      await clock.advanceTo(t, settle);
      if (stopOf(line) === 'drain') void this.gateway?.drain(0, false);
      else if (stopOf(line) === 'close') void this.gateway?.close();
      else if ('operator' in m) this.operate(m['operator'] as unknown as Parameters<Gateway['operate']>[1]);
      else if (typeof m['timer'] === 'number') clock.fireRecorded(m['timer']);
      else if ('path' in m) this.request(m);
      else if ('stream' in m) this.stream(m);
      else score.play(m);
      await settle();
    }
    await clock.advanceTo(tape.end.t, settle);
    await settle();
    return this.linesSoFar();
  }

  async close(): Promise<void> {
    for (const close of this.closers.reverse()) await Promise.race([Promise.resolve(close()), pause()]);
    // A gateway that was told to stop waits for its last requests.
    this.clock.end();
  }

  private linesSoFar(): TapeLine[] {
    const isDone = this.rows.at(-1)?.startsWith('{"end":true') === true;
    const rows = isDone ? this.rows : [...this.rows, JSON.stringify({ end: true, t: this.tape.end.t })];
    // Today's run has no tape if the gateway did not take the call.
    if (this.rows.length === 0) return [];
    return [...parseTape(rows.join('\n')).lines];
  }

  private operate(action: Parameters<Gateway['operate']>[1]): void {
    this.gateway?.operate(this.tape.head.callSid, action);
  }

  /** One of Twilio's webhooks. */
  private request(m: Message): void {
    const { form, path } = m as unknown as { form: Record<string, string>; path: string };
    const fields = new URLSearchParams(
      Object.entries(form).map(([name, value]): [string, string] => [name, this.plain(value)]),
    );
    void this.gateway?.answer(path, fields);
  }

  /** What comes on one of Twilio's streams. */
  private stream(m: Message): void {
    const key = `stream ${textOf(m['stream'])}`;
    if ('opened' in m) {
      const socket = new PlayedSocket(this.score.isAlive('stream', Number(m['stream'])));
      this.score.listen(key, (message) => socket.play(message, (text) => this.plain(textOf(text))));
      this.gateway?.openStream(socket.asSocket, new PassThrough());
    } else this.score.play(m);
  }

  /** Puts today's secrets in the place of the recorded ones. */
  private plain(text: string): string {
    return this.recorder.unmask(this.tape.head.callSid, text);
  }

  private service(name: string): object {
    const { score } = this;
    return new Proxy(
      {},
      {
        get: (_target, method) =>
          // What a store knows of its clock is a value of the tape, or nothing.
          typeof method !== 'string' || method === 'then' || method === 'aheadMs'
            ? undefined
            : () => score.answer(`${name}.${method}`, (answer) => answer, errorOf),
      },
    );
  }

  private playedFetch(): typeof fetch {
    return (url, init) => {
      const { signal } = init ?? {};
      const { pathname } = new URL(url instanceof Request ? url.url : url);
      const answer = this.score.answer(
        `${init?.method ?? 'GET'} ${pathname}`,
        (value) => responseOf(value as unknown as TapedAnswer),
        errorOf,
      );
      const aborted = new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      });
      return Promise.race([answer, aborted]);
    };
  }
}

/** Lets everything that follows from the last event happen. Nothing in a replay waits for the network. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Long enough for what closes at once. What does not belongs to the tape and is dropped with it. */
async function pause(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle();
}
