/** Maximum number of parts of a result that are looked at. */
const MAX_PARTS = 100;
/** Maximum length of a text written as JSON, in which a quotation mark has two characters. A tool's result may have 16,000. */
const MAX_JSON_CHARS = 15_500;
/** JSON that is nested deeper stays a text. */
const MAX_DEPTH = 16;

/** What the model is told of a result. `isError`: the tool says that it has failed. */
export interface McpAnswer {
  output: Record<string, unknown>;
  isError: boolean;
}

/**
 * Reads the result of a tool call (MCP specification, "Tool Result"). Only text reaches the model; what else there is, is named.
 * The text is cut at `maxChars`, and JSON in it is passed on as such.
 */
export function answerOf(result: Readonly<Record<string, unknown>>, maxChars: number): McpAnswer {
  const content: readonly unknown[] = Array.isArray(result['content']) ? result['content'] : [];
  const texts = content.slice(0, MAX_PARTS).map(textOf);
  if (content.length > MAX_PARTS) texts.push(`[${content.length - MAX_PARTS} more parts, which cannot be shown]`);
  const structured = result['structuredContent'];
  const hasText = content.some((part) => member(part, 'type') === 'text');
  const text = hasText || structured === undefined ? texts.join('\n') : [written(structured), ...texts].join('\n');
  const output = cut(text.trim(), maxChars);
  const isError = result['isError'] === true;
  if (isError) return { isError, output: { error: output === '' ? 'The tool has failed.' : output } };
  return { isError, output: output === '' ? { status: 'ok' } : { result: asJson(output) } };
}

/** Returns an error that the server has answered in place of a result, as the model is told of it. */
export function refusalOf(message: string, maxChars: number): McpAnswer {
  const text = cut(message.trim(), Math.min(maxChars, 500));
  return { isError: true, output: { error: text === '' ? 'The tool has failed.' : text } };
}

function textOf(part: unknown): string {
  const type = member(part, 'type');
  switch (type) {
    case 'text': {
      const text = member(part, 'text');
      return typeof text === 'string' ? text : '';
    }
    case 'image':
    case 'audio':
      return `[${type}${named(member(part, 'mimeType'))}, which cannot be shown]`;
    case 'resource':
      return `[a file${named(member(member(part, 'resource'), 'uri'))}, which cannot be shown]`;
    case 'resource_link':
      return `[a link${named(member(part, 'name') ?? member(part, 'uri'))}, which cannot be shown]`;
    default:
      return '[something that cannot be shown]';
  }
}

function named(value: unknown): string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,100}$/.test(value) ? ` ${value}` : '';
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    // It is nested too deeply.
    return '[a result that cannot be shown]';
  }
}

function cut(text: string, maxChars: number): string {
  let most = Math.min(maxChars, text.length);
  while (JSON.stringify(text.slice(0, most)).length > MAX_JSON_CHARS) most = Math.floor(most * 0.8);
  if (text.length <= most) return text;
  const kept = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept} [cut here; ${text.length - kept.length} more characters]`;
}

/** Returns the value of a text that is JSON, so that it is not written as a text within JSON. Else the text. */
function asJson(text: string): unknown {
  if (!/^[[{]/.test(text) || depthOf(text) > MAX_DEPTH) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Returns at most how deep a text is nested. Brackets in strings count, too, which errs on the safe side. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const sign of text) {
    if (sign === '[' || sign === '{') most = Math.max(most, ++depth);
    else if (sign === ']' || sign === '}') depth--;
  }
  return most;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
