import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { pcmToMulaw } from '../../audio/g711.js';
import type { Clock } from '../../base/clock.js';
import type { VoiceEvent } from '../session.js';
import { FinalTexts } from './final-texts.js';
import { ModelTurn, type Sentence } from './model-turn.js';
import type { StopReason } from './output-events.js';
import { Pace } from './pace.js';
import { pcmFromBase64 } from './pcm.js';
import { ProgressWatch } from './progress-watch.js';

/** Maximum time after a text of the session in which an interruption counts as caused by that text. */
const OWN_TEXT_MS = 3000;

type Phase =
  | { name: 'idle'; last: ModelTurn }
  | { name: 'speaking'; turn: ModelTurn }
  /** The owner cancelled the answer that is due; `last` is the turn before it. */
  | { name: 'refusing'; last: ModelTurn }
  /** The owner cancelled the turn. Its events are dropped until the model ends it. */
  | { name: 'muted'; turn: ModelTurn };

type Content =
  | { type: 'sentence'; turn: ModelTurn; sentence: Sentence }
  | { type: 'final'; turn: ModelTurn; text: string }
  | { type: 'audio'; turn: ModelTurn; sentence: Sentence | undefined };

export interface AssistantTurnsOptions {
  clock: Clock;
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  /** Returns whether audio sent to the caller still plays. */
  isPlaying: () => boolean;
  /**
   * Returns whether the caller speaks, by loudness. It tells their interruption from one that a text of the session
   * caused.
   */
  isCallerSpeaking: () => boolean;
  onAnomaly: (kind: 'silent-turn' | 'unknown-content' | 'unmatched-text') => void;
  /** Called when the model fell silent in the middle of a sentence. */
  onStalled: () => void;
  /** Called when the model has stopped speaking, or is between two sentences. */
  onTurnEnd: () => void;
}

/**
 * Turns the model's output into responses and items. Nova sends sentences, each a speculative text and then its audio.
 * The last audio ends a turn, and nothing else delimits turns. Texts of what was really spoken follow seconds later.
 */
export class AssistantTurns {
  private readonly options: AssistantTurnsOptions;
  private readonly contents = new Map<string, Content>();
  private readonly finals = new FinalTexts<Sentence>();
  private readonly watch: ProgressWatch;
  private readonly pace = new Pace();
  private phase: Phase;
  /** Whether the model was sent something and has not begun to answer. */
  private isAnswerDue = false;
  private ownText: { turn: ModelTurn; sentMs: number } | undefined;

  constructor(options: AssistantTurnsOptions) {
    this.options = options;
    this.phase = { name: 'idle', last: new ModelTurn({ ...options, pace: this.pace }) };
    this.watch = new ProgressWatch({
      clock: options.clock,
      limitMs: SILENCE_BUDGET.novaSilentTurnMs,
      onSilent: () => this.onSilent(),
    });
  }

  get isSpeaking(): boolean {
    return this.phase.name === 'speaking';
  }

  /** Whether the audio of a sentence has begun and not ended. */
  get isMidSentence(): boolean {
    return this.phase.name === 'speaking' && this.phase.turn.items.some(({ stage }) => stage === 'speaking');
  }

  /** Called when the caller said something. A cancelled or complete turn is then over, and an answer is due. */
  callerSaid(): void {
    this.isAnswerDue = true;
    if (this.phase.name === 'muted') this.rest(this.phase.turn);
    else this.finishWhole();
  }

  /** Called when the session sent a text of its own, which ends what the model is saying. */
  textSent(): void {
    if (this.phase.name === 'refusing') this.rest(this.phase.last);
    this.callerSaid();
    this.ownText = { turn: this.currentTurn(), sentMs: this.options.clock.now() };
  }

  toolAnswered(): void {
    this.isAnswerDue = true;
  }

  /** Called when the model waits for a tool. A turn whose audio is complete is then over. */
  toolUsed(): void {
    this.finishWhole();
  }

