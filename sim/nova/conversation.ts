import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { Act, Brain, OfferedTool, Situation, Turn } from '../model/script.js';
import type { Voice } from '../model/voice.js';
import type { NovaFault } from './faults.js';
import type { NovaOutput } from './output.js';
import { Pauses } from './pauses.js';
import { fromTelephone } from './rate.js';
import { type Said, type Speaker, sentencesOf } from './speaker.js';
import type { UsageMeter } from './usage.js';

export interface ConversationOptions {
  clock: Clock;
  brain: Brain;
  voice: Voice;
  output: NovaOutput;
  speaker: Speaker;
  usage: UsageMeter;
  sampleRateHz: number;
  instructions: string;
  tools: readonly OfferedTool[];
  history: readonly { role: 'user' | 'assistant'; text: string }[];
  /** Delay between the end of the caller's turn and the first word. */
  replyDelayMs: number;
  /** Whether the text of what the caller said is sent. */
  callerTexts: boolean;
  /** Whether the arguments of a tool use are a JSON string that contains a JSON string. */
  doubleEncodeToolUse: boolean;
  /** Whether the model has received enough audio, and still receives it, to start. */
  mayBegin(): boolean;
  /** Called when a turn is answered. Returns false if that ends the session. */
  onTurn(turn: Turn, number: number): boolean;
  onToolUse(toolUseId: string, name: string): void;
  /** Strikes a fault. Returns false if that ends the session. */
  onFault(fault: NovaFault): boolean;
  onFailure(): void;
}

interface Answer {
  turn: Turn;
  begun: boolean;
}

/** What the model says and does. Takes the caller's turns one after the other and answers them. */
export class Conversation {
  private readonly options: ConversationOptions;
  private readonly pauses: Pauses;
  private readonly waiting: Turn[] = [];
  private readonly memory: { role: 'user' | 'assistant'; said: Said }[];
  private readonly openToolUses = new Map<string, string>();
  private turns = 0;
  /** The answer in progress. An answer is over as soon as this is another object or `undefined`. */
  private answering: Answer | undefined;
  private callerSpeaks = false;
  private closed = false;

  constructor(options: ConversationOptions) {
    this.options = options;
    this.pauses = new Pauses(options.clock);
    this.memory = options.history.map(({ role, text }) => ({ role, said: { text } }));
  }

  speechStarted(): void {
    this.callerSpeaks = true;
    this.interrupt();
  }

  /** Ends the caller's turn. It was only noise if there are no texts. */
  spoken(texts: readonly string[]): void {
    this.callerSpeaks = false;
    if (texts.length === 0) return this.startNextAnswer();
    this.options.speaker.nextInput();
    const { callerTexts, output, usage } = this.options;
    if (callerTexts) for (const text of texts) output.text('USER', 'FINAL', text, 'PARTIAL_TURN');
    output.send('usageEvent', usage.report());
    this.take({ type: 'spoken', text: texts.join(' ') });
  }

  /**
   * Takes a typed text. The first one of a new conversation asks for a greeting, because the service speaks first only
   * then.
   */
  typed(text: string): void {
    this.options.usage.addText('input', text);
    this.interrupt();
    this.options.speaker.nextInput();
    const isFirst = this.turns === 0 && this.memory.length === 0;
    this.take(isFirst ? { type: 'asked', instructions: text } : { type: 'typed', text });
  }

  toolResult(toolUseId: string, output: string): void {
    const name = this.openToolUses.get(toolUseId);
    if (name === undefined) return;
    this.openToolUses.delete(toolUseId);
    this.options.usage.addText('input', output);
    // The result goes before what the caller said meanwhile, because that had to wait for it.
    const results = this.waiting.filter(({ type }) => type === 'tool-result').length;
    this.waiting.splice(results, 0, { type: 'tool-result', name, output });
    this.startNextAnswer();
  }

