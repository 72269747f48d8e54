import { AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';
import type { VoiceEvent } from '../../voice/session.js';
import type { Conversation, ConversationParts } from './conversation.js';
import { noteBargeIn } from './note-barge-in.js';
import { stopDialogue } from './stop-dialogue.js';
import { answerToolCall } from './tool-calls.js';

/**
 * The direct bridge (`USE_PIPECAT=false`) connects the voice session to the stream with nothing between. It is the
 * smallest correct gateway, and tests use it as the oracle for the pipeline.
 */
export class DirectBridge implements Conversation {
  private readonly parts: ConversationParts;

  constructor(parts: ConversationParts) {
    this.parts = parts;
    parts.dtmf.onNumber = (digits) => parts.prewarmed.session.sendDigits(digits);
  }

  begin(): void {
    this.parts.prewarmed.attach(this.parts.meter.timed((event) => this.onEvent(event)));
  }

  callerAudio(payload: string): void {
    if (this.parts.gate.isLeaving) return;
    this.parts.prewarmed.session.sendAudio(AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, payload));
  }

  digit(digit: string): void {
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
    this.parts.prewarmed.session.say(text, sayId);
  }

  leave(text: string, sayId: string): void {
    stopDialogue(this.parts, sayId);
    this.stopPlayout();
    this.parts.prewarmed.session.say(text, sayId);
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
