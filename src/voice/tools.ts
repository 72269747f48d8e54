import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { z } from 'zod';
import type { Clock, Timer } from '../base/clock.js';
import { FirstOfKind } from '../telemetry/first-of-kind.js';
import type { Logger } from '../telemetry/log.js';
import type { ToolDefinition } from './session.js';

/** The call that a tool runs for. */
export interface ToolContext {
  /** The gateway's id of the call, for logs. It is not secret. */
  conversationId: string;
  /** In E.164 form. Empty if the caller withholds it, however the carrier spells that. */
  callerNumber: string;
  /**
   * Passes the caller on to another assistant, by a name to which the one that talks may pass callers. It begins once the caller
   * has heard what is being said. Resolves with `undefined` when the other one talks to the caller: then the result of the tool is
   * dropped. Otherwise resolves with what the model can be told of why not. Never rejects. Absent where
   * there is only one assistant, as in evaluations.
   */
  passTo?: (assistant: string) => Promise<string | undefined>;
  /** Aborted when `timeoutMs` is over, or the call. The tool should then stop, because its result is dropped. */
  signal: AbortSignal;
}

/** A function that the model can call during a conversation. */
export interface AssistantTool {
  /** The name by which the model calls it, in snake_case. */
  name: string;
  /** Tells the model when to call it and what it returns. */
  description: string;
  /** A zod object schema of the arguments. The model sees it as JSON Schema. */
  parameters: z.ZodType;
  /** Maximum time in milliseconds. Then the model is told that the tool took too long. Default 10000. */
  timeoutMs?: number;
  /** Said to the caller if the tool is not done within 0.6 s. Absent: nothing is said. */
  filler?: string;
  /**
   * Called with arguments that have passed the schema. Resolves with what the model is told: at most 16,000 characters
   * as JSON; `undefined` counts as success. If it rejects, the model is told only that the tool failed, and the error
   * is logged. A model session that is lost meanwhile may call the tool again, so it must be safe to run twice.
   */
  run(parameters: unknown, context: ToolContext): Promise<unknown>;
}

/** Returns the tool unchanged, with the first argument of `run` typed by its schema. */
export function defineTool<Schema extends z.ZodType>(
  tool: Omit<AssistantTool, 'parameters' | 'run'> & {
    parameters: Schema;
    run(parameters: z.infer<Schema>, context: ToolContext): Promise<unknown>;
  },
): AssistantTool {
  return { ...tool, run: (parameters, context) => tool.run(parameters as z.infer<Schema>, context) };
}

/**
 * Returns the tool as it is described to the model: with what its schema takes in, not with what a transform makes of it.
 * @throws Error if JSON Schema cannot say what the tool takes
 */
export function toolDefinition({ name, description, parameters }: AssistantTool): ToolDefinition {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input' }) as Record<string, unknown>;
  return { name, description, parameters: schema };
}

/**
 * Maximum length of a result as JSON. A model pays for everything it reads, so a longer one is an error of the tool.
 */
const MAX_OUTPUT_CHARS = 16_000;

export interface ToolRequest {
  name: string;
  arguments: unknown;
  /**
   * Called exactly once, because every tool call must be answered. Not called after the runner is closed. `fault` is absent if
   * the tool did what it should.
   */
  onResult(output: unknown, fault?: ToolFault): void;
  onFiller(text: string): void;
}

/**
 * How a tool failed: its schema threw, it threw itself, it took too long, its result was too long or not for JSON, or the
 * model's session did not take the answer. A metric label, so a closed set.
 */
export type ToolFault = 'schema' | 'failed' | 'timeout' | 'output' | 'unanswered';

/**
 * Runs the tools of one call. The model always gets an answer it can talk about, even if its arguments are wrong or the
 * tool throws, hangs or returns something JSON cannot hold. The error itself goes to the log.
 */
export class ToolRunner {
  private tools: ReadonlyMap<string, AssistantTool>;
  private readonly clock: Clock;
  private readonly context: () => Omit<ToolContext, 'signal'> & { log: Logger };
  private readonly onFault: (fault: ToolFault) => void;
  private readonly first = new FirstOfKind();
  private readonly running = new Set<AbortController>();
  private closed = false;

  constructor(options: {
    tools: readonly AssistantTool[];
    clock: Clock;
    context: () => Omit<ToolContext, 'signal'> & { log: Logger };
    /** Called for each fault of a tool, to count it. */
    onFault?: (fault: ToolFault) => void;
  }) {
    this.onFault = options.onFault ?? (() => undefined);
    this.tools = byName(options.tools);
    this.clock = options.clock;
    this.context = options.context;
  }

