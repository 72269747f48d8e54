import type { AudioChunk } from '../../audio/chunk.js';
import type { Escalation } from '../../escalation/escalation.js';
import { EscalationProcessor } from '../../pipeline/escalation-processor.js';
import { GateProcessor } from '../../pipeline/gate-processor.js';
import { KeypadProcessor } from '../../pipeline/keypad-processor.js';
import { Pipeline } from '../../pipeline/pipeline.js';
import { ToolProcessor } from '../../pipeline/tool-processor.js';
import { TranscriptProcessor } from '../../pipeline/transcript-processor.js';
import { VoiceProcessor } from '../../pipeline/voice-processor.js';
import type { Conversation, ConversationParts } from './conversation.js';
import { hush } from './hush.js';
import type { OwnStages } from './own-processors.js';
import { PlayoutProcessor } from './playout-processor.js';
import { stopDialogue } from './stop-dialogue.js';
import { answerToolCall } from './tool-calls.js';

/**
 * The frame pipeline (`USE_PIPECAT=true`): voice → gate → keypad → escalation → tools → transcript → playout. Processors of
 * extensions stand before and after the voice.
 */
export class PipelineConversation implements Conversation {
  private readonly parts: ConversationParts;
  private readonly voice: VoiceProcessor;
  private readonly pipeline: Pipeline;

  constructor(parts: ConversationParts, own: OwnStages, onProcessorError: (processor: string, error: unknown) => void) {
    const { listener } = parts;
    const onEscalation = (escalation: Escalation): void => listener.onEscalation(escalation);
    this.parts = parts;
    this.voice = new VoiceProcessor(parts.prewarmed.session, parts.gate);
    this.pipeline = new Pipeline(
      [
        ...own['before-model'],
        this.voice,
        // Before the gate, so that it has the last word on what a processor held back.
        ...own['after-model'],
        new GateProcessor(parts.gate),
        new KeypadProcessor({ dtmf: parts.dtmf, onEscalation }),
        new EscalationProcessor({ escalationWatch: parts.escalationWatch, onEscalation }),
        new ToolProcessor((call, answer) => {
          answerToolCall(parts, call, { answer, say: (text, sayId) => this.say(text, sayId) });
        }),
        new TranscriptProcessor(parts.history, (turn) => listener.onTurn(turn)),
        new PlayoutProcessor(parts),
      ],
      onProcessorError,
    );
  }

  begin(): void {
    this.parts.prewarmed.attach(this.parts.meter.timed((event) => this.voice.deliver(event)));
  }

  callerAudio(chunk: AudioChunk): void {
    this.pipeline.emit({ type: 'input-audio', chunk });
  }

  digit(digit: string): void {
    this.pipeline.emit({ type: 'input-dtmf', digit });
  }

  hush(): void {
    hush(this.parts);
  }

  say(text: string, sayId: string): void {
    this.pipeline.emit({ type: 'speak', text, sayId });
  }

  leave(text: string, sayId: string): void {
    stopDialogue(this.parts, sayId);
    this.pipeline.emit({ type: 'leave' });
    this.pipeline.emit({ type: 'speak', text, sayId });
  }

  close(): void {
    this.pipeline.close();
    this.parts.idle.close();
    this.parts.tools.close();
    this.parts.prewarmed.close();
  }
}
