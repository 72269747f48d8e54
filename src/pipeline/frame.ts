import type { AudioChunk } from '../audio/chunk.js';
import type { HeardItem } from '../voice/history.js';
import type { VoiceEvent } from '../voice/session.js';

/**
 * What travels through the pipeline: a closed union of plain objects, told apart by `type`. An event of the voice
 * session is a frame as it is. Only what the gateway adds has a type of its own.
 */
export type Frame = VoiceEvent | GatewayFrame;

export type FrameType = Frame['type'];

/** What Twilio, the processors and the call put into the pipeline beside the model's events. */
export type GatewayFrame =
  InputAudioFrame | InputDtmfFrame | LeaveFrame | SpeakFrame | ToolResultFrame | KeyedDigitsFrame | HeardFrame;

/** The caller's audio, as it came from Twilio. */
export interface InputAudioFrame {
  type: 'input-audio';
  chunk: AudioChunk;
}

/** A key on the caller's telephone: one of 0-9 * # A-D. */
export interface InputDtmfFrame {
  type: 'input-dtmf';
  digit: string;
}

/** The call leaves its stream. Playout stops, and the model's audio and text that wait are dropped. */
export interface LeaveFrame {
  type: 'leave';
}

/** A line the gateway wants spoken word for word. */
export interface SpeakFrame {
  type: 'speak';
  text: string;
  sayId: string;
}

/** The answer to a tool call, for the model. */
export interface ToolResultFrame {
  type: 'tool-result';
  toolCallId: string;
  output: unknown;
}

/** A number the caller typed, collected from single keys. */
export interface KeyedDigitsFrame {
  type: 'keyed-digits';
  digits: string;
}

/** What the caller had heard of each item when playout was cut. */
export interface HeardFrame {
  type: 'heard';
  items: readonly HeardItem[];
}

/**
 * `system` frames overtake all frames that wait. `data` frames are dropped by an interruption. `control` frames survive
 * it and keep their order.
 */
export type Priority = 'system' | 'control' | 'data';

/** `downstream` runs from the caller's audio through the model to playout. `upstream` runs back to the model. */
export type Direction = 'downstream' | 'upstream';

export const FRAME_TYPES: Readonly<Record<FrameType, { priority: Priority; direction: Direction }>> = {
  ready: { priority: 'system', direction: 'downstream' },
  'input-audio': { priority: 'system', direction: 'downstream' },
  'input-dtmf': { priority: 'system', direction: 'downstream' },
  'caller-speech-started': { priority: 'system', direction: 'downstream' },
  'caller-speech-stopped': { priority: 'system', direction: 'downstream' },
  interruption: { priority: 'system', direction: 'downstream' },
  leave: { priority: 'system', direction: 'downstream' },
  failed: { priority: 'system', direction: 'downstream' },
  audio: { priority: 'data', direction: 'downstream' },
  'assistant-text': { priority: 'data', direction: 'downstream' },
  'assistant-text-final': { priority: 'control', direction: 'downstream' },
  'caller-turn': { priority: 'control', direction: 'downstream' },
  'caller-text': { priority: 'control', direction: 'downstream' },
  'response-started': { priority: 'control', direction: 'downstream' },
  'item-done': { priority: 'control', direction: 'downstream' },
  'response-done': { priority: 'control', direction: 'downstream' },
  'tool-call': { priority: 'control', direction: 'downstream' },
  usage: { priority: 'control', direction: 'downstream' },
  ended: { priority: 'control', direction: 'downstream' },
  speak: { priority: 'control', direction: 'downstream' },
  'tool-result': { priority: 'control', direction: 'upstream' },
  'keyed-digits': { priority: 'control', direction: 'upstream' },
  heard: { priority: 'control', direction: 'upstream' },
};

/** Returns where a frame travels. `undefined` for a type without a row. Audio needs no look-up, because nearly all frames are audio. */
export function directionOf(type: FrameType): Direction | undefined {
  if (type === 'input-audio' || type === 'audio') return 'downstream';
  return (FRAME_TYPES as Partial<typeof FRAME_TYPES>)[type]?.direction;
}
