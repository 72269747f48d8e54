import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { z } from 'zod';
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { ToolDefinition } from './session.js';

/** What a tool knows about the call it runs for. */
export interface ToolContext {
  conversationId: string;
  /** E.164, or `anonymous` and the like. */
  callerNumber: string;
  /** Aborted when the tool has taken too long, or the call is over. */
  signal: AbortSignal;
}

/** Something a model can do besides talking. */
export interface AssistantTool {
  /** snake_case; what the model calls it by. */
  name: string;
  /** Tells the model when to use it and what it gives. */
  description: string;
  /** An object schema: what the model has to give. Also described to the model as JSON Schema. */
  parameters: z.ZodType;
  /** After this the model is told that the tool took too long. Default 10 000. */
  timeoutMs?: number;
  /** Said to the caller when the tool is not done within a moment. */
  filler?: string;
  /** Gives what the model is told, as something JSON can hold. `parameters` has passed the schema. May throw. */
  run(parameters: unknown, context: ToolContext): Promise<unknown>;
}

/** Types a tool by its schema: `run` gets what the schema gives. */
export function defineTool<Schema extends z.ZodType>(
  tool: Omit<AssistantTool, 'parameters' | 'run'> & {
    parameters: Schema;
    run(parameters: z.infer<Schema>, context: ToolContext): Promise<unknown>;
  },
): AssistantTool {
  return { ...tool, run: (parameters, context) => tool.run(parameters as z.infer<Schema>, context) };
}

/** As the model is told about it. */
export function toolDefinition({ name, description, parameters }: AssistantTool): ToolDefinition {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters) as Record<string, unknown>;
  return { name, description, parameters: schema };
}

/** A model's memory is dear: what is longer is a fault of the tool. */
const MAX_OUTPUT_CHARS = 16_000;

export interface ToolRequest {
  name: string;
  arguments: unknown;
  /** Called exactly once, unless the runner was closed before: every call of a tool must be answered. */
  onResult(output: unknown): void;
  onFiller(text: string): void;
}

/**
 * Runs the tools of one call. Whatever a tool does (refuses its arguments, throws, hangs, gives something JSON cannot
 * hold), the model gets an answer, in words it can use; the fault itself goes to the log.
 */
export class ToolRunner {
  private readonly tools: ReadonlyMap<string, AssistantTool>;
  private readonly clock: Clock;
  private readonly context: () => Omit<ToolContext, 'signal'> & { log: Logger };
  private readonly running = new Set<AbortController>();
  private closed = false;

  constructor(options: {
    tools: readonly AssistantTool[];
    clock: Clock;
    context: () => Omit<ToolContext, 'signal'> & { log: Logger };
  }) {
    this.tools = new Map(options.tools.map((tool) => [tool.name, tool]));
    this.clock = options.clock;
    this.context = options.context;
  }

  run(request: ToolRequest): void {
    if (this.closed) return;
    const tool = this.tools.get(request.name);
    if (tool === undefined) {
      request.onResult({ error: `There is no tool named ${request.name}.` });
      return;
    }
    const parsed = tool.parameters.safeParse(request.arguments);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
      request.onResult({ error: `The arguments do not fit. ${problems.join('; ')}` });
      return;
    }
    this.start(tool, parsed.data, request);
  }

  /** The call is over: nobody waits for an answer any more. */
  close(): void {
    this.closed = true;
    for (const abort of this.running) abort.abort();
    this.running.clear();
  }

  private start(tool: AssistantTool, parameters: unknown, request: ToolRequest): void {
    const { log, ...context } = this.context();
    const abort = new AbortController();
    this.running.add(abort);
    const timers: Timer[] = [];
    const answer = (output: unknown): void => {
      for (const timer of timers) timer.cancel();
      if (this.running.delete(abort)) request.onResult(output);
    };
    const { filler } = tool;
    if (filler !== undefined)
      timers.push(this.clock.setTimer(SILENCE_BUDGET.toolFillerMs, () => request.onFiller(filler)));
    const timeoutMs = tool.timeoutMs ?? SILENCE_BUDGET.toolMs;
    timers.push(
      this.clock.setTimer(timeoutMs, () => {
        log.warn({ tool: tool.name, timeout_ms: timeoutMs }, 'a tool took too long');
        answer({ error: 'The tool took too long. Tell the caller that it did not work.' });
        abort.abort();
      }),
    );
    abort.signal.addEventListener('abort', () => {
      for (const timer of timers) timer.cancel();
    });
    void outputOf(tool, parameters, { ...context, signal: abort.signal }).then(answer, (error: unknown) => {
      if (!this.running.has(abort)) return;
      log.error({ err: error, tool: tool.name }, 'a tool failed');
      answer({ error: 'The tool failed. Tell the caller that it did not work.' });
    });
  }
}

async function outputOf(tool: AssistantTool, parameters: unknown, context: ToolContext): Promise<unknown> {
  const output: unknown = (await tool.run(parameters, context)) ?? { status: 'ok' };
  const text = JSON.stringify(output);
  if (text === undefined) throw new TypeError('A tool gave something that JSON cannot hold.');
  if (text.length > MAX_OUTPUT_CHARS) throw new RangeError('A tool gave more than a model should read.');
  return output;
}
