import { type Item, wireItem } from './items.js';
import { ServiceSocket } from './service-socket.js';
import { type ServerEvent, type WireError, newId } from './wire.js';

/** Sends events to one client, and records them. */
export class Outbox extends ServiceSocket {
  readonly errors: { code: string | null; message: string; eventId: string | null }[] = [];
  protected readonly malformed = '{"type":"response.output_audio.delta","delta":"';
  protected readonly unknownEvent = { type: 'response.output_thought.delta', delta: 'hm', thought_index: 0 };

  send(event: ServerEvent): void {
    if (!this.isOpen) return;
    const { type, ...fields } = event;
    this.write({ type, event_id: newId('event'), ...fields });
  }

  /** Sends an error. `eventId` is the id of the client's event, if it has one. */
  error(error: WireError, eventId: string | null = null): void {
    if (!this.isOpen) return;
    this.errors.push({ code: error.code, message: error.message, eventId });
    this.send({ type: 'error', error: { ...error, event_id: eventId } });
  }

  /** Announces a complete item of the conversation. */
  announce(item: Item, previousId: string | null): void {
    const event = { previous_item_id: previousId, item: wireItem(item) };
    this.send({ type: 'conversation.item.added', ...event });
    this.send({ type: 'conversation.item.done', ...event });
  }
}
