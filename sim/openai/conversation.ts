import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { AudioDecoder } from './audio-codec.js';
import { type ClientItem, type Item, type Part, soundMs, soundOf } from './items.js';
import type { AudioFormat } from './session-schema.js';
import { type Checked, accepted, newId, refused } from './wire.js';

/** The items of a conversation in order, and the rules for changing them. */
export class Conversation {
  readonly id = newId('conv');
  readonly items: Item[] = [];

  find(itemId: string): Item | undefined {
    return this.items.find((item) => item.id === itemId);
  }

  /** Returns the id of the item before this one, or null for the first. */
  previousOf(item: Item): string | null {
    return this.items[this.items.indexOf(item) - 1]?.id ?? null;
  }

  append(item: Item): void {
    this.items.push(item);
  }

  /**
   * Inserts an item of the client after `previousId`. `root` inserts it at the beginning, and `undefined` at the end.
   */
  insert(given: ClientItem, previousId: string | undefined, format: AudioFormat): Checked<Item> {
    if (given.id !== undefined && this.find(given.id) !== undefined)
      return refused(
        'item_create_duplicate_item_id',
        `Error adding item: an item with id '${given.id}' already exists.`,
        'item.id',
      );
    if (given.type === 'function_call_output' && !this.hasCall(given.call_id))
      return refused(
        'invalid_tool_call_id',
        `Tool call ID '${given.call_id}' not found in conversation.`,
        'item.call_id',
      );
    let at = this.items.length;
    if (previousId === 'root') at = 0;
    else if (previousId !== undefined) {
      at = this.items.findIndex((item) => item.id === previousId) + 1;
      if (at === 0)
        return refused(
          'item_create_invalid_previous_item_id',
          `Error adding item: the previous item with id '${previousId}' does not exist.`,
          'previous_item_id',
        );
    }
    const item = storedItem(given, format);
    this.items.splice(at, 0, item);
    return accepted(item);
  }

  delete(itemId: string): Checked<Item> {
    const item = this.find(itemId);
    if (item === undefined) return unknownItem('delete', 'deleting', itemId);
    this.items.splice(this.items.indexOf(item), 1);
    return accepted(item);
  }

  retrieve(itemId: string): Checked<Item> {
    const item = this.find(itemId);
    return item === undefined ? unknownItem('retrieve', 'retrieving', itemId) : accepted(item);
  }

  /**
   * Removes the sound of an answer from `endMs` on, and its whole transcript (realtime.d.ts,
   * ConversationItemTruncateEvent). The words of the refusals are those seen in public issues.
   */
  truncate(itemId: string, contentIndex: number, endMs: number): Checked<Item> {
    const item = this.find(itemId);
    if (item === undefined) return unknownItem('truncate', 'truncating', itemId);
    const part = item.type === 'message' ? item.content[contentIndex] : undefined;
    if (part?.type !== 'output_audio' || part.sound.sizeBytes === 0)
      return refused('unsupported_content_type', 'Only model output audio messages can be truncated.');
    const havingMs = Math.floor(soundMs(part.sound));
    if (endMs > havingMs)
      return refused(
        'invalid_value',
        `Audio content of ${havingMs}ms is already shorter than ${endMs}ms`,
        'audio_end_ms',
      );
    cut(part, endMs);
    return accepted(item);
  }

  private hasCall(callId: string): boolean {
    return this.items.some((item) => item.type === 'function_call' && item.callId === callId);
  }
}

function cut(part: Extract<Part, { type: 'output_audio' }>, endMs: number): void {
  const sound = Buffer.concat(part.sound.pieces).subarray(0, endMs * MULAW_BYTES_PER_MS);
  part.sound = soundOf(sound);
  part.transcript = null;
}

function unknownItem(verb: string, doing: string, itemId: string) {
  return refused(
    `item_${verb}_invalid_item_id`,
    `Error ${doing} item: the item with id '${itemId}' does not exist.`,
    'item_id',
  );
}

function storedItem(given: ClientItem, format: AudioFormat): Item {
  const base = { id: given.id ?? newId('item'), status: 'completed' as const };
  switch (given.type) {
    case 'message':
      return {
        ...base,
        type: 'message',
        role: given.role,
        content: given.content.map((part) => storedPart(part, format)),
      };
    case 'function_call': {
      const { name, arguments: args, call_id: callId = newId('call') } = given;
      return { ...base, type: 'function_call', name, arguments: args, callId };
    }
    case 'function_call_output':
      return { ...base, type: 'function_call_output', callId: given.call_id, output: given.output };
  }
}

type ClientPart = Extract<ClientItem, { type: 'message' }>['content'][number];

function storedPart(part: ClientPart, format: AudioFormat): Part {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: part.type, text: part.text };
    case 'input_image':
      return { type: 'input_image', imageUrl: part.image_url };
    case 'input_audio': {
      const sound = soundOf(new AudioDecoder().decode(Buffer.from(part.audio, 'base64'), format));
      const transcript = part.transcript ?? null;
      return { type: 'input_audio', sound, text: transcript ?? '', transcript };
    }
  }
}
