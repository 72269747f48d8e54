import {
  textOf,
  type Json,
  type Message,
  type Tape,
  type TapeLine,
  type TapedAssistant,
  type TapedTool,
} from '../../src/tape/format.js';
import type { Mask } from './mask.js';
import { mulawTone, pcmTone } from './tones.js';

/** What a string is part of: the frame of a protocol, or what somebody has said. */
type Part = 'frame' | 'content';

/** Members that hold what was said, however it looks. */
const TEXT = /^(?:text|transcript|instructions|greeting|summary|message|delta|description|filler|customer_name|line)$/;
/** Members that hold the arguments and results of tools, and the answers of services. */
const CONTENT = /^(?:arguments|parameters|answer|body)$/;
/** Members of a protocol's frame whose words are the protocol's. */
const FRAME =
  /^(?:type|event|object|status|role|format|voice|model|encoding|mediaType|audioType|voiceId|stopReason|code|language|generationStage|track|digit|value|name|tandem|what|errno|fault|path|method|host|to|provider|connect)$|(?:^id|_id|Id|Sid|_ids)$/;
/** A word of a protocol, such as `turn_detected` or `audio/pcmu`. */
const PROTOCOL_WORD = /^[a-z][a-z0-9]*(?:[_./-][a-z0-9]+)+$/;
const ERROR_CLASS = /^[A-Z][A-Za-z]*(?:Error|Exception)$/;
const LONG_BASE64 = /^[A-Za-z0-9+/]{400,}={0,2}$/;
/** Fields of Twilio's forms that say nothing of a person. */
const FORM_FIELD =
  /^(?:\w*Sid|ApiVersion|\w*Status|Direction|StreamEvent|SequenceNumber|Timestamp|DialBridged|\w*Duration|RecordingChannels|RecordingSource|RecordingTrack|ErrorCode|ErrorUrl|Digits|AnsweredBy)$/;
const PHONE = /^(?:\+\d{3,15}|anonymous|restricted|unavailable|unknown|private|blocked)$/i;
/** What a model may say of why it hands over is a closed list. */
const REASON =
  /^(?:requested_human|not_understood|assistant_failed|complaint|billing|order|returns|technical|account|sales)$/;
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;
/** Limits of a schema that masked arguments would not keep. */
const LIMITS: ReadonlySet<string> = new Set([
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxLength',
  'maximum',
  'minLength',
  'minimum',
  'multipleOf',
  'pattern',
]);

/** Scrubs the lines of one tape. */
export class LineScrubber {
  private readonly mask: Mask;
  private readonly humanKey: string;
  /** Rate of OpenAI's audio. `undefined` for mu-law. */
  private readonly openAiRateHz: number | undefined;
  private readonly tools: ReadonlySet<string>;
  /** Ids of objects in a CRM. */
  private readonly objects = new Map<string, string>();
  /** Questions that were asked, by number. */
  private readonly asked = new Map<unknown, Message>();

  constructor(mask: Mask, { head, lines }: Tape) {
    this.mask = mask;
    const { tools, variables } = head.settings;
    this.humanKey = variables['HUMAN_KEY'] ?? '0';
    this.tools = new Set(tools.map(({ name }) => name));
    const learnt = lines.findLast(({ m }) => m['value'] === 'openai-learnt')?.m['is'] as Message | undefined;
    this.openAiRateHz = learnt?.['wire'] === 'audio/pcm' ? 24_000 : undefined;
    for (const { m } of lines) if ('call' in m && !('answer' in m)) this.asked.set(m['call'], m);
  }

  line(line: TapeLine): TapeLine {
    const { dir, leg, m } = line;
    // Results are found anew. A replay only needs to know what was asked.
    if (dir !== 'in') return { ...line, m: this.question(m) };
    return { ...line, m: leg === 'carrier' ? this.carrier(m) : this.other(m) };
  }

