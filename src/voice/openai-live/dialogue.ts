import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { taped } from '../../base/taped.js';
import type { HeardItem } from '../history.js';
import type { EventBuilder } from '../openai/client-events.js';
import type { ConversationView, VoiceEvent } from '../session.js';
import { SpeechDetector } from '../speech-detector.js';
import type { SpeakLine } from '../spoken-line.js';
import { SpokenLines } from '../spoken-lines.js';
import type { LiveAnomaly } from './anomalies.js';
import { Backend } from './backend.js';
import { CallerWords } from './caller-words.js';
import { type AppendKind, appends } from './client-events.js';
import { Floor } from './floor.js';
import { ModelSpeech } from './model-speech.js';
import * as notes from './notes.js';
import { Reminder } from './reminder.js';
import type { LiveEvent } from './server-events.js';

export interface LiveDialogueOptions {
  clock: Clock;
  conversation: ConversationView;
  speakLine: SpeakLine | undefined;
  /** Sends nothing unless the session is live. */
  send: (build: EventBuilder) => void;
  /** Emits nothing unless the session is live. */
  emit: (event: VoiceEvent) => void;
  isLive: () => boolean;
  onAnomaly: (kind: LiveAnomaly) => void;
}

/** What the service reports of the dialogue while the session is live. */
export type DialogueEvent = Exclude<LiveEvent, { type: 'started' | 'closed' | 'error' }>;

/** Amount of unheard speech of which the model is told. Less is a word or two. */
const UNHEARD_MS = 700;

/** What the caller and the model say in one session, and what the backend does for them. */
export class LiveDialogue {
  /** Hears everything that the caller's line carries. */
  readonly ear: SpeechDetector;
  readonly floor: Floor;
  private readonly options: LiveDialogueOptions;
  private readonly words: CallerWords;
  private readonly speech: ModelSpeech;
  private readonly backend: Backend;
  private readonly reminder: Reminder;
  private readonly lines: SpokenLines;
  private readonly lineTexts = new Map<string, string>();
  private readonly idPrefix = taped('live-ids', () => `live-${randomBytes(5).toString('hex')}`);
  private idCount = 0;

  constructor(options: LiveDialogueOptions) {
    const { clock, conversation, emit, isLive, onAnomaly, send } = options;
    this.options = options;
    const newId = (kind: string): string => `${this.idPrefix}-${kind}-${++this.idCount}`;
    this.ear = new SpeechDetector({ onStarted: () => this.onCallerSpeaks(), onStopped: () => this.onCallerQuiet() });
    this.words = new CallerWords({ clock, emit, newId, ear: this.ear });
    this.speech = new ModelSpeech({
      clock,
      emit,
      newId,
      isWorking: () => this.backend.isBusy,
      onBegins: () => this.words.modelSpeaks(),
      onBegun: () => {
        this.reminder.settle();
        this.backend.modelBegan();
      },
      onEnded: (agoMs) => {
        this.backend.modelEnded(agoMs);
        this.lines.next();
      },
      onCut: () => onAnomaly('cut-answer'),
    });
    this.floor = new Floor({
      ear: this.ear,
      speech: this.speech,
      isPlaying: () => conversation.isPlaying,
      onInterruption: () => this.speech.interrupted(),
    });
    this.backend = new Backend({
      clock,
      send,
      onBegun: () => this.speech.workBegun(),
      onResult: () => this.reminder.expect(),
      onDone: (isTold) => {
        if (!isTold) onAnomaly('unsaid-result');
        this.speech.workDone(isTold);
      },
    });
    this.reminder = new Reminder({
      clock,
      isOccupied: () =>
        this.ear.isSpeaking || this.speech.isSounding || this.backend.isRunning || conversation.isPlaying,
      remind: () => {
        onAnomaly('reminded');
        this.order(notes.REMINDER);
      },
    });
    this.lines = new SpokenLines({
      clock,
      speakLine: options.speakLine,
      emit: (event) => this.emitLine(event),
      newId: (kind) => newId(`line-${kind}`),
      isReady: isLive,
      isFree: () => !this.speech.isSounding || this.backend.isWaiting,
    });
  }

  /** Makes the model begin with this line, with an answer to the caller's last words, or with both. */
  begin(greeting: string | undefined, answersLast: boolean): void {
    if (greeting !== undefined) this.order(answersLast ? notes.sayThenAnswer(greeting) : notes.sayNow(greeting));
    else if (answersLast) this.order(notes.ANSWER_NOW);
    else return;
    this.reminder.expect();
  }

