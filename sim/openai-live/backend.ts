import type { OfferedTool } from '../model/script.js';
import { type Checked, type ServerEvent, accepted, newId, refused } from '../openai/wire.js';
import type { LiveClientEvent } from './client-events.js';
import type { Settings } from './settings.js';

type Item = Extract<LiveClientEvent, { type: 'response.item.create' }>['item'];

/** What the client has given the backend before it lets it continue. */
export interface BackendInput {
  delegationId: string | null;
  tool: { name: string; output: string } | undefined;
  text: string | undefined;
}

interface Call {
  name: string;
  delegationId: string | null;
  output: string | undefined;
}

const USAGE = {
  input_tokens: 400,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 440,
};

/** The Responses model behind a session: its events in their envelopes, and the calls that wait for results. */
export class SimBackend {
  private readonly send: (event: ServerEvent) => void;
  private readonly calls = new Map<string, Call>();
  private texts: string[] = [];
  private isActive = false;
  private sequence = 0;

  constructor(send: (event: ServerEvent) => void) {
    this.send = send;
  }

  begin(delegationId: string | null, responseId: string): void {
    this.isActive = true;
    this.event(delegationId, { type: 'response.created', response: this.response(responseId, 'in_progress') });
  }

  /** The model calls a function, and the response ends. The client has to answer the call. */
  call(delegationId: string | null, responseId: string, name: string, args: string): void {
    const id = newId('fc');
    const callId = newId('call');
    const item = { id, type: 'function_call', call_id: callId, name };
    const at = { output_index: 0, item_id: id };
    const added = { ...item, status: 'in_progress', arguments: '' };
    this.event(delegationId, { type: 'response.output_item.added', output_index: 0, item: added });
    this.event(delegationId, { type: 'response.function_call_arguments.delta', ...at, delta: args });
    this.event(delegationId, { type: 'response.function_call_arguments.done', ...at, arguments: args });
    this.calls.set(callId, { name, delegationId, output: undefined });
    const done = { ...item, status: 'completed', arguments: args };
    this.event(delegationId, { type: 'response.output_item.done', output_index: 0, item: done });
    this.end(delegationId, responseId, 'completed');
  }

  write(delegationId: string | null, responseId: string, text: string): void {
    const at = { item_id: newId('msg'), output_index: 0, content_index: 0 };
    this.event(delegationId, { type: 'response.output_text.delta', ...at, delta: text, logprobs: [] });
    this.event(delegationId, { type: 'response.output_text.done', ...at, text, logprobs: [] });
    this.end(delegationId, responseId, 'completed');
  }

  /** The final snapshot names no output, whatever it was (OpenAI: Delegation and tools in GPT-Live). */
  end(delegationId: string | null, responseId: string, status: 'completed' | 'failed'): void {
    this.isActive = false;
    const failure = { error: { code: 'server_error', message: 'The model had an error.' } };
    const response = this.response(responseId, status);
    this.event(delegationId, {
      type: `response.${status}`,
      response: status === 'completed' ? { ...response, usage: USAGE } : { ...response, ...failure },
    });
  }

  add(item: Item): Checked<undefined> {
    if (item.type === 'message') {
      this.texts.push(item.content.map(({ text }) => text).join(' '));
      return accepted(undefined);
    }
    const call = this.calls.get(item.call_id);
    if (call === undefined || call.output !== undefined)
      return refused(
        'invalid_value',
        `No function call with call_id '${item.call_id}' waits for an output.`,
        'item.call_id',
      );
    call.output = item.output;
    return accepted(undefined);
  }

  /** Takes what was given, if the backend may continue. */
  take(): Checked<BackendInput> {
    if (this.isActive)
      return refused('conversation_already_has_active_response', 'A response of the backend is in progress.');
    for (const [callId, { output }] of this.calls)
      if (output === undefined) return refused('invalid_value', `No tool output found for function call ${callId}.`);
    const last = [...this.calls.values()].at(-1);
    const text = this.texts.at(-1);
    this.calls.clear();
    this.texts = [];
    return accepted({
      delegationId: last?.delegationId ?? null,
      tool: last === undefined ? undefined : { name: last.name, output: last.output ?? '' },
      text,
    });
  }

  private event(delegationId: string | null, event: ServerEvent): void {
    this.send({
      type: 'response.event',
      delegation_id: delegationId,
      event: { ...event, sequence_number: this.sequence++ },
    });
  }

  private response(id: string, status: string): Record<string, unknown> {
    return { id, object: 'response', status, output: [], tools: [], instructions: null, usage: null };
  }
}

/** The functions that the backend may call. */
export function offeredTools({ delegation }: Settings): OfferedTool[] {
  if (delegation.type !== 'responses') return [];
  const { tool_choice: choice = 'auto', tools = [] } = delegation.responses;
  if (choice === 'none') return [];
  return tools.flatMap((tool) =>
    tool.type === 'function'
      ? [{ name: tool.name, description: tool.description ?? '', parameters: tool.parameters ?? {} }]
      : [],
  );
}
