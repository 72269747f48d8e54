import type { VoiceEvent } from '../../src/voice/session.js';
import { within } from './deadline.js';

/** For tests of voice sessions: keeps every event and waits for the next ones. */
export class VoiceRecorder {
  readonly events: VoiceEvent[] = [];
  /** Called for each event, as the session's owner would be. */
  react: (event: VoiceEvent) => void = () => undefined;
  private readonly waiters = new Set<() => void>();

  readonly listener = (event: VoiceEvent): void => {
    this.events.push(event);
    this.react(event);
    for (const waiter of this.waiters) waiter();
  };

  of<T extends VoiceEvent['type']>(type: T): (VoiceEvent & { type: T })[] {
    return this.events.filter((event): event is VoiceEvent & { type: T } => event.type === type);
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Resolves with the `nth` event of this type, counted from 1. */
  async nth<T extends VoiceEvent['type']>(type: T, nth = 1): Promise<VoiceEvent & { type: T }> {
    return this.match((event): event is VoiceEvent & { type: T } => event.type === type, nth, type);
  }

  async match<E extends VoiceEvent>(
    wanted: (event: VoiceEvent) => event is E,
    nth = 1,
    what = 'the event',
  ): Promise<E> {
    for (;;) {
      const found = this.events.filter(wanted)[nth - 1];
      if (found !== undefined) return found;
      const more = new Promise<void>((resolve) => {
        const waiter = (): void => {
          this.waiters.delete(waiter);
          resolve();
        };
        this.waiters.add(waiter);
      });
      await within(more, `the session emits ${what}`);
    }
  }
}
