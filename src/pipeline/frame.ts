import type { AudioChunk } from '../audio/chunk.js';
import type { TandemError } from '../base/errors.js';
import type { HeardItem } from '../voice/history.js';
import type { ResponseStatus } from '../voice/session.js';

/**
 * What travels through the pipeline: a closed union, each kind a class at module level so that every kind has one
 * hidden class. `down` runs from the caller's line through the model to playout; `up` runs back.
 */
export type Frame =
  | StartFrame
  | CallerAudioFrame
  | CallerSpeechStartedFrame
  | CallerSpeechStoppedFrame
  | DigitFrame
  | InterruptionFrame
  | CancelFrame
  | FailureFrame
  | ModelAudioFrame
  | ModelTextFrame
  | ModelTextFinalFrame
  | CallerTurnFrame
  | CallerTextFrame
  | ResponseStartedFrame
  | ItemDoneFrame
  | ResponseDoneFrame
  | ToolCallFrame
  | UsageFrame
  | EndFrame
  | SayFrame
  | ToolResultFrame
  | KeyedDigitsFrame
  | HeardFrame;

export type FrameKind = Frame['kind'];

/**
 * `system` frames overtake everything that waits. `data` frames are what an interruption throws away. `control` frames
 * survive it and keep their order.
 */
export type Priority = 'system' | 'control' | 'data';
export type Direction = 'down' | 'up';

export const FRAME_KINDS: Readonly<Record<FrameKind, { priority: Priority; direction: Direction }>> = {
  start: { priority: 'system', direction: 'down' },
  'caller-audio': { priority: 'system', direction: 'down' },
  'caller-speech-started': { priority: 'system', direction: 'down' },
  'caller-speech-stopped': { priority: 'system', direction: 'down' },
  digit: { priority: 'system', direction: 'down' },
  interruption: { priority: 'system', direction: 'down' },
  cancel: { priority: 'system', direction: 'down' },
  failure: { priority: 'system', direction: 'down' },
  'model-audio': { priority: 'data', direction: 'down' },
  'model-text': { priority: 'data', direction: 'down' },
  'model-text-final': { priority: 'control', direction: 'down' },
  'caller-turn': { priority: 'control', direction: 'down' },
  'caller-text': { priority: 'control', direction: 'down' },
  'response-started': { priority: 'control', direction: 'down' },
  'item-done': { priority: 'control', direction: 'down' },
  'response-done': { priority: 'control', direction: 'down' },
  'tool-call': { priority: 'control', direction: 'down' },
  usage: { priority: 'control', direction: 'down' },
  end: { priority: 'control', direction: 'down' },
  say: { priority: 'control', direction: 'down' },
  'tool-result': { priority: 'control', direction: 'up' },
  'keyed-digits': { priority: 'control', direction: 'up' },
  heard: { priority: 'control', direction: 'up' },
};

/** The model is ready: the conversation begins. */
export class StartFrame {
  readonly kind = 'start';
}

export class CallerAudioFrame {
  readonly kind = 'caller-audio';
  readonly chunk: AudioChunk;
  constructor(chunk: AudioChunk) {
    this.chunk = chunk;
  }
}

export class CallerSpeechStartedFrame {
  readonly kind = 'caller-speech-started';
}

export class CallerSpeechStoppedFrame {
  readonly kind = 'caller-speech-stopped';
}

/** A key on the caller's telephone: one of 0-9 * # A-D. */
export class DigitFrame {
  readonly kind = 'digit';
  readonly digit: string;
  constructor(digit: string) {
    this.digit = digit;
  }
}

/** The caller talks over the assistant: playout stops, what was on its way is dropped. */
export class InterruptionFrame {
  readonly kind = 'interruption';
}

/** The model is to stop talking because the call moves on: playout stops and only `say` speaks from here. */
export class CancelFrame {
  readonly kind = 'cancel';
  /** The line that may still be spoken. */
  readonly sayId: string;
  constructor(sayId: string) {
    this.sayId = sayId;
  }
}

