import { TandemError } from '../../base/errors.js';
import { codeOfStatus } from '../status-code.js';
import type { SummaryRequest } from '../session.js';
import { tokenCount } from '../token-count.js';
import type { Written } from '../written.js';

/** Maximum length of a summary. It includes the reasoning of a model that reasons. */
const MAX_SUMMARY_TOKENS = 1024;
/** Maximum body of an answer, many times what a summary of that length needs. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * Resolves with a summary by the backend's model, because GPT-Live can only speak (OpenAI: Responses API – create).
 * Nothing of it is stored by the service.
 * @throws TandemError VOICE_*
 */
export async function writtenSummary(
  service: { baseUrl: string; headers: Readonly<Record<string, string>>; model: string },
  { instructions, signal, transcript }: SummaryRequest,
): Promise<Written> {
  const body = { model: service.model, instructions, input: transcript, max_output_tokens: MAX_SUMMARY_TOKENS };
  try {
    const response = await fetch(responsesUrl(service.baseUrl), {
      method: 'POST',
      headers: { ...service.headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, store: false }),
      redirect: 'error',
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new TandemError(codeOfStatus(response.status), `OpenAI answered with HTTP status ${response.status}.`);
    }
    return read(JSON.parse(await bounded(response)));
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw new TandemError('VOICE_UNREACHABLE', 'OpenAI could not be asked for a summary.');
  }
}

function responsesUrl(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.protocol = url.protocol.replace(/^ws/, 'http');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/responses`;
  return url.href;
}

async function bounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of response.body ?? []) {
    sizeBytes += (piece as Uint8Array).length;
    if (sizeBytes > MAX_BODY_BYTES) throw new TandemError('VOICE_PROTOCOL', 'OpenAI answered with too much text.');
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces).toString();
}

interface ResponseBody {
  status?: unknown;
  output?: { type?: unknown; content?: { type?: unknown; text?: unknown }[] }[];
  usage?: { input_tokens?: unknown; output_tokens?: unknown };
}

function read(body: ResponseBody | null): Written {
  if (body?.status !== 'completed') throw new TandemError('VOICE_FAILED', 'The text model did not finish the summary.');
  const parts = (body.output ?? []).flatMap(({ content, type }) => (type === 'message' ? (content ?? []) : []));
  const texts = parts.map(({ text, type }) => (type === 'output_text' && typeof text === 'string' ? text : ''));
  return {
    text: texts.join(''),
    inputTokens: tokenCount(body.usage?.input_tokens),
    outputTokens: tokenCount(body.usage?.output_tokens),
  };
}
