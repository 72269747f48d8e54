import type { Clock } from '../base/clock.js';
import type { ItemAsPlayed } from '../twilio/items-as-played.js';
import type { SessionChange } from '../voice/session.js';
import type { CallEvent } from './call-events.js';
import type { CallState, ResumeCause } from './call-state.js';
import type { ConversationSign } from './media/conversation.js';
import type { Answered } from './media/latency-meter.js';
import { SilenceMeter } from './media/silence-meter.js';

/** States in which the caller is with an agent, with Twilio's recorder, or gone. */
const AWAY: ReadonlySet<CallState['name']> = new Set<CallState['name']>(['dialling', 'recording', 'ended']);

/**
 * What an operator may want to see of one call, besides its turns and decisions: who speaks when, what was heard of it, how
 * long it took, and what was replaced under the call. Nothing of it happens per frame, and nothing depends on it.
 */
export class CallSigns {
  private readonly callSid: string;
  private readonly clock: Clock;
  private readonly emit: (event: CallEvent) => void;
  private readonly silence: SilenceMeter;
  private state: CallState['name'] | undefined;
  private speechSinceMs: number | undefined;

  constructor(options: { callSid: string; clock: Clock; emit: (event: CallEvent) => void }) {
    const { callSid, clock, emit } = options;
    this.callSid = callSid;
    this.clock = clock;
    this.emit = emit;
    this.silence = new SilenceMeter(clock, (sinceMs) => {
      emit({ type: 'quiet', callSid, forMs: sinceMs === undefined ? undefined : clock.now() - sinceMs });
    });
  }

  /** The call has taken a step. */
  entered(state: CallState['name']): void {
    if (state === this.state) return;
    // The first stream is asked for while Twilio still lets the telephone ring.
    const isFirst = this.state === undefined;
    this.state = state;
    // The call had ended on another instance, whose listeners know that.
    if (isFirst && state === 'ended') return;
    if (AWAY.has(state)) this.silence.leave();
    else if (state === 'talking') this.silence.listen();
    else if (state === 'parted' || (state === 'ringing' && !isFirst)) {
      this.endSpeech();
      this.silence.cutOff();
      this.silence.listen();
    }
    this.emit({ type: 'state', callSid: this.callSid, state });
  }

  onSign(sign: ConversationSign): void {
    const { callSid } = this;
    switch (sign.type) {
      case 'caller-speaks':
        this.speechSinceMs ??= this.clock.now();
        this.silence.callerSpeaking(true);
        return;
      case 'caller-stops':
        this.endSpeech();
        this.silence.callerSpeaking(false);
        return;
      case 'barge-in':
        this.emit({ type: 'barge-in', callSid });
        return;
      case 'tool':
        this.emit({ type: 'tool', callSid, name: sign.name, toolCallId: sign.toolCallId });
        return;
      case 'tool-done':
        this.emit({ type: 'tool-done', callSid, toolCallId: sign.toolCallId, fault: sign.fault });
        return;
    }
  }

  onSoundBegan(): void {
    this.silence.soundBegan();
  }

  onSoundEnded(agoMs: number): void {
    this.silence.soundEnded(agoMs);
  }

  onItem(item: ItemAsPlayed): void {
    this.emit({ type: 'model-speech', callSid: this.callSid, ...item });
  }

  onAnswered(answered: Answered): void {
    this.emit({ type: 'answered', callSid: this.callSid, ...answered });
  }

  onSessionChange(change: SessionChange): void {
    if (change.type === 'connected') {
      const { cause, error, provider, tookMs } = change;
      this.emit({ type: 'connected', callSid: this.callSid, provider, cause, tookMs, error });
      return;
    }
    if (change.type === 'lost') {
      this.silence.lost('session', change.waitedMs);
      return;
    }
    const { from, isAwaited, to, type } = change;
    const seam = type === 'passed' ? type : from !== to ? 'failover' : type === 'renewed' ? 'renewal' : 'reconnect';
    this.silence.replaced('session', isAwaited, (silenceMs) => {
      this.emit({ type: 'seam', callSid: this.callSid, seam, from, to, silenceMs });
    });
  }

  /** The call continues in a new stream. The caller has heard nothing for `waitedMs`. */
  onResumed(waitedMs: number): void {
    // Its session goes with the stream, whether it was about to be replaced or not.
    this.silence.gaveUp('session');
    this.silence.gaveUp('stream');
    this.silence.lost('stream', waitedMs);
  }

  /** Twilio is told to speak to the caller. */
  onSpokenTo(): void {
    this.silence.soundBegan();
    this.silence.soundEnded();
  }

  /** The new stream has come. `isAwaited`: the caller is owed a word. */
  onResumedStream(cause: ResumeCause, isAwaited: boolean): void {
    this.silence.replaced('stream', isAwaited, (silenceMs) => {
      this.emit({ type: 'seam', callSid: this.callSid, seam: 'resume', cause, silenceMs });
    });
  }

  private endSpeech(): void {
    if (this.speechSinceMs === undefined) return;
    const ms = this.clock.now() - this.speechSinceMs;
    this.speechSinceMs = undefined;
    this.emit({ type: 'caller-speech', callSid: this.callSid, ms });
  }
}
