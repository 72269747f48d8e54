import type { VoiceEvent, VoiceProvider } from '../session.js';
import type { ContinuousSessionOptions } from './continuous-options.js';
import type { LineInVoice } from './kept-lines.js';
import { LineRecorder } from './line-recorder.js';
import type { SupervisedSession } from './supervised-session.js';

/** The gateway's own lines in one call: keeps what a model of the call has spoken of them, and chooses their voice. */
export class CallLines {
  private readonly options: ContinuousSessionOptions;
  private readonly recorder: LineRecorder;

  /** `provider` returns the one whose session the caller is talking to. */
  constructor(options: ContinuousSessionOptions, provider: () => VoiceProvider | undefined) {
    this.options = options;
    this.recorder = new LineRecorder((text, mulaw) => {
      const speaker = provider();
      if (speaker !== undefined) options.keptLines.keep(this.inVoice(speaker, text), mulaw);
    });
  }

  /** Called before a model is asked to speak a line. */
  saying(sayId: string, text: string): void {
    this.recorder.saying(sayId, text);
  }

  /** Called with each event of the session that the caller is talking to. */
  note(supervised: SupervisedSession, event: VoiceEvent): void {
    this.recorder.note(event);
    if (event.type === 'response-done' && event.status === 'completed') void this.render(supervised);
  }

  /** Prefers what a model of this call has spoken before, because that is the voice and the language of the call. */
  async speak(text: string): Promise<Uint8Array | undefined> {
    const { keptLines, providers, speakLine } = this.options;
    for (const provider of providers) {
      const kept = keptLines.get(this.inVoice(provider, text));
      if (kept !== undefined) return kept;
    }
    return speakLine(text);
  }

  /** Has the model speak the line that covers its silence while all is well, if the gateway has no voice for it. */
  private async render({ provider, session, wasHeard }: SupervisedSession): Promise<void> {
    const { keptLines, lines, speakLine } = this.options;
    const line = this.inVoice(provider, lines.oneMoment);
    if (session.render === undefined || !wasHeard || !keptLines.isWanted(line)) return;
    try {
      const own = await speakLine(line.text).catch(() => undefined);
      if (own === undefined || own.length === 0) keptLines.keep(line, await session.render(line.text));
    } catch {
      // The caller hears a tone in place of the line.
    }
  }

  private inVoice(provider: VoiceProvider, text: string): LineInVoice {
    const { language, wish } = this.options.session;
    return { provider: provider.name, voice: wish?.voices[provider.name], language, text };
  }
}
