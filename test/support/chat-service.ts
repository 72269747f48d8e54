import type { IncomingMessage, ServerResponse } from 'node:http';
import { LocalServer, jsonOf } from './local-server.js';

// For tests of the evals: a service like OpenAI with a model and a judge.

export interface ChatRequest {
  model: string;
  messages: { role: string; content: string | null }[];
  tools: { function: { name: string } }[];
}

/** What the model says, and the tool that it calls. */
export interface ChatAnswer {
  text?: string;
  tool?: string;
  /** Arguments of the tool, as JSON. */
  parameters?: string;
}

/** Answers a question to the judge. A text stands for the arguments as they are. */
export type Judge = (question: string) => { isTrue: boolean; reason: string } | string;

/**
 * An endpoint with a model that answers in one piece and a judge that returns verdicts, both by chat completions.
 */
export class ChatService {
  answer: (request: ChatRequest) => ChatAnswer = () => ({ text: 'Yes.' });
  judge: Judge = () => ({ isTrue: true, reason: 'so it is' });
  /** Whether the judge writes its verdict as text, as models do whose service does not know the choice of a tool. */
  judgeWrites = false;
  /** Returns the status with which a request is refused, or `undefined`. */
  refuses: (request: ChatRequest, isForJudge: boolean) => { status: number; message: string } | undefined = () =>
    undefined;
  readonly requests: ChatRequest[] = [];
  readonly questions: string[] = [];
  /** The Authorization header of each request. */
  readonly keys: string[] = [];
  private readonly server = new LocalServer((request, response) => void this.handle(request, response));

  async start(): Promise<string> {
    return `${await this.server.listen()}/v1`;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await jsonOf(request)) as ChatRequest;
    this.keys.push(request.headers.authorization ?? '');
    const refusal = this.refuses(body, judgingTool(body) !== undefined);
    response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(refusal === undefined ? this.reply(body) : { error: { message: refusal.message } }));
  }

  private reply(body: ChatRequest): object {
    const judging = judgingTool(body);
    if (judging !== undefined) {
      const question = body.messages.at(-1)?.content ?? '';
      this.questions.push(question);
      const verdict = this.judge(question);
      const text = typeof verdict === 'string' ? verdict : verdictOf(verdict);
      return this.judgeWrites ? completion(text, undefined, '') : completion(null, judging.function.name, text);
    }
    this.requests.push(body);
    const { parameters = '{"reason":"requested_human"}', text, tool } = this.answer(body);
    return completion(text ?? null, tool, parameters);
  }
}

function judgingTool({ tools }: ChatRequest): ChatRequest['tools'][number] | undefined {
  return tools.find((tool) => tool.function.name === 'give_verdict');
}

function verdictOf({ isTrue, reason }: { isTrue: boolean; reason: string }): string {
  return JSON.stringify({ reason, is_true: isTrue });
}

function completion(content: string | null, tool: string | undefined, parameters: string): object {
  const calls =
    tool === undefined ? [] : [{ id: 'c', type: 'function', function: { name: tool, arguments: parameters } }];
  const message = { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
  const finish_reason = calls.length === 0 ? 'stop' : 'tool_calls';
  return {
    id: 'c',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  };
}
