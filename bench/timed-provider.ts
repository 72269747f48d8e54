import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../src/voice/session.js';
import { monotonicMs } from './support/monotonic.js';

/** `audio` is noted for the first audio of a session, and for the first after each text of the caller. */
export type NoteKind = 'speech-stopped' | 'text' | 'audio';

export interface Note {
  /** Number of the session in the order of opening, from 1. */
  session: number;
  kind: NoteKind;
  atMs: number;
}

/** Wraps a provider and notes when its sessions hear and speak. */
export class TimedProvider implements VoiceProvider {
  readonly name: string;
  opened = 0;
  private readonly inner: VoiceProvider;
  private readonly onNote: (note: Note) => void;

  constructor(inner: VoiceProvider, onNote: (note: Note) => void) {
    this.name = inner.name;
    this.inner = inner;
    this.onNote = onNote;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const session = ++this.opened;
    let hasSpoken = false;
    const note = (kind: NoteKind): void => this.onNote({ session, kind, atMs: monotonicMs() });
    return this.inner.open({
      ...options,
      listener: (event: VoiceEvent) => {
        if (event.type === 'caller-speech-stopped') note('speech-stopped');
        if (event.type === 'caller-text' && event.final) {
          note('text');
          hasSpoken = false;
        }
        if (event.type === 'audio' && !hasSpoken) {
          note('audio');
          hasSpoken = true;
        }
        options.listener(event);
      },
    });
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
