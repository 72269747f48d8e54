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

/** So long after a text of ours the model's word of an interruption is about that text. */
const OWN_TEXT_MS = 3000;

type Phase =
  | { name: 'idle'; last: ModelTurn }
  | { name: 'speaking'; turn: ModelTurn }
  /** The owner cancelled the answer that is due; `last` is the turn before it. */
  | { name: 'refusing'; last: ModelTurn }
  /** Cancelled: what comes is dropped until the model ends the turn. */
  | { name: 'muted'; turn: ModelTurn };

type Content =
  | { type: 'sentence'; turn: ModelTurn; sentence: Sentence }
  | { type: 'final'; turn: ModelTurn; text: string }
  | { type: 'audio'; turn: ModelTurn; sentence: Sentence | undefined };

export interface AssistantTurnsOptions {
  clock: Clock;
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  /** By loudness; tells the caller's interruption from one that a text of ours caused. */
  isCallerSpeaking: () => boolean;
  onAnomaly: (kind: 'silent-turn' | 'unknown-content' | 'unmatched-text') => void;
  /** The model fell silent in the middle of what it was saying. */
  onStalled: () => void;
  /** The model has stopped speaking. */
  onTurnEnd: () => void;
}

/**
 * What the model says, as responses and items. Nova has sentences (a speculative text, then its audio) and ends a turn
 * with the last audio; nothing else delimits turns. Texts of what was really spoken follow seconds later.
 */
export class AssistantTurns {
  private readonly options: AssistantTurnsOptions;
  private readonly contents = new Map<string, Content>();
  private readonly finals = new FinalTexts<Sentence>();
  private readonly watch: ProgressWatch;
  private readonly pace = new Pace();
  private phase: Phase;
  /** The model was given something and has not begun to answer. */
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

  /** The caller said something: a cancelled turn is over, and an answer is due. */
  callerSaid(): void {
    this.isAnswerDue = true;
    if (this.phase.name === 'muted') this.rest(this.phase.turn);
  }

  /** The session sent a text of its own, which ends what the model is saying. */
  textSent(): void {
    if (this.phase.name === 'refusing') this.rest(this.phase.last);
    this.callerSaid();
    this.ownText = { turn: this.currentTurn(), sentMs: this.options.clock.now() };
  }

  toolAnswered(): void {
    this.isAnswerDue = true;
  }

  /** The model waits for a tool: a turn whose audio is complete is over. */
  toolUsed(): void {
    if (this.phase.name === 'speaking' && this.phase.turn.isWhole) this.finish(this.phase.turn, 'completed');
  }

  /** Drops the rest of what the model is saying, or the answer it is about to give. */
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
    // Without a text before it this is the rest of what was cut, unless the model has something to answer.
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
    // The turn was given up as silent, and goes on after all.
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
    // The interruption first: whoever hears of it cuts the text in proportion, and must not cut what is short already.
    if (stopReason === 'INTERRUPTED') this.interruption(content.turn);
    if (content.type === 'final' && content.text !== '') this.finalText(content.text);
    const { turn, type } = content;
    if (type !== 'audio' || turn !== this.turnInProgress()) return;
    this.watch.progress();
    if (stopReason !== 'END_TURN') {
      if (!turn.isCut) content.sentence?.end();
    } else if (this.phase.name === 'muted') {
      this.rest(turn);
    } else {
      this.finish(turn, 'completed');
    }
  }

  /** The model says that the caller talked over it. */
  interrupted(contentId: string): void {
    this.interruption(this.contents.get(contentId)?.turn ?? this.currentTurn());
  }

  /** The session is lost: what was being said ends where its audio does. The model gives the text of a sentence first. */
  breakOff(): void {
    if (this.phase.name === 'speaking') this.phase.turn.breakOff();
  }

  close(): void {
    this.watch.stop();
    this.contents.clear();
  }

  /** Told once a turn, at the first of its two signs. Its audio may be complete by then: the caller still hears it. */
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

  /** The one that goes on, muted or not. */
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

  private finish(turn: ModelTurn, status: 'completed' | 'incomplete'): void {
    if (status === 'completed') turn.endItems();
    else turn.breakOff();
    // The owner may have cancelled it while it was told.
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
