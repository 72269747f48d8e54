import { batch, signal } from '@preact/signals';

/** Why there is no microphone. */
export type MicrophoneFault = 'insecure' | 'refused' | 'none' | 'busy' | 'failed';

/** How long a meter takes to fall from full to nothing. */
const DECAY_MS = 120;
const KEY_TONE_MS = 120;
const KEY_LOUDNESS = 0.08;
const ROWS_HZ = [697, 770, 852, 941];
const COLUMNS_HZ = [1209, 1336, 1477];
const KEYS = '123456789*0#';

/** The microphone and the loudspeaker of a page, as a telephone has them. */
export class Telephone {
  /** Loudness from 0 to 100 of what goes out and of what comes in. */
  static readonly levelIn = signal(0);
  static readonly levelOut = signal(0);
  /** When the other side was last loud, on the browser's clock. */
  lastHeardMs = Number.NEGATIVE_INFINITY;
  private readonly context: AudioContext;
  private readonly capture: AudioWorkletNode;
  private readonly playback: AudioWorkletNode;
  private readonly voice: GainNode;
  private stream: MediaStream | undefined;
  private recording: AudioBufferSourceNode | undefined;
  private isMuted = false;
  private isClosed = false;

  private constructor(context: AudioContext, onFrame: (frame: ArrayBuffer) => void) {
    this.context = context;
    this.capture = new AudioWorkletNode(context, 'telephone-capture', {
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    this.playback = new AudioWorkletNode(context, 'telephone-playback', { numberOfInputs: 0, outputChannelCount: [1] });
    this.voice = new GainNode(context);
    this.voice.connect(this.capture);
    // The capture's output is silent. A browser runs only what leads to the loudspeaker.
    this.capture.connect(context.destination);
    this.playback.connect(context.destination);
    this.capture.port.addEventListener('message', ({ data }: MessageEvent<{ mulaw: ArrayBuffer; level: number }>) => {
      if (this.isClosed) return;
      Telephone.levelIn.value = data.level;
      onFrame(data.mulaw);
    });
    this.playback.port.addEventListener('message', ({ data: level }: MessageEvent<number>) => {
      if (this.isClosed) return;
      if (level > 20) this.lastHeardMs = performance.now();
      const shown = Telephone.levelOut.peek();
      Telephone.levelOut.value = Math.max(level, shown - (100 * 20) / DECAY_MS);
    });
    this.capture.port.start();
    this.playback.port.start();
  }

  /** Call it in the handler of a click, or the browser may not let it sound. `onFrame` gets 160 bytes of mu-law every 20 ms. */
  static async open(onFrame: (frame: ArrayBuffer) => void): Promise<Telephone> {
    const context = new AudioContext({ latencyHint: 'interactive' });
    await context.resume();
    await context.audioWorklet.addModule(TELEPHONE_WORKLET);
    return new Telephone(context, onFrame);
  }

  /** Asks for the microphone. Returns why there is none. */
  async openMicrophone(): Promise<MicrophoneFault | undefined> {
    if (!isSecureContext || !('mediaDevices' in navigator)) return 'insecure';
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
      if (this.isClosed) for (const track of stream.getTracks()) track.stop();
      else {
        this.stream = stream;
        new MediaStreamAudioSourceNode(this.context, { mediaStream: stream }).connect(this.voice);
      }
      return undefined;
    } catch (error) {
      return faultOf(error);
    }
  }

  /** Plays a frame of mu-law. */
  play(frame: ArrayBuffer): void {
    this.playback.port.postMessage(frame, [frame]);
  }

  mute(isMuted: boolean): void {
    this.isMuted = isMuted;
    this.updateVoice();
  }

  /**
   * Says what is in an audio file, in place of the microphone. Resolves when it has been said.
   * @throws DOMException if the browser cannot read the file
   */
  async say(file: ArrayBuffer): Promise<void> {
    const buffer = await this.context.decodeAudioData(file);
    this.recording?.stop();
    const recording = new AudioBufferSourceNode(this.context, { buffer });
    this.recording = recording;
    recording.connect(this.capture);
    this.updateVoice();
    recording.start();
    await new Promise((resolve) => recording.addEventListener('ended', resolve));
    recording.disconnect();
    if (this.recording === recording) this.recording = undefined;
    this.updateVoice();
  }

  /** Lets the person hear the key that they press. */
  pressKey(digit: string): void {
    const at = KEYS.indexOf(digit);
    const tones = [ROWS_HZ[Math.floor(at / 3)], COLUMNS_HZ[at % 3]];
    const until = this.context.currentTime + KEY_TONE_MS / 1000;
    const gain = new GainNode(this.context, { gain: KEY_LOUDNESS });
    gain.connect(this.context.destination);
    for (const frequency of tones) {
      if (frequency === undefined) continue;
      const tone = new OscillatorNode(this.context, { frequency });
      tone.connect(gain);
      tone.start();
      tone.stop(until);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    void this.context.close();
    batch(() => {
      Telephone.levelIn.value = 0;
      Telephone.levelOut.value = 0;
    });
  }

  private updateVoice(): void {
    this.voice.gain.value = this.isMuted || this.recording !== undefined ? 0 : 1;
  }
}

function faultOf(error: unknown): MicrophoneFault {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
