import { randomUUID } from 'node:crypto';

export type StopReason = 'PARTIAL_TURN' | 'END_TURN' | 'INTERRUPTED';
export type GenerationStage = 'FINAL' | 'SPECULATIVE';

/** Called with each event that the model sends. */
export type OutputSink = (name: string, body: Record<string, unknown>) => void;

/** An open audio block. */
export interface AudioBlock {
  add(pcm: Uint8Array): void;
  end(stopReason: StopReason): void;
}

/** Sends the model's events (Nova 2 Sonic user guide, output events), with the fields that all of them have. */
export class NovaOutput {
  private readonly sink: OutputSink;
  private common: Record<string, string> = {};
  private sampleRateHz = 24_000;
  private completion: 'none' | 'started' | 'ended' = 'none';

  constructor(sink: OutputSink) {
    this.sink = sink;
  }

  setPrompt(promptName: string, sampleRateHz: number): void {
    this.common = { sessionId: randomUUID(), promptName, completionId: randomUUID() };
    this.sampleRateHz = sampleRateHz;
  }

  /**
   * Starts the completion, unless it has started. It starts with the first speech or text (a capture of 2026-08-26), and
   * spans the whole session.
   */
  startCompletion(): void {
    if (this.completion === 'started') return;
    if (this.completion === 'ended') this.common['completionId'] = randomUUID();
    this.completion = 'started';
    this.send('completionStart', {});
  }

  endCompletion(): void {
    if (this.completion !== 'started') return;
    this.completion = 'ended';
    this.send('completionEnd', { stopReason: 'END_TURN' });
  }

  /**
   * Sends a text block, without a text if `content` is `undefined`. Every textOutput was seen with the role, which AWS
   * documents for contentStart alone.
   */
  text(role: 'USER' | 'ASSISTANT', stage: GenerationStage, content: string | undefined, stopReason: StopReason): void {
    const contentId = randomUUID();
    this.send('contentStart', {
      contentId,
      type: 'TEXT',
      role,
      additionalModelFields: JSON.stringify({ generationStage: stage }),
      textOutputConfiguration: { mediaType: 'text/plain' },
    });
    if (content !== undefined) this.send('textOutput', { contentId, role, content });
    this.send('contentEnd', { contentId, type: 'TEXT', stopReason });
  }

  audio(): AudioBlock {
    const contentId = randomUUID();
    this.send('contentStart', {
      contentId,
      type: 'AUDIO',
      role: 'ASSISTANT',
      audioOutputConfiguration: {
        mediaType: 'audio/lpcm',
        sampleRateHertz: this.sampleRateHz,
        sampleSizeBits: 16,
        encoding: 'base64',
        channelCount: 1,
      },
    });
    return {
      add: (pcm) => this.send('audioOutput', { contentId, content: Buffer.from(pcm).toString('base64') }),
      end: (stopReason) => this.send('contentEnd', { contentId, type: 'AUDIO', stopReason }),
    };
  }

  toolUse(toolName: string, toolUseId: string, content: string): void {
    const contentId = randomUUID();
    this.send('contentStart', {
      contentId,
      type: 'TOOL',
      role: 'TOOL',
      toolUseOutputConfiguration: { mediaType: 'application/json' },
    });
    this.send('toolUse', { contentId, toolName, toolUseId, content });
    this.send('contentEnd', { contentId, type: 'TOOL', stopReason: 'TOOL_USE' });
  }

  send(name: string, body: Record<string, unknown>): void {
    this.sink(name, { ...this.common, ...body });
  }
}
