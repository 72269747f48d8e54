import OpenAI from 'openai';
import type {
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources';
import { parseHttpUrl, settingOf } from '../src/base/environment.js';
import { UsageError } from '../src/process/command-line.js';

// The models: where they are, and what a request to them costs.

type Environment = Readonly<Record<string, string | undefined>>;

export type Role = 'assistant' | 'judge';

/** The model that plays one role, and the variables that name it. */
export interface Endpoint {
  role: Role;
  model: string;
  baseUrl: string;
  apiKey: string | undefined;
  variables: { model: string; baseUrl: string; apiKey: string };
}

const OPENAI_URL = 'https://api.openai.com/v1';
const DEFAULT_MODEL = 'gpt-5-mini';
const REQUEST_MS = 60_000;

/** Reads both endpoints from the environment. A key is sent only to the service that it is for. @throws UsageError */
export function readEndpoints(env: Environment): Readonly<Record<Role, Endpoint>> {
  const ofAssistant = { model: 'EVALS_MODEL', baseUrl: 'OPENAI_BASE_URL', apiKey: 'OPENAI_API_KEY' };
  const ofJudge = { model: 'EVALS_JUDGE_MODEL', baseUrl: 'EVALS_JUDGE_BASE_URL', apiKey: 'EVALS_JUDGE_API_KEY' };
  const baseUrl = urlIn(env, ofAssistant.baseUrl) ?? OPENAI_URL;
  const judgeUrl = urlIn(env, ofJudge.baseUrl);
  const apiKey = settingOf(env, ofAssistant.apiKey);
  const judgeKey = settingOf(env, ofJudge.apiKey);
  // At the same service the judge has the same key.
  const isApart = judgeUrl !== undefined && judgeUrl !== baseUrl;
  const isOwnKey = isApart || judgeKey !== undefined;
  return {
    assistant: {
      role: 'assistant',
      model: settingOf(env, ofAssistant.model) ?? DEFAULT_MODEL,
      baseUrl,
      apiKey,
      variables: ofAssistant,
    },
    judge: {
      role: 'judge',
      model: settingOf(env, ofJudge.model) ?? DEFAULT_MODEL,
      baseUrl: judgeUrl ?? baseUrl,
      apiKey: isOwnKey ? judgeKey : apiKey,
      variables: {
        model: ofJudge.model,
        baseUrl: judgeUrl === undefined ? ofAssistant.baseUrl : ofJudge.baseUrl,
        apiKey: isOwnKey ? ofJudge.apiKey : ofAssistant.apiKey,
      },
    },
  };
}

function urlIn(env: Environment, name: string): string | undefined {
  const value = settingOf(env, name);
  if (value === undefined) return undefined;
  const parsed = parseHttpUrl(value);
  if ('expected' in parsed) throw new UsageError(`${name} is invalid: ${parsed.expected}.`);
  return parsed.value;
}

/** Whether the endpoint cannot be asked because its key is missing. Services other than OpenAI may need none. */
export function lacksKey({ apiKey, baseUrl }: Endpoint): boolean {
  return apiKey === undefined && /(?:^|\.)openai\.com$/.test(new URL(baseUrl).hostname);
}

/** What the models were asked. */
export interface Usage {
  requests: number;
  inputTokens: number;
  outputTokens: number;
}

/** Why a model could not be asked, with what to do, in words for the operator. It contains no key. */
export class ModelFault extends Error {}

/** Asks one model by chat completions, and counts. */
export class ModelClient {
  readonly endpoint: Endpoint;
  readonly usage: Usage = { requests: 0, inputTokens: 0, outputTokens: 0 };
  private readonly client: OpenAI;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    const { apiKey, baseUrl } = endpoint;
    // The client needs a key, and services without keys ignore it.
    this.client = new OpenAI({ apiKey: apiKey ?? 'none', baseURL: baseUrl, timeout: REQUEST_MS, maxRetries: 2 });
  }

  /** Resolves with the model's answer. @throws ModelFault */
  async ask(
    messages: ChatCompletionMessageParam[],
    tools: ChatCompletionTool[],
    toolChoice?: ChatCompletionToolChoiceOption,
  ): Promise<ChatCompletionMessage> {
    this.usage.requests += 1;
    try {
      const { model } = this.endpoint;
      const completion = await this.client.chat.completions.create({
        model,
        messages,
        ...(tools.length === 0 ? {} : { tools }),
        ...(toolChoice === undefined ? {} : { tool_choice: toolChoice }),
      });
      this.usage.inputTokens += completion.usage?.prompt_tokens ?? 0;
      this.usage.outputTokens += completion.usage?.completion_tokens ?? 0;
      // A service that only resembles OpenAI's may answer anything.
      const message = (completion as Partial<typeof completion>).choices?.[0]?.message;
      if (message === undefined) throw new ModelFault(this.faultOf('answered something else than a chat completion.'));
      return message;
    } catch (error) {
      if (error instanceof ModelFault) throw error;
      throw new ModelFault(this.faultOf(`${textOf(error)}. ${this.adviceOn(error)}`), { cause: error });
    }
  }

  /** A service may repeat the key that it was sent. */
  private faultOf(what: string): string {
    const { apiKey, baseUrl, model, role } = this.endpoint;
    const text = `The ${role}, ${model} at ${baseUrl}: ${what}`;
    return apiKey === undefined ? text : text.replaceAll(apiKey, '…');
  }

  private adviceOn(error: unknown): string {
    const { apiKey, role, variables } = this.endpoint;
    const status = error instanceof OpenAI.APIError ? (error.status as number | undefined) : undefined;
    const elsewhere =
      role === 'judge' && variables.baseUrl !== 'EVALS_JUDGE_BASE_URL'
        ? ' A judge at another service than the assistant needs EVALS_JUDGE_BASE_URL.'
        : '';
    if (status === 401 || status === 403)
      return apiKey === undefined ? `Set ${variables.apiKey}.` : `Check ${variables.apiKey}.`;
    if (status === 404 || status === 405)
      return `${variables.model} must name a model of that service, and ${variables.baseUrl} what stands before /chat/completions, for many services a URL that ends with /v1.${elsewhere}`;
    if (status === 400) return `${variables.model} must name a model that can call tools.`;
    if (status === undefined) return `Check ${variables.baseUrl}, and whether the service runs.${elsewhere}`;
    return 'The service had a fault, or was asked too much; try again.';
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/[.\s]+$/, '') : 'it could not be asked';
}
