import { type ContentStart, type InputEvent, type SessionStart, parseJson } from './input-events.js';
import { type Prompt, readPrompt } from './prompt.js';

/** Maximum sizes of text in bytes. */
export interface TextLimits {
  /** Maximum size of one textInput of the history. */
  inputBytes: number;
  messageBytes: number;
  historyBytes: number;
  /** Maximum number of blocks in the history. Not known of the service; LiveKit keeps to it. */
  historyBlocks: number;
}

const KB = 1024;
/** The limits since 2026-06-22 (Nova 2 user guide, document history). */
export const TEXT_LIMITS: TextLimits = {
  inputBytes: 50 * KB,
  messageBytes: 50 * KB,
  historyBytes: 200 * KB,
  historyBlocks: 40,
};
/** The limits before that date, still found in many samples. */
export const FORMER_TEXT_LIMITS: TextLimits = {
  inputBytes: KB,
  messageBytes: 50 * KB,
  historyBytes: 40 * KB,
  historyBlocks: 40,
};

/** The meaning of a valid input. */
export type Meaning =
  | { type: 'nothing' }
  | { type: 'session'; settings: SessionStart }
  | { type: 'prompt'; prompt: Prompt }
  | { type: 'system'; text: string }
  | { type: 'history'; role: 'user' | 'assistant'; text: string }
  | { type: 'audio-started'; sampleRateHz: number }
  | { type: 'audio'; pcm: Buffer }
  | { type: 'typed'; text: string }
  | { type: 'tool-result'; toolUseId: string; content: string }
  | { type: 'prompt-ended' }
  | { type: 'session-ended' };

/** An invalid input, with the message of its exception. */
export interface Violation {
  type: 'violation';
  message: string;
}

interface OpenContent {
  start: ContentStart;
  text: string;
  inputs: number;
}

type Phase = 'new' | 'configured' | 'prompt' | 'prompt-ended' | 'ended';

const NOTHING: Meaning = { type: 'nothing' };
const TEXT_INTO_AUDIO = 'Chat history should be sent completely before streaming audio';

/** Checks the order of a session's inputs and everything else that the schema of a single event cannot express. */
export class InputRules {
  private readonly limits: TextLimits;
  private phase: Phase = 'new';
  private promptName = '';
  private readonly open = new Map<string, OpenContent>();
  private readonly used = new Set<string>();
  private hasSystem = false;
  private audio: 'none' | 'open' | 'closed' = 'none';
  private lastHistoryRole: 'USER' | 'ASSISTANT' | undefined;
  private historyBytes = 0;
  private historyBlocks = 0;
  private readonly openToolUses = new Set<string>();

  constructor(limits: TextLimits) {
    this.limits = limits;
  }

  /** Allows one result for a tool use of the model. */
  expectToolResult(toolUseId: string): void {
    this.openToolUses.add(toolUseId);
  }

  accept(event: InputEvent): Meaning | Violation {
    switch (event.name) {
      case 'sessionStart':
        if (this.phase !== 'new') return invalid('sessionStart must be the first event, and the only one of its kind');
        this.phase = 'configured';
        return { type: 'session', settings: event.body };
      case 'promptStart':
        return this.startPrompt(event.body);
      case 'sessionEnd':
        return this.endSession();
      default:
        return this.inPrompt(event);
    }
  }

  private startPrompt(body: Parameters<typeof readPrompt>[0]): Meaning | Violation {
    if (this.phase !== 'configured') return invalid('promptStart must follow sessionStart, once in a session');
    const read = readPrompt(body);
    if ('problem' in read) return invalid(read.problem);
    this.phase = 'prompt';
    this.promptName = read.prompt.name;
    return { type: 'prompt', prompt: read.prompt };
  }

  private endSession(): Meaning | Violation {
    if (this.phase === 'prompt') return violation('All prompts must be closed before ending session');
    if (this.phase !== 'prompt-ended') return invalid('sessionEnd must follow promptEnd');
    this.phase = 'ended';
    return { type: 'session-ended' };
  }

  private inPrompt(event: Exclude<InputEvent, { name: 'sessionStart' | 'promptStart' | 'sessionEnd' }>) {
    if (this.phase !== 'prompt') return invalid(`${event.name} is only allowed between promptStart and promptEnd`);
    if (event.body.promptName !== this.promptName) return invalid('the promptName is not that of an open prompt');
    if (event.name === 'promptEnd') return this.endPrompt();
    if (event.name === 'contentStart') return this.startContent(event.body);
    const { contentName } = event.body;
    const content = this.open.get(contentName);
    if (content === undefined) return invalid('the contentName is not that of an open content');
    switch (event.name) {
      case 'textInput':
        return this.takeText(content, event.body.content);
      case 'audioInput':
        return this.takeAudio(content, event.body.content);
      case 'toolResult':
        return this.takeToolResult(content, event.body.content);
      case 'contentEnd':
        return this.endContent(content, contentName);
    }
  }

  private endPrompt(): Meaning | Violation {
    if (this.open.size > 0) return violation('All contents must be closed before ending prompt');
    if (this.audio === 'none') return invalid('a prompt needs an audio content before promptEnd');
    this.phase = 'prompt-ended';
    return { type: 'prompt-ended' };
  }

  private startContent(start: ContentStart): Meaning | Violation {
    const { contentName } = start;
    if (this.used.has(contentName)) return invalid('the contentName was used before');
    const refused = this.refusalOf(start);
    if (refused !== undefined) return refused;
    this.used.add(contentName);
    this.open.set(contentName, { start, text: '', inputs: 0 });
    if (start.type === 'TEXT' && start.role === 'SYSTEM') this.hasSystem = true;
    if (start.type !== 'AUDIO') return NOTHING;
    this.audio = 'open';
    return { type: 'audio-started', sampleRateHz: start.audioInputConfiguration.sampleRateHertz };
  }

