/** Why a content block ended. */
export type StopReason = 'PARTIAL_TURN' | 'END_TURN' | 'INTERRUPTED' | 'TOOL_USE' | 'other';

export type ContentKind =
  | { type: 'text'; role: 'user' }
  /** A speculative text is about to be spoken. Any other text was spoken, seconds ago. */
  | { type: 'text'; role: 'assistant'; speculative: boolean }
  /** `sampleRateHz` is `undefined` if the service does not name it. */
  | { type: 'audio'; sampleRateHz: number | undefined }
  | { type: 'tool' };

/** An event of the service, as far as the gateway uses it. */
export type OutputEvent =
  | { type: 'content-start'; contentId: string; kind: ContentKind }
  | { type: 'text'; contentId: string; text: string }
  /** `base64` holds 16-bit little-endian linear PCM at 8 kHz. */
  | { type: 'audio'; contentId: string; base64: string }
  | { type: 'tool-use'; contentId: string; toolUseId: string; name: string; content: string }
  | { type: 'content-end'; contentId: string; stopReason: StopReason }
  /** The caller interrupted the model. The service sends it as a text of the model. */
  | { type: 'interrupted'; contentId: string }
  /** The service noticed that the caller began to speak. */
  | { type: 'speech-started' }
  /** Nothing more is generated for what the caller said. A completion can also span the whole session. */
  | { type: 'completion-end' }
  /** Tokens of the whole session so far. */
  | { type: 'usage'; inputTokens: number; outputTokens: number }
  /** An event that is known and not used. */
  | { type: 'other' };

export type ParsedOutput =
  { ok: true; event: OutputEvent } | { ok: false; anomaly: 'malformed-event' | 'unknown-event' };

type Fields = Record<string, unknown>;

const OTHER: OutputEvent = { type: 'other' };
const decoder = new TextDecoder();

/** Parses one output event (`{"event":{"<name>":{…}}}`). Never throws. Source: Nova 2 user guide, "Output events". */
export function parseOutput(bytes: Uint8Array): ParsedOutput {
  const message = fieldsOf(parseJson(decoder.decode(bytes)));
  const event = fieldsOf(message?.['event']);
  if (event === undefined) return { ok: false, anomaly: 'malformed-event' };
  const name = Object.keys(event)[0] ?? '';
  const read = READERS.get(name);
  if (read === undefined) return { ok: false, anomaly: 'unknown-event' };
  const fields = fieldsOf(event[name]);
  const parsed = fields === undefined ? undefined : read(fields);
  return parsed === undefined ? { ok: false, anomaly: 'malformed-event' } : { ok: true, event: parsed };
}

/** A parser for each event. It returns `undefined` for fields it cannot use. */
const READERS = new Map<string, (fields: Fields) => OutputEvent | undefined>([
  ['completionStart', () => OTHER],
  ['completionEnd', () => ({ type: 'completion-end' })],
  // AWS documents neither of these two. Source: a capture of amazon.nova-2-sonic-v1:0 of 2026-08-26.
  ['userSpeechStart', () => ({ type: 'speech-started' })],
  ['userSpeechEnd', () => OTHER],
  ['contentStart', readContentStart],
  ['textOutput', readText],
  ['audioOutput', readAudio],
  ['toolUse', readToolUse],
  ['contentEnd', readContentEnd],
  ['usageEvent', readUsage],
]);

function readContentStart(fields: Fields): OutputEvent | undefined {
  const contentId = textOf(fields, 'contentId');
  const kind = contentKind(fields);
  return contentId === undefined || kind === undefined ? undefined : { type: 'content-start', contentId, kind };
}

function readText(fields: Fields): OutputEvent | undefined {
  const contentId = textOf(fields, 'contentId');
  const text = textOf(fields, 'content');
  if (contentId === undefined || text === undefined) return undefined;
  return isInterruptedMarker(text) ? { type: 'interrupted', contentId } : { type: 'text', contentId, text };
}

function readAudio(fields: Fields): OutputEvent | undefined {
  const contentId = textOf(fields, 'contentId');
  const base64 = textOf(fields, 'content');
  return contentId === undefined || base64 === undefined ? undefined : { type: 'audio', contentId, base64 };
}

function readToolUse(fields: Fields): OutputEvent | undefined {
  const contentId = textOf(fields, 'contentId');
  const toolUseId = textOf(fields, 'toolUseId');
  const name = textOf(fields, 'toolName');
  if (contentId === undefined || toolUseId === undefined || name === undefined) return undefined;
  return { type: 'tool-use', contentId, toolUseId, name, content: textOf(fields, 'content') ?? '' };
}

function readContentEnd(fields: Fields): OutputEvent | undefined {
  const contentId = textOf(fields, 'contentId');
  return contentId === undefined ? undefined : { type: 'content-end', contentId, stopReason: stopReason(fields) };
}

function readUsage(fields: Fields): OutputEvent | undefined {
  const total = fieldsOf(fieldsOf(fields['details'])?.['total']);
  const inputTokens = total === undefined ? fields['totalInputTokens'] : tokensOf(total['input']);
  const outputTokens = total === undefined ? fields['totalOutputTokens'] : tokensOf(total['output']);
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  return { type: 'usage', inputTokens, outputTokens };
}

function tokensOf(side: unknown): number {
  const counts = Object.values(fieldsOf(side) ?? {}).filter(isCount);
  return counts.reduce((sum, count) => sum + count, 0);
}

function contentKind(fields: Fields): ContentKind | undefined {
  switch (fields['type']) {
    case 'AUDIO':
      return { type: 'audio', sampleRateHz: sampleRateHz(fields) };
    case 'TOOL':
      return { type: 'tool' };
    case 'TEXT':
      if (fields['role'] === 'USER') return { type: 'text', role: 'user' };
      if (fields['role'] !== 'ASSISTANT') return undefined;
      return { type: 'text', role: 'assistant', speculative: isSpeculative(fields) };
    default:
      return undefined;
  }
}

function sampleRateHz(fields: Fields): number | undefined {
  const rate = fieldsOf(fields['audioOutputConfiguration'])?.['sampleRateHertz'];
  return isCount(rate) ? rate : undefined;
}

/** The stage is JSON inside a text field. */
function isSpeculative(fields: Fields): boolean {
  const more = fieldsOf(parseJson(textOf(fields, 'additionalModelFields') ?? ''));
  return more?.['generationStage'] === 'SPECULATIVE';
}

function stopReason(fields: Fields): StopReason {
  const reason = fields['stopReason'];
  switch (reason) {
    case 'PARTIAL_TURN':
    case 'END_TURN':
    case 'INTERRUPTED':
    case 'TOOL_USE':
      return reason;
    default:
      return 'other';
  }
}

/** The service sends `{ "interrupted" : true }`, with these spaces. */
function isInterruptedMarker(text: string): boolean {
  return text.includes('interrupted') && fieldsOf(parseJson(text))?.['interrupted'] === true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
