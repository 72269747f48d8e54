import type { InjectedFaults, InjectedFaultsParts } from '../../src/app/injected-faults.js';
import type { Timer } from '../../src/base/clock.js';
import type { CallEvent } from '../../src/call/call-events.js';
import type { ActionResult, Fault } from '../../src/console/messages.js';
import type { CallbackStore } from '../../src/handover/callbacks.js';
import type { HandoverStore } from '../../src/handover/store.js';
import type { JournalBackend } from '../../src/journal/backend.js';
import type { VoiceProvider } from '../../src/voice/session.js';
import { BreakableJournal } from './breakable-journal.js';
import { BreakableProvider, type BreakableSession } from './breakable-provider.js';
import { BreakableStore } from './breakable-store.js';

/** A call of this process, as far as something of it can be broken. */
interface Breakable {
  conversationId: string;
  state: string;
  stream: { break(): void } | undefined;
  isThrottled: boolean;
}

/** Delay before the process is killed, so that the answer and the last events still reach the operator. */
const KILL_AFTER_MS = 500;
/** States in which the call has a stream. */
const HAS_STREAM: ReadonlySet<string> = new Set(['talking', 'leaving']);
/** States in which the call may still be handed over. */
const BEFORE_DIAL: ReadonlySet<string> = new Set(['ringing', 'talking', 'leaving', 'redirecting', 'parted']);

/** Breaks what the calls of this process stand on, when the operator of the console asks for it. */
export class Faults implements InjectedFaults {
  private readonly parts: InjectedFaultsParts;
  private readonly calls = new Map<string, Breakable>();
  private readonly sessions = new Set<BreakableSession>();
  private brokenJournal: BreakableJournal | undefined;
  private killing: Timer | undefined;

  constructor(parts: InjectedFaultsParts) {
    this.parts = parts;
  }

  get offered(): readonly Fault[] {
    return [
      'model-reset',
      'model-stall',
      'stream-drop',
      'store-throttle',
      ...(this.parts.kill === undefined ? [] : (['worker-kill'] as const)),
      ...(this.brokenJournal === undefined ? [] : (['journal-stop', 'journal-start'] as const)),
    ];
  }

  inject(callSid: string, fault: Fault): ActionResult {
    const call = this.calls.get(callSid);
    if (call === undefined) return 'unknown';
    return this.attempt(call, fault) ? 'accepted' : 'impossible';
  }

  provider(provider: VoiceProvider): VoiceProvider {
    return new BreakableProvider(provider, this.sessions);
  }

  store(store: HandoverStore & CallbackStore): HandoverStore & CallbackStore {
    return new BreakableStore(store, (conversationId) =>
      [...this.calls.values()].some((call) => call.conversationId === conversationId && call.isThrottled),
    );
  }

  /** The memory of one process is lost with it anyway. */
  journal(backend: JournalBackend): JournalBackend {
    if (backend.kind === 'memory') return backend;
    this.brokenJournal = new BreakableJournal(backend);
    return this.brokenJournal;
  }

  onStream(callSid: string, stream: { break(): void }): void {
    const call = this.calls.get(callSid);
    if (call !== undefined) call.stream = stream;
  }

  onCallEvent(event: CallEvent): void {
    const { callSid, type } = event;
    const call = this.calls.get(callSid);
    if (type === 'started') {
      const { conversationId } = event;
      this.calls.set(callSid, { conversationId, state: 'ringing', stream: undefined, isThrottled: false });
    } else if (type === 'state' && call !== undefined) call.state = event.state;
    else if (type === 'ended') this.calls.delete(callSid);
  }

  close(): void {
    this.killing?.cancel();
  }

  private attempt(call: Breakable, fault: Fault): boolean {
    const sessions = [...this.sessions].filter(({ conversationId }) => conversationId === call.conversationId);
    switch (fault) {
      case 'model-reset':
        for (const session of sessions) session.reset();
        return sessions.length > 0;
      case 'model-stall':
        for (const session of sessions) session.stall();
        return sessions.length > 0;
      case 'stream-drop':
        if (!HAS_STREAM.has(call.state)) return false;
        call.stream?.break();
        return call.stream !== undefined;
      case 'worker-kill':
        this.killing ??= this.parts.clock.setTimer(KILL_AFTER_MS, () => this.parts.kill?.());
        return true;
      case 'journal-stop':
        this.brokenJournal?.cut();
        return true;
      case 'journal-start':
        this.brokenJournal?.restore();
        return true;
      case 'store-throttle':
        call.isThrottled = BEFORE_DIAL.has(call.state);
        return call.isThrottled;
      case 'connect-busy':
        return BEFORE_DIAL.has(call.state);
    }
  }
}