  assistant(assistant: TapedAssistant): TapedAssistant {
    const { name, passesTo, prompt } = assistant;
    const next = Object.entries(passesTo ?? {}).map(([key, when]) => [this.mask.text(key), this.mask.text(when)]);
    return {
      ...assistant,
      prompt: this.prompt(prompt),
      ...(name === undefined ? {} : { name: this.mask.text(name) }),
      ...(passesTo === undefined ? {} : { passesTo: Object.fromEntries(next) as Record<string, string> }),
    };
  }

  private prompt(prompt: Record<string, unknown>): Record<string, unknown> {
    const { greeting, instructions, lines, name, ...rest } = prompt;
    return {
      ...rest,
      name: this.mask.text(String(name)),
      greeting: this.mask.text(String(greeting)),
      instructions: this.mask.text(String(instructions)),
      lines: Object.fromEntries(
        Object.entries(lines as Record<string, string>).map(([key, text]) => [key, this.mask.text(text)]),
      ),
    };
  }

  tool(tool: TapedTool): TapedTool {
    const { description, filler, parameters } = tool;
    return {
      ...tool,
      description: this.mask.text(description),
      ...(filler === undefined ? {} : { filler: this.mask.text(filler) }),
      parameters: this.schema(parameters as Json) as Record<string, unknown>,
    };
  }