  has(name: string): boolean {
    return this.tools.has(name);
  }

  run(request: ToolRequest): void {
    if (this.closed) return;
    const tool = this.tools.get(request.name);
    if (tool === undefined) {
      request.onResult({ error: `There is no tool named ${request.name}.` });
      return;
    }
    this.start(tool, request);
  }

  /** Another model calls tools from here on. What the one before had asked for is stopped, and has no result. */
  replace(tools: readonly AssistantTool[]): void {
    this.tools = byName(tools);
    this.stop();
  }

  /** Stops all tools at the end of the call. No result is reported any more. */
  close(): void {
    this.closed = true;
    this.stop();
  }

  private stop(): void {
    for (const abort of this.running) abort.abort();
    this.running.clear();
  }

  private start(tool: AssistantTool, request: ToolRequest): void {
    const { log, ...context } = this.context();
    const abort = new AbortController();
    this.running.add(abort);
    const timers: Timer[] = [];
    const fault = (kind: ToolFault, fields: Record<string, unknown>): void => {
      this.onFault(kind);
      if (!this.first.isFirst(tool.name, kind)) return;
      log.error({ ...fields, tool: tool.name, kind }, 'a tool failed; further faults of this kind are only counted');
    };
    const answer = (output: unknown, reason?: ToolFault): void => {
      for (const timer of timers) timer.cancel();
      this.running.delete(abort);
      try {
        request.onResult(output, reason);
      } catch (error) {
        fault('unanswered', { err: error });
      }
    };
    const { filler } = tool;
    if (filler !== undefined)
      timers.push(this.clock.setTimer(SILENCE_BUDGET.toolFillerMs, () => request.onFiller(filler)));
    const timeoutMs = tool.timeoutMs ?? SILENCE_BUDGET.toolMs;
    timers.push(
      this.clock.setTimer(timeoutMs, () => {
        fault('timeout', { timeout_ms: timeoutMs });
        answer({ error: 'The tool took too long. Tell the caller that it did not work.' }, 'timeout');
        abort.abort();
      }),
    );
    abort.signal.addEventListener('abort', () => {
      for (const timer of timers) timer.cancel();
    });
    const isWanted = (): boolean => this.running.has(abort);
    void outputOf(tool, request.arguments, { ...context, signal: abort.signal }, isWanted).then(
      (outcome) => {
        if (outcome === undefined || !isWanted()) return;
        if ('fault' in outcome) fault(outcome.fault, { err: outcome.error });
        if ('output' in outcome) answer(outcome.output);
        else answer({ error: FAILED }, outcome.fault);
      },
      // Even what a tool throws can throw when it is looked at.
      () => {
        if (!isWanted()) return;
        fault('failed', {});
        answer({ error: FAILED }, 'failed');
      },
    );
  }
}

function byName(tools: readonly AssistantTool[]): ReadonlyMap<string, AssistantTool> {
  return new Map(tools.map((tool) => [tool.name, tool]));
}

const FAILED = 'The tool failed. Tell the caller that it did not work.';

type Outcome = { output: unknown } | { fault: ToolFault; error: unknown };

/** Runs every piece of the tool's own code: its schema, its function, and the conversion of its result. */
async function outputOf(
  tool: AssistantTool,
  given: unknown,
  context: ToolContext,
  isWanted: () => boolean,
): Promise<Outcome | undefined> {
  let parameters: unknown;
  try {
    // Asynchronous for every schema. A synchronous parse would drop the promise of an asynchronous transform, and the
    // rejection of a dropped promise ends the process.
    const parsed = await tool.parameters.safeParseAsync(given);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ message, path }) => `${path.map(String).join('.')}: ${message}`);
      return { output: { error: `The arguments do not fit. ${problems.join('; ')}` } };
    }
    parameters = parsed.data;
  } catch (error) {
    return { fault: 'schema', error };
  }
  if (!isWanted()) return undefined;
  let output: unknown;
  try {
    output = (await tool.run(parameters, context)) ?? { status: 'ok' };
  } catch (error) {
    return { fault: 'failed', error };
  }
  try {
    const text = JSON.stringify(output);
    if (text === undefined) throw new TypeError('The tool returned a value that JSON cannot hold.');
    if (text.length > MAX_OUTPUT_CHARS)
      throw new RangeError(`The tool returned more than ${MAX_OUTPUT_CHARS} characters.`);
    // A copy, because a session writes it again, and a value with code in it may be another one by then.
    return { output: JSON.parse(text) };
  } catch (error) {
    return { fault: 'output', error };
  }
}
