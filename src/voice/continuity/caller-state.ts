import type { AudioChunk } from '../../audio/chunk.js';
import type { Clock } from '../../base/clock.js';
import type { VoiceEvent } from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import { EnergyVad, VAD_STOP_DELAY_MS } from '../../audio/energy-vad.js';
import { ReplayBuffer } from './replay-buffer.js';
import { DeadAirMonitor } from './dead-air.js';
import type { SupervisedSession } from './supervised-session.js';
import { GatewayVoice } from './gateway-voice.js';

/** The session that is talked to; `isReady`: it hears the caller. */
export interface Listener {
  leg: SupervisedSession;
  isReady: boolean;
}

/**
 * The caller as all the sessions of a call find them: what they have said that nobody has answered, how long they have been
 * waiting, and the line that tells them that somebody is there.
 */
export class CallerState {
  readonly tail = new ReplayBuffer();
  readonly wait: DeadAirMonitor;
  /** Beside whatever model talks to them. */
  readonly ownVoice: GatewayVoice;
  private readonly clock: Clock;
  private readonly listener: () => Listener | undefined;
  private readonly ear = new EnergyVad(
    () => this.onHeard(),
    () => this.onQuiet(),
  );
  /** They speak since then, as their audio says. */
  private heardSinceMs: number | undefined;
  /** The utterance that is kept was noticed from their audio; the model has said nothing of it. */
  private isHeardByEarOnly = false;
  /** A session is about to hear again what they have said. */
  private isReplayed = false;

  constructor(options: {
    clock: Clock;
    isPlaying: () => boolean;
    speakLine: SpeakLine;
    oneMoment: string;
    emit: (event: VoiceEvent) => void;
    listener: () => Listener | undefined;
  }) {
    const { clock, emit, isPlaying, listener, oneMoment, speakLine } = options;
    this.clock = clock;
    this.listener = listener;
    this.ownVoice = new GatewayVoice({ speakLine, oneMoment, emit });
    this.wait = new DeadAirMonitor({ clock, isPlaying, onLong: () => this.onLongWait() });
  }

  /** Mu-law at 8 kHz. */
  hear(chunk: AudioChunk): void {
    this.tail.push(chunk);
    this.ear.hear(chunk);
  }

  /** The model says that they have begun to speak. */
  speechStarted(): void {
    this.isHeardByEarOnly = false;
    // They may have finished long ago, and go on waiting.
    if (this.isReplayed) this.isReplayed = false;
    else this.waitsNoMore();
    this.tail.utteranceStarted();
  }

  /** Audio of the model is on its way to them. */
  answered(): void {
    this.wait.audioSent();
    this.ownVoice.stop();
  }

  waitsNoMore(): void {
    this.wait.end();
    this.ownVoice.stop();
  }

  /** The session that heard them is gone: everything is kept for the next one. */
  unheard(): void {
    this.isHeardByEarOnly = false;
    this.tail.keep();
  }

  /** For a new session: everything that was kept. */
  replayTo(leg: SupervisedSession): void {
    const { kept } = this.tail;
    this.isReplayed = kept.length > 0;
    for (const chunk of kept) leg.session.sendAudio(chunk);
  }

  /** From what the model has said: do they wait for it? */
  judgeWait(): void {
    const listener = this.listener();
    if (listener === undefined || listener.leg.talk.isCallerSpeaking) return;
    if (listener.leg.isWaitedFor) this.wait.begin();
    else if (listener.isReady) this.wait.end();
  }

  /** What the model says after all comes after the line. */
  private onLongWait(): void {
    void this.ownVoice.sayOneMoment();
    const listener = this.listener();
    // The model makes nothing of what was taken for speech: they are not told again.
    if (listener?.isReady === true && !listener.leg.isWaitedFor) this.wait.end();
  }

  /** A model that lives says so itself, within moments. */
  private onHeard(): void {
    this.heardSinceMs = this.clock.now();
    // What the model notices from here on is new.
    this.isReplayed = false;
    const listener = this.listener();
    // Those who go on speaking wait for nothing, whatever the model makes of it.
    if (listener?.leg.talk.isCallerSpeaking === true) this.wait.end();
    if (listener?.isReady !== true || this.tail.hasUtterance) return;
    this.isHeardByEarOnly = true;
    this.tail.utteranceStarted();
  }

  private onQuiet(): void {
    const { heardSinceMs, isHeardByEarOnly } = this;
    this.heardSinceMs = undefined;
    this.isHeardByEarOnly = false;
    if (heardSinceMs === undefined) return;
    const listener = this.listener();
    const isUnderstood = listener?.isReady === true && !listener.leg.callerSpoke(heardSinceMs);
    if (!isUnderstood) this.wait.begin(this.clock.now() - VAD_STOP_DELAY_MS);
    if (!isHeardByEarOnly) return;
    // A model that does not speak of speech, or noise: what it needs of the audio it has.
    if (isUnderstood) this.tail.forget();
    else this.tail.utteranceEnded();
  }
}