  private schema(node: Json): Json {
    if (Array.isArray(node)) return node.map((one: Json) => this.schema(one));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node as Message)
        .filter(([key]) => !LIMITS.has(key))
        .map(([key, value]) => [
          key,
          /^(?:description|title|const|default)$/.test(key) || key === 'enum'
            ? this.content(value)
            : this.schema(value),
        ]),
    );
  }

  private question(m: Message): Message {
    if (typeof m['line'] === 'string') return { ...m, line: this.mask.text(m['line']) };
    if (typeof m['path'] !== 'string') return m;
    return { ...m, path: m['path'].replace(/(?<=\/)\d{4,}(?=\/|$)/g, (id) => this.object(id)) };
  }

  private carrier(m: Message): Message {
    if ('form' in m) {
      const form = Object.entries(m['form'] as Record<string, string>);
      return { ...m, form: Object.fromEntries(form.map(([name, value]) => [name, this.field(name, value)])) };
    }
    const { message } = m;
    if (typeof message === 'string') return { ...m, message: this.mask.text(message) };
    if (typeof message !== 'object' || message === null) return m;
    return { ...m, message: this.streamMessage(message as Message) };
  }

  private field(name: string, value: string): string {
    if (name === 'Digits') return Array.from(value, (key) => this.key(key)).join('');
    return FORM_FIELD.test(name) || PHONE.test(value) ? value : this.mask.text(value);
  }

  private streamMessage(message: Message): Message {
    const { dtmf, media, start } = message as Record<string, Message | undefined>;
    if (media !== undefined) return { ...message, media: { ...media, payload: mulawTone(textOf(media['payload'])) } };
    if (dtmf !== undefined) return { ...message, dtmf: { ...dtmf, digit: this.key(textOf(dtmf['digit'])) } };
    if (start === undefined) return message;
    const given = Object.entries((start['customParameters'] ?? {}) as Record<string, string>);
    const customParameters = Object.fromEntries(given.map(([name, value]) => [name, this.mask.text(value)]));
    return { ...message, start: { ...start, customParameters } };
  }

  /** The key that asks for an agent stays, and any other becomes one that does not. */
  private key(digit: string): string {
    if (digit === this.humanKey || !/\d/.test(digit)) return digit;
    return this.humanKey === '0' ? '1' : '0';
  }

  private other(m: Message): Message {
    if (m['value'] === 'assistant')
      return { ...m, is: this.assistant(m['is'] as unknown as TapedAssistant) as unknown as Json };
    if ('value' in m || 'timer' in m) return this.audioIn(m);
    const asked = this.asked.get(m['call']);
    if ('answer' in m && (asked?.['to'] === 'connect' || asked?.['to'] === 'handovers')) return m;
    // The answer of a text model has a frame of its own.
    if (asked !== undefined && 'write' in asked && 'answer' in m)
      return { ...m, answer: this.node(m['answer'] ?? null, '', 'frame') };
    return this.node(this.audioIn(m), '', 'frame') as Message;
  }

  /** Replaces the audio of a message, wherever its protocol has it. */
  private audioIn(m: Message): Message {
    const { answer, event, is, message } = m as Record<string, Json | undefined>;
    const base64 = ((answer ?? is ?? {}) as Message)['base64'];
    if (typeof base64 === 'string')
      return { ...m, [answer === undefined ? 'is' : 'answer']: { base64: mulawTone(base64) } };
    if (typeof answer === 'string' && LONG_BASE64.test(answer)) return { ...m, answer: mulawTone(answer) };
    const voiced = event as Message | undefined;
    if (voiced?.['type'] === 'audio') return { ...m, event: { ...voiced, audio: mulawTone(textOf(voiced['audio'])) } };
    const sent = (typeof message === 'object' ? message : undefined) as Message | undefined;
    if (/^response\.(?:output_)?audio\.delta$/.test(textOf(sent?.['type']))) {
      const delta = textOf(sent?.['delta']);
      const tone = this.openAiRateHz === undefined ? mulawTone(delta) : pcmTone(delta, this.openAiRateHz);
      return { ...m, message: { ...sent, delta: tone } };
    }
    const output = (sent?.['event'] as Message | undefined)?.['audioOutput'] as Message | undefined;
    if (output === undefined) return m;
    const content = pcmTone(textOf(output['content']), 8000);
    return { ...m, message: { ...sent, event: { audioOutput: { ...output, content } } } };
  }

  private content(node: Json): Json {
    return this.node(node, '', 'content');
  }

  private node(node: Json, key: string, part: Part): Json {
    if (typeof node === 'string') return this.string(node, key, part);
    if (typeof node === 'number') return part === 'content' && key !== 'status' ? this.number(node, key) : node;
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map((one: Json) => this.node(one, key, part));
    const inner = (name: string): Part => (CONTENT.test(name) ? 'content' : part);
    return Object.fromEntries(
      Object.entries(node as Message).map(([name, value]) => [name, this.node(value, name, inner(name))]),
    );
  }

  private number(value: number, key: string): number {
    return /^id$|Id$/.test(key) ? Number(this.object(String(value))) : 0;
  }

  private string(text: string, key: string, part: Part): string {
    if (text === '' || LONG_BASE64.test(text)) return text;
    const json = objectIn(text);
    if (json !== undefined) {
      const scrubbed = JSON.stringify(this.node(json, '', key === 'additionalModelFields' ? 'frame' : 'content'));
      // As it was written, if nothing had to be replaced.
      return scrubbed === JSON.stringify(json) ? text : scrubbed;
    }
    if (part === 'content') {
      if (key === 'id' && /^\d+$/.test(text)) return this.object(text);
      if (key === 'reason' && REASON.test(text)) return text;
      if (key === 'language' && LANGUAGE.test(text)) return text;
      return this.mask.text(text);
    }
    if (TEXT.test(key)) return this.mask.text(text);
    const isName = this.tools.has(text) || PROTOCOL_WORD.test(text) || ERROR_CLASS.test(text);
    if (key === 'name' && !isName) return this.mask.text(text);
    const isFrame = (FRAME.test(key) && !/\s/.test(text)) || key === 'what' || PROTOCOL_WORD.test(text);
    return isFrame ? text : this.mask.text(text);
  }

  private object(id: string): string {
    const known = this.objects.get(id) ?? String(1_000_001 + this.objects.size);
    this.objects.set(id, known);
    return known;
  }
}

function objectIn(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