  /** Drops the rest of what the model is saying, or the answer that is due. */
  cancel(): void {
    const { phase } = this;
    if (phase.name === 'speaking') {
      phase.turn.isCut = true;
      this.phase = { name: 'muted', turn: phase.turn };
      phase.turn.done('cancelled');
    } else if (phase.name === 'idle' && this.isAnswerDue) {
      this.phase = { name: 'refusing', last: phase.last };
      this.watch.progress();
    }
  }

  sentenceStarted(contentId: string): void {
    const turn = this.turnInProgress() ?? this.beginTurn();
    this.watch.progress();
    this.contents.set(contentId, { type: 'sentence', turn, sentence: this.addSentence(turn) });
  }

  finalStarted(contentId: string): void {
    this.contents.set(contentId, { type: 'final', turn: this.currentTurn(), text: '' });
  }

  audioStarted(contentId: string): void {
    // Audio without a text before it is the rest of what was cut, unless an answer is due.
    if (this.phase.name === 'idle' && this.phase.last.isCut && !this.isAnswerDue) {
      this.contents.set(contentId, { type: 'audio', turn: this.phase.last, sentence: undefined });
      return;
    }
    const turn = this.turnInProgress() ?? this.beginTurn();
    this.watch.progress();
    const sentence = turn.next ?? this.addSentence(turn);
    this.contents.set(contentId, { type: 'audio', turn, sentence });
    if (!turn.isCut) sentence.begin();
  }

  text(contentId: string, text: string): void {
    const content = this.contents.get(contentId);
    if (content?.type === 'sentence') {
      if (content.turn === this.turnInProgress()) this.watch.progress();
      content.sentence.addText(text);
    } else if (content?.type === 'final') {
      content.text = `${content.text} ${text.trim()}`.trim();
    } else {
      this.options.onAnomaly('unknown-content');
    }
  }

  audio(contentId: string, base64: string): void {
    const content = this.contents.get(contentId);
    if (content?.type !== 'audio') {
      this.options.onAnomaly('unknown-content');
      return;
    }
    // The turn was ended as silent, and continues after all.
    if (this.phase.name === 'idle' && !content.turn.isCut) {
      content.turn = this.beginTurn();
      content.sentence = this.addSentence(content.turn);
      content.sentence.begin();
    }
    if (content.turn !== this.turnInProgress()) return;
    this.watch.progress();
    if (content.turn.isCut) return;
    const mulaw = pcmToMulaw(pcmFromBase64(base64));
    if (mulaw.length > 0) content.sentence?.speak(mulaw);
  }

  contentEnded(contentId: string, stopReason: StopReason): void {
    const content = this.contents.get(contentId);
    if (content === undefined) return;
    this.contents.delete(contentId);
    // The interruption first, because the owner then cuts the text in proportion and must not cut a shortened text
    // again.
    if (stopReason === 'INTERRUPTED') this.interruption(content.turn);
    if (content.type === 'final' && content.text !== '') this.finalText(content.text);
    const { turn, type } = content;
    if (type !== 'audio' || turn !== this.turnInProgress()) return;
    this.watch.progress();
    if (stopReason !== 'END_TURN') {
      if (!turn.isCut) content.sentence?.end();
      // Every block was seen to end with PARTIAL_TURN, the last one of a turn, too.
      if (!turn.isWhole) return;
      this.watch.progress(SILENCE_BUDGET.novaWholeTurnMs);
      this.options.onTurnEnd();
    } else if (this.phase.name === 'muted') {
      this.rest(turn);
    } else {
      this.finish(turn, 'completed');
    }
  }

  /** Called at the end of a completion. A turn in progress is then over, though its last audio has not ended. */
  completionEnded(): void {
    const turn = this.turnInProgress();
    if (turn === undefined) return;
    for (const [contentId, content] of this.contents) if (content.type === 'audio') this.contents.delete(contentId);
    if (this.phase.name === 'muted') this.rest(turn);
    else this.finish(turn, 'completed');
  }