  /** Starts the next answer if that is possible. */
  startNextAnswer(): void {
    // An unanswered tool use silences the model for good.
    if (this.closed || this.answering !== undefined || this.openToolUses.size > 0) return;
    if (this.callerSpeaks || !this.options.mayBegin()) return;
    const turn = this.waiting.shift();
    if (turn === undefined) return;
    const answer = { turn, begun: false };
    this.answering = answer;
    this.answer(answer).then(
      () => {
        if (this.answering !== answer) return;
        this.answering = undefined;
        this.startNextAnswer();
      },
      () => this.options.onFailure(),
    );
  }

  /** Ends the conversation after the last input, and sends the final texts of what was spoken. */
  finish(): void {
    this.closed = true;
    this.answering = undefined;
    this.pauses.endAll();
    this.options.speaker.finish();
  }

  close(): void {
    this.closed = true;
    this.answering = undefined;
    this.pauses.endAll();
    this.options.speaker.close();
  }

  private take(turn: Turn): void {
    if (turn.type === 'spoken' || turn.type === 'typed') this.memory.push({ role: 'user', said: { text: turn.text } });
    const before = this.waiting.at(-1);
    // The caller continued before the answer started.
    if (before?.type === 'spoken' && turn.type === 'spoken') before.text += ` ${turn.text}`;
    else this.waiting.push(turn);
    this.startNextAnswer();
  }

  private interrupt(): void {
    this.options.speaker.interrupt();
    if (this.answering?.begun === false) this.waiting.unshift(this.answering.turn);
    this.answering = undefined;
    this.pauses.endAll();
  }

  private async answer(answer: Answer): Promise<void> {
    const { turn } = answer;
    const { brain, replyDelayMs, speaker } = this.options;
    await this.pauses.wait(replyDelayMs);
    if (this.answering !== answer) return;
    answer.begun = true;
    this.turns++;
    if (!this.options.onTurn(turn, this.turns)) return;
    speaker.startAnswer();
    const acts = brain.decide(turn, this.situation);
    const lastSpeech = acts.findLastIndex(({ type }) => type === 'speak');
    for (const [index, act] of acts.entries()) {
      switch (act.type) {
        case 'speak':
          await this.speak(act, answer, index === lastSpeech);
          break;
        case 'call-tool':
          this.callTool(act);
          break;
        case 'wait':
          await this.pauses.wait(act.ms);
          break;
        case 'fault':
          if (!this.options.onFault(act.fault)) return;
          break;
      }
      if (this.answering !== answer) return;
    }
  }

  private async speak(act: Extract<Act, { type: 'speak' }>, answer: Answer, isLast: boolean): Promise<void> {
    const { output, sampleRateHz, speaker, usage, voice } = this.options;
    const { text, type: _, ...request } = act;
    const sentences = request.durationMs === undefined ? sentencesOf(text) : [text];
    for (const [index, sentence] of sentences.entries()) {
      const pcm = fromTelephone(await voice.speak(sentence, request), sampleRateHz);
      if (this.answering !== answer) return;
      const said = { text: sentence };
      this.memory.push({ role: 'assistant', said });
      usage.addText('output', sentence);
      if (!(await speaker.say(said, pcm, isLast && index === sentences.length - 1))) return;
      output.send('usageEvent', usage.report());
    }
  }

  private callTool({ arguments: args, name }: Extract<Act, { type: 'call-tool' }>): void {
    const { doubleEncodeToolUse, output, usage } = this.options;
    const toolUseId = randomUUID();
    const content = typeof args === 'string' ? args : JSON.stringify(args);
    this.openToolUses.set(toolUseId, name);
    usage.addText('output', content);
    this.options.onToolUse(toolUseId, name);
    output.toolUse(name, toolUseId, doubleEncodeToolUse ? JSON.stringify(content) : content);
  }

  private get situation(): Situation {
    const { instructions, tools } = this.options;
    return { instructions, tools, history: this.memory.map(({ role, said }) => ({ role, text: said.text })) };
  }
}
