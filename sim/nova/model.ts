import type { Clock } from '../../src/base/clock.js';
import { Conversation } from './conversation.js';
import type { NovaFault, NovaFaultPlan } from './faults.js';
import { Hearing } from './hearing.js';
import type { SessionStart } from './input-events.js';
import type { NovaBehaviour } from './options.js';
import type { NovaOutput } from './output.js';
import type { Prompt } from './prompt.js';
import type { SessionRecording } from './recording.js';
import type { Meaning } from './rules.js';
import { Speaker } from './speaker.js';
import { UsageMeter } from './usage.js';

/** Silence that ends a turn, by sensitivity (Nova 2 Sonic user guide, turn-taking). */
const PAUSES_MS = { HIGH: 1500, MEDIUM: 1750, LOW: 2000 };
/** Minimum audio before the model generates anything (measured by users of the service). */
const LEAST_AUDIO_MS = 68;
/** Maximum age of the last audio for which the stream still counts as flowing. */
const FLOWING_MS = 1000;

export interface NovaModelOptions {
  clock: Clock;
  behaviour: NovaBehaviour;
  output: NovaOutput;
  recording: SessionRecording;
  faults: NovaFaultPlan;
  /** Milliseconds since the session began. */
  age(): number;
  expectToolResult(toolUseId: string): void;
  /** Strikes a fault. Returns false if that ends the session. */
  onFault(fault: NovaFault): boolean;
  onFailure(): void;
}

/** The model of one session. Handles the meaning of each input, speaks, uses tools, and is interrupted. */
export class NovaModel {
  private readonly options: NovaModelOptions;
  private readonly usage = new UsageMeter();
  private sensitivity: keyof typeof PAUSES_MS = 'MEDIUM';
  private prompt: Prompt | undefined;
  private hearing: Hearing | undefined;
  private conversation: Conversation | undefined;
  private lastAudioMs = 0;
  private turn = 0;

  constructor(options: NovaModelOptions) {
    this.options = options;
  }

  take(meaning: Meaning): void {
    const { output, recording } = this.options;
    switch (meaning.type) {
      case 'session':
        return this.configure(meaning.settings);
      case 'prompt':
        this.prompt = meaning.prompt;
        recording.tools = meaning.prompt.tools;
        recording.voiceId = meaning.prompt.voiceId;
        output.setPrompt(meaning.prompt.name, meaning.prompt.sampleRateHz);
        return;
      case 'system':
        recording.instructions = meaning.text;
        this.usage.addText('input', meaning.text);
        return;
      case 'history':
        recording.history.push({ role: meaning.role, text: meaning.text });
        this.usage.addText('input', meaning.text);
        return;
      case 'audio-started':
        return this.open(meaning.sampleRateHz);
      case 'audio':
        return this.hear(meaning.pcm);
      case 'typed':
        recording.typed.push(meaning.text);
        // A text without audio before it is lost. Audio that follows does not bring it back.
        if (!this.hasHeardEnough) {
          recording.unheardTexts.push(meaning.text);
          return;
        }
        output.startCompletion();
        this.conversation?.typed(meaning.text);
        return;
      case 'tool-result':
        return this.takeToolResult(meaning.toolUseId, meaning.content);
      case 'prompt-ended':
        this.conversation?.finish();
        output.endCompletion();
        return;
      case 'session-ended':
      case 'nothing':
        return;
    }
  }

  close(): void {
    this.hearing?.close();
    this.conversation?.close();
  }

  private configure({ turnDetectionConfiguration }: SessionStart): void {
    this.sensitivity = turnDetectionConfiguration?.endpointingSensitivity ?? this.sensitivity;
  }

  private open(sampleRateHz: number): void {
    const { behaviour, clock, output, recording } = this.options;
    const { prompt } = this;
    if (prompt === undefined) return;
    const speaker = new Speaker({
      clock,
      output,
      sampleRateHz: prompt.sampleRateHz,
      speed: behaviour.audioSpeed,
      finals: behaviour.finals,
      bargeInSignal: behaviour.bargeInSignal,
      turnEnd: behaviour.turnEnd,
      onSent: (answerMs, pieceMs) => this.onSent(answerMs, pieceMs),
      onInterrupted: () => recording.interruptions++,
    });
    const conversation = new Conversation({
      clock,
      brain: behaviour.brain(),
      voice: behaviour.voice,
      output,
      speaker,
      usage: this.usage,
      sampleRateHz: prompt.sampleRateHz,
      instructions: recording.instructions,
      tools: prompt.tools,
      history: recording.history,
      replyDelayMs: behaviour.replyDelayMs,
      callerTexts: behaviour.callerTexts,
      doubleEncodeToolUse: behaviour.doubleEncodeToolUse,
      mayBegin: () => this.mayBegin(),
      onTurn: (turn, number) => {
        this.turn = number;
        recording.turns.push(turn);
        for (const fault of this.options.faults.atTurn(number)) if (!this.options.onFault(fault)) return false;
        return true;
      },
      onToolUse: (toolUseId, name) => {
        recording.toolUses.push({ toolUseId, name });
        this.options.expectToolResult(toolUseId);
      },
      onFault: (fault) => this.options.onFault(fault),
      onFailure: () => this.options.onFailure(),
    });
    this.conversation = conversation;
    recording.startAudio(sampleRateHz);
    this.hearing = new Hearing({
      ear: behaviour.ear,
      sampleRateHz,
      pauseMs: PAUSES_MS[this.sensitivity] * behaviour.endpointingScale,
      onSpeechStarted: (atMs) => {
        if (behaviour.speechEvents) output.send('userSpeechStart', { inputAudioOffsetMs: Math.round(atMs) });
        output.startCompletion();
        conversation.speechStarted();
      },
      onSpeechEnded: (atMs, detectedMs) => {
        if (!behaviour.speechEvents) return;
        output.send('userSpeechEnd', {
          inputAudioOffsetMs: Math.round(atMs),
          inputAudioDetectionOffsetMs: Math.round(detectedMs),
        });
      },
      onTurn: (texts) => conversation.spoken(texts),
    });
  }

  private hear(pcm: Buffer): void {
    const { clock, recording } = this.options;
    recording.addAudio(pcm);
    const before = this.hearing?.durationMs ?? 0;
    this.lastAudioMs = clock.now();
    this.hearing?.push(pcm);
    this.usage.addSpeech('input', (this.hearing?.durationMs ?? 0) - before);
    this.conversation?.startNextAnswer();
  }

  private get hasHeardEnough(): boolean {
    return (this.hearing?.durationMs ?? 0) >= LEAST_AUDIO_MS;
  }

  private mayBegin(): boolean {
    const { clock } = this.options;
    return this.hasHeardEnough && clock.now() - this.lastAudioMs <= FLOWING_MS;
  }

  private takeToolResult(toolUseId: string, content: string): void {
    const { recording } = this.options;
    const name = recording.toolUses.find((use) => use.toolUseId === toolUseId)?.name ?? '';
    recording.toolResults.push({ atMs: this.options.age(), toolUseId, name, content });
    this.conversation?.toolResult(toolUseId, content);
  }

  /** Strikes the faults planned for this position in the answer. Returns false if that ends the session. */
  private onSent(answerMs: number, pieceMs: number): boolean {
    this.usage.addSpeech('output', pieceMs);
    for (const { fault, ms } of this.options.faults.inAnswer(this.turn)) {
      if (ms > answerMs - pieceMs && ms <= answerMs && !this.options.onFault(fault)) return false;
    }
    return true;
  }
}
