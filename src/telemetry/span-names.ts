// Every name that a trace has: spans, attributes, and the values that stand for the project's own. GenAI conventions are in
// development, and spans for live speech sessions are only proposed, so a change of them is a change of this file.

/** Name under which this code is known to the receiver of spans. */
export const SCOPE = 'tandem';

export const SPAN = {
  call: 'call',
  stream: 'stream',
  connect: 'voice.connect',
  assistant: 'assistant.change',
  turn: 'turn',
  handover: 'handover',
  record: 'handover.record',
  dial: 'handover.dial',
  crm: 'handover.crm',
} as const;

/** Returns the name of the span of a webhook. `route` is one of the gateway's own, never the path of a request. */
export function webhookSpan(route: string): string {
  return `POST ${route}`;
}

/** Returns the name of the span of a tool. `name` is that of a known tool, or empty. */
export function toolSpan(name: string): string {
  return name === '' ? 'execute_tool' : `execute_tool ${name}`;
}

export const ATTRIBUTE = {
  callSid: 'twilio.call_sid',
  streamSid: 'twilio.stream_sid',
  conversation: 'gen_ai.conversation.id',
  outcome: 'tandem.outcome',
  direction: 'tandem.direction',
  assistant: 'tandem.assistant',
  assistantBefore: 'tandem.assistant.before',
  language: 'tandem.language',
  resumes: 'tandem.resumes',
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  streamEnd: 'tandem.stream.end',
  connectCause: 'tandem.connect.cause',
  provider: 'gen_ai.provider.name',
  model: 'gen_ai.request.model',
  server: 'server.address',
  error: 'error.type',
  operation: 'gen_ai.operation.name',
  outputType: 'gen_ai.output.type',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  tool: 'gen_ai.tool.name',
  turn: 'tandem.turn.index',
  latencyMs: 'tandem.turn.latency_ms',
  endpointingMs: 'tandem.turn.endpointing_ms',
  modelMs: 'tandem.turn.model_ms',
  playoutMs: 'tandem.turn.playout_ms',
  interrupted: 'tandem.turn.interrupted',
  heardMs: 'tandem.turn.heard_ms',
  handover: 'tandem.handover.id',
  trigger: 'tandem.handover.trigger',
  reason: 'tandem.handover.reason',
  handoverOutcome: 'tandem.handover.outcome',
  attempt: 'tandem.dial.attempt',
} as const;

export const OPERATION = { generate: 'generate_content', tool: 'execute_tool' } as const;
export const SPEECH = 'speech';

/** Names of the built-in providers in the GenAI conventions. A provider of an extension keeps its own. */
export const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  openai: 'openai',
  'openai-live': 'openai',
  nova: 'aws.bedrock',
  local: 'local',
};