  onEvent(event: DialogueEvent): void {
    const { emit, isLive, onAnomaly } = this.options;
    switch (event.type) {
      case 'audio':
        this.speech.audio(event.audio);
        this.floor.modelSent();
        return;
      case 'caller-words':
        this.words.words(event.text, event.startMs, event.endMs);
        return;
      case 'model-words':
        this.speech.words(event.text, event.startMs, event.endMs);
        return;
      case 'delegated':
        if (event.target === 'responses') this.backend.delegated(event.delegationId);
        else onAnomaly('unknown-delegation');
        return;
      case 'backend-call':
        // What the caller said comes before what it led to.
        this.words.finish();
        if (isLive() && this.backend.takes(event)) this.onToolCall(event.toolCallId, event.name, event.arguments);
        return;
      case 'backend-done':
        if (event.usage !== undefined) emit({ type: 'usage', ...event.usage });
        if (event.status === 'failed') this.onBackendFailed();
        this.backend.takes(event);
        return;
      case 'backend-started':
        this.backend.takes(event);
    }
  }

  /** The caller has typed something. */
  typed(text: string): void {
    this.backend.typed(text);
    this.reminder.expect();
  }

  /** The caller has pressed keys. */
  keyed(digits: string): void {
    // Both models need them: the one that talks about them and the one that works with them.
    this.append('thinking', notes.keyed(digits));
    this.backend.typed(notes.keyed(digits));
    this.reminder.expect();
  }

  /** Speaks a line once it is free to, see {@link nextLine}. */
  say(text: string, sayId: string): void {
    this.lineTexts.set(sayId, text);
    this.lines.say(text, sayId);
  }

  /** Speaks the line that waited until the session was live. */
  nextLine(): void {
    this.lines.next();
  }

  /** GPT-Live has no event for this. The rest of what it says is dropped, and it is told to stop. */
  cancel(): void {
    this.reminder.settle();
    this.lines.cancel();
    if (this.speech.cancel()) this.append('instructions', notes.STOP_SPEAKING);
  }

  /** The model's memory holds all that it has said, and no event corrects it. So it is told. */
  reportHeard(items: readonly HeardItem[]): void {
    const heard = this.speech.heardOf(items, UNHEARD_MS);
    if (heard !== undefined) this.append('thinking', notes.heardOnly(heard));
  }

  toolResult(toolCallId: string, output: unknown): void {
    if (!this.backend.result(toolCallId, typeof output === 'string' ? output : (JSON.stringify(output) ?? 'null')))
      this.options.onAnomaly('unknown-tool-call');
  }

  /** Ends what the model was saying, because the session has failed. */
  breakOff(): void {
    this.speech.breakOff();
  }

  /** Stops everything that the dialogue does by itself. */
  close(): void {
    this.reminder.settle();
    this.words.close();
    this.speech.close();
    this.backend.close();
    this.lines.close();
  }

  private onToolCall(toolCallId: string, name: string, json: string): void {
    const args = parsed(json);
    if (args !== undefined) {
      this.options.emit({ type: 'tool-call', toolCallId, name, arguments: args });
      return;
    }
    this.options.onAnomaly('bad-tool-arguments');
    if (this.options.isLive())
      this.toolResult(toolCallId, { error: 'The arguments are not a JSON object. Call the tool again.' });
  }

  private onBackendFailed(): void {
    this.options.onAnomaly('backend-failed');
    this.order(notes.BACKEND_FAILED);
  }

  private onCallerSpeaks(): void {
    this.reminder.settle();
    this.options.emit({ type: 'caller-speech-started' });
  }

  private onCallerQuiet(): void {
    this.options.emit({ type: 'caller-speech-stopped' });
    if (!this.options.isLive()) return;
    this.words.lineIsQuiet();
    if (!this.speech.isSounding) this.reminder.expect();
  }

  /** Makes the model speak. */
  private order(instructions: string): void {
    this.append('instructions', instructions);
    this.append('commentary', notes.BEGIN_NOW);
  }

  private append(kind: AppendKind, text: string): void {
    for (const build of appends(kind, text)) this.options.send(build);
  }

  private emitLine(event: VoiceEvent): void {
    if (event.type === 'response-done' && event.sayId !== undefined) {
      const text = this.lineTexts.get(event.sayId);
      this.lineTexts.delete(event.sayId);
      if (event.status === 'completed' && text !== undefined) this.append('thinking', notes.alreadySaid(text));
    }
    this.options.emit(event);
  }
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
