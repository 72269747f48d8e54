import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// For tests of the evals: a service like OpenAI with a model and a judge.

export interface ChatRequest {
  model: string;
  messages: { role: string; content: string }[];
  tools: { function: { name: string } }[];
}

/** What the model says, and the tool that it calls. */
export interface ChatAnswer {
  text?: string;
  tool?: string;
}

/** Answers a question to the judge. */
export type Judge = (question: string) => { isTrue: boolean; reason: string };

/**
 * An endpoint with a model that answers in one piece and a judge that chooses. It has chat completions for both, and the
 * Responses API, which judges of the GPT-5 family use.
 */
export class ChatService {
  answer: (request: ChatRequest) => ChatAnswer = () => ({ text: 'Yes.' });
  judge: Judge = () => ({ isTrue: true, reason: 'so it is' });
  /** If set, every request is answered with this status. */
  refusal: { status: number; message: string } | undefined;
  readonly requests: ChatRequest[] = [];
  readonly questions: string[] = [];
  private readonly server: Server = createServer((request, response) => void this.handle(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest & { input?: { content: string }[] };
    const { refusal } = this;
    response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(refusal === undefined ? this.reply(body) : { error: { message: refusal.message } }));
  }

  private reply(body: ChatRequest & { input?: { content: string }[] }): object {
    if (body.input !== undefined) {
      const call = { type: 'function_call', call_id: 'c', name: 'select_choice' };
      return {
        id: 'r',
        object: 'response',
        output: [{ ...call, arguments: this.choice(body.input[0]?.content ?? '') }],
      };
    }
    if (body.tools.some((tool) => tool.function.name === 'select_choice')) {
      return completion(null, 'select_choice', this.choice(body.messages[0]?.content ?? ''));
    }
    this.requests.push(body);
    const { text, tool } = this.answer(body);
    return completion(text ?? null, tool, '{"reason":"requested_human"}');
  }

  private choice(question: string): string {
    this.questions.push(question);
    const { isTrue, reason } = this.judge(question);
    return JSON.stringify({ reasons: reason, choice: isTrue ? 'Y' : 'N' });
  }
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
  };
}
