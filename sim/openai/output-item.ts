import { encodeAudio } from './audio-codec.js';
import type { Conversation } from './conversation.js';
import { type Item, type ItemStatus, type Part, type WholeSpeech, soundOf, wireItem } from './items.js';
import type { AudioFormat } from './session-schema.js';
import { type ServerEvent, newId } from './wire.js';

/** Where an item of a response is sent and stored. */
export interface OutputPlace {
  responseId: string;
  outputIndex: number;
  /** `undefined` for a response outside of the conversation. */
  conversation: Conversation | undefined;
  send: (event: ServerEvent) => void;
}

/** An item that is being generated. `close` ends it in its current state. A second `close` has no effect. */
export interface OutputItem {
  readonly item: Item;
  close(status: ItemStatus): void;
}

function openItem(item: Item, place: OutputPlace): void {
  const { responseId, outputIndex, conversation, send } = place;
  send({
    type: 'response.output_item.added',
    response_id: responseId,
    output_index: outputIndex,
    item: wireItem(item),
  });
  if (conversation === undefined) return;
  conversation.append(item);
  send({ type: 'conversation.item.added', previous_item_id: conversation.previousOf(item), item: wireItem(item) });
}

function closeItem(item: Item, status: ItemStatus, place: OutputPlace): void {
  const { responseId, outputIndex, conversation, send } = place;
  item.status = status;
  // The client may have deleted the item meanwhile.
  if (conversation?.find(item.id) !== undefined)
    send({ type: 'conversation.item.done', previous_item_id: conversation.previousOf(item), item: wireItem(item) });
  send({ type: 'response.output_item.done', response_id: responseId, output_index: outputIndex, item: wireItem(item) });
}

/** A spoken message, with its sound and its transcript. */
export class SpokenMessage implements OutputItem {
  readonly item: Extract<Item, { type: 'message' }>;
  private readonly place: OutputPlace;
  private readonly format: AudioFormat;
  private readonly part: Extract<Part, { type: 'output_audio' }>;
  private open = true;

  constructor(
    place: OutputPlace,
    options: { format: AudioFormat; whole: WholeSpeech; phase: 'commentary' | 'final_answer' | undefined },
  ) {
    const { format, whole, phase } = options;
    this.place = place;
    this.format = format;
    this.item = {
      id: newId('item'),
      status: 'in_progress',
      type: 'message',
      role: 'assistant',
      content: [],
      ...(phase === undefined ? {} : { phase }),
    };
    openItem(this.item, place);
    this.part = { type: 'output_audio', sound: soundOf(), whole, transcript: '' };
    this.item.content.push(this.part);
    place.send({ type: 'response.content_part.added', ...this.at, part: { type: 'audio', transcript: '' } });
  }

  text(delta: string): void {
    // A truncation while the item is generated has removed the transcript.
    if (this.part.transcript !== null) this.part.transcript += delta;
    this.place.send({ type: 'response.output_audio_transcript.delta', ...this.at, delta });
  }

  audio(mulaw: Uint8Array): void {
    this.part.sound.pieces.push(mulaw);
    this.part.sound.sizeBytes += mulaw.length;
    this.place.send({ type: 'response.output_audio.delta', ...this.at, delta: encodeAudio(mulaw, this.format) });
  }

  close(status: ItemStatus): void {
    if (!this.open) return;
    this.open = false;
    const transcript = this.part.transcript ?? '';
    this.place.send({ type: 'response.output_audio.done', ...this.at });
    this.place.send({ type: 'response.output_audio_transcript.done', ...this.at, transcript });
    this.place.send({ type: 'response.content_part.done', ...this.at, part: { type: 'audio', transcript } });
    closeItem(this.item, status, this.place);
  }

  private get at() {
    const { responseId, outputIndex } = this.place;
    return { response_id: responseId, item_id: this.item.id, output_index: outputIndex, content_index: 0 };
  }
}

/** A text message, for a response with text modality. */
export class WrittenMessage implements OutputItem {
  readonly item: Extract<Item, { type: 'message' }>;
  private readonly place: OutputPlace;
  private readonly part: { type: 'output_text'; text: string } = { type: 'output_text', text: '' };
  private open = true;

  constructor(place: OutputPlace) {
    this.place = place;
    this.item = { id: newId('item'), status: 'in_progress', type: 'message', role: 'assistant', content: [] };
    openItem(this.item, place);
    this.item.content.push(this.part);
    place.send({ type: 'response.content_part.added', ...this.at, part: { type: 'text', text: '' } });
  }

  text(delta: string): void {
    this.part.text += delta;
    this.place.send({ type: 'response.output_text.delta', ...this.at, delta });
  }

  close(status: ItemStatus): void {
    if (!this.open) return;
    this.open = false;
    const { text } = this.part;
    this.place.send({ type: 'response.output_text.done', ...this.at, text });
    this.place.send({ type: 'response.content_part.done', ...this.at, part: { type: 'text', text } });
    closeItem(this.item, status, this.place);
  }

  private get at() {
    const { responseId, outputIndex } = this.place;
    return { response_id: responseId, item_id: this.item.id, output_index: outputIndex, content_index: 0 };
  }
}

/** A function call. An interrupted call is also reported as done, with the status `incomplete`. */
export class CalledFunction implements OutputItem {
  readonly item: Extract<Item, { type: 'function_call' }>;
  private readonly place: OutputPlace;
  private open = true;

  constructor(place: OutputPlace, name: string) {
    this.place = place;
    this.item = {
      id: newId('item'),
      status: 'in_progress',
      type: 'function_call',
      name,
      arguments: '',
      callId: newId('call'),
    };
    openItem(this.item, place);
  }

  delta(delta: string): void {
    this.item.arguments += delta;
    this.place.send({ type: 'response.function_call_arguments.delta', ...this.at, delta });
  }

  close(status: ItemStatus): void {
    if (!this.open) return;
    this.open = false;
    const { name, arguments: args } = this.item;
    this.place.send({ type: 'response.function_call_arguments.done', ...this.at, name, arguments: args });
    closeItem(this.item, status, this.place);
  }

  private get at() {
    const { responseId, outputIndex } = this.place;
    return { response_id: responseId, item_id: this.item.id, output_index: outputIndex, call_id: this.item.callId };
  }
}
