import { ServiceSocket } from '../openai/service-socket.js';
import { type ServerEvent, type WireError, newId } from '../openai/wire.js';

/** Sends the events of one session, and records them. */
export class LiveOutbox extends ServiceSocket {
  readonly errors: { code: string | null; message: string; eventId: string | undefined }[] = [];
  protected readonly malformed = '{"type":"session.output_audio.delta","delta":"';
  protected readonly unknownEvent = { type: 'session.thought.delta', delta: 'hm' };

  /** `clientEventId`: the event of the client that this answers, if it has an id. */
  send(event: ServerEvent, clientEventId?: string): void {
    if (!this.isOpen) return;
    const { type, ...fields } = event;
    // Audio is the only event without an id.
    const id = type === 'session.output_audio.delta' ? {} : { event_id: newId('event') };
    const answered = clientEventId === undefined ? {} : { client_event_id: clientEventId };
    this.write({ type, ...id, ...answered, ...fields });
  }

  error(error: WireError, clientEventId?: string): void {
    if (!this.isOpen) return;
    const { code, message, param, type } = error;
    this.errors.push({ code, message, eventId: clientEventId });
    const answered = clientEventId === undefined ? {} : { client_event_id: clientEventId };
    this.send({ type: 'error', error: { type, code, message, ...(param === null ? {} : { param }), ...answered } });
  }
}