export class FailureFrame {
  readonly kind = 'failure';
  readonly error: TandemError;
  constructor(error: TandemError) {
    this.error = error;
  }
}

export class ModelAudioFrame {
  readonly kind = 'model-audio';
  readonly responseId: string;
  readonly itemId: string;
  readonly chunk: AudioChunk;
  constructor(responseId: string, itemId: string, chunk: AudioChunk) {
    this.responseId = responseId;
    this.itemId = itemId;
    this.chunk = chunk;
  }
}

export class ModelTextFrame {
  readonly kind = 'model-text';
  readonly responseId: string;
  readonly itemId: string;
  readonly text: string;
  constructor(responseId: string, itemId: string, text: string) {
    this.responseId = responseId;
    this.itemId = itemId;
    this.text = text;
  }
}

/** The whole text of an item as it was spoken. */
export class ModelTextFinalFrame {
  readonly kind = 'model-text-final';
  readonly responseId: string;
  readonly itemId: string;
  readonly text: string;
  constructor(responseId: string, itemId: string, text: string) {
    this.responseId = responseId;
    this.itemId = itemId;
    this.text = text;
  }
}

/** An utterance of the caller was taken; its text may come later. */
export class CallerTurnFrame {
  readonly kind = 'caller-turn';
  readonly itemId: string;
  constructor(itemId: string) {
    this.itemId = itemId;
  }
}

export class CallerTextFrame {
  readonly kind = 'caller-text';
  readonly itemId: string;
  readonly text: string;
  readonly final: boolean;
  constructor(itemId: string, text: string, final: boolean) {
    this.itemId = itemId;
    this.text = text;
    this.final = final;
  }
}

export class ResponseStartedFrame {
  readonly kind = 'response-started';
  readonly responseId: string;
  readonly sayId: string | undefined;
  constructor(responseId: string, sayId: string | undefined) {
    this.responseId = responseId;
    this.sayId = sayId;
  }
}

export class ItemDoneFrame {
  readonly kind = 'item-done';
  readonly responseId: string;
  readonly itemId: string;
  constructor(responseId: string, itemId: string) {
    this.responseId = responseId;
    this.itemId = itemId;
  }
}

export class ResponseDoneFrame {
  readonly kind = 'response-done';
  readonly responseId: string;
  readonly sayId: string | undefined;
  readonly status: ResponseStatus;
  constructor(responseId: string, sayId: string | undefined, status: ResponseStatus) {
    this.responseId = responseId;
    this.sayId = sayId;
    this.status = status;
  }
}

export class ToolCallFrame {
  readonly kind = 'tool-call';
  readonly toolCallId: string;
  readonly name: string;
  readonly arguments: unknown;
  constructor(toolCallId: string, name: string, callArguments: unknown) {
    this.toolCallId = toolCallId;
    this.name = name;
    this.arguments = callArguments;
  }
}

export class UsageFrame {
  readonly kind = 'usage';
  readonly inputTokens: number;
  readonly outputTokens: number;
  constructor(inputTokens: number, outputTokens: number) {
    this.inputTokens = inputTokens;
    this.outputTokens = outputTokens;
  }
}

/** The model ended the session on its own. */
export class EndFrame {
  readonly kind = 'end';
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A line the gateway wants spoken word for word. */
export class SayFrame {
  readonly kind = 'say';
  readonly text: string;
  readonly sayId: string;
  constructor(text: string, sayId: string) {
    this.text = text;
    this.sayId = sayId;
  }
}

export class ToolResultFrame {
  readonly kind = 'tool-result';
  readonly toolCallId: string;
  readonly output: unknown;
  constructor(toolCallId: string, output: unknown) {
    this.toolCallId = toolCallId;
    this.output = output;
  }
}

/** Keys the caller pressed, collected into what they stand for. */
export class KeyedDigitsFrame {
  readonly kind = 'keyed-digits';
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** What was heard of each item when playout was cut. */
export class HeardFrame {
  readonly kind = 'heard';
  readonly items: readonly HeardItem[];
  constructor(items: readonly HeardItem[]) {
    this.items = items;
  }
}
