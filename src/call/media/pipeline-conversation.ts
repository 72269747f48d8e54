import { AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Escalation } from '../../escalation/escalation.js';
import { EscalationProcessor } from '../../pipeline/escalation-processor.js';
import { CallerAudioFrame, CancelFrame, DigitFrame, SayFrame } from '../../pipeline/frame.js';
import { GateProcessor } from '../../pipeline/gate-processor.js';
import { KeypadProcessor } from '../../pipeline/keypad-processor.js';
import { Pipeline } from '../../pipeline/pipeline.js';
import { ToolProcessor } from '../../pipeline/tool-processor.js';
import { TranscriptProcessor } from '../../pipeline/transcript-processor.js';
import { VoiceProcessor } from '../../pipeline/voice-processor.js';
import type { Conversation, ConversationParts } from './conversation.js';
import { PlayoutProcessor } from './playout-processor.js';
import { END_CALL_TOOL, FILLER_SAY_ID } from './built-in-tools.js';

/** The frame pipeline (`USE_PIPECAT=true`): voice → gate → keypad → escalation → tools → transcript → playout. */
export class PipelineConversation implements Conversation {
  private readonly parts: ConversationParts;
  private readonly voice: VoiceProcessor;
  private readonly pipeline: Pipeline;

  constructor(parts: ConversationParts, onProcessorError: (processor: string, error: unknown) => void) {
    const { listener } = parts;
    const onEscalation = (escalation: Escalation): void => listener.onEscalation(escalation);
    this.parts = parts;
    this.voice = new VoiceProcessor(parts.held.session);
    this.pipeline = new Pipeline(
      [
        this.voice,
        new GateProcessor(parts.gate),
        new KeypadProcessor({ keypad: parts.keypad, onEscalation }),
        new EscalationProcessor({ watch: parts.watch, onEscalation }),
        new ToolProcessor({
          watch: parts.watch,
          runner: parts.tools,
          endCallTool: END_CALL_TOOL,
          onEscalation,
          onEndCall: () => listener.onEndCall(),
          onFiller: (text) => this.say(text, FILLER_SAY_ID),
        }),
        new TranscriptProcessor(parts.history, (turn) => listener.onTurn(turn)),
        new PlayoutProcessor(parts),
      ],
      onProcessorError,
    );
  }

  begin(): void {
    this.parts.held.attach(this.parts.meter.timed((event) => this.voice.deliver(event)));
  }

  callerAudio(payload: string): void {
    this.pipeline.emit(new CallerAudioFrame(AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, payload)));
  }

  digit(digit: string): void {
    this.pipeline.emit(new DigitFrame(digit));
  }

  say(text: string, sayId: string): void {
    this.pipeline.emit(new SayFrame(text, sayId));
  }

  leave(text: string, sayId: string): void {
    this.pipeline.emit(new CancelFrame(sayId));
    this.pipeline.emit(new SayFrame(text, sayId));
  }

  close(): void {
    this.pipeline.close();
    this.parts.idle.close();
    this.parts.held.close();
  }
}
