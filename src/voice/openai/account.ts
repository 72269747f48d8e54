import { createHash, createHmac } from 'node:crypto';
import { TandemError } from '../../base/errors.js';
import type { VoiceSessionOptions } from '../session.js';

/** What every API of OpenAI is told of who asks. */
export interface OpenAiAccount {
  /** `OPENAI_API_KEY`. */
  apiKey: string | undefined;
  /**
   * `OPENAI_BASE_URL` with its path, such as `https://api.openai.com/v1`. `http:` becomes `ws:` and `https:` `wss:`.
   */
  baseUrl: string;
  organization?: string | undefined;
  project?: string | undefined;
  /**
   * Key of the hash that identifies the caller to OpenAI. Without the key the number cannot be found by trying. If the
   * key or the number is missing, the identifier is a hash of the conversation's id.
   */
  safetyKey?: string | undefined;
}

/** Returns the error in the account with which no session could be opened, or `undefined`. */
export function accountProblem({ apiKey = '', baseUrl }: OpenAiAccount): TandemError | undefined {
  if (apiKey === '') return new TandemError('CONFIG_INVALID', 'OPENAI_API_KEY is not set.');
  // A character that no header can hold would make the HTTP client throw.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    return new TandemError(
      'CONFIG_INVALID',
      'OPENAI_API_KEY contains characters that no API key has. Check it for spaces or line breaks.',
    );
  }
  if (!URL.canParse(baseUrl) || !/^(https?|wss?):$/.test(new URL(baseUrl).protocol)) {
    return new TandemError('CONFIG_INVALID', 'OPENAI_BASE_URL is not an http or https URL.');
  }
  return undefined;
}

export function accountHeaders(account: OpenAiAccount, session: VoiceSessionOptions): Record<string, string> {
  const { apiKey = '', organization, project, safetyKey } = account;
  return {
    Authorization: `Bearer ${apiKey}`,
    'OpenAI-Safety-Identifier': safetyIdentifier(session, safetyKey),
    ...(organization === undefined ? {} : { 'OpenAI-Organization': organization }),
    ...(project === undefined ? {} : { 'OpenAI-Project': project }),
  };
}

/** Turns `https://host/v1` into `wss://host/v1/realtime?model=…`. */
export function realtimeUrl(baseUrl: string, model: string): string {
  const url = socketUrl(baseUrl, 'realtime');
  url.searchParams.set('model', model);
  return url.href;
}

/** Turns `https://host/v1` into `wss://host/v1/` and `path`. */
export function socketUrl(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  url.hash = '';
  return url;
}

/** The same for every call of a caller, if possible, so that OpenAI acts against one user instead of the account. */
function safetyIdentifier(session: VoiceSessionOptions, key: string | undefined): string {
  const { callerNumber, conversationId } = session;
  const hash =
    key === undefined || callerNumber === undefined
      ? createHash('sha256').update(conversationId)
      : createHmac('sha256', key).update(`openai-safety-identifier ${callerNumber}`);
  return hash.digest('hex').slice(0, 32);
}