  private refusalOf(start: ContentStart): Violation | undefined {
    if (start.type === 'TEXT' && start.role === 'SYSTEM' && this.hasSystem)
      return violation('Duplicate SYSTEM content. Only one SYSTEM content is allowed in a prompt.');
    const others = [...this.open.values()].filter(({ start: other }) => other.type !== 'AUDIO');
    if (others.length > 0) return invalid('a content must end before the next one starts');
    if (!this.hasSystem && !(start.type === 'TEXT' && start.role === 'SYSTEM'))
      return invalid('the first content of a prompt must be its SYSTEM text');
    switch (start.type) {
      case 'AUDIO':
        return this.audio === 'none' ? undefined : invalid('only one audio content is allowed in a prompt');
      case 'TOOL':
        return this.openToolUses.has(start.toolResultInputConfiguration.toolUseId)
          ? undefined
          : invalid('the toolUseId is not that of a tool use that waits for a result');
      case 'TEXT':
        return this.refusalOfText(start);
    }
  }

  private refusalOfText(start: Extract<ContentStart, { type: 'TEXT' }>): Violation | undefined {
    const { interactive, role } = start;
    if (role === 'SYSTEM') return undefined;
    if (this.audio !== 'none') {
      if (!interactive) return violation(TEXT_INTO_AUDIO);
      if (role !== 'USER') return invalid('interactive text must have the role USER');
      return this.audio === 'open' ? undefined : invalid('interactive text needs an open audio content');
    }
    if (interactive) return invalid('interactive text is only allowed after the audio content has started');
    if (role === 'SYSTEM_SPEECH')
      return this.lastHistoryRole === undefined ? undefined : invalid('SYSTEM_SPEECH must follow the SYSTEM text');
    if (this.lastHistoryRole === undefined && role !== 'USER')
      return invalid('chat history must start with a USER message');
    if (this.lastHistoryRole === role) return invalid('roles in the chat history must alternate');
    this.lastHistoryRole = role;
    this.historyBlocks++;
    return this.historyBlocks > this.limits.historyBlocks ? violation('Chat history is over max limit') : undefined;
  }

  private takeText(content: OpenContent, text: string): Meaning | Violation {
    const { start } = content;
    if (start.type !== 'TEXT') return invalid('textInput is only allowed in a TEXT content');
    const inputBytes = Buffer.byteLength(text);
    content.text += text;
    content.inputs++;
    if (Buffer.byteLength(content.text) > this.limits.messageBytes) return invalid('a message is too long');
    if (!isHistory(start)) return NOTHING;
    if (inputBytes > this.limits.inputBytes) return invalid('a textInput is too long');
    this.historyBytes += inputBytes;
    return this.historyBytes > this.limits.historyBytes ? violation('Chat history is over max limit') : NOTHING;
  }

  private takeAudio(content: OpenContent, base64: string): Meaning | Violation {
    if (content.start.type !== 'AUDIO') return invalid('audioInput is only allowed in an AUDIO content');
    for (const { start } of this.open.values()) if (start.type === 'TEXT') return violation(TEXT_INTO_AUDIO);
    const pcm = Buffer.from(base64, 'base64');
    if (pcm.toString('base64') !== base64) return invalid('audioInput is not base64');
    if (pcm.length === 0 || pcm.length % 2 !== 0) return invalid('audioInput does not hold whole 16-bit samples');
    content.inputs++;
    return { type: 'audio', pcm };
  }

  private takeToolResult(content: OpenContent, text: string): Meaning | Violation {
    if (content.start.type !== 'TOOL') return invalid('toolResult is only allowed in a TOOL content');
    if (content.inputs > 0) return invalid('a TOOL content holds one toolResult');
    if (parseJson(text) === undefined) return violation('Tool Response parsing error');
    content.text = text;
    content.inputs++;
    return NOTHING;
  }

  private endContent(content: OpenContent, contentName: string): Meaning | Violation {
    const { inputs, start, text } = content;
    if (inputs === 0) return violation(`Cannot end content ${contentName} as no content data was received`);
    this.open.delete(contentName);
    switch (start.type) {
      case 'AUDIO':
        this.audio = 'closed';
        return NOTHING;
      case 'TOOL': {
        const { toolUseId } = start.toolResultInputConfiguration;
        this.openToolUses.delete(toolUseId);
        return { type: 'tool-result', toolUseId, content: text };
      }
      case 'TEXT':
        return this.endText(start, text);
    }
  }

  private endText({ interactive, role }: Extract<ContentStart, { type: 'TEXT' }>, text: string): Meaning {
    switch (role) {
      case 'SYSTEM':
        return { type: 'system', text };
      case 'SYSTEM_SPEECH':
        return NOTHING;
      case 'USER':
        return interactive ? { type: 'typed', text } : { type: 'history', role: 'user', text };
      case 'ASSISTANT':
        return { type: 'history', role: 'assistant', text };
    }
  }
}

function isHistory({ interactive, role }: Extract<ContentStart, { type: 'TEXT' }>): boolean {
  return !interactive && (role === 'USER' || role === 'ASSISTANT');
}

function violation(message: string): Violation {
  return { type: 'violation', message };
}

/** Returns a violation with the service's general message for invalid inputs. */
function invalid(detail: string): Violation {
  return violation(`Invalid input request, please fix your input and try again: ${detail}`);
}
