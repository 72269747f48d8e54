import { batch, signal } from '@preact/signals';
import { type MicrophoneFault, Telephone } from '../audio/telephone.js';
import { CallStore } from './call-store.js';
import { receiveEvents } from './events-socket.js';
import { type PhoneMessage, PhoneSocket } from './phone-socket.js';

export type PhoneState =
  | 'idle'
  | 'asking-mic'
  | 'waiting'
  | 'called'
  | 'ringing'
  | 'talking'
  | 'leaving'
  | 'dialling'
  | 'with-human'
  | 'ended'
  | 'failed';
export type PhoneError = MicrophoneFault | 'no-gateway' | 'lost' | 'no-answer' | 'unreadable-file';

/** Silence of the other side after which a recording is said. */
const PAUSE_MS = 700;
/** A recording waits no longer than this for the other side. */
const MAX_WAIT_MS = 8000;

/** The softphone: one call at a time, with its sound and its transcript. */
export class Softphone {
  readonly state = signal<PhoneState>('idle');
  readonly error = signal<PhoneError | undefined>(undefined);
  readonly isMuted = signal(false);
  /** The latest call. */
  readonly callSid = signal<string | undefined>(undefined);
  /** What is known of the call. It stays when the call is over. */
  readonly call = signal<CallStore | undefined>(undefined);
  /** The name of the recording that waits for a pause, or is being said. */
  readonly recording = signal<string | undefined>(undefined);
  /** When the call became what it is now, on the browser's clock. */
  readonly startedMs = signal<number | undefined>(undefined);
  private file: ArrayBuffer | undefined;
  private fileWaitsSinceMs = 0;
  private telephone: Telephone | undefined;
  private socket: PhoneSocket | undefined;
  private stopEvents: () => void = receiveEvents(undefined, () => undefined);

  get isOnCall(): boolean {
    return !['idle', 'ended', 'failed'].includes(this.state.value);
  }

  /** Calls the gateway. `needsMicrophone`: whether the call fails without one. */
  async place(from: string, needsMicrophone = true): Promise<void> {
    await this.open({ type: 'call', from }, needsMicrophone);
  }

  /** Waits for the gateway to call. */
  async wait(): Promise<void> {
    await this.open({ type: 'wait' }, false);
  }

  /** Answers the call that rings. */
  answer(): void {
    this.socket?.tell({ type: 'answer' });
  }

  /** Opens the telephone, then tells the gateway what it is for. */
  private async open(first: PhoneMessage, needsMicrophone: boolean): Promise<void> {
    if (this.isOnCall) return;
    batch(() => {
      this.error.value = undefined;
      this.state.value = 'asking-mic';
    });
    let telephone: Telephone;
    try {
      telephone = await Telephone.open((frame) => this.socket?.send(frame));
    } catch {
      this.fail('failed');
      return;
    }
    if (this.state.peek() !== 'asking-mic') {
      telephone.close();
      return;
    }
    this.telephone = telephone;
    telephone.mute(this.isMuted.value);
    // A telephone that waits may be answered by somebody who only listens.
    const isAsked = needsMicrophone || first.type === 'wait';
    const fault = isAsked ? await telephone.openMicrophone() : undefined;
    if (this.telephone !== telephone) return;
    // With a recording the call needs no microphone.
    if (fault !== undefined && needsMicrophone && this.file === undefined) {
      this.fail(fault);
      return;
    }
    const socket = new PhoneSocket('phone', {
      onMessage: (message) => this.onMessage(message),
      onFrame: (frame) => this.telephone?.play(frame),
      onLost: () => {
        if (this.socket === socket && this.isOnCall)
          this.fail(this.state.value === 'asking-mic' ? 'no-gateway' : 'lost');
      },
    });
    this.socket = socket;
    if (await socket.whenOpen()) socket.tell(first);
  }

  hangup(): void {
    if (this.state.value === 'asking-mic' || this.state.value === 'waiting') {
      this.putDown();
      this.state.value = 'idle';
    } else this.socket?.tell({ type: 'hangup' });
  }

  press(digit: string): void {
    this.telephone?.pressKey(digit);
    this.socket?.tell({ type: 'digit', digit });
  }

  toggleMute(): void {
    this.isMuted.value = !this.isMuted.value;
    this.telephone?.mute(this.isMuted.value);
  }

  /** Says a recording on this call or the next, as soon as the other side makes a pause. */
  async say(file: File): Promise<void> {
    try {
      this.file = await file.arrayBuffer();
    } catch {
      // It is a folder, or gone.
      this.error.value = 'unreadable-file';
      return;
    }
    this.fileWaitsSinceMs = performance.now();
    this.recording.value = file.name;
  }

  /** Says the recording that waits, if it is time. */
  checkRecording(): void {
    const { file, telephone } = this;
    const canSpeak = this.state.value === 'talking' || this.state.value === 'with-human';
    if (file === undefined || telephone === undefined || !canSpeak) return;
    const now = performance.now();
    const beganMs = Math.max(this.fileWaitsSinceMs, this.startedMs.value ?? now);
    const isQuiet = telephone.lastHeardMs > Number.NEGATIVE_INFINITY && now - telephone.lastHeardMs > PAUSE_MS;
    if (!isQuiet && now - beganMs < MAX_WAIT_MS) return;
    this.file = undefined;
    telephone.say(file).then(
      () => (this.recording.value = undefined),
      () => {
        this.recording.value = undefined;
        this.error.value = 'unreadable-file';
      },
    );
  }

  private onMessage({ callSid, state, type }: PhoneMessage): void {
    if (type === 'status' && state === 'waiting') this.state.value = state;
    if (type !== 'status' || typeof callSid !== 'string') return;
    batch(() => {
      this.state.value = state as PhoneState;
      if (this.callSid.value !== callSid) {
        this.callSid.value = callSid;
        this.startedMs.value = performance.now();
        this.call.value = undefined;
      }
      // While it rings, the gateway may not know the call yet.
      const isKnown = state !== 'called' && state !== 'ringing' && state !== 'ended' && state !== 'failed';
      if (isKnown && this.call.value === undefined) this.follow(callSid);
      if (state === 'failed') this.fail('no-answer');
      else if (state === 'ended') this.putDown();
    });
  }

  private follow(callSid: string): void {
    const store = new CallStore(callSid);
    this.call.value = store;
    this.stopEvents();
    this.stopEvents = receiveEvents(callSid, (messages) => store.apply(messages));
  }

  private fail(error: PhoneError): void {
    batch(() => {
      this.error.value = error;
      this.state.value = 'failed';
      this.putDown();
    });
  }

  private putDown(): void {
    this.recording.value = undefined;
    this.file = undefined;
    const { socket, telephone } = this;
    this.socket = undefined;
    this.telephone = undefined;
    socket?.close();
    telephone?.close();
  }
}
