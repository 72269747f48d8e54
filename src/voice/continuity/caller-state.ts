import type { AudioChunk } from '../../audio/chunk.js';
import type { Clock } from '../../base/clock.js';
import type { VoiceEvent } from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import { EnergyVad, VAD_STOP_DELAY_MS } from '../../audio/energy-vad.js';
import { ReplayBuffer } from './replay-buffer.js';
import { DeadAirMonitor } from './dead-air.js';
import type { SupervisedSession } from './supervised-session.js';
import { GatewayVoice } from './gateway-voice.js';

/** The session that the caller is talking to. `isReady`: it receives their audio. */
export interface CurrentSession {
  supervised: SupervisedSession;
  isReady: boolean;
}

/**
 * The caller's side of a call, which outlives every session with a model: the audio that no model has answered, how
 * long the caller has been waiting, and the gateway's own voice that covers the wait.
 */
export class CallerState {
  readonly replayBuffer = new ReplayBuffer();
  readonly deadAir: DeadAirMonitor;
  readonly gatewayVoice: GatewayVoice;
  private readonly clock: Clock;
  private readonly current: () => CurrentSession | undefined;
  private readonly vad = new EnergyVad(
    () => this.onVadStarted(),
    () => this.onVadStopped(),
  );
  /**
   * Set while the energy of the caller's audio says that they speak. `ownsUtterance`: only the VAD has noticed the
   * utterance that is kept, so the VAD also ends it.
   */
  private vadSpeech: { sinceMs: number; ownsUtterance: boolean } | undefined;
  /** When the caller's audio was last loud, as far as the VAD has noticed. */
  private loudUntilMs: number;
  private lastFrameMs: number;
  /** Whether a session is about to hear again what the caller has said. */
  private isReplayed = false;

  constructor(options: {
    clock: Clock;
    isPlaying: () => boolean;
    speakLine: SpeakLine;
    /** Returns the line, in the language of the call. */
    oneMoment: () => string;
    emit: (event: VoiceEvent) => void;
    current: () => CurrentSession | undefined;
  }) {
    const { clock, current, emit, isPlaying, oneMoment, speakLine } = options;
    this.clock = clock;
    this.loudUntilMs = clock.now();
    this.lastFrameMs = clock.now();
    this.current = current;
    this.gatewayVoice = new GatewayVoice({ clock, speakLine, oneMoment, emit });
    this.deadAir = new DeadAirMonitor({ clock, isPlaying, onDeadAir: () => this.onDeadAir() });
  }

  /** Takes mu-law at 8 kHz. */
  hear(chunk: AudioChunk): void {
    this.replayBuffer.push(chunk);
    this.vad.hear(chunk);
    this.lastFrameMs = this.clock.now();
  }

  /** How long the caller's line has been quiet, in milliseconds. A line that sends no audio is quiet. */
  get quietLineMs(): number {
    const nowMs = this.clock.now();
    return nowMs - (this.vadSpeech === undefined ? this.loudUntilMs : this.lastFrameMs);
  }

  /** Called when the model reports that the caller has begun to speak. */
  speechStarted(): void {
    if (this.vadSpeech !== undefined) this.vadSpeech.ownsUtterance = false;
    // A replayed utterance may have ended long ago, and its caller is still waiting.
    if (this.isReplayed) this.isReplayed = false;
    else this.endWait();
    this.replayBuffer.utteranceStarted();
  }

  /** Called when audio of the model is on its way to the caller. */
  answered(): void {
    this.deadAir.audioSent();
    this.gatewayVoice.stop();
  }

  endWait(): void {
    this.deadAir.end();
    this.gatewayVoice.stop();
  }

  /** Called when the session that heard the caller is gone; everything is kept for the next one. */
  unheard(): void {
    if (this.vadSpeech !== undefined) this.vadSpeech.ownsUtterance = false;
    this.replayBuffer.keep();
  }

  /** Sends everything that was kept to a new session. */
  replayTo(supervised: SupervisedSession): void {
    const { kept } = this.replayBuffer;
    this.isReplayed = kept.length > 0;
    for (const chunk of kept) supervised.session.sendAudio(chunk);
  }

  /** Begins or ends the wait, by what the current session's events say. */
  updateWait(): void {
    const current = this.current();
    if (current === undefined || current.supervised.turnState.isCallerSpeaking) return;
    if (current.supervised.isWaitedFor) this.deadAir.begin();
    else if (current.isReady) this.deadAir.end();
  }

  /** If the model speaks after all, its audio follows the line. */
  private onDeadAir(): void {
    void this.gatewayVoice.sayOneMoment();
    const current = this.current();
    // The model did not take for speech what the gateway did, so the caller is not told a second time.
    if (current?.isReady === true && !current.supervised.isWaitedFor) this.deadAir.end();
  }

  /** A model that is alive reports the same speech itself, within moments. */
  private onVadStarted(): void {
    this.vadSpeech = { sinceMs: this.clock.now(), ownsUtterance: false };
    // Speech that the model notices from here on is not the replayed one.
    this.isReplayed = false;
    const current = this.current();
    // A caller who keeps speaking waits for nothing, whatever the model makes of it.
    if (current?.supervised.turnState.isCallerSpeaking === true) this.deadAir.end();
    if (current?.isReady !== true || this.replayBuffer.hasUtterance) return;
    this.vadSpeech.ownsUtterance = true;
    this.replayBuffer.utteranceStarted();
  }

  private onVadStopped(): void {
    const { vadSpeech } = this;
    this.vadSpeech = undefined;
    this.loudUntilMs = this.clock.now() - VAD_STOP_DELAY_MS;
    if (vadSpeech === undefined) return;
    const current = this.current();
    const isUnderstood =
      current?.isReady === true && !current.supervised.callerSpoke(vadSpeech.sinceMs, VAD_STOP_DELAY_MS);
    if (!isUnderstood) this.deadAir.begin(this.clock.now() - VAD_STOP_DELAY_MS);
    if (!vadSpeech.ownsUtterance) return;
    // Either this model sends no speech events, or this was noise. In both cases it already has the audio it needs.
    if (isUnderstood) this.replayBuffer.forget();
    else this.replayBuffer.utteranceEnded();
  }
}
