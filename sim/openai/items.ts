import { z } from 'zod';
import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { type AudioFormat } from './session-schema.js';
import { encodeAudio } from './audio-codec.js';
import { textUntil } from './spoken-text.js';

/** The service refuses longer ids. */
const id = z.string().min(1).max(32);
const common = {
  id: id.optional(),
  object: z.literal('realtime.item').optional(),
  status: z.enum(['completed', 'incomplete', 'in_progress']).optional(),
};
const inputText = z.strictObject({ type: z.literal('input_text'), text: z.string() });
const inputAudio = z.strictObject({
  type: z.literal('input_audio'),
  audio: z.string(),
  transcript: z.string().optional(),
});
const inputImage = z.strictObject({
  type: z.literal('input_image'),
  image_url: z.string(),
  detail: z.enum(['auto', 'low', 'high']).optional(),
});
/** Assistant audio cannot be populated (realtime.d.ts, ConversationItemCreateEvent). */
const outputText = z.strictObject({ type: z.literal('output_text'), text: z.string() });

const message = z.discriminatedUnion('role', [
  z.strictObject({ type: z.literal('message'), role: z.literal('system'), content: z.array(inputText), ...common }),
  z.strictObject({
    type: z.literal('message'),
    role: z.literal('user'),
    content: z.array(z.discriminatedUnion('type', [inputText, inputAudio, inputImage])),
    ...common,
  }),
  z.strictObject({ type: z.literal('message'), role: z.literal('assistant'), content: z.array(outputText), ...common }),
]);
const functionCall = z.strictObject({
  type: z.literal('function_call'),
  name: z.string(),
  arguments: z.string(),
  call_id: z.string().optional(),
  ...common,
});
const functionCallOutput = z.strictObject({
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: z.string(),
  ...common,
});

/** What a client may put into a conversation. */
export const clientItem = z.discriminatedUnion('type', [message, functionCall, functionCallOutput]);
export type ClientItem = z.infer<typeof clientItem>;

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Sound of an item, stored as mu-law in every session format. */
export interface Sound {
  pieces: Uint8Array[];
  sizeBytes: number;
}

export type Part =
  | { type: 'input_text' | 'output_text'; text: string }
  | { type: 'input_image'; imageUrl: string }
  /** `text` is what the model understood. `transcript` is what the client was sent, if transcription is on. */
  | { type: 'input_audio'; sound: Sound; text: string; transcript: string | null }
  /**
   * `transcript` is null after a truncation. `whole` is the intended speech, and `sound` is the part of it that was
   * sent.
   */
  | { type: 'output_audio'; sound: Sound; whole: WholeSpeech; transcript: string | null };

export interface WholeSpeech {
  text: string;
  durationMs: number;
}

/** An item of a conversation as the simulated model keeps it. */
export type Item = { id: string; status: ItemStatus } & (
  | { type: 'message'; role: 'system' | 'user' | 'assistant'; content: Part[]; phase?: 'commentary' | 'final_answer' }
  | { type: 'function_call'; name: string; arguments: string; callId: string }
  | { type: 'function_call_output'; callId: string; output: string }
);

export function soundOf(mulaw?: Uint8Array): Sound {
  return mulaw === undefined ? { pieces: [], sizeBytes: 0 } : { pieces: [mulaw], sizeBytes: mulaw.length };
}

export function soundMs(sound: Sound): number {
  return sound.sizeBytes / MULAW_BYTES_PER_MS;
}

/**
 * Returns the text of an item as the model remembers it. Of its own speech, these are the words that end within the
 * remaining sound.
 */
export function textOf(item: Item): string {
  switch (item.type) {
    case 'message':
      return item.content.map(partText).join(' ');
    case 'function_call':
      return item.arguments;
    case 'function_call_output':
      return item.output;
  }
}

function partText(part: Part): string {
  if (part.type === 'output_audio') return textUntil(part.whole.text, soundMs(part.sound), part.whole.durationMs);
  return part.type === 'input_image' ? '' : part.text;
}

/**
 * Returns the item as events show it. Audio is included only for `conversation.item.retrieve`, which passes the
 * formats.
 */
export function wireItem(item: Item, audio?: { input: AudioFormat; output: AudioFormat }): Record<string, unknown> {
  const base = { id: item.id, object: 'realtime.item', type: item.type, status: item.status };
  switch (item.type) {
    case 'message': {
      const phase = item.phase === undefined ? {} : { phase: item.phase };
      return { ...base, role: item.role, ...phase, content: item.content.map((part) => wirePart(part, audio)) };
    }
    case 'function_call':
      return { ...base, name: item.name, call_id: item.callId, arguments: item.arguments };
    case 'function_call_output':
      return { ...base, call_id: item.callId, output: item.output };
  }
}

function wirePart(part: Part, audio: { input: AudioFormat; output: AudioFormat } | undefined): Record<string, unknown> {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: part.type, text: part.text };
    case 'input_image':
      return { type: part.type, image_url: part.imageUrl };
    case 'input_audio':
    case 'output_audio': {
      const { type, transcript, sound } = part;
      if (audio === undefined) return { type, transcript };
      const format = type === 'input_audio' ? audio.input : audio.output;
      return { type, transcript, audio: encodeAudio(Buffer.concat(sound.pieces), format) };
    }
  }
}