  /**
   * Called when the caller began to speak. That interrupts what the model says and what still plays. A turn that the
   * owner cancelled stays cancelled: only the model's own report says that it will send no more of it.
   */
  callerSpeaks(): void {
    const { name } = this.phase;
    if (name === 'speaking' || (name === 'idle' && this.options.isPlaying())) this.interruption(this.currentTurn());
  }

  /** Called when the model reports that the caller interrupted it. */
  interrupted(contentId: string): void {
    this.interruption(this.contents.get(contentId)?.turn ?? this.currentTurn());
  }

  /**
   * Called when the session is lost. Cuts the text of the sentence in progress where its audio ends, because the model
   * sends the whole text first.
   */
  breakOff(): void {
    if (this.phase.name === 'speaking') this.phase.turn.breakOff();
  }

  close(): void {
    this.watch.stop();
    this.contents.clear();
  }

  /**
   * Reports an interruption once a turn, at the first of its signs. The turn's audio may be complete, but still
   * playing.
   */
  private interruption(turn: ModelTurn): void {
    if (turn !== this.currentTurn()) return;
    const { name } = this.phase;
    if (turn.isCut && name !== 'muted') return;
    turn.isCut = true;
    if (name !== 'refusing') this.phase = { name: 'idle', last: turn };
    if (!this.isByOwnText(turn)) this.options.emit({ type: 'interruption' });
    if (name === 'speaking') turn.done('cancelled');
    this.options.onTurnEnd();
  }

  private isByOwnText(turn: ModelTurn): boolean {
    const { ownText } = this;
    this.ownText = undefined;
    if (ownText?.turn !== turn || this.options.isCallerSpeaking()) return false;
    return this.options.clock.now() - ownText.sentMs < OWN_TEXT_MS;
  }

  private finalText(text: string): void {
    const sentence = this.finals.match(text);
    if (sentence === undefined) this.options.onAnomaly('unmatched-text');
    if (sentence === undefined || sentence === 'several') return;
    if (sentence.stage === 'waiting' || sentence.isJoined) return;
    sentence.final(text);
  }

  /** The turn that has not ended, muted or not. */
  private turnInProgress(): ModelTurn | undefined {
    return 'turn' in this.phase ? this.phase.turn : undefined;
  }

  private currentTurn(): ModelTurn {
    return 'turn' in this.phase ? this.phase.turn : this.phase.last;
  }

  private beginTurn(): ModelTurn {
    const isRefused = this.phase.name === 'refusing';
    const turn = new ModelTurn({ ...this.options, pace: this.pace }, isRefused);
    this.isAnswerDue = false;
    this.phase = { name: isRefused ? 'muted' : 'speaking', turn };
    this.watch.progress();
    if (!isRefused) turn.start();
    return turn;
  }

  private addSentence(turn: ModelTurn): Sentence {
    const sentence = turn.add();
    this.finals.expect(sentence);
    return sentence;
  }

  private finishWhole(): void {
    if (this.phase.name === 'speaking' && this.phase.turn.isWhole) this.finish(this.phase.turn, 'completed');
  }

  private finish(turn: ModelTurn, status: 'completed' | 'incomplete'): void {
    if (status === 'completed') turn.endItems();
    else turn.breakOff();
    // The owner may have cancelled it when it heard of the end of an item.
    if (this.phase.name !== 'speaking' || this.phase.turn !== turn) return;
    this.phase = { name: 'idle', last: turn };
    turn.done(status);
    this.options.onTurnEnd();
  }

  private rest(last: ModelTurn): void {
    this.phase = { name: 'idle', last };
    this.options.onTurnEnd();
  }

  private onSilent(): void {
    if (this.phase.name === 'idle') return;
    this.options.onAnomaly('silent-turn');
    if (this.phase.name === 'speaking') {
      const { turn } = this.phase;
      const { isWhole } = turn;
      if (!isWhole) this.options.onStalled();
      this.finish(turn, isWhole ? 'completed' : 'incomplete');
    } else {
      this.rest(this.currentTurn());
    }
  }
}
