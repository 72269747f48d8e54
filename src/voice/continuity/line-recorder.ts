import type { VoiceEvent } from '../session.js';

interface Recording {
  text: string;
  pieces: Uint8Array[];
}

/** Records the lines that a model speaks for the gateway, so that they can be kept. */
export class LineRecorder {
  private readonly onLine: (text: string, mulaw: Uint8Array) => void;
  /** Texts of the lines that were requested, by their ids. */
  private readonly texts = new Map<string, string>();
  private readonly recordings = new Map<string, Recording>();

  constructor(onLine: (text: string, mulaw: Uint8Array) => void) {
    this.onLine = onLine;
  }

  saying(sayId: string, text: string): void {
    this.texts.set(sayId, text);
  }

  note(event: VoiceEvent): void {
    switch (event.type) {
      case 'response-started': {
        const text = event.sayId === undefined ? undefined : this.texts.get(event.sayId);
        if (text !== undefined) this.recordings.set(event.responseId, { text, pieces: [] });
        return;
      }
      case 'audio':
        this.recordings.get(event.responseId)?.pieces.push(event.chunk.bytes);
        return;
      case 'response-done': {
        if (event.sayId !== undefined) this.texts.delete(event.sayId);
        const recording = this.recordings.get(event.responseId);
        this.recordings.delete(event.responseId);
        if (recording === undefined || event.status !== 'completed' || recording.pieces.length === 0) return;
        this.onLine(recording.text, Buffer.concat(recording.pieces));
        return;
      }
      default:
        return;
    }
  }
}
