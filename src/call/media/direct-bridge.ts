import type { AudioChunk } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';
import type { VoiceEvent } from '../../voice/session.js';
import type { Conversation, ConversationParts } from './conversation.js';
import { hush } from './hush.js';
import { noteBargeIn } from './note-barge-in.js';
import { stopDialogue } from './stop-dialogue.js';
import { answerToolCall } from './tool-calls.js';

/**
 * The direct bridge (`USE_PIPECAT=false`) connects the voice session to the stream with nothing between. It is the
 * smallest correct gateway, and tests use it as the oracle for the pipeline.
 */
export class DirectBridge implements Conversation {
  private readonly parts: ConversationParts;
  private readonly onError: (processor: string, error: unknown) => void;

  /** `onError`: called when handling an event throws. Only that event is lost. */
  constructor(parts: ConversationParts, onError: (processor: string, error: unknown) => void) {
    this.parts = parts;
    this.onError = onError;
    parts.dtmf.onNumber = (digits) => this.guard(() => parts.prewarmed.session.sendDigits(digits));
  }

  begin(): void {
    this.parts.prewarmed.attach(
      this.parts.meter.timed((event) => {
        try {
          this.onEvent(event);
        } catch (error) {
          this.onError('bridge', error);
        }
      }),
    );
  }

  callerAudio(chunk: AudioChunk): void {
    if (this.parts.gate.isLeaving) return;
    try {
      this.parts.prewarmed.session.sendAudio(chunk);
    } catch (error) {
      this.onError('bridge', error);
    }
  }

  digit(digit: string): void {
    this.guard(() => this.onDigit(digit));
  }

  hush(): void {
    this.guard(() => hush(this.parts));
  }

  private onDigit(digit: string): void {
    const { gate, idle, dtmf, listener, prewarmed } = this.parts;
    if (gate.isLeaving) return;
    // A caller who presses a key no longer listens.
    prewarmed.session.cancel();
    gate.interrupt();
    idle.callerActive();
    this.stopPlayout();
    const escalation = dtmf.press(digit);
    if (escalation !== undefined) listener.onEscalation(escalation);
  }

  say(text: string, sayId: string): void {
    this.guard(() => this.parts.prewarmed.session.say(text, sayId));
  }

  leave(text: string, sayId: string): void {
    this.guard(() => {
      stopDialogue(this.parts, sayId);
      this.stopPlayout();
    });
    this.say(text, sayId);
  }

  close(): void {
    this.parts.dtmf.close();
    this.parts.idle.close();
    this.parts.tools.close();
    this.parts.prewarmed.close();
  }

  private onEvent(event: VoiceEvent): void {
    const { gate, prewarmed, history, idle, listener, meter, playback, escalationWatch } = this.parts;
    switch (event.type) {
      case 'audio':
        if (!gate.lets(event.responseId)) return;
        playback.play(event.itemId, event.chunk);
        meter.audioSent(event.itemId);
        idle.assistantBusy();
        return;
      case 'assistant-text':
        if (gate.lets(event.responseId)) history.assistantSaid(event.itemId, event.text);
        return;
      case 'assistant-text-final':
        history.assistantSaidFinally(event.itemId, event.text);
        return;
      case 'caller-turn':
        history.callerTurn(event.itemId);
        return;
      case 'item-done':
        if (!gate.lets(event.responseId)) return;
        playback.endItem();
        this.reportTurn(event.itemId);
        return;
      case 'response-started':
        gate.started(event.responseId, event.sayId);
        return;
      case 'response-done':
        if (event.sayId !== undefined) listener.onSaid(event.sayId, event.status);
        return;
      case 'caller-speech-started':
        meter.speechStarted();
        idle.callerSpeechStarted();
        listener.onSign({ type: 'caller-speaks' });
        return;
      case 'caller-speech-stopped':
        meter.speechStopped();
        idle.callerSpeechStopped();
        listener.onSign({ type: 'caller-stops' });
        return;
      case 'interruption':
        if (gate.isLeaving) return;
        gate.interrupt();
        if (this.stopPlayout()) noteBargeIn(this.parts);
        return;
      case 'caller-text': {
        idle.callerActive();
        if (!event.final) return;
        listener.onTurn(history.callerSaid(event.itemId, event.text));
        const escalation = escalationWatch.callerSaid(event.text);
        if (escalation !== undefined) listener.onEscalation(escalation);
        return;
      }
      case 'tool-call':
        idle.assistantBusy();
        answerToolCall(this.parts, event, {
          answer: (output) => prewarmed.session.sendToolResult(event.toolCallId, output),
          say: (text, sayId) => this.say(text, sayId),
        });
        return;
      case 'ended':
        listener.onFailure(new TandemError('SESSION_CLOSED', 'The model ended the session.'));
        return;
      case 'failed':
        listener.onFailure(event.error);
        return;
      case 'usage':
        listener.onUsage(event.inputTokens, event.outputTokens);
        return;
      case 'ready':
        return;
      default:
        event satisfies never;
        throw new TypeError('An event of an unknown type came.');
    }
  }

  /** For what does not come with every frame. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.onError('bridge', error);
    }
  }

  /** Cuts what is playing. Returns whether anything was. */
  private stopPlayout(): boolean {
    const { prewarmed, playback } = this.parts;
    const cut = playback.clear();
    if (cut.length === 0) return false;
    const changed = this.parts.history.heard(cut);
    prewarmed.session.reportHeard(cut);
    for (const turn of changed) this.parts.listener.onTurn(turn);
    return true;
  }

  private reportTurn(itemId: string): void {
    const turn = this.parts.history.turnOf(itemId);
    if (turn !== undefined && turn.text !== '') this.parts.listener.onTurn(turn);
  }
}
